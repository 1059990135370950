/**
 * No primitive buffers without bound: whatever it is put before is stuck for ever, callers
 * and values keep coming, and it never holds more than it says.
 *
 * What is counted is what anybody can see: how many callers have not been told anything,
 * how much work is under way, how many values have left their source. The table of the
 * guide says the same limits in words.
 */
import fc from 'fast-check';
import { type OperatorFunction, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Procedure, Responder, Scope } from '../../src/actors/context.ts';
import { mapAsync } from '../../src/actors/map-async.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { memoryAwards } from '../../src/primitives/award-store.ts';
import { barrier } from '../../src/primitives/barrier.ts';
import { batched } from '../../src/primitives/batched.ts';
import { bulkhead } from '../../src/primitives/bulkhead.ts';
import { cache } from '../../src/primitives/cache.ts';
import { circuitBreaker } from '../../src/primitives/circuit-breaker.ts';
import { defineContract } from '../../src/primitives/contract.ts';
import { contractNet } from '../../src/primitives/contract-net.ts';
import { all, any } from '../../src/primitives/counting-policies.ts';
import { dedupe } from '../../src/primitives/dedupe.ts';
import { fallback } from '../../src/primitives/fallback.ts';
import { fanin } from '../../src/primitives/fanin.ts';
import { fanout } from '../../src/primitives/fanout.ts';
import { gate } from '../../src/primitives/gate.ts';
import { gather } from '../../src/primitives/gather.ts';
import { hedge } from '../../src/primitives/hedge.ts';
import { inOrder } from '../../src/primitives/in-order.ts';
import { loopUntil } from '../../src/primitives/loop-until.ts';
import { mapReduce } from '../../src/primitives/map-reduce.ts';
import { mapRequest } from '../../src/primitives/map-request.ts';
import { parallel } from '../../src/primitives/parallel.ts';
import { pipeline } from '../../src/primitives/pipeline.ts';
import { race } from '../../src/primitives/race.ts';
import { rateLimit } from '../../src/primitives/rate-limit.ts';
import { resilient } from '../../src/primitives/resilient.ts';
import { retry } from '../../src/primitives/retry.ts';
import { route } from '../../src/primitives/route.ts';
import { saga } from '../../src/primitives/saga.ts';
import { timeout } from '../../src/primitives/timeout.ts';
import { World } from '../../src/testing/world.ts';
import { takeTurns } from '../support/a-world.ts';

type Stuck = Procedure<unknown, unknown>;

/** The numbers that a primitive is given as its limits. */
interface Sizes {
  readonly a: number;
  readonly b: number;
}

/** A primitive in which callers wait, or are remembered. */
interface Waiting {
  readonly name: string;
  /** What stands in the guide. */
  readonly stated: string;
  readonly made: (stuck: Stuck, sizes: Sizes) => Responder<never, unknown>;
  /** Most callers that have heard nothing. */
  readonly most: (sizes: Sizes) => number;
}

const Stuck = defineContract('stuck', {
  task: type<unknown>(),
  bid: type<number>(),
  result: type<unknown>(),
});

