import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { World } from '../../src/testing/world.ts';
import { aWorld } from '../support/a-world.ts';

const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });

/** Time passes, and the handling stays open meanwhile. */
const later = (world: World, delayMs: number) =>
  new Promise<void>((resolve) => void world.environment.schedule(delayMs, resolve));

describe('a request that several can answer', () => {
  it('is answered by one of them when another one fails', async () => {
    const { world, ask } = twoResponders(async (world) => {
      await later(world, 5);
      throw new Error('broken');
    });

    await expect(ask()).resolves.toBe('the second');
    expect(world.system.deadLetters.countByCause()).toEqual({ Restarted: 1 });
  });

  it('is answered by one of them when another one is stopped', async () => {
    const { ask } = twoResponders(async (world, context) => {
      await later(world, 5);
      void world.system.stop(context.self);
      return await new Promise<never>(() => {});
    });

    await expect(ask()).resolves.toBe('the second');
  });

  it('is not failed by an observer that has no room for it', async () => {
    const world = aWorld();
    world.system.spawn(defineAgent({ name: 'only', subscribe: [Question], receive: () => 'the only one' }));
    const full = { overflow: 'drop-newest', capacity: 1 } as const;
    void world.system.observe(Question, full)[Symbol.asyncIterator]().next();

    await askedIn(world);
    await askedIn(world);

    await expect(askedIn(world)).resolves.toBe('the only one');
  });
});

/** Two agents that hear the same topic: what the first does is said, the second answers 20 ms later. */
function twoResponders(first: (world: World, context: Context) => Promise<string> | string) {
  const world = aWorld();
  world.system.spawn(
    defineAgent({
      name: 'first',
      subscribe: [Question],
      receive: (_, context) => first(world, context as Context),
    }),
  );
  world.system.spawn(
    defineAgent({
      name: 'second',
      subscribe: [Question],
      receive: async () => {
        await later(world, 20);
        return 'the second';
      },
    }),
  );
  const ask = (): Promise<string> => askedIn(world);
  return { world, ask };
}

async function askedIn(world: World): Promise<string> {
  let answer = '';
  await world.run(async () => {
    answer = await world.system.request(Question, 'why?');
  });
  return answer;
}
