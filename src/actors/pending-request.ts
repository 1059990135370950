/**
 * A request for one reply: the first one settles it.
 */
import { type PendingOptions, PendingReply } from './pending-reply.ts';

export class PendingRequest extends PendingReply {
  readonly promise: Promise<unknown>;
  #resolve!: (value: unknown) => void;
  #reject!: (failure: unknown) => void;
  #outcome: unknown;
  #failed = false;

  constructor(options: PendingOptions) {
    super(options);
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

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

  protected replied(payload: unknown, from: string): void {
    if (this.settled) {
      this.late(payload, from);
      return;
    }
    this.trace?.answered?.(payload, from);
    this.settle(undefined);
    this.#outcome = payload;
    this.#announce();
  }

  deliver(): void {
    this.requester.forgetRequest(this);
    this.kernel.witness?.delivered(this);
    this.trace?.delivered?.();
    if (this.#failed) {
      // Who ignores the promise of a request must not end the process by it.
      this.promise.catch(ignore);
      this.#reject(this.#outcome);
    } else {
      this.#resolve(this.#outcome);
    }
  }

  protected allFinished(firstFailure: { readonly failure: unknown } | undefined): void {
    const failure = firstFailure === undefined ? this.noResponder() : firstFailure.failure;
    this.settle({ failure });
    this.settledBy(failure);
  }

  protected settledBy(failure: unknown): void {
    this.#failed = true;
    this.#outcome = failure;
    this.#announce();
  }

  #announce(): void {
    this.requester.settledRequest(this);
  }
}

const ignore = (): void => {};