const waiting: readonly Waiting[] = [
  {
    name: 'contractNet',
    stated: '`waitingMax` beside the one that is at a contract',
    made: (stuck, { b }) =>
      contractNet(Stuck, {
        score: (price) => price,
        bidWithinMs: 1,
        workWithinMs: 1,
        contractId: () => 'the same',
        awards: { read: () => stuck(undefined, undefined as never) as Promise<never>, append: () => true },
        waitingMax: b,
      }),
    most: ({ b }) => b + 1,
  },
  {
    name: 'bulkhead',
    stated: '`concurrency` at work and `queueMax` in line',
    made: (stuck, { a, b }) => bulkhead({ concurrency: a, queueMax: b })(stuck),
    most: ({ a, b }) => a + b,
  },
  {
    name: 'rateLimit',
    stated: '`queueMax` in line for each key, beside those that were begun',
    made: (stuck, { a, b }) =>
      rateLimit({ count: 1, perMs: 1_000_000, burst: a, overflow: 'wait', queueMax: b })(stuck),
    most: ({ a, b }) => a + b,
  },
  {
    name: 'rateLimit with keys',
    stated: '`queueMax` in line for each of `keysMax` keys, beside those that were begun',
    made: (stuck, { a, b }) =>
      rateLimit<number>({
        count: 1,
        perMs: 1_000_000,
        overflow: 'wait',
        queueMax: b,
        keysMax: a,
        key: (n) => n,
      })(stuck),
    most: ({ a, b }) => a * (1 + b),
  },
  {
    name: 'cache',
    stated: '`queueMax` who wait',
    made: (stuck, { a, b }) => cache({ ttlMs: 1, max: a, queueMax: b + 1 })(stuck),
    most: ({ b }) => b + 1,
  },
  {
    name: 'batched',
    stated: '`queueMax` who wait',
    made: (stuck, { a, b }) =>
      batched({ max: a, withinMs: 1, queueMax: b + 1, call: stuck as Procedure<readonly unknown[], []> }),
    most: ({ b }) => b + 1,
  },
  {
    name: 'dedupe',
    stated: '`max` handled or remembered, and `queueMax` duplicates in line',
    made: (stuck, { a, b }) => dedupe({ withinMs: 1, max: a, queueMax: b, overflow: 'forget-oldest' })(stuck),
    most: ({ a, b }) => a + b,
  },
  {
    name: 'resilient',
    stated: 'what its bulkhead says, when those who were refused have tried again',
    made: (stuck, { a, b }) =>
      resilient({
        retry: retry({ times: 2, backoffMs: 1 }),
        circuitBreaker: circuitBreaker(),
        bulkhead: bulkhead({ concurrency: a, queueMax: b }),
      })(stuck),
    most: ({ a, b }) => a + b,
  },
  {
    name: 'gate',
    stated: '`parties` less one for each of `keysMax` keys, and `waitingMax` who came twice',
    made: (_, { a, b }) =>
      gate<number>({
        parties: 2,
        withinMs: Number.POSITIVE_INFINITY,
        key: (n) => n,
        keysMax: a,
        party: () => 'the same',
        waitingMax: b + 1,
      }),
    most: ({ a, b }) => a * (b + 1),
  },
  {
    name: 'inOrder',
    stated: 'one at work for each key, and `waitingMax` in line',
    made: (stuck, { b }) => inOrder<number>({ key: (n) => n, waitingMax: b })(stuck),
    most: ({ b }) => 7 + b,
  },
];

/** A primitive that keeps nobody waiting: it does so much work at once for each of its callers. */
interface Working {
  readonly name: string;
  readonly stated: string;
  readonly made: (stuck: Stuck, sizes: Sizes) => Responder<never, unknown>;
  readonly most: (sizes: Sizes) => number;
  readonly asked?: (n: number) => unknown;
}

const many = (stuck: Stuck) => Array.from({ length: 20 }, () => stuck);

const working: readonly Working[] = [
  { name: 'pipeline', stated: 'one call', made: (s) => pipeline(s, s, s), most: () => 1 },
  { name: 'fallback', stated: 'one call', made: (s) => fallback(s, s), most: () => 1 },
  { name: 'route', stated: 'one call', made: (s) => route(() => 'one', { one: s }), most: () => 1 },
  {
    name: 'loopUntil',
    stated: 'one call',
    made: (s) => loopUntil({ step: s, until: () => false, iterationsMax: 5 }),
    most: () => 1,
  },
  {
    name: 'saga',
    stated: 'one call',
    made: (s) => saga([{ name: 'step', act: s, compensate: s }] as never),
    most: () => 1,
  },
  { name: 'retry', stated: 'one call', made: (s) => retry({ times: 3 })(s), most: () => 1 },
  { name: 'timeout', stated: 'one call', made: (s) => timeout(1_000)(s), most: () => 1 },
  { name: 'circuitBreaker', stated: 'one call', made: (s) => circuitBreaker()(s), most: () => 1 },
  { name: 'parallel', stated: 'one call for each member', made: (s) => parallel([s, s, s]), most: () => 3 },
  {
    name: 'gather',
    stated: '`concurrency` calls',
    made: (s, { a }) => gather(many(s), all(), { concurrency: a }),
    most: ({ a }) => a,
  },
  {
    name: 'race',
    stated: '`concurrency` calls',
    made: (s, { a }) => race(many(s), { concurrency: a }),
    most: ({ a }) => a,
  },
  { name: 'hedge', stated: 'one call for each try', made: (s) => hedge(s, { afterMs: 1 }), most: () => 2 },
  {
    name: 'mapReduce',
    stated: '`concurrency` calls, and no item is taken before there is room for it',
    made: (s, { a }) =>
      mapReduce({ map: s, reduce: ([sum]: readonly [unknown, unknown]) => sum, concurrency: a }),
    most: ({ a }) => a,
    asked: () => Array.from({ length: 100 }, (_, n) => n),
  },
];

