/**
 * `timeout`: work that has so long and no longer.
 *
 *     call ──┬── work ──> answer             in time: the answer
 *            └── timer ─┐
 *     call ──┬── work ──┼─ ─ ─ ─ ─ >         too late: TimedOut, and the work is interrupted
 *            └── timer ─┘
 *
 * The work is done in a branch of its own, so what it has said until then stands, and what
 * it says from then on has no effect: its verbs become dead letters, its requests are
 * interrupted, its signal has aborted (L18).
 */
import type { Responder, Verbs } from '../actors/context.ts';
import { RequestTimeout } from '../actors/request-failures.ts';
import type { BranchOwner, BranchPlan, OpenBranch, Sender } from '../actors/sender.ts';
import { senderOf } from '../actors/sender-of.ts';
import { isThenable } from '../actors/thenable.ts';
import { Alarm } from '../core/alarm.ts';
import { Failure, isOf } from '../core/failure.ts';
import { invoke } from './invoke.ts';
import { isStream, oneAnswer, streamRefused } from './one-answer.ts';
import { PerSystem } from './per-system.ts';
import { wrap } from './wrap.ts';
import type { Wrapper } from './wrapper.ts';

export interface TimeoutStatistics {
  /** Calls that were made. */
  readonly calls: number;
  /** Of these, the ones whose time was over before they had ended. */
  readonly timedOut: number;
}

/** A wrapper that is a timeout. */
export interface Timeout extends Wrapper {
  /** What it has done in the system that these verbs are of. */
  statistics(verbs: Verbs): TimeoutStatistics;
}

/**
 * Work took longer than it was given, and was interrupted. That does not say that nothing
 * happened: what it asked others for may have been done. Its code is `TIMEOUT`.
 */
export class TimedOut extends Failure {
  readonly _tag = 'TimedOut';
  readonly code = 'TIMEOUT';
  readonly class = 'transient';
  /** What was called. */
  readonly target: string;
  readonly timeoutMs: number;
  /** What the work had kept, if anything. */
  readonly partial: unknown;

  constructor(facts: { target: string; timeoutMs: number; partial?: unknown }) {
    super();
    this.target = facts.target;
    this.timeoutMs = facts.timeoutMs;
    this.partial = facts.partial;
  }

  override get message(): string {
    return `'${this.target}' had not ended after ${Math.round(this.timeoutMs)} ms and was interrupted`;
  }
}

/**
 * Makes a timeout. Each call of what it is put around has its own.
 *
 * The work knows its end: `scope.deadlineMs` is it, or that of its caller where that is
 * sooner. Its synchronous part cannot be interrupted, and one that answers at once is
 * never too late.
 *
 * Cancellation: the work is interrupted when its time is over, and with its caller.
 * JavaScript cannot stop a promise that is running: code that heeds neither `signal`
 * nor the failures of its requests goes on, without effect.
 *
 * Errors: `TimedOut`, with what the work had kept (`scope.keep`); otherwise those of the
 * work, unchanged. `InvalidParams` where the work answers with a stream, of which it could
 * only time the beginning. `RangeError` for a time that cannot be.
 *
 * Cost: a branch, a promise and a timer of the system's wheel; no timer of the host.
 *
 * @param timeoutMs How long the work may take, in milliseconds, above 0.
 * @example
 * const system = createSystem()
 * const quick = timeout(5_000)(async (word) => `${word}!`)
 * await system.request(quick, 'hello') // => 'hello!'
 * const slow = timeout(5)((_, scope) => { scope.keep('half of it'); return new Promise(() => {}) })
 * await system.request(slow, 'hello').catch(({ code, partial }) => [code, partial]) // => ['TIMEOUT', 'half of it']
 * await system.stop()
 */
export function timeout(timeoutMs: number): Timeout {
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) {
    throw new RangeError(
      `timeoutMs of timeout is a number of milliseconds, above 0; got ${String(timeoutMs)}`,
    );
  }
  const systems = new PerSystem((): Counted => ({ calls: 0, timedOut: 0 }));
  const wrapper = wrap((work, name) => (input, scope) => {
    const counted = systems.of(scope);
    counted.calls += 1;
    return new Timed(senderOf(scope), name, timeoutMs, counted).call(work, input);
  });
  return Object.assign(wrapper, { statistics: (verbs: Verbs) => ({ ...systems.of(verbs) }) });
}

