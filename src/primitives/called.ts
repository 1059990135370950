/**
 * Calls for those who wait: with a promise, whatever is called does, and an end when the
 * work they are for ends.
 */
import type { Responder, Scope } from '../actors/context.ts';
import { Interrupted } from '../actors/request-failures.ts';
import { senderOf } from '../actors/sender-of.ts';
import { Tie } from '../actors/tie.ts';
import { invoke } from './invoke.ts';
import { oneAnswerOf } from './one-answer.ts';

/** Whatever a wrapper is put around. */
export type Work = Responder<unknown, unknown>;

/** Calls it now, and gives a promise of the one answer that comes of it, also of what it throws. */
export function called(work: Work, target: string, input: unknown, scope: Scope): Promise<unknown> {
  return new Promise((resolve) => {
    resolve(oneAnswerOf(invoke(work, input, scope), target));
  });
}

/**
 * Somebody who waits for something, in a scope, and leaves when that ends.
 *
 * Guarantees: settled once; the scope keeps nothing of one who waits no more.
 */
export class Waiting extends Tie {
  readonly promise: Promise<unknown>;
  readonly #name: string;
  readonly #answer = Promise.withResolvers<unknown>();
  readonly #left: (waiting: Waiting) => void;

  /**
   * @param name Who is waited for, for the message.
   * @param left Called when the scope has ended before it was settled.
   */
  constructor(name: string, left: (waiting: Waiting) => void) {
    super();
    this.#name = name;
    this.#left = left;
    this.promise = this.#answer.promise;
    // Whoever asked may not look at it any more.
    this.promise.catch(() => {});
  }

  /** Errors: why nothing can be waited for any more in this scope. */
  begin(scope: Scope): void {
    const sender = senderOf(scope);
    if (!sender.tie(this)) {
      throw sender.revoked;
    }
  }

  resolve(answer: unknown): void {
    this.untie();
    this.#answer.resolve(answer);
  }

  reject(failure: unknown): void {
    this.untie();
    this.#answer.reject(failure);
  }

  cut(failure: unknown): void {
    this.#answer.reject(
      failure ?? new Interrupted({ agent: this.#name, reason: 'the work that asked for it is over' }),
    );
    this.#left(this);
  }
}
