/**
 * The signed-rank test: whether differences lie around zero, and if not, around what.
 *
 * It asks of the differences only that each would be as likely with the other sign if nothing
 * had changed. What two processes of the same code differ by is like that, however the noise of
 * a machine is distributed, as long as each is the first as often as the other. Sizes
 * count by their rank, so that one wild pair is one pair. The chances are exact, not approximated.
 *
 * Source: Wilcoxon, "Individual Comparisons by Ranking Methods" (1945); the estimate and its
 * interval are those of Hodges and Lehmann (1963).
 */

export interface Shift {
  /** Around what the differences lie: the median of the means of any two of them. */
  readonly estimate: number;
  /** Where that is with a confidence of 99 %, from eight differences on; below that, all there is. */
  readonly interval: readonly [number, number];
  /** How likely differences at least so positive are if nothing has changed. */
  readonly chanceOfMore: number;
  /** How likely differences at least so negative are if nothing has changed. */
  readonly chanceOfLess: number;
}

/** @param differences At least one; finite. */
export function shiftOf(differences: readonly number[]): Shift {
  const count = differences.length;
  const ranks = doubledRanksOf(differences.map(Math.abs));
  const positive = ranks.reduce((sum, rank, n) => sum + (differences[n]! > 0 ? rank : 0), 0);
  const negative = ranks.reduce((sum, rank, n) => sum + (differences[n]! < 0 ? rank : 0), 0);
  const chances = chancesOf(ranks);

  const means = differences
    .flatMap((one, n) => differences.slice(n).map((other) => (one + other) / 2))
    .toSorted((a, b) => a - b);
  const outside = meansOutside(count);
  return {
    estimate: (means[Math.floor((means.length - 1) / 2)]! + means[Math.ceil((means.length - 1) / 2)]!) / 2,
    interval: [means[outside]!, means.at(-1 - outside)!],
    chanceOfMore: atLeast(chances, positive),
    chanceOfLess: atLeast(chances, negative),
  };
}

/** Ranks from the smallest on, times two, so that those of equals, which are means, stay whole; of zero it is zero. */
function doubledRanksOf(sizes: readonly number[]): number[] {
  return sizes.map((size) => {
    const smaller = sizes.filter((other) => other < size).length;
    const equal = sizes.filter((other) => other === size).length;
    return size === 0 ? 0 : 2 * smaller + equal + 1;
  });
}

/** How likely each sum is of those ranks whose coin shows heads. */
function chancesOf(ranks: readonly number[]): Float64Array {
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const chances = new Float64Array(total + 1);
  chances[0] = 1;
  for (const rank of ranks) {
    for (let sum = total; sum >= 0; sum -= 1) {
      chances[sum] = (chances[sum]! + (sum >= rank ? chances[sum - rank]! : 0)) / 2;
    }
  }
  return chances;
}

function atLeast(chances: Float64Array, sum: number): number {
  return Math.min(
    1,
    chances.subarray(sum).reduce((all, chance) => all + chance, 0),
  );
}

/** How many of the means of two the interval leaves out at each end. */
function meansOutside(count: number): number {
  const tail = 0.005;
  const chances = chancesOf(Array.from({ length: count }, (_, n) => n + 1));
  let outside = 0;
  let below = chances[0]!;
  while (below <= tail) {
    outside += 1;
    below += chances[outside]!;
  }
  return Math.max(0, outside - 1);
}
