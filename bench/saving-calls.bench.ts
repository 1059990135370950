/**
 * What does it cost not to make a call? Nanoseconds a call, of those that go well.
 *
 * The work is an async function that answers at once. A rate limit always has a token; the
 * cache has the answer; each message of the dedupe is new, and one before is forgotten for
 * it; batches are of a hundred callers. Beside the cache stands `fetch` of lru-cache itself.
 *
 *     npm run bench -- saving-calls
 */
import { LRUCache } from 'lru-cache';
import { batched, cache, createSystem, dedupe, type Procedure, rateLimit } from 'troupe';
import { type Benchmark, justDoIt, type Variant } from './harness/benchmark.ts';

type Call = (value: number) => Promise<number> | number;

const work = async (_: unknown): Promise<number> => 1;

/** Calls one after the other, or so many at once, and adds up the answers. */
async function callAll(size: number, atOnce: number, call: Call): Promise<number> {
  let sum = 0;
  for (let first = 1; first <= size; first += atOnce) {
    if (atOnce === 1) {
      sum += await call(first);
    } else {
      const values = Array.from({ length: Math.min(atOnce, size - first + 1) }, (_, n) => first + n);
      for (const answer of await Promise.all(values.map(call))) {
        sum += answer;
      }
    }
  }
  return sum;
}

/** Within the work of a procedure, as a handler calls what is wrapped. */
function troupe<I>(make: () => Procedure<I, number>, inputOf: (value: number) => I, atOnce = 1): Variant {
  return async ({ size, measure = justDoIt }) => {
    let checksum = 0;
    const wrapped = make();
    await using system = createSystem();
    const calls: Procedure<undefined, void> = (_, scope) =>
      measure(async () => {
        checksum = await callAll(
          size,
          atOnce,
          (value) => wrapped(inputOf(value), scope) as Promise<number> | number,
        );
      });
    await system.request(calls, undefined, { timeoutMs: Number.POSITIVE_INFINITY });
    return { checksum };
  };
}

function peer(call: Call): Variant {
  return async ({ size, measure = justDoIt }) => {
    let checksum = 0;
    await measure(async () => {
      checksum = await callAll(size, 1, call);
    });
    return { checksum };
  };
}

const same = (value: number) => value;
const fresh = { ttlMs: 3_600_000, max: 1_000 } as const;
const often = { count: 1_000_000, perMs: 1, burst: 1_000_000, overflow: 'wait' } as const;
const texts = Array.from({ length: 100 }, (_, n) => `text ${n}`);

export const noWrapper = peer(work);
export const limited = troupe(() => rateLimit(often)(work), same);
export const limitedByKey = troupe(() => rateLimit<number>({ ...often, key: (n) => n % 100 })(work), same);
export const cachedText = troupe(
  () => cache(fresh)<string, number>(work),
  (value) => texts[value % 100]!,
);
export const cachedObject = troupe(
  () => cache(fresh)<{ text: string; lang: string }, number>(work),
  (value) => ({ text: texts[value % 100]!, lang: 'en' }),
);
export const deduped = troupe(
  () => dedupe<number>({ withinMs: 3_600_000, max: 1_000, overflow: 'forget-oldest' })(work),
  same,
);
export const gathered = troupe(
  () =>
    batched({
      max: 100,
      withinMs: 10,
      call: async (values: readonly number[]) => values.map(() => 1),
    }),
  same,
  100,
);

const lru = new LRUCache<string, number>({
  max: 1_000,
  ttl: 3_600_000,
  fetchMethod: work,
});
export const lruFetch = peer(async (value) => (await lru.fetch(texts[value % 100]!))!);

export const benchmark: Benchmark = {
  question: 'What does it cost not to make a call?',
  unit: 'call',
  size: 50_000,
  variants: {
    'no wrapper': noWrapper,
    'rateLimit, with a token': limited,
    'rateLimit, of 100 keys': limitedByKey,
    'cache, a hit on a text': cachedText,
    'cache, a hit on an object': cachedObject,
    'lru-cache, fetch of a text': lruFetch,
    'dedupe, of new messages': deduped,
    'batched, by 100': gathered,
  },
  baseline: 'no wrapper',
  goals: [],
};