/** An operator behind a source with a window: no more values are out than that. */
interface Streaming {
  readonly name: string;
  readonly made: (stuck: Stuck, sizes: Sizes) => OperatorFunction<number, unknown>;
  /** The window it needs. */
  readonly window: (sizes: Sizes) => number;
}

const behind = (stuck: Stuck) => mapAsync<unknown, unknown>(1, () => stuck(undefined, undefined as never));

const streaming: readonly Streaming[] = [
  { name: 'mapRequest', made: (s, { a }) => mapRequest(a, s), window: ({ a, b }) => a + b },
  {
    name: 'rateLimit',
    made: (_, { a }) =>
      rateLimit({ count: 1, perMs: 1_000_000, burst: a, overflow: 'wait' }).operator<number>(),
    window: ({ b }) => b + 1,
  },
  {
    name: 'dedupe',
    made:
      (s, { a }) =>
      (source) =>
        source.pipe(dedupe({ withinMs: 5, max: a, overflow: 'forget-oldest' }).operator<number>(), behind(s)),
    window: ({ b }) => b + 1,
  },
  {
    name: 'barrier',
    made:
      (s, { a }) =>
      (source) =>
        source.pipe(
          barrier<number>({
            parties: a + 1,
            withinMs: Number.POSITIVE_INFINITY,
            cyclic: true,
            key: (n) => n % 3,
            keysMax: 3,
          }),
          behind(s),
        ),
    window: ({ a }) => 2 * a + a + 1,
  },
  {
    name: 'fanout and fanin',
    made:
      (s, { a }) =>
      (source) =>
        source.pipe(fanout<number, unknown>(many(s)), fanin(any(), { concurrency: a })),
    window: ({ a, b }) => a + b,
  },
];

const sizes = fc.record({ a: fc.integer({ min: 1, max: 5 }), b: fc.integer({ min: 0, max: 6 }) });
const runs = { numRuns: 20, seed: 1 };
const Tick = defineTopic('tick', { schema: type<number>() });

/** Work that never ends by itself. */
function aStuckConsumer() {
  const count = { open: 0, mostOpen: 0 };
  const stuck = (_: unknown, scope: Scope | undefined): Promise<never> => {
    count.open += 1;
    count.mostOpen = Math.max(count.mostOpen, count.open);
    scope?.signal.addEventListener('abort', () => {
      count.open -= 1;
    });
    return new Promise(() => {});
  };
  return { count, stuck };
}

/** How many of so many callers have heard nothing when everything has gone on as far as it can. */
async function pressed(
  world: World,
  responder: Responder<never, unknown>,
  callers: number,
  asked: (n: number) => unknown = (n) => n % 7,
): Promise<number> {
  let silent = 0;
  const forEver = { timeoutMs: Number.POSITIVE_INFINITY };
  for (let n = 0; n < callers; n += 1) {
    silent += 1;
    const heard = (): void => {
      silent -= 1;
    };
    world.system.request(responder, asked(n) as never, forEver).then(heard, heard);
  }
  await takeTurns(world);
  await world.advance(20);
  return silent;
}

async function within<T>(look: (world: World) => Promise<T>): Promise<T> {
  const world = new World({ choose: () => 0 });
  try {
    return await look(world);
  } finally {
    world.close();
  }
}

