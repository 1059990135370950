/**
 * What can be said of some figures without knowing how they are distributed: their median,
 * their quartiles, and between which two of them the true median lies.
 *
 * Noise on a machine only ever adds, and adds much now and then. A mean follows those few
 * rounds; a median does not.
 */

export interface Estimate {
  /** How many figures it is made of. */
  readonly count: number;
  readonly median: number;
  /** The first and the third. */
  readonly quartiles: readonly [number, number];
  /**
   * Where the true median is with a confidence of 95 %, if the figures are independent. Fewer
   * than six of them cannot say so much; then it is all of their range.
   */
  readonly interval: readonly [number, number];
}

/** The confidence of an interval is at least this. */
const confidence = 0.95;

/**
 * @param figures At least one.
 */
export function estimateOf(figures: readonly number[]): Estimate {
  const ascending = figures.toSorted((a, b) => a - b);
  const outside = ranksOutside(ascending.length);
  return {
    count: ascending.length,
    median: quantile(ascending, 0.5),
    quartiles: [quantile(ascending, 0.25), quantile(ascending, 0.75)],
    interval: [ascending[outside]!, ascending.at(-1 - outside)!],
  };
}

/** How far the interval reaches from the median, as a part of it. */
export function uncertaintyOf({ median, interval: [low, high] }: Estimate): number {
  return Math.max(median - low, high - median) / Math.abs(median);
}

/** Half the distance between the quartiles, as a part of the median. */
export function spreadOf({ median, quartiles: [first, third] }: Estimate): number {
  return (third - first) / 2 / Math.abs(median);
}

/** @param ascending At least one figure, in order. */
function quantile(ascending: readonly number[], part: number): number {
  const at = (ascending.length - 1) * part;
  const below = ascending[Math.floor(at)]!;
  const above = ascending[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}

/**
 * How many figures at each end the interval does without. The true median has each figure
 * above it with a chance of one half, so as many are above it as of so many coins show heads.
 */
function ranksOutside(count: number): number {
  const tail = (1 - confidence) / 2;
  let outside = 0;
  let chance = 0.5 ** count;
  let below = chance;
  while (below <= tail) {
    outside += 1;
    chance *= (count - outside + 1) / outside;
    below += chance;
  }
  return Math.max(0, outside - 1);
}
