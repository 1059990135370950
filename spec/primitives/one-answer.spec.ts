import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Procedure, Responder, Verbs } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { InvalidParams, type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { batched } from '../../src/primitives/batched.ts';
import { bulkhead } from '../../src/primitives/bulkhead.ts';
import { cache } from '../../src/primitives/cache.ts';
import { circuitBreaker } from '../../src/primitives/circuit-breaker.ts';
import { dedupe } from '../../src/primitives/dedupe.ts';
import { inOrder } from '../../src/primitives/in-order.ts';
import { isStream } from '../../src/primitives/one-answer.ts';
import { rateLimit } from '../../src/primitives/rate-limit.ts';
import { retry } from '../../src/primitives/retry.ts';
import { timeout } from '../../src/primitives/timeout.ts';
import { aWorld, takeTurns } from '../support/a-world.ts';
import { ask, Trouble } from '../support/asking.ts';

const Question = defineTopic('question', { schema: type<string>(), reply: type<number>() });

type Wrap = ((work: Responder<never, unknown>) => Procedure<never, unknown>) & {
  readonly statistics?: (verbs: Verbs) => object;
};

const plenty = { withinMs: 100, max: 10, overflow: 'reject' } as const;
/** Each wrapper, and what its statistics say when a stream was refused. */
const wrappers: readonly (readonly [string, () => unknown, object])[] = [
  ['timeout', () => timeout(100), { calls: 1, timedOut: 0 }],
  ['retry', () => retry({ times: 2, backoffMs: 1 }), { calls: 1, retries: 0, failed: 1 }],
  ['bulkhead', () => bulkhead({ concurrency: 1 }), { atWork: 0, calls: 1 }],
  ['circuitBreaker', () => circuitBreaker({ failuresInARow: 1 }), { state: 'closed', failures: 0 }],
  ['rateLimit', () => rateLimit({ perSecond: 10, overflow: 'wait' }), { begun: 1 }],
  ['dedupe', () => dedupe(plenty), { handled: 1, running: 0, remembered: 0 }],
  ['cache', () => cache({ ttlMs: 100, max: 10 }), { misses: 1, size: 0, inFlight: 0 }],
  ['inOrder', () => inOrder({ key: () => 'one' }), {}],
];

async function* three() {
  yield 1;
  yield 2;
  yield 3;
}
const streams: readonly (readonly [string, Procedure<never, unknown>])[] = [
  ['a generator', () => three()],
  ['a promise of a generator', async () => three()],
  ['a web stream', () => new ReadableStream()],
  ['an Observable', () => of(1)],
];

describe.each(wrappers)('%s', (_, make, statistics) => {
  it.each(streams)('refuses %s, of which it would only see the beginning', async (_, work) => {
    const world = aWorld();
    const wrapper = make() as Wrap;
    const asked = await ask(world, wrapper(work), 'go');
    await world.runUntilQuiet();

    expect(asked.failure).toBeInstanceOf(InvalidParams);
    expect(asked.failure).toMatchObject({ class: 'invalid' });
    expect((asked.failure as Error).message).toContain('expected one answer');
    expect(wrapper.statistics?.(world.system) ?? {}).toMatchObject(statistics);
    expect(world.environment.timerCount).toBe(0);
  });

  it('refuses what an agent answers that is a stream', async () => {
    const world = aWorld();
    const agent = world.system.spawn(
      defineAgent({ name: 'agent', subscribe: [Question], receive: async () => three() as never }),
    );
    const asked = await ask(world, (make() as Wrap)(agent as never), 'go');
    await world.runUntilQuiet();

    expect(asked.failure).toBeInstanceOf(InvalidParams);
  });

  it('lets everything else be, whatever it looks like', async () => {
    const world = aWorld();
    const wrapper = make() as Wrap;
    const odd = new Proxy(
      {},
      {
        has: () => {
          throw new Error('who looks?');
        },
      },
    );
    const asked = await ask(
      world,
      wrapper(async () => odd),
      'go',
    );
    await world.runUntilQuiet();

    expect(asked.value).toBe(odd);
  });
});

describe('a handler that streams', () => {
  it('fails for every reader where it is deduped, instead of leaving the second one with nothing', async () => {
    const world = aWorld();
    const once = dedupe(plenty);
    const agent = defineAgent({
      name: 'agent',
      subscribe: [Question],
      receive: once(async function* () {
        yield 1;
      }) as never,
    });
    world.system.spawn(agent);
    const read = async (): Promise<unknown> => {
      const replies: unknown[] = [];
      try {
        for await (const reply of world.system.stream(Question, 'same')) {
          replies.push(reply);
        }
      } catch (failure) {
        return failure;
      }
      return replies;
    };
    const read1 = read();
    const read2 = read();
    await world.runUntilQuiet();

    expect(await read1).toMatchObject({ class: 'invalid' });
    expect(await read2).toMatchObject({ class: 'invalid' });
  });
});

describe('a stream', () => {
  it('is refused when a later try, or a probe, answers with it', async () => {
    const world = aWorld();
    let calls = 0;
    const trouble = new Trouble();
    const second = (answer: () => unknown) => () => {
      calls += 1;
      if (calls % 2 === 1) {
        throw trouble;
      }
      return answer();
    };
    const again = retry({ times: 1, backoffMs: 1 });
    for (const answer of [three, async () => three()]) {
      const asked = await ask(world, again(second(answer)), 'go');
      await world.runUntilQuiet();
      expect(asked.failure).toBeInstanceOf(InvalidParams);

      const breaker = circuitBreaker({ failuresInARow: 1, openForMs: 10 });
      const probed = breaker(second(answer));
      await ask(world, probed, 'go');
      await world.advance(10);
      expect((await ask(world, probed, 'go')).failure).toBeInstanceOf(InvalidParams);
      expect(breaker.statistics(world.system)).toMatchObject({ state: 'half-open', failures: 1 });
    }
  });

  it('is refused when it comes after a wait for a token', async () => {
    const world = aWorld();
    const limited = rateLimit({ perSecond: 10, overflow: 'wait' })(() => three());
    await ask(world, limited, 'go');
    const asked = await ask(world, limited, 'go');
    await world.runUntilQuiet();

    expect(asked.failure).toBeInstanceOf(InvalidParams);
  });

  it('is refused as what a batch is answered with', async () => {
    const world = aWorld();
    const batch = batched({ max: 1, withinMs: 1, call: (() => three()) as never });
    const asked = await ask(world, batch as never, 'go');
    await takeTurns(world);

    expect(asked.failure).toBeInstanceOf(InvalidParams);
  });

  it('is no list, no promise and no value', () => {
    expect([[], Promise.resolve(), 'text', null, undefined, {}, new Map()].some(isStream)).toBe(false);
  });
});
