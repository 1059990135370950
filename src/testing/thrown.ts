/**
 * What was thrown, asked of its class: anything can be thrown, a proxy that does not
 * tell its prototype, too.
 */

/** What was thrown, if it is of this class; never throws. */
export function thrownAs<T>(thrown: unknown, kind: abstract new (...args: never[]) => T): T | undefined {
  try {
    return thrown instanceof kind ? thrown : undefined;
  } catch {
    return undefined;
  }
}
