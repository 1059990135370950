/**
 * `rateLimit`: so many calls in so much time, and a burst; the others wait, or are refused.
 *
 *     calls   1 2 3 4 ·······────▶       rateLimit({ perSecond: 10, burst: 2, overflow: 'wait' })
 *     begun   1 2     3     4 ───▶       the third 100 ms later, the fourth 200 ms
 *
 *     calls   1 2 3 ·······──────▶       overflow: 'reject'
 *     begun   1 2 ✗ RateLimited { retryAfterMs: 100 }
 *
 * Guarantees (L25): in any window of t milliseconds at most `burst + rate × t` calls are
 * begun for each key, without drift; who waits is served in order, and each key by
 * itself; whoever ends leaves the line at once. Nothing is left when nobody waits.
 *
 * Bounds: `queueMax` who wait for each key, `keysMax` keys.
 *
 * Source: Turner, "New directions in communications" (1986), for the bucket.
 */
import type { OperatorFunction } from 'rxjs';
import type { Scope, Verbs } from '../actors/context.ts';
import { called, Waiting, type Work } from './called.ts';
import { invoke } from './invoke.ts';
import { oneAnswerOf } from './one-answer.ts';
import { PerSystem } from './per-system.ts';
import { queueMaxDefault } from './queue-full.ts';
import { rateLimitStream } from './rate-limit-stream.ts';
import { RateLimiting, type RateLimitPolicy, type RateLimitStatistics } from './rate-limiting.ts';
import { structuralKey } from './structural-key.ts';
import type { TokenLine } from './token-line.ts';
import { type WholeRate, wholeRate } from './whole-rate.ts';
import { wrap } from './wrap.ts';
import type { Wrapper } from './wrapper.ts';

/** How much. */
export type RateOptions =
  | {
      /**
       * How many in a second, any number above 0; less than one too. It is counted as a fraction of
       * whole numbers, exactly where there is one (100 / 3 is 100 in three seconds), and otherwise
       * rounded down to one that can be counted.
       */
      readonly perSecond: number;
    }
  | {
      /** How many, a whole number, at least 1, in */
      readonly count: number;
      /** so many milliseconds, a whole number, at least 1. */
      readonly perMs: number;
    };

export type RateLimitOptions<Input = unknown> = RateOptions & {
  /** How many may be begun at once after a quiet time; a whole number, 1 when not given, which spaces them evenly. */
  readonly burst?: number;
  /** Whether a call for which there is no token waits for one, or is refused. It has no default: say what you mean. */
  readonly overflow: 'wait' | 'reject';
  /** What has a limit of its own: a customer, a host. One limit for all when not given. */
  readonly key?: (input: Input) => unknown;
  /** Most calls that wait for one key; 1 024 when not given. */
  readonly queueMax?: number;
  /** Most keys that are not quiet; 10 000 when not given. */
  readonly keysMax?: number;
};

/** Calls through it are limited, all together. */
export interface RateLimiter<Input = unknown> extends Wrapper<Input> {
  /** What it has done in the system that these verbs are of. */
  statistics(verbs: Verbs): RateLimitStatistics;
  /**
   * The same limit for the values of a stream: each waits for its token, with its credit
   * and in its order. A stream takes one place in the line, for its first value that waits.
   */
  operator<T extends Input>(): OperatorFunction<T, T>;
}

/**
 * Limits how often something is called.
 *
 * One limiter may be put around several things, in several agents: the limit is for all
 * of them, in each system. Those that find a token are called at once, in the same step.
 *
 * Cancellation: who is interrupted while it waits leaves the line; no token is lost.
 *
 * Errors: `RateLimited`, with `retryAfterMs`: nothing was begun. It comes at once, also
 * where the wait would end at or after the deadline of the caller. `InvalidParams` for a
 * key that cannot be compared, and where the work answers with a stream. `RangeError`, when it is made, for options that cannot be.
 *
 * Cost: a call that finds a token sets no timer.
 *
 * @example
 * const system = createSystem()
 * const limiter = rateLimit({ perSecond: 10, overflow: 'reject' })
 * const twice = limiter(async (n: number) => 2 * n)
 * await system.request(twice, 21) // => 42
 * await system.request(twice, 22).catch(({ code }) => code) // => 'RATE_LIMITED'
 * await system.stop()
 */
