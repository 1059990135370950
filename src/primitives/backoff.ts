/**
 * Backoff: how long to wait before the next try.
 *
 * Source: Brooker, "Exponential Backoff And Jitter" (2015): without chance all those who
 * failed together come back together.
 */

export interface Backoff {
  /** The wait before the second try, in milliseconds. */
  readonly backoffMs: number;
  /** The longest wait. It doubles with each try until then. */
  readonly backoffMsMax: number;
  /** The part of each wait that chance may take off, from 0 to 1. */
  readonly jitter: number;
}

/**
 * How long to wait after so many tries that failed.
 *
 * @param chance From 0 up to, not including, 1.
 * @example
 * const backoff = { backoffMs: 100, backoffMsMax: 1_000, jitter: 0.5 }
 * backoffAfter(backoff, 1, 0) // => 100
 * backoffAfter(backoff, 3, 0) // => 400
 * backoffAfter(backoff, 3, 0.5) // => 300
 * backoffAfter(backoff, 30, 0) // => 1_000
 */
export function backoffAfter(
  { backoffMs, backoffMsMax, jitter }: Backoff,
  tries: number,
  chance: number,
): number {
  // Beyond that many doublings it is no number any more, and above every maximum before.
  const wholeMs = Math.min(backoffMs * 2 ** Math.min(tries - 1, 1_000), backoffMsMax);
  return wholeMs * (1 - jitter * chance);
}
