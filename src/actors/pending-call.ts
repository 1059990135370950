/**
 * A request of a combinator: no promise is made for it, and what it spent is known.
 */
import type { Lease } from '../core/budget.ts';
import { PendingAnswer } from './pending-answer.ts';
import type { PendingOptions } from './pending-reply.ts';

/** How a call ended: with an answer, or with a failure. */
export type CallOutcome = { readonly value: unknown } | { readonly failure: unknown };

export class PendingCall extends PendingAnswer {
  /** What it spends from, where a budget of its own was named. Known for good when it has settled. */
  readonly lease: Lease | undefined;
  readonly #told: (outcome: CallOutcome, call: PendingCall) => void;

  /** @param told Called once, in a turn of whoever waits. Must not throw. */
  constructor(options: PendingOptions, told: (outcome: CallOutcome, call: PendingCall) => void) {
    super(options);
    this.lease = options.lease;
    this.#told = told;
  }

  protected answeredBy(value: unknown): void {
    this.#told({ value }, this);
  }

  protected failedOf(failure: unknown): void {
    this.#told({ failure }, this);
  }
}
