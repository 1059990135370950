/**
 * A request for one answer: the first one settles it. Who is told of it, and how,
 * is said by its kinds: a promise, or a call.
 */
import { PendingReply } from './pending-reply.ts';

export abstract class PendingAnswer extends PendingReply {
  #outcome: unknown = undefined;
  #failed = false;

  reply(payload: unknown, from: string): undefined {
    this.kernel.witness?.replied(this, from);
    const { delivery } = this.kernel;
    if (delivery === undefined) {
      this.replied(payload, from);
    } else {
      delivery.answer(this, 'reply', payload, from);
      this.wasAnswered();
    }
  }

  deliver(): void {
    this.requester.forgetRequest(this);
    this.kernel.witness?.delivered(this);
    this.trace?.delivered?.();
    if (this.#failed) {
      this.failedOf(this.#outcome);
    } else {
      this.answeredBy(this.#outcome);
    }
  }

  /** Whoever waits is told, in a turn of theirs. */
  protected abstract answeredBy(reply: unknown): void;
  protected abstract failedOf(failure: unknown): void;

  protected replied(payload: unknown, from: string): void {
    if (this.settled) {
      this.late(payload, from);
      return;
    }
    this.trace?.answered?.(payload, from);
    this.settle(undefined);
    this.#outcome = payload;
    this.requester.settledRequest(this);
  }

  protected allFinished(firstFailure: { readonly failure: unknown } | undefined): void {
    const failure = firstFailure === undefined ? this.noResponder() : firstFailure.failure;
    this.settle({ failure });
    this.settledBy(failure);
  }

  protected settledBy(failure: unknown): void {
    this.#failed = true;
    this.#outcome = failure;
    this.requester.settledRequest(this);
  }
}
