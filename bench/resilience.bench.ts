/**
 * What does a guard cost that has nothing to do? Nanoseconds a call that goes well.
 *
 * The work is an async function that answers at once; in one row a function that is not
 * even async. Each guard is put around it alone, and then all four are. Beside ours stand
 * those of cockatiel, of Effect, which has no circuit breaker, and of opossum, which is a circuit
 * breaker, with a timeout and a limit of calls at once if one likes, and no retry.
 *
 *     npm run bench:setup && npm run bench -- resilience
 */
import * as Effect from 'effect/Effect';
import * as Schedule from 'effect/Schedule';
import * as Semaphore from 'effect/Semaphore';
import { bulkhead, circuitBreaker, createSystem, type Procedure, resilient, retry, timeout } from 'troupe';
import { type Benchmark, justDoIt, type Variant } from './harness/benchmark.ts';
import { cockatiel } from './peers/cockatiel.ts';
import { rowsWhere } from './peers/installed.ts';
import { opossum } from './peers/opossum.ts';

const timeoutMs = 5_000;
const atOnceMax = 10;
const queueMax = 100;
const failuresInARow = 5;

type Call = (value: number) => Promise<number> | number;

/** Calls one after the other, and adds up the answers. */
async function callAll(size: number, call: Call): Promise<number> {
  let sum = 0;
  for (let value = 1; value <= size; value += 1) {
    sum += await call(value);
  }
  return sum;
}

/** The value of a call that ends after all others. In a service there is always one under way; without it V8 forgets between rounds what it has learnt. */
const underWay = -1;
let end = Promise.withResolvers<number>();

const work = async (value: number): Promise<number> => (value === underWay ? end.promise : 2 * value);
const workAtOnce = (value: number): Promise<number> | number =>
  value === underWay ? end.promise : 2 * value;

/** Makes that one call, and says how to end it. */
function leaveOneUnderWay(call: Call): () => void {
  const own = Promise.withResolvers<number>();
  end = own;
  Promise.resolve(call(underWay)).catch(() => {});
  return () => own.resolve(0);
}

/** Within the work of a procedure, as a handler calls what is guarded. */
function troupe(guarded: Procedure<number, number>): Variant {
  return async ({ size, measure = justDoIt }) => {
    let checksum = 0;
    await using system = createSystem();
    const calls: Procedure<undefined, void> = async (_, scope) => {
      const call: Call = (value) => guarded(value, scope) as Promise<number> | number;
      const endIt = leaveOneUnderWay(call);
      await measure(async () => {
        checksum = await callAll(size, call);
      });
      endIt();
    };
    await system.request(calls, undefined, { timeoutMs: Number.POSITIVE_INFINITY });
    return { checksum };
  };
}

function peer(call: Call): Variant {
  return async ({ size, measure = justDoIt }) => {
    let checksum = 0;
    const endIt = leaveOneUnderWay(call);
    await measure(async () => {
      checksum = await callAll(size, call);
    });
    endIt();
    return { checksum };
  };
}

const again = () => retry({ times: 3 });
const breaker = () => circuitBreaker({ failuresInARow });
const room = () => bulkhead({ concurrency: atOnceMax, queueMax });
const limit = () => timeout(timeoutMs);
const all = () =>
  resilient({ retry: again(), bulkhead: room(), circuitBreaker: breaker(), timeout: limit() });

export const noGuard = peer(work);
export const troupeRetry = troupe(again()(work));
export const troupeBreaker = troupe(breaker()(work));
export const troupeBulkhead = troupe(room()(work));
export const troupeTimeout = troupe(limit()(work));
export const troupeAll = troupe(all()(work));
export const troupeAllAtOnce = troupe(all()(workAtOnce));

const permits = Semaphore.makeUnsafe(atOnceMax);
const asEffect = (value: number) => Effect.promise(() => work(value));
const tries = Schedule.exponential(100).pipe(Schedule.upTo({ times: 3 }));
const withRetry = (value: number) => Effect.retry(asEffect(value), tries);
const withTimeout = (value: number) => Effect.timeout(asEffect(value), timeoutMs);
const withPermit = (value: number) => permits.withPermits(1)(asEffect(value));
const withThree = (value: number) =>
  Effect.retry(permits.withPermits(1)(Effect.timeout(asEffect(value), timeoutMs)), tries);

