/**
 * `cache`: an answer is given again while it is fresh, and asked for once by all who want it.
 *
 *     a ──q──▶ ┌───────┐ ──q──▶ shop           one call for those who wait
 *     b ──q──▶ │ cache │                       fresh for ttlMs
 *     a, b ◀── └───────┘ ◀──42── shop
 *     c ──q──▶ 42, at once
 *
 * Guarantees (L25): nothing is given out `ttlMs` after it was stored, or later; one call
 * for each key at a time; who leaves does not end the call for the others, the last one
 * does; an answer that was invalidated while it was on its way is not remembered.
 *
 * Bounds: `max` answers, `queueMax` callers who wait.
 *
 * Source: Maurice Wilkes, "Slave memories and dynamic storage allocation" (1965);
 * `singleflight` of Go for the calls that are shared.
 */
import type { Effect } from 'effect/Effect';
import type { Procedure, Scope, Target, Verbs } from '../actors/context.ts';
import type { FailureClass } from '../core/failure.ts';
import { type CachePolicy, type CacheStatistics, Caching } from './caching.ts';
import type { Work } from './called.ts';
import { PerSystem } from './per-system.ts';
import { queueMaxDefault } from './queue-full.ts';
import { checkTimeout, type SharedCallOptions } from './shared-call.ts';
import { keyOf, structuralKey } from './structural-key.ts';
import { wrap } from './wrap.ts';

/** For how long a failure is remembered, in milliseconds, by its class. */
export type NegativeTtl = Readonly<Partial<Record<Exclude<FailureClass, 'interrupted'>, number>>>;

export interface CacheOptions<Input = unknown> extends SharedCallOptions {
  /** For how long an answer is given again, in milliseconds, above 0; `Infinity` must be written. */
  readonly ttlMs: number;
  /** Most answers that are remembered; a whole number, at least 1. The least recently used gives way. */
  readonly max: number;
  /** What tells inputs apart; the input itself when not given: plain data are alike when their fields are. */
  readonly key?: (input: Input) => unknown;
  /**
   * For how long a failure is given again; not at all when not given. A number speaks of failures
   * that will not go away by themselves (`invalid`, `permanent`); or say it for each class.
   */
  readonly negativeTtlMs?: number | NegativeTtl;
  /** Most callers that wait for calls under way, all keys together; 1 024 when not given. */
  readonly queueMax?: number;
}

/** A wrapper whose work is for several callers: it has a scope of the system, and no context of an agent. */
export interface SharingWrapper<Input = unknown> {
  /** Around a procedure, or a handler that needs no more than a scope: its answer is for several, so it has no state of an agent. */
  <I extends Input, O>(
    work: (input: I, scope: Scope) => O | PromiseLike<O> | Effect<O, unknown>,
  ): (input: I, scope: Scope) => O | Promise<O>;
  /** Around an agent, a topic or a capability. */
  <I extends Input, O>(target: Target<I, O>): Procedure<I, O>;
  /** Never there: see `Wrapper`. */
  readonly reads?: (input: Input) => void;
}

/** Answers through it are remembered. */
export interface Cache<Input = unknown> extends SharingWrapper<Input> {
  /** Forgets the answer of a key, in every system; what is on its way is not remembered. Without a `key` function the key is the input. */
  invalidate(key: unknown): void;
  /** Forgets all. */
  clear(): void;
  /** What it has done in the system that these verbs are of. */
  statistics(verbs: Verbs): CacheStatistics;
}

/**
 * Remembers answers.
 *
 * A cache has one memory for all it is put around: what answers differently needs a cache
 * of its own, or a key that says so. The call that several callers share is made by the
 * system, with a deadline of its own (`timeoutMs`, 30 s when neither says otherwise); each
 * caller keeps theirs. So the work sees a `Scope` of the system, without the state of an
 * agent. What the call spends is charged to whoever began it, when it is over.
 *
 * Cancellation: who is interrupted stops waiting; the last to leave interrupts the call.
 *
 * Errors: those of the call; `QueueFull`; `InvalidParams` for an input that cannot be
 * compared where no `key` is given, and for a call that answers with a stream. `RangeError`, when it is made, for options that
 * cannot be.
 *
 * Cost: a hit costs the key, which is as long as what it is made of, and one look. Room
 * for `max` answers is taken when the first call is made.
 *
 * @example
 * const system = createSystem()
 * let asked = 0
 * const prices = cache({ ttlMs: 60_000, max: 1_000 })
 * const price = prices(async (sku: string) => { asked += 1; return sku.length })
 * await Promise.all([system.request(price, 'abc'), system.request(price, 'abc')]) // => [3, 3]
 * asked // => 1
 * prices.invalidate('abc')
 * await system.stop()
 */
export function cache<Input = unknown>(options: CacheOptions<Input>): Cache<Input> {
  const policy = policyOf(options);
  const { key } = options;
  const systems = new PerSystem((kernel) => new Caching(policy, kernel));

  const cached = wrap(
    (work) => (input, scope) =>
      systems
        .of(scope)
        .call(
          work as Work,
          keyOf(key as ((one: unknown) => unknown) | undefined, input, 'key of cache'),
          input,
          scope,
        ) as never,
  );
  return Object.assign(cached as Cache<Input>, {
    invalidate: (invalid: unknown) => {
      const text = structuralKey(invalid, 'key of cache');
      systems.each((caching) => caching.invalidate(text));
    },
    clear: () => systems.each((caching) => caching.clear()),
    statistics: (verbs: Verbs) => systems.of(verbs).statistics,
  });
}

function policyOf(options: CacheOptions<never>): CachePolicy {
  const { ttlMs, max, negativeTtlMs = {}, queueMax = queueMaxDefault, timeoutMs, budget } = options;
  if (typeof ttlMs !== 'number' || !(ttlMs > 0)) {
    throw new RangeError(`ttlMs of cache is a number of milliseconds above 0, or Infinity; got ${ttlMs}`);
  }
  if (!Number.isSafeInteger(max) || max < 1) {
    throw new RangeError(`max of cache is a whole number, at least 1; got ${max}`);
  }
  if (!Number.isSafeInteger(queueMax) || queueMax < 1) {
    throw new RangeError(`queueMax of cache is a whole number, at least 1; got ${queueMax}`);
  }
  checkTimeout('cache', timeoutMs);
  const negative =
    typeof negativeTtlMs === 'number' ? { invalid: negativeTtlMs, permanent: negativeTtlMs } : negativeTtlMs;
  for (const [name, keptMs] of Object.entries(negative)) {
    if (name === 'interrupted') {
      throw new RangeError(
        'negativeTtlMs of cache: who was interrupted has not been answered, so that is not remembered',
      );
    }
    if (typeof keptMs !== 'number' || !(keptMs >= 0)) {
      throw new RangeError(
        `negativeTtlMs of cache is a number of milliseconds, at least 0; got ${keptMs} for ${name}`,
      );
    }
  }
  return {
    ttlMs,
    max,
    queueMax,
    negativeTtlMs: negative,
    call: { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(budget === undefined ? {} : { budget }) },
  };
}
