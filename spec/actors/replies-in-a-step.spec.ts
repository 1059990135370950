import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

const Count = defineTopic('count', { schema: type<number>(), reply: type<number>() });

describe('replies of one step', () => {
  it('all come, in order, however small the room of the reader', async () => {
    const { world, read } = aCounter((upTo, context) => {
      replyUpTo(upTo, context);
      return upTo + 1;
    });

    const replies = await read(6);

    expect(replies).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(world.system.statistics().agents[0]).toMatchObject({ handled: 1, failed: 0 });
  });

  it('hold their agent up until the reader has read them', async () => {
    const { world, tell, asks } = aCounter(replyUpTo);

    const first = asks(6);
    await world.runUntilQuiet();
    tell();
    await world.runUntilQuiet();

    expect(world.system.statistics().agents[0]).toMatchObject({ handled: 0, inFlight: 1, waiting: 1 });
    await first.return?.();
    await world.runUntilQuiet();
    expect(world.system.statistics().agents[0]).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it('are dead letters, and the agent goes on, when the request has timed out', async () => {
    const { world, tell, asks } = aCounter(replyUpTo);

    void asks(6, 5);
    await world.runUntilQuiet();
    tell();
    await world.runUntilQuiet();

    expect(world.system.deadLetters.countByCause()).toEqual({ LateReply: 4 });
    expect(world.system.statistics().agents[0]).toMatchObject({ inFlight: 0, waiting: 0 });
  });
});

describe('replies of an agent that waits for room elsewhere', () => {
  it('wait too, and so does the stream they come from', async () => {
    const replied: number[] = [];
    const { world, blocks, asks } = aCounter(async function* (upTo, context) {
      blocks(context);
      for (let n = 1; n <= upTo; n += 1) {
        replied.push(n);
        yield n;
      }
    });

    void asks(1_000);
    await world.runUntilQuiet();

    expect(replied).toEqual([1, 2]);
  });
});

function replyUpTo(upTo: number, context: Context<unknown, number>): void {
  for (let n = 1; n <= upTo; n += 1) {
    context.reply(n);
  }
}

/** An agent that answers a stream, with room for one reply, and one that never ends what it does. */
function aCounter(
  receive: (upTo: number, context: Context<undefined, number>) => AsyncIterable<number> | number | void,
) {
  const world = aWorld();
  const counter = world.system.spawn(defineAgent({ name: 'counter', subscribe: [Count], receive }), {
    subscribe: false,
  });
  const busy = world.system.spawn(
    defineAgent({ name: 'busy', subscribe: [Count], capacity: 1, receive: () => new Promise(() => {}) }),
    { subscribe: false },
  );
  /** Tells the busy one more than it has room for, in a step of its own, so that the counter is blocked. */
  const blocks = (context: Context<undefined, number>): void => {
    context.schedule(0, (step) => {
      step.tell(busy, 1);
      step.tell(busy, 2);
      step.tell(busy, 3);
    });
  };
  const asks = (upTo: number, timeoutMs = Number.POSITIVE_INFINITY): AsyncIterator<number> => {
    const replies = world.system.stream(counter, upTo, { capacity: 1, timeoutMs })[Symbol.asyncIterator]();
    replies.next().catch(() => {});
    return replies;
  };
  const read = async (upTo: number): Promise<number[]> => {
    const replies: number[] = [];
    await world.run(async () => {
      for await (const reply of world.system.stream(counter, upTo, { capacity: 1 })) {
        replies.push(reply);
      }
    });
    return replies;
  };
  return { world, blocks, asks, read, tell: () => world.system.tell(counter, 0) };
}
