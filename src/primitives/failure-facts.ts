/**
 * Facts of a failure: what anything that was thrown says of itself, read with care.
 *
 * A failure may be of another library, or hostile: what throws when it is looked at, or
 * says something that makes no sense, has not said anything.
 */

/** The code of anything that was thrown: a failure's own, otherwise `DEFECT`. */
export function codeOf(thrown: unknown): string {
  const code = factOf(thrown, 'code');
  return typeof code === 'string' ? code : 'DEFECT';
}

/** When a failure says that it makes sense to try again, in milliseconds; 0 where it does not say. */
export function retryAfterMsOf(failure: unknown): number {
  const retryAfterMs = factOf(failure, 'retryAfterMs');
  return typeof retryAfterMs === 'number' && retryAfterMs > 0 ? retryAfterMs : 0;
}

/**
 * The longest that one of these asks to wait: before that, somebody would be asked again
 * too soon. `undefined` where none of them says.
 */
export function longestRetryAfterMs(failures: readonly unknown[]): number | undefined {
  const longest = failures.reduce<number>((most, failure) => Math.max(most, retryAfterMsOf(failure)), 0);
  return longest > 0 ? longest : undefined;
}

/** A field of whatever was thrown; `undefined` where it cannot be read. */
export function factOf(thrown: unknown, name: string): unknown {
  try {
    return (thrown as Record<string, unknown> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}
