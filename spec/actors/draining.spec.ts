import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });

describe('a draining agent', () => {
  it('ends also when the last message it takes is one that nobody waits for any more', async () => {
    const world = aWorld();
    const { system } = world;
    const slow = system.spawn(
      defineAgent({
        name: 'slow',
        subscribe: [Question],
        receive: () =>
          new Promise<string>((resolve) => void world.environment.schedule(20, () => resolve('at last'))),
      }),
    );
    void system.request(slow, 'first').catch(() => {});
    void system.request(slow, 'second', { timeoutMs: 5 }).catch(() => {});

    await expect(world.run(() => system.stop(slow, { drain: true }))).resolves.toBeUndefined();
  });

  it('answers also whoever asked what it lays aside last', async () => {
    const world = aWorld();
    const { system } = world;
    const shy = system.spawn(
      defineAgent({ name: 'shy', subscribe: [Question], receive: (_, context) => context.stash() }),
    );
    const answers: unknown[] = [];
    void system.request(shy, 'first', { timeoutMs: Number.POSITIVE_INFINITY }).catch((failure) => {
      answers.push(failure.code);
    });

    await world.run(() => system.stop(shy, { drain: true }));

    expect(answers).toEqual(['NO_RESPONDER']);
    expect(system.deadLetters.countByCause()).toEqual({ Stopped: 1 });
  });
});
