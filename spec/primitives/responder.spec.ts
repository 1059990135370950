import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { capability } from '../../src/actors/define-capability.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { checkResponder, isResponder, nameOf } from '../../src/primitives/responder.ts';
import { aWorld } from '../support/a-world.ts';

const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
const answerer = defineAgent({ name: 'answerer', subscribe: [Question], receive: (text) => text });
const weather = capability('weather.get', {
  input: type<string>(),
  output: type<string>(),
  run: () => 'fine',
});
const answer = (text: string): string => text;

describe('what can be asked', () => {
  it('is a ref, a topic, a capability or a procedure', () => {
    const ref = aWorld().system.spawn(answerer);

    for (const responder of [ref, Question, weather, answer]) {
      expect(isResponder(responder)).toBe(true);
      expect(() => checkResponder('it', responder)).not.toThrow();
    }
  });

  it('is none of what merely has a name', () => {
    for (const stranger of [{ name: 'Ada' }, { path: '/ada' }, 'question', undefined, null, [], answerer]) {
      expect(isResponder(stranger)).toBe(false);
      expect(() => checkResponder('it', stranger)).toThrow(RangeError);
    }
  });

  it('says what to do with a definition', () => {
    expect(() => checkResponder('whom retry asks', answerer)).toThrow(
      "whom retry asks is an agent's ref, a topic, a capability or a procedure; got the definition of agent 'answerer': spawn it, and give its ref",
    );
  });

  it('is named by path, by name, or as what it is', () => {
    const ref = aWorld().system.spawn(answerer);

    expect([ref, Question, weather, answer, (): void => {}].map(nameOf)).toEqual([
      ref.path,
      'question',
      'weather.get',
      'answer',
      'a procedure',
    ]);
  });
});
