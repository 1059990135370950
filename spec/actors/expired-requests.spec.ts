import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });

describe('a request whose turn comes after its deadline, and before its timer', () => {
  it('has timed out, and its message is a dead letter', async () => {
    const world = aWorld();
    const answerer = world.system.spawn(
      defineAgent({ name: 'answerer', subscribe: [Question], receive: () => 'too late' }),
    );
    const outcome = world.system.request(answerer, 'now?', { timeoutMs: 10 }).catch(({ _tag }) => _tag);

    // By hand: a world that goes on by itself never lets time pass a timer without ringing it first.
    world.environment.advanceTo(10.5);
    await world.runUntilQuiet();

    expect(await outcome).toBe('RequestTimeout');
    expect(world.system.deadLetters.countByCause()).toEqual({ Expired: 1 });
  });
});
