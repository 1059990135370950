/**
 * The latest latencies: how long the last few calls took, for a percentile of them.
 *
 * Bound: so many as it was made for; the oldest gives way.
 */
export class RecentLatencies {
  readonly #most: number;
  /** In order of arrival, the oldest at `#oldest` when it is full. */
  readonly #latest: number[] = [];
  readonly #sorted: number[] = [];
  #oldest = 0;

  /** @param most A whole number, at least 1. */
  constructor(most: number) {
    this.#most = most;
  }

  get count(): number {
    return this.#latest.length;
  }

  /** Counts one, in milliseconds. Cost: a search and a move among those that are kept. */
  record(latencyMs: number): void {
    if (this.#latest.length < this.#most) {
      this.#latest.push(latencyMs);
    } else {
      this.#sorted.splice(placeOf(this.#sorted, this.#latest[this.#oldest]!), 1);
      this.#latest[this.#oldest] = latencyMs;
      this.#oldest = (this.#oldest + 1) % this.#most;
    }
    this.#sorted.splice(placeOf(this.#sorted, latencyMs), 0, latencyMs);
  }

  /**
   * The least of them that at least so many in a hundred do not exceed; `undefined` while there are none.
   *
   * @param percentile Above 0, at most 100.
   * @example
   * const latencies = new RecentLatencies(3)
   * for (const latencyMs of [9, 1, 2, 4]) latencies.record(latencyMs)
   * latencies.percentile(50) // => 2
   * latencies.percentile(100) // => 4
   */
  percentile(percentile: number): number | undefined {
    const { length } = this.#sorted;
    return this.#sorted[Math.max(0, Math.ceil((percentile / 100) * length) - 1)];
  }
}

/** Where the first that is not less stands. */
function placeOf(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
