/**
 * Most living children, and most timers, of one machine agent: a machine that makes
 * more of them than it ends fails, before it takes the process with it.
 */

const hostedMax = 16_384;

/** Errors: `RangeError`, when there is no room for one more. */
export function makeRoom(what: 'children' | 'timers', count: number, path: string): void {
  if (count >= hostedMax) {
    throw new RangeError(`'${path}' has ${hostedMax} ${what} in its machine already; stop some first`);
  }
}