type Counted = { -readonly [Key in keyof TimeoutStatistics]: TimeoutStatistics[Key] };

/** One call: it is its own timer, and what its branch is opened with. */
class Timed extends Alarm implements BranchOwner, BranchPlan {
  readonly target: string;
  readonly deadlineMs: number;
  readonly #sender: Sender;
  readonly #counted: Counted;
  /** How long it has: no longer than its caller. */
  readonly #leftMs: number;
  readonly #branch: OpenBranch;
  #resolve: ((answer: unknown) => void) | undefined = undefined;
  #reject: ((failure: unknown) => void) | undefined = undefined;
  #ended: { readonly failure: unknown } | 'well' | undefined = undefined;

  constructor(sender: Sender, name: string, timeoutMs: number, counted: Counted) {
    super();
    const { revoked } = sender;
    if (revoked !== undefined) {
      throw revoked;
    }
    const nowMs = sender.kernel.environment.nowMs();
    this.target = name;
    this.#sender = sender;
    this.#counted = counted;
    const latestMs = sender.deadlineMs;
    const ownMs = nowMs + timeoutMs;
    this.deadlineMs = Math.min(ownMs, latestMs);
    this.#leftMs = ownMs <= latestMs ? timeoutMs : latestMs - nowMs;
    this.#branch = sender.branch(this);
  }

  get owner(): this {
    return this;
  }

  get lease(): undefined {
    return undefined;
  }

  get awaited(): boolean {
    return true;
  }

  call<I, O>(work: Responder<I, O>, input: I): O | Promise<O> {
    // Before the work begins: of the timers that ring together with those of its requests, this is then the first.
    this.#sender.kernel.alarms.setAlarm(this.deadlineMs, this);
    let answer: O | PromiseLike<O>;
    try {
      answer = invoke(work, input, this.#branch);
      oneAnswer(answer, this.target);
    } catch (failure) {
      this.#endWell();
      throw failure;
    }
    if (isThenable(answer)) {
      return this.#wait(answer as PromiseLike<O>);
    }
    this.#endWell();
    return answer as O;
  }

  /** Its time is over. */
  ring(): void {
    this.interrupt(this.#tooLate());
  }

  /** It is to end early, because its time is over, or that of its caller; told at most once, and only before it has ended. */
  interrupt(failure: unknown): void {
    this.#ended = { failure };
    this.#sender.kernel.alarms.cancelAlarm(this);
    this.#branch.interrupt(failure);
    this.#reject?.(failure);
  }

  #wait<O>(answer: PromiseLike<O>): Promise<O> {
    const promise = new Promise<O>((resolve, reject) => {
      this.#resolve = resolve as (answer: unknown) => void;
      this.#reject = reject;
    });
    if (typeof this.#ended === 'object') {
      // Whoever asked was ended by the beginning of the work itself.
      this.#reject!(this.#ended.failure);
    }
    Promise.resolve(answer).then(
      (value) => this.#succeeded(value),
      (failure) => this.#failed(failure),
    );
    return promise;
  }

  #succeeded(value: unknown): void {
    if (this.#endWell()) {
      if (isStream(value)) {
        this.#reject!(streamRefused(`'${this.target}'`));
      } else {
        this.#resolve!(value);
      }
    }
  }

  #failed(failure: unknown): void {
    const cause = this.#isForTime(failure) ? this.#tooLate() : failure;
    if (this.#endWell()) {
      this.#reject!(cause);
    }
  }

  /** The work has ended; returns whether that was in time. */
  #endWell(): boolean {
    if (this.#ended !== undefined) {
      return false;
    }
    this.#ended = 'well';
    this.#sender.kernel.alarms.cancelAlarm(this);
    this.#branch.finish();
    return true;
  }

  /** A request of the work had the same deadline, and its timer was the first to ring. */
  #isForTime(failure: unknown): boolean {
    return (
      this.#ended === undefined &&
      isOf(failure, RequestTimeout) &&
      this.#sender.kernel.environment.nowMs() >= this.deadlineMs
    );
  }

  #tooLate(): TimedOut {
    this.#counted.timedOut += 1;
    return new TimedOut({ target: this.target, timeoutMs: this.#leftMs, partial: this.#branch.partial });
  }
}
