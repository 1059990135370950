/**
 * A sliding window: how many of the latest calls failed, the latest by number or by time.
 *
 *     { calls: 100 }      the last hundred
 *     { ms: 10_000 }      those of the last ten seconds, in slices of one
 *
 * By time it forgets a tenth at once, so what it counts is between nine tenths of the
 * window and the whole of it. It keeps numbers, never the calls: one for each of the last
 * calls, or ten pairs.
 */

/** Which calls are counted: the last so many, or those of the last so many milliseconds. */
export type WindowSize = { readonly calls: number } | { readonly ms: number };

export interface SlidingWindow {
  /** Calls in the window. */
  readonly calls: number;
  /** Of these, failed ones. */
  readonly failures: number;
  /** Counts a call that ended at `nowMs`. Times never go back. */
  record(failed: boolean, nowMs: number): void;
  /** Forgets all. */
  clear(): void;
}

/** Into how many slices a window of time is cut. */
export const slices = 10;

/** Most calls that a window by number may hold. */
const callsLimit = 100_000;

/**
 * Errors: `RangeError` for a size that cannot be.
 *
 * @example
 * const window = slidingWindow({ calls: 2 })
 * window.record(true, 0)
 * window.record(true, 0)
 * window.record(false, 0)
 * window.failures // => 1
 */
export function slidingWindow(size: WindowSize): SlidingWindow {
  if ('calls' in size) {
    const { calls } = size;
    if (!Number.isInteger(calls) || calls < 1 || calls > callsLimit) {
      throw new RangeError(
        `calls of a window is a whole number from 1 to ${callsLimit.toLocaleString('en')}; got ${calls}`,
      );
    }
    return new LastCalls(calls);
  }
  const { ms } = size;
  if (!(ms > 0 && ms < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`ms of a window is a number of milliseconds, above 0; got ${ms}`);
  }
  return new LastSlices(ms / slices);
}

class LastCalls implements SlidingWindow {
  calls = 0;
  failures = 0;
  readonly #failed: Uint8Array;
  #next = 0;

  constructor(size: number) {
    this.#failed = new Uint8Array(size);
  }

  record(failed: boolean): void {
    const ring = this.#failed;
    if (this.calls === ring.length) {
      this.failures -= ring[this.#next]!;
    } else {
      this.calls += 1;
    }
    ring[this.#next] = failed ? 1 : 0;
    this.failures += ring[this.#next]!;
    this.#next = (this.#next + 1) % ring.length;
  }

  clear(): void {
    this.calls = 0;
    this.failures = 0;
    this.#next = 0;
  }
}

class LastSlices implements SlidingWindow {
  calls = 0;
  failures = 0;
  readonly #sliceMs: number;
  readonly #calls = new Float64Array(slices);
  readonly #failures = new Float64Array(slices);
  /** Which slice of all time it is in. */
  #slice = Number.NEGATIVE_INFINITY;

  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs;
  }

  record(failed: boolean, nowMs: number): void {
    this.#moveTo(Math.floor(nowMs / this.#sliceMs));
    const at = this.#place(this.#slice);
    this.#calls[at]! += 1;
    this.calls += 1;
    if (failed) {
      this.#failures[at]! += 1;
      this.failures += 1;
    }
  }

  clear(): void {
    this.calls = 0;
    this.failures = 0;
    this.#calls.fill(0);
    this.#failures.fill(0);
  }

  #moveTo(slice: number): void {
    const steps = slice - this.#slice;
    if (steps >= slices) {
      this.clear();
    } else {
      for (let left = this.#slice + 1; left <= slice; left += 1) {
        const at = this.#place(left);
        this.calls -= this.#calls[at]!;
        this.failures -= this.#failures[at]!;
        this.#calls[at] = 0;
        this.#failures[at] = 0;
      }
    }
    this.#slice = slice;
  }

  #place(slice: number): number {
    return ((slice % slices) + slices) % slices;
  }
}
