/**
 * `retry`: what failed for now is tried again.
 *
 *     call ──> work ──> transient ··wait··> work ──> overload ··wait··> work ──> answer
 *     call ──> work ──> invalid                                               fails at once
 *     call ──> work ──> transient ··wait··> work ──> transient                fails: no more tries
 *
 * Guarantees: work is tried at most `1 + times` times, one try at a time; never again after
 * a failure of class `invalid`, `permanent` or `interrupted`, nor when whoever asked is
 * gone, its budget is spent, or the wait would end after its deadline. Retrying no times
 * is the work itself.
 *
 * Source: the classes of failures are those of `core/failure.ts`; `Retry-After` is RFC 9110,
 * 10.2.3.
 */
import * as Cause from 'effect/Cause';
import * as Duration from 'effect/Duration';
import * as Effect from 'effect/Effect';
import * as Exit from 'effect/Exit';
import * as Pull from 'effect/Pull';
import * as Schedule from 'effect/Schedule';
import type { Responder, Scope, Verbs } from '../actors/context.ts';
import type { Sender } from '../actors/sender.ts';
import { senderOf } from '../actors/sender-of.ts';
import { isThenable } from '../actors/thenable.ts';
import { Tie } from '../actors/tie.ts';
import { type FailureClass, failureClass } from '../core/failure.ts';
import { rememberAttempts } from './attempts.ts';
import { type Backoff, backoffAfter } from './backoff.ts';
import { retryAfterMsOf } from './failure-facts.ts';
import { invoke } from './invoke.ts';
import { isStream, oneAnswer, streamRefused } from './one-answer.ts';
import { PerSystem } from './per-system.ts';
import { wrap } from './wrap.ts';
import type { Wrapper } from './wrapper.ts';

interface RetryLimits {
  /**
   * Which failures are tried again, of those that may be; all when not given. It can only
   * forbid. What it throws is what the call fails of.
   */
  readonly when?: (failure: unknown, tries: number) => boolean;
  /**
   * A failure may say in `retryAfterMs` when it makes sense to try again; that is honoured, and
   * one that asks for longer than this is not tried again. In milliseconds; 60 000 when not given.
   */
  readonly retryAfterMsMax?: number;
}

/** How often, and with what waits between. */
export interface RetryTimes extends RetryLimits, Partial<Backoff> {
  /** How often it is tried again after the first time; a whole number, at least 0. */
  readonly times: number;
  /** The wait before the second try, in milliseconds; 100 when not given. It doubles with each. */
  readonly backoffMs?: number;
  /** The longest wait; 30 000 when not given. */
  readonly backoffMsMax?: number;
  /** The part of each wait that chance may take off, from 0 to 1; 0.5 when not given. */
  readonly jitter?: number;
}

/** How often and with what waits, as Effect says it. */
export interface RetrySchedule extends RetryLimits {
  /** Is given each failure, and says how long to wait, or that it is enough. */
  readonly schedule: Schedule.Schedule<unknown, unknown, unknown>;
}

export type RetryOptions = RetryTimes | RetrySchedule;

export interface RetryStatistics {
  /** Calls that were made. */
  readonly calls: number;
  /** Tries beyond the first of a call. */
  readonly retries: number;
  /** Calls that succeeded, but not at their first try. */
  readonly recovered: number;
  /** Calls that failed in the end, at whichever try. */
  readonly failed: number;
}

/** A wrapper that tries again. */
export interface Retry extends Wrapper {
  /** What it has done in the system that these verbs are of. */
  statistics(verbs: Verbs): RetryStatistics;
}

/** Most failures that are remembered of one call. */
const failuresMax = 16;

/**
 * Makes a retry.
 *
 * What a try has said before it failed stands: where that matters, put a `timeout` around
 * the work as well, which ends what a try has begun, and make what it does idempotent. In a
 * handler, only the first try is part of its first step.
 *
 * A failure that carries `retryAfterMs`, as those of rate limits do, is not tried again
 * before that.
 *
 * Cancellation: with its caller; nothing waits on.
 *
 * Errors: the last failure, unchanged; `attemptsOf(failure)` tells what there was before.
 * `InvalidParams` where the work answers with a stream, of which only the beginning could be
 * tried again. `RangeError` for options that cannot be.
 *
 * Cost: nothing is made for a call that succeeds at once, beside the promise of an answer
 * that is one.
 *
 * @example
 * let tries = 0
 * const flaky = () => { tries += 1; if (tries < 3) { throw new Error('not yet') } return tries }
 * const system = createSystem()
 * await system.request(retry({ times: 5, backoffMs: 1 })(flaky), undefined) // => 3
 * await system.stop()
 */
