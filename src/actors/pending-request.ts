/**
 * A request whose answer is a promise.
 */
import type { Kernel } from './kernel.ts';
import { PendingAnswer } from './pending-answer.ts';
import type { Requester } from './pending-reply.ts';

export class PendingRequest extends PendingAnswer {
  /**
   * A request that is never made. When a full collection finds none under way, V8 forgets the
   * shape of them all, and throws away the code it has compiled for it (D-245).
   */
  static readonly kept = new PendingRequest(undefined as never, undefined as never);

  readonly promise: Promise<unknown>;
  #resolve!: (value: unknown) => void;
  #reject!: (failure: unknown) => void;

  constructor(kernel: Kernel, requester: Requester) {
    super(kernel, requester);
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  protected answeredBy(reply: unknown): void {
    this.#resolve(reply);
  }

  protected failedOf(failure: unknown): void {
    // Who ignores the promise of a request must not end the process by it.
    this.promise.catch(ignore);
    this.#reject(failure);
  }
}

const ignore = (): void => {};
