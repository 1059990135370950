/**
 * When a figure is known well enough to be printed, and when the machine was too noisy (D-231).
 *
 * What counts is how far the median may be wrong, not how much single rounds differ: rounds
 * are interleaved, so that a busy neighbour disturbs both sides of a ratio, and more rounds
 * make up for much. A figure is known when the interval of its median reaches no more than 5 %
 * from it. Where nothing hangs on 5 %, because it is judged by no goal or because the whole
 * interval lies on one side of it, 15 % will do.
 */
import { type Estimate, uncertaintyOf } from './order-statistics.ts';

const close = 0.05;
const rough = 0.15;

/** @param limit What the figure is judged by, if anything judges it. */
export function isKnown(estimate: Estimate, limit: number | undefined): boolean {
  const [low, high] = estimate.interval;
  const decided = limit === undefined || high <= limit || low > limit;
  return uncertaintyOf(estimate) <= (decided ? rough : close);
}

/** How many rounds are run at first, and how many at most when that was not enough. */
export interface Patience {
  readonly rounds: number;
  readonly roundsMax: number;
}

/** Whether there should be more rounds than those that are done. */
export function goesOn(done: number, known: boolean, { rounds, roundsMax }: Patience): boolean {
  return done < rounds || (!known && done < roundsMax);
}