export function retry(options: RetryOptions): Retry {
  const policy = policyOf(options);
  const systems = new PerSystem((): Counted => ({ calls: 0, retries: 0, recovered: 0, failed: 0 }));
  const wrapper = wrap(<I, O>(work: Responder<I, O>, name: string) => {
    const failed = (failure: unknown, input: I, scope: Scope): Promise<O> => {
      const counted = systems.of(scope);
      if (!policy.mayRetry(failure, 1)) {
        counted.failed += 1;
        throw failure;
      }
      return new Retrying<I, O>(policy, counted, work, name, input, scope).after(failure);
    };
    return (input: I, scope: Scope): O | Promise<O> => {
      systems.of(scope).calls += 1;
      let answer: O | PromiseLike<O>;
      try {
        answer = oneAnswer(invoke(work, input, scope), name);
      } catch (failure) {
        return failed(failure, input, scope);
      }
      return isThenable(answer)
        ? Promise.resolve(answer as PromiseLike<O>).then(
            (value) => (isStream(value) ? failed(streamRefused(`'${name}'`), input, scope) : value),
            (failure) => failed(failure, input, scope),
          )
        : (answer as O);
    };
  });
  return Object.assign(wrapper, { statistics: (verbs: Verbs) => ({ ...systems.of(verbs) }) });
}

type Counted = { -readonly [Key in keyof RetryStatistics]: RetryStatistics[Key] };

/** How long to wait before the next try; that it is enough; or that it could not be said. */
type Wait = { readonly delayMs: number } | 'enough' | { readonly failure: unknown };

/** Says how long to wait after a failure: told once, maybe at once. */
type Pacing = (failure: unknown, tries: number, told: (wait: Wait) => void) => void;

interface Policy {
  readonly retryAfterMsMax: number;
  mayRetry(failure: unknown, tries: number): boolean;
  /** Begins anew for each call. */
  pace(sender: Sender, interrupting: (interrupt: () => void) => void): Pacing;
}

/** One call whose first try has failed. */
class Retrying<I, O> extends Tie {
  readonly #policy: Policy;
  readonly #counted: Counted;
  readonly #work: Responder<I, O>;
  readonly #name: string;
  readonly #input: I;
  readonly #scope: Scope;
  readonly #sender: Sender;
  readonly #pacing: Pacing;
  readonly #outcome = Promise.withResolvers<O>();
  #tries = 1;
  readonly #failures: unknown[] = [];
  #over = false;
  #stopWaiting: (() => void) | undefined;

  constructor(policy: Policy, counted: Counted, work: Responder<I, O>, name: string, input: I, scope: Scope) {
    super();
    this.#policy = policy;
    this.#counted = counted;
    this.#work = work;
    this.#name = name;
    this.#input = input;
    this.#scope = scope;
    this.#sender = senderOf(scope);
    this.#pacing = policy.pace(this.#sender, (interrupt) => {
      this.#stopWaiting = interrupt;
    });
  }

  /** The first try failed of what may be tried again. */
  after(failure: unknown): Promise<O> {
    if (this.#sender.tie(this)) {
      this.#pause(failure);
    } else {
      this.#giveUp(failure);
    }
    return this.#outcome.promise;
  }

  /** Whoever asked is gone. */
  cut(failure: unknown): void {
    this.#giveUp(failure ?? this.#failures.at(-1));
  }

  #failed(failure: unknown): void {
    if (this.#over) {
      return;
    }
    try {
      if (this.#policy.mayRetry(failure, this.#tries)) {
        this.#pause(failure);
      } else {
        this.#note(failure);
        this.#giveUp(failure);
      }
    } catch (thrown) {
      this.#giveUp(thrown);
    }
  }

  #note(failure: unknown): void {
    this.#failures.push(failure);
    if (this.#failures.length > failuresMax) {
      this.#failures.shift();
    }
  }

  #pause(failure: unknown): void {
    this.#note(failure);
    const askedMs = retryAfterMsOf(failure);
    if (askedMs > this.#policy.retryAfterMsMax || this.#sender.lease?.exceeded !== undefined) {
      this.#giveUp(failure);
      return;
    }
    this.#pacing(failure, this.#tries, (wait) => {
      this.#stopWaiting = undefined;
      if (this.#over) {
        return;
      }
      if (wait === 'enough') {
        this.#giveUp(failure);
      } else if ('failure' in wait) {
        this.#giveUp(wait.failure);
      } else {
        this.#waitFor(Math.max(wait.delayMs, askedMs), failure);
      }
    });
  }

  #waitFor(waitMs: number, failure: unknown): void {
    const { environment } = this.#sender.kernel;
    if (waitMs === Number.POSITIVE_INFINITY || environment.nowMs() + waitMs >= this.#sender.deadlineMs) {
      this.#giveUp(failure);
      return;
    }
    // Also for no time at all: work that always fails at once must let others go first.
    const timer = environment.schedule(waitMs, () => this.#try());
    this.#stopWaiting = () => timer.cancel();
  }

  #try(): void {
    this.#stopWaiting = undefined;
    this.#tries += 1;
    this.#counted.retries += 1;
    try {
      const answer = invoke(this.#work, this.#input, this.#scope);
      if (isThenable(answer)) {
        Promise.resolve(answer as PromiseLike<O>).then(
          (value) => this.#succeeded(value),
          (failure) => this.#failed(failure),
        );
      } else {
        this.#succeeded(answer as O);
      }
    } catch (failure) {
      this.#failed(failure);
    }
  }

  #succeeded(answer: O): void {
    if (isStream(answer)) {
      this.#failed(streamRefused(`'${this.#name}'`));
    } else if (!this.#over) {
      this.#counted.recovered += 1;
      this.#end();
      this.#outcome.resolve(answer);
    }
  }

  #giveUp(failure: unknown): void {
    this.#counted.failed += 1;
    if (this.#tries > 1) {
      rememberAttempts(failure, { tries: this.#tries, failures: [...this.#failures] });
    }
    this.#end();
    this.#outcome.reject(failure);
  }

  #end(): void {
    this.#over = true;
    this.untie();
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
  }
}