/** Errors: an `Error` that says how many callers it holds, where it holds more than it says. */
async function holdsNoMoreThanItSays({ made, most, stated }: Waiting, callers: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(sizes, (size) =>
      within(async (world) => {
        const { stuck } = aStuckConsumer();
        const silent = await pressed(world, made(stuck, size), callers);
        if (silent > most(size)) {
          throw new Error(`${silent} callers wait where it says: ${stated}, with ${JSON.stringify(size)}`);
        }
      }),
    ),
    runs,
  );
}

describe('before a consumer that is stuck', () => {
  it.each(waiting)('law: $name keeps no more callers waiting than it says', (one) =>
    holdsNoMoreThanItSays(one, 120),
  );

  it.each(working)(
    'law: $name begins no more work for a caller than it says',
    async ({ made, most, asked }) => {
      await fc.assert(
        fc.asyncProperty(sizes, (size) =>
          within(async (world) => {
            const { stuck, count } = aStuckConsumer();
            await pressed(world, made(stuck, size), 3, asked);
            expect(count.mostOpen).toBeGreaterThan(0);
            expect(count.mostOpen).toBeLessThanOrEqual(3 * most(size));
          }),
        ),
        runs,
      );
    },
  );

  it.each(streaming)(
    'law: $name takes no more values from its source than its window',
    async ({ made, window }) => {
      await fc.assert(
        fc.asyncProperty(sizes, (size) =>
          within(async (world) => {
            const { stuck } = aStuckConsumer();
            let out = 0;
            let through = 0;
            world.system
              .observe(Tick, { overflow: 'drop-newest', capacity: 4, window: window(size) })
              .pipe(
                tap(() => {
                  out += 1;
                }),
                made(stuck, size),
              )
              .subscribe(() => {
                through += 1;
              });
            for (let n = 0; n < 100; n += 1) {
              void world.system.publish(Tick, n);
              await takeTurns(world);
            }
            expect(out).toBeGreaterThan(0);
            expect(out - through).toBeLessThanOrEqual(window(size));
          }),
        ),
        runs,
      );
    },
  );

  it('law: what is remembered is no more than `max`, whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(fc.integer({ min: 0, max: 20 })), ({ a }, words) =>
        within(async ({ system }) => {
          const memory = cache<number>({ ttlMs: Number.POSITIVE_INFINITY, max: a });
          const once = dedupe<number>({ withinMs: 1_000, max: a, overflow: 'forget-oldest' });
          const limiter = rateLimit<number>({
            perSecond: 1,
            overflow: 'reject',
            key: (n) => n,
            keysMax: a,
          });
          const echo = (n: number) => n;
          for (const n of words) {
            for (const work of [memory(echo), once(echo), limiter(echo)]) {
              await system.request(work, n).catch(() => {});
            }
            expect(memory.statistics(system).size).toBeLessThanOrEqual(a);
            expect(once.statistics(system).remembered).toBeLessThanOrEqual(a);
            expect(limiter.statistics(system).keys).toBeLessThanOrEqual(a);
          }
        }),
      ),
      runs,
    );
  });

  it('law: awards are kept of no more contracts than `contractsMax`', () => {
    const awards = memoryAwards({ contractsMax: 3 });
    const ids = Array.from({ length: 20 }, (_, n) => `contract-${n}`);
    for (const id of ids) awards.append(id, 0, { _tag: 'Withdrawn', reason: 'a spec' });

    expect(ids.filter((id) => awards.read(id).version > 0)).toHaveLength(3);
  });

  it('notices a queue that is not bounded', async () => {
    const endless: Waiting = {
      name: 'endless',
      stated: '`concurrency` at work and `queueMax` in line',
      made: (stuck, { a }) => {
        const line: (() => void)[] = [];
        let open = 0;
        return async (input: unknown, scope: Scope) => {
          if (open >= a) {
            await new Promise<void>((enter) => line.push(enter));
          }
          open += 1;
          return stuck(input, scope);
        };
      },
      most: ({ a, b }) => a + b,
    };

    await expect(holdsNoMoreThanItSays(endless, 120)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('120 callers wait where it says') },
    });
  });
});
