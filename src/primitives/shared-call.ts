/**
 * A shared call: one that is made for several callers, and belongs to none of them.
 *
 *     a ──┐
 *     b ──┼──▶ one call ──▶ a, b          c left: it goes on for a and b
 *     c ─ ✗                               all left: it is interrupted
 *
 * It is made by the system, so the end of one caller is not that of the others. It has a
 * deadline of its own; each caller keeps theirs. What it spent is charged to those it was
 * made for when it is over.
 *
 * Source: `singleflight` of Go (2013), where the first caller's end is everybody's.
 */
import type { RequestOptions, Scope } from '../actors/context.ts';
import type { Kernel } from '../actors/kernel.ts';
import type { CallOutcome, PendingCall } from '../actors/pending-call.ts';
import { Interrupted } from '../actors/request-failures.ts';
import { senderOf } from '../actors/sender-of.ts';
import type { Lease, Limits } from '../core/budget.ts';
import { Waiting, type Work } from './called.ts';
import { isStream, streamRefused } from './one-answer.ts';
import { nameOf } from './responder.ts';
import { charge } from './shared-cost.ts';

/** How a shared call is made. */
export interface SharedCallOptions {
  /** How long the call may take, in milliseconds; as long as any request of the system when not given, `Infinity` must be written. Each caller keeps its own deadline. */
  readonly timeoutMs?: number;
  /** What the call may spend at most; not limited when not given. */
  readonly budget?: Limits;
}

/** Errors: `RangeError` for a timeout that cannot be. */
export function checkTimeout(primitive: string, timeoutMs: number | undefined): void {
  if (timeoutMs !== undefined && (typeof timeoutMs !== 'number' || !(timeoutMs >= 0))) {
    throw new RangeError(
      `timeoutMs of ${primitive} is a number of milliseconds, at least 0, or Infinity; got ${timeoutMs}`,
    );
  }
}

/** What of the outcome is for a caller. */
export type Part = (outcome: CallOutcome) => CallOutcome;

export class SharedCall {
  readonly #primitive: string;
  readonly #callers = new Map<Waiting, Part | undefined>();
  readonly #changed: (by: 1 | -1) => void;
  /** Who pays: each an even share; those without a budget have nothing that is charged. */
  readonly payers: (Lease | undefined)[] = [];
  #call: PendingCall | undefined;
  #over = false;

  /** @param changed Told of each caller that comes and goes. */
  constructor(primitive: string, changed: (by: 1 | -1) => void) {
    this.#primitive = primitive;
    this.#changed = changed;
  }

  get callers(): number {
    return this.#callers.size;
  }

  /**
   * Waits for the outcome, in a scope.
   *
   * Errors: why nothing can be waited for any more in this scope.
   *
   * @param left Called when the scope has ended before.
   * @param part All of the outcome when not given. Must not throw.
   */
  join(scope: Scope, left: () => void, part?: Part): Promise<unknown> {
    const caller = new Waiting(this.#primitive, () => {
      this.#callers.delete(caller);
      this.#changed(-1);
      left();
      if (this.#callers.size === 0) {
        this.#leftAlone();
      }
    });
    caller.begin(scope);
    this.#callers.set(caller, part);
    this.#changed(1);
    return caller.promise;
  }

  /** Makes the call. @param over Told of the outcome, before the callers are. */
  begin(
    kernel: Kernel,
    work: Work,
    input: unknown,
    options: RequestOptions,
    over: (outcome: CallOutcome) => void,
  ): void {
    const sender = senderOf(kernel.verbs);
    const metered = this.payers.some((payer) => payer !== undefined) && options.budget === undefined;
    const call = sender.call(work, input, metered ? { ...options, budget: {} } : options, (told, pending) => {
      const outcome = oneOutcome(told, work);
      this.#over = true;
      charge(this.payers, pending?.lease);
      over(outcome);
      this.#settle(outcome);
    });
    this.#call = call;
    if (!this.#over && this.#callers.size === 0) {
      // Its own first step ended all who waited for it.
      this.#leftAlone();
    }
  }

  #settle(whole: CallOutcome): void {
    const callers = [...this.#callers];
    this.#callers.clear();
    for (const [caller, part] of callers) {
      this.#changed(-1);
      const outcome = part === undefined ? whole : part(whole);
      if ('failure' in outcome) {
        caller.reject(outcome.failure);
      } else {
        caller.resolve(outcome.value);
      }
    }
  }

  #leftAlone(): void {
    this.#call?.interrupt(
      new Interrupted({ agent: this.#primitive, reason: 'nobody waits for it any more' }),
    );
  }
}

/** A stream cannot be given to several. */
function oneOutcome(outcome: CallOutcome, work: Work): CallOutcome {
  return 'value' in outcome && isStream(outcome.value)
    ? { failure: streamRefused(`'${nameOf(work)}'`) }
    : outcome;
}

/** What a caller passes on of where it comes from, and who pays for it. */
export function originOf(scope: Scope): { readonly lease: Lease | undefined; readonly said: RequestOptions } {
  const { lease, cause } = senderOf(scope);
  const threadId = cause?.threadId;
  return { lease, said: { headers: scope.headers, ...(threadId === undefined ? {} : { threadId }) } };
}
