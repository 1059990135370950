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
});