export const effectRetry = peer((value) => Effect.runPromise(withRetry(value)));
export const effectSemaphore = peer((value) => Effect.runPromise(withPermit(value)));
export const effectTimeout = peer((value) => Effect.runPromise(withTimeout(value)));
export const effectThree = peer((value) => Effect.runPromise(withThree(value)));

const ofCockatiel: Record<string, Variant> = {};
if (cockatiel !== undefined) {
  const { handleAll, TimeoutStrategy, ConsecutiveBreaker, ExponentialBackoff } = cockatiel;
  const policies = {
    retry: cockatiel.retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() }),
    'circuit breaker': cockatiel.circuitBreaker(handleAll, {
      halfOpenAfter: 10_000,
      breaker: new ConsecutiveBreaker(failuresInARow),
    }),
    bulkhead: cockatiel.bulkhead(atOnceMax, queueMax),
    timeout: cockatiel.timeout(timeoutMs, TimeoutStrategy.Aggressive),
  };
  const together = cockatiel.wrap(
    policies.retry,
    policies.bulkhead,
    policies['circuit breaker'],
    policies.timeout,
  );
  for (const [name, policy] of [...Object.entries(policies), ['all four', together] as const]) {
    ofCockatiel[`cockatiel, ${name}`] = peer((value) => policy.execute(() => work(value)));
  }
}

/** It measures by a timer of its own for as long as it lives. */
function ofOpossum(options: { readonly timeout: number | false; readonly capacity?: number }): Variant {
  return async (run) => {
    const guard = new opossum!.default(work, {
      ...options,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    });
    const called = await peer((value) => guard.fire(value))(run);
    guard.shutdown();
    return called;
  };
}

export const benchmark: Benchmark = {
  question: 'What does a guard cost that has nothing to do?',
  unit: 'call',
  size: 50_000,
  variants: {
    'no guard': noGuard,
    'troupe, retry': troupeRetry,
    'troupe, circuit breaker': troupeBreaker,
    'troupe, bulkhead': troupeBulkhead,
    'troupe, timeout': troupeTimeout,
    'troupe, all four': troupeAll,
    'troupe, all four, work not async': troupeAllAtOnce,
    ...ofCockatiel,
    'effect, retry': effectRetry,
    'effect, semaphore': effectSemaphore,
    'effect, timeout': effectTimeout,
    'effect, these three': effectThree,
    ...rowsWhere(opossum, {
      'opossum, circuit breaker': ofOpossum({ timeout: false }),
      'opossum, with timeout and limit': ofOpossum({ timeout: timeoutMs, capacity: atOnceMax }),
    }),
  },
  baseline: 'no guard',
  goals: [
    { variant: 'troupe, all four', cpuNsMax: 800 },
    { variant: 'troupe, all four', beside: 'cockatiel, all four', timesMax: 1 },
  ],
  rows: [
    {
      name: 'retry, idle',
      variant: 'troupe, retry',
      beside: ['no guard', 'cockatiel, retry', 'effect, retry'],
    },
    {
      name: 'circuit breaker, idle',
      variant: 'troupe, circuit breaker',
      beside: ['no guard', 'cockatiel, circuit breaker', 'opossum, circuit breaker'],
    },
    {
      name: 'bulkhead, idle',
      variant: 'troupe, bulkhead',
      beside: ['no guard', 'cockatiel, bulkhead', 'effect, semaphore'],
    },
    {
      name: 'timeout, idle',
      variant: 'troupe, timeout',
      beside: ['no guard', 'cockatiel, timeout', 'effect, timeout'],
    },
    {
      name: 'all four wrappers, idle',
      variant: 'troupe, all four',
      beside: ['no guard', 'cockatiel, all four', 'effect, these three', 'opossum, with timeout and limit'],
    },
  ],
};
