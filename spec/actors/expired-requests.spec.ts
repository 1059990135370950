import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld, takeTurns } from '../support/a-world.ts';

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
    expect(world.system.statistics().agents[0]).toMatchObject({ expired: 1, handled: 0, waiting: 0 });
  });
});

describe('a message that is not begun', () => {
  it('is counted as expired when its requester wants it no more, and is not handled', async () => {
    const world = aWorld();
    const handled: string[] = [];
    const answerer = world.system.spawn(
      defineAgent({
        name: 'answerer',
        subscribe: [Question],
        receive: async (text) => {
          handled.push(text);
          await new Promise<void>((resolve) => void world.environment.schedule(10, resolve));
          return 'done';
        },
      }),
    );
    const gone = new AbortController();
    void world.system.request(answerer, 'first').catch(() => {});
    void world.system.request(answerer, 'second', { signal: gone.signal }).catch(() => {});
    await takeTurns(world);
    gone.abort();
    await world.runUntilQuiet();

    expect(handled).toEqual(['first']);
    expect(world.system.statistics().agents[0]).toMatchObject({ handled: 1, expired: 1 });
  });

  it('is counted as expired when its budget has no step left', async () => {
    const world = aWorld();
    const answerer = world.system.spawn(
      defineAgent({ name: 'answerer', subscribe: [Question], receive: () => 'done' }),
    );
    const refused = world.system
      .request(answerer, 'first', { budget: { steps: 0 } })
      .catch((failure: unknown) => failure);
    await world.runUntilQuiet();

    expect(await refused).toMatchObject({ _tag: 'BudgetExceeded' });
    expect(world.system.statistics().agents[0]).toMatchObject({ handled: 0, expired: 1 });
  });
});
