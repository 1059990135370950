/**
 * Attempts: what was tried before a call failed of its last failure.
 *
 * They are kept beside the failure, as long as somebody holds it: a failure may be
 * frozen, shared or a text.
 */

/** What was tried before a call failed of its last failure. */
export interface Attempts {
  /** How often the work was tried, the first time included. */
  readonly tries: number;
  /** What the latest of them failed of, oldest first: at most 16. */
  readonly failures: readonly unknown[];
}

const attemptsByFailure = new WeakMap<object, Attempts>();
const retold = new WeakSet<object>();

/**
 * How often it was tried before it failed of this, where that was more than once;
 * `undefined` otherwise, and for what was thrown without being an object.
 */
export function attemptsOf(failure: unknown): Attempts | undefined {
  return typeof failure === 'object' && failure !== null ? attemptsByFailure.get(failure) : undefined;
}

/** Keeps them beside a failure that is an object. */
export function rememberAttempts(failure: unknown, attempts: Attempts): void {
  if (typeof failure === 'object' && failure !== null) {
    if (attemptsByFailure.has(failure)) {
      retold.add(failure);
    }
    attemptsByFailure.set(failure, attempts);
  }
}

/** Whether there were others that `attemptsOf` tells no more, as of a retry within a retry. */
export function wereOthers(failure: unknown): boolean {
  return typeof failure === 'object' && failure !== null && retold.has(failure);
}