/** What will be wrong again, or was wanted. */
const neverAgain: ReadonlySet<FailureClass> = new Set<FailureClass>(['invalid', 'permanent', 'interrupted']);

function policyOf(options: RetryOptions): Policy {
  const { when, retryAfterMsMax = 60_000 } = options;
  check('retryAfterMsMax', retryAfterMsMax, 'a number of milliseconds, at least 0', retryAfterMsMax >= 0);
  const asked = (failure: unknown, tries: number): boolean =>
    !neverAgain.has(failureClass(failure)) && when?.(failure, tries) !== false;
  if ('schedule' in options) {
    const { schedule } = options;
    if (!Schedule.isSchedule(schedule)) {
      throw new RangeError(`schedule of retry is a Schedule of Effect; got ${String(schedule)}`);
    }
    return { retryAfterMsMax, mayRetry: asked, pace: (sender, on) => scheduled(schedule, sender, on) };
  }
  const { times } = options;
  const backoff = backoffOf(options);
  check('times', times, 'a whole number, at least 0', Number.isInteger(times) && times >= 0);
  return {
    retryAfterMsMax,
    mayRetry: (failure, tries) => tries <= times && asked(failure, tries),
    pace: (sender) => (_, tries, told) =>
      told({
        delayMs: backoffAfter(backoff, tries, backoff.jitter === 0 ? 0 : sender.kernel.environment.random()),
      }),
  };
}

function backoffOf(options: RetryTimes): Backoff {
  const { backoffMs = 100, backoffMsMax = Math.max(30_000, backoffMs), jitter = 0.5 } = options;
  check(
    'backoffMs',
    backoffMs,
    'a number of milliseconds, at least 0',
    backoffMs >= 0 && backoffMs < Number.POSITIVE_INFINITY,
  );
  check(
    'backoffMsMax',
    backoffMsMax,
    `a number of milliseconds, at least backoffMs (${backoffMs})`,
    backoffMsMax >= backoffMs && backoffMsMax < Number.POSITIVE_INFINITY,
  );
  check('jitter', jitter, 'a part, from 0 to 1', jitter >= 0 && jitter <= 1);
  return { backoffMs, backoffMsMax, jitter };
}

function check(name: string, value: unknown, expected: string, holds: boolean): void {
  if (typeof value !== 'number' || !holds) {
    throw new RangeError(`${name} of retry is ${expected}; got ${String(value)}`);
  }
}

/** The waits of an Effect `Schedule`: it is asked for each in a fibre, and may itself wait or roll dice. */
function scheduled(
  schedule: RetrySchedule['schedule'],
  sender: Sender,
  interrupting: (interrupt: () => void) => void,
): Pacing {
  const { effects, environment } = sender.kernel;
  let step: Effect.Success<ReturnType<typeof Schedule.toStep<unknown, unknown, unknown, never>>> | undefined;
  return (failure, _tries, told) => {
    const asking = Effect.suspend(() =>
      step === undefined
        ? Effect.map(Schedule.toStep(schedule), (made) => (step = made))
        : Effect.succeed(step),
    ).pipe(
      Effect.flatMap((take) => take(environment.epochMs + environment.nowMs(), failure)),
      Effect.map(([, delay]): Wait => ({ delayMs: Duration.toMillis(delay) })),
      Pull.catchDone(() => Effect.succeed<Wait>('enough')),
    );
    const fiber = effects.fork(asking);
    interrupting(() => fiber.interruptUnsafe());
    fiber.addObserver((exit) =>
      told(Exit.isSuccess(exit) ? (exit.value as Wait) : { failure: Cause.squash(exit.cause) }),
    );
  };
}