export function rateLimit<Input = unknown>(options: RateLimitOptions<Input>): RateLimiter<Input> {
  const policy = policyOf(options);
  const { key } = options;
  const systems = new PerSystem((kernel) => new RateLimiting(policy, kernel.environment));
  const keyOf = (input: unknown): string | undefined =>
    key === undefined ? undefined : structuralKey(key(input as Input), 'key of rateLimit');

  const limited = wrap((work, name) => (input, scope) => {
    const limiting = systems.of(scope);
    const nowMs = limiting.environment.nowMs();
    const line = limiting.line(keyOf(input), nowMs);
    if (line.tryTake(nowMs)) {
      limiting.begun += 1;
      return oneAnswerOf(invoke(work, input, scope), name);
    }
    limiting.mayWait(line, nowMs, scope.deadlineMs);
    return new WaitingCall(limiting, line, name, work as Work, input, scope).promise as never;
  });
  return Object.assign(limited as Wrapper<Input>, {
    statistics: (verbs: Verbs) => systems.of(verbs).statistics,
    operator: <T extends Input>() => rateLimitStream<T>((verbs) => systems.of(verbs), keyOf),
  });
}

/** A call that waits for its token. */
class WaitingCall extends Waiting {
  readonly #limiting: RateLimiting;
  readonly #target: string;
  readonly #work: Work;
  readonly #input: unknown;
  readonly #scope: Scope;

  constructor(
    limiting: RateLimiting,
    line: TokenLine,
    target: string,
    work: Work,
    input: unknown,
    scope: Scope,
  ) {
    super(target, () => limiting.leave(line, this));
    this.#limiting = limiting;
    this.#target = target;
    this.#work = work;
    this.#input = input;
    this.#scope = scope;
    this.begin(scope);
    limiting.delayed += 1;
    line.join(this);
  }

  /** It begins as code after an `await` goes on: at any time. */
  inTurn(act: () => void): void {
    act();
  }

  granted(): void {
    this.#limiting.begun += 1;
    this.resolve(called(this.#work, this.#target, this.#input, this.#scope));
  }
}

function policyOf(options: RateLimitOptions<never>): RateLimitPolicy {
  const { overflow, burst = 1, queueMax = queueMaxDefault, keysMax = 10_000 } = options;
  checkWhole('burst', burst, 1);
  checkWhole('queueMax', queueMax, 0);
  checkWhole('keysMax', keysMax, 1);
  if (overflow !== 'wait' && overflow !== 'reject') {
    throw new RangeError(`overflow of rateLimit is one of wait, reject; got '${String(overflow)}'`);
  }
  const { count, perMs } = rateOf(options, burst + queueMax);
  return { count, perMs, burst, queueMax, keysMax, waits: overflow === 'wait' };
}

function rateOf(options: RateOptions, room: number): WholeRate {
  if (!('perSecond' in options)) {
    const { count, perMs } = options;
    checkWhole('count', count, 1);
    checkWhole('perMs', perMs, 1);
    if ((count + room) * perMs > Number.MAX_SAFE_INTEGER) {
      throw new RangeError(
        `count, burst and queueMax together, times perMs, are at most ${Number.MAX_SAFE_INTEGER} in rateLimit, so that they are counted exactly; got ${count + room} in ${perMs} ms`,
      );
    }
    return { count, perMs };
  }
  const { perSecond } = options;
  if (typeof perSecond !== 'number' || !(perSecond > 0 && perSecond < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`perSecond of rateLimit is a number above 0; got ${String(perSecond)}`);
  }
  const rate = wholeRate(perSecond, room);
  if (rate === undefined) {
    throw new RangeError(
      `perSecond of rateLimit is too small to be counted exactly with burst and queueMax, ${room} together; got ${perSecond}`,
    );
  }
  return rate;
}

function checkWhole(option: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${option} of rateLimit is a whole number, at least ${least}; got ${value}`);
  }
}
