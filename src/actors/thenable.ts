/**
 * Thenables where none is meant: a promise in the place of a value.
 *
 * A promise nobody awaits ends the process when it fails, and one that is taken
 * for a value never settles what it was given to. So both are looked for where
 * code of a user's hands something over.
 */
import { InvalidParams } from '../core/schema.ts';

/** Sees to it that what a callback returned, if it is a promise, is not left alone when it fails. */
export function heed(returned: unknown, onThrow: (thrown: unknown) => void): void {
  if (isThenable(returned)) {
    Promise.resolve(returned).catch(onThrow);
  }
}

/** Errors: `InvalidParams` for a thenable. */
export function refuseThenable(value: unknown, what: string): void {
  if (isThenable(value)) {
    Promise.resolve(value).catch(() => {});
    throw new InvalidParams({
      what,
      value: 'a promise',
      issues: [{ path: '', message: 'expected a value: await the promise first' }],
    });
  }
}

/** Whether it is not there yet. A function with a `then` counts, as for `await`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
