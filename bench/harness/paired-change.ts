/**
 * What a change of the code did to a benchmark, decided from pairs of processes (D-232).
 *
 * One pair is one process of the code before and one of the code after, whose rounds take turns;
 * what it says is the middle of the ratios of its rounds. Rounds of one process resemble
 * each other more than those of another process with the same code, so that not the round
 * but the pair counts as one observation. Pairs are looked at up to three times, and each look
 * has its share of the chance to be wrong.
 */
import { estimateOf } from './order-statistics.ts';
import { type Shift, shiftOf } from './signed-ranks.ts';

/** How likely it is that any variant of a comparison is called slower when nothing has changed. */
export const falseAlarms = 0.01;

/** A change that is smaller than this is not told of, however sure it is. */
const leastToMind = 0.03;

/** What can still hide behind what is called the same. */
export const mostToHide = 0.1;

/** How many pairs there are at each look, in multiples of those of the first one. */
const looks = [1, 2, 4];

/** Fewest pairs at the first look. */
const pairsMin = 12;

/** One round of each, in nanoseconds of CPU for each unit. */
export interface PairedRound {
  readonly baseNs: number;
  readonly headNs: number;
}

/** What happened to a variant: `noisy` when there were not pairs enough to say. */
type Outcome = 'slower' | 'faster' | 'same' | 'noisy';

export interface Change {
  readonly outcome: Outcome;
  readonly pairs: number;
  /** By how much of itself it changed: 0.1 is ten percent more time. */
  readonly change: number;
  /** Where that is with a confidence of 99 %. */
  readonly interval: readonly [number, number];
}

/** How many pairs are needed by each look, so that so many variants can be told of at all. */
export function pairsAt(compared: number): number[] {
  const first = Math.max(pairsMin, Math.ceil(Math.log2(1 / alarmOf(compared))));
  return looks.map((times) => times * first);
}

/** What one pair says: the logarithm of how many times the time of the one before the other took. */
export function differenceOf(rounds: readonly PairedRound[]): number {
  return Math.log(estimateOf(rounds.map(({ baseNs, headNs }) => headNs / baseNs)).median);
}

/**
 * @param differences What each pair says; at least one.
 * @param compared How many variants the comparison has: the more there are, the surer each must be.
 */
export function changeOf(differences: readonly number[], compared: number): Change {
  const shift = shiftOf(differences);
  const [low, high] = shift.interval;
  return {
    outcome: outcomeOf(shift, alarmOf(compared)),
    pairs: differences.length,
    change: Math.expm1(shift.estimate),
    interval: [Math.expm1(low), Math.expm1(high)],
  };
}

function outcomeOf(
  { estimate, interval: [low, high], chanceOfMore, chanceOfLess }: Shift,
  alarm: number,
): Outcome {
  if (chanceOfMore <= alarm && estimate >= Math.log1p(leastToMind)) {
    return 'slower';
  }
  if (chanceOfLess <= alarm && estimate <= -Math.log1p(leastToMind)) {
    return 'faster';
  }
  // What looks like a change, and is not sure enough to be told of, is looked at again.
  const looksLikeNone = Math.abs(estimate) < Math.log1p(leastToMind) || (low <= 0 && high >= 0);
  const hides = Math.log1p(mostToHide);
  return looksLikeNone && high < hides && low > -hides ? 'same' : 'noisy';
}

/** The chance to be wrong that one look at one variant has. */
const alarmOf = (compared: number): number => falseAlarms / compared / looks.length;
