/**
 * A request of a combinator: no promise is made for it, and what it spent is known:
 * its `lease` is known for good when it has settled.
 */
import type { Kernel } from './kernel.ts';
import { PendingAnswer } from './pending-answer.ts';
import type { Requester } from './pending-reply.ts';

/** How a call ended: with an answer, or with a failure. */
export type CallOutcome = { readonly value: unknown } | { readonly failure: unknown };

export class PendingCall extends PendingAnswer {
  readonly #told: (outcome: CallOutcome, call: PendingCall) => void;

  /** @param told Called once, in a turn of whoever waits. Must not throw. */
  constructor(kernel: Kernel, requester: Requester, told: (outcome: CallOutcome, call: PendingCall) => void) {
    super(kernel, requester);
    this.#told = told;
  }

  protected answeredBy(value: unknown): void {
    this.#told({ value }, this);
  }

  protected failedOf(failure: unknown): void {
    this.#told({ failure }, this);
  }
}
