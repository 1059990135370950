/**
 * The verdict on a goal: what the figure is, from the rounds, and whether it reaches what was promised.
 *
 * A ratio is that of two variants in the same round, and its median that of all rounds: what
 * disturbs a round disturbs both sides of it.
 */
import type { Goal } from './benchmark.ts';
import { isKnown } from './certainty.ts';
import type { Took, Weighed } from './gauge.ts';
import type { Readings } from './measuring.ts';
import { type Estimate, estimateOf } from './order-statistics.ts';
import { bytes, grouped, shown } from './wording.ts';

export interface Verdict {
  /** In words: `troupe ≤ 3.00 × bare mailbox`. */
  readonly goal: string;
  /** Without the names: `≤ 3.00 ×`. */
  readonly short: string;
  readonly variant: string;
  readonly beside?: string;
  readonly limit: number;
  /** What there is, or `undefined` where a library is not installed. */
  readonly is: Estimate | undefined;
  readonly met: boolean;
  /** Whether the machine was quiet enough to say so. */
  readonly known: boolean;
}

/** The times of one variant as parts of those of another, round by round. */
export function ratioOf(took: Readings<Took>, variant: string, beside: string): Estimate {
  return estimateOf(took[variant]!.map(({ cpuNs }, round) => cpuNs / took[beside]![round]!.cpuNs));
}

export function verdictOf(goal: Goal, took: Readings<Took>, weighed: Readings<Weighed>): Verdict {
  const { variant } = goal;
  const judged = (short: string, limit: number, is: () => Estimate, least = false): Verdict => {
    const names = [variant, ...('beside' in goal ? [goal.beside] : [])];
    const estimate = names.every((name) => name in took) ? is() : undefined;
    return {
      goal: 'claim' in goal ? short : [variant, short, ...('beside' in goal ? [goal.beside] : [])].join(' '),
      short,
      variant,
      ...('beside' in goal ? { beside: goal.beside } : {}),
      limit,
      is: estimate,
      met: estimate !== undefined && (least ? estimate.median >= limit : estimate.median <= limit),
      known: estimate === undefined || isKnown(estimate, limit),
    };
  };
  const kept = (name: string): Estimate => estimateOf(weighed[name]!.map(({ keptBytes }) => keptBytes));
  const keptOnce = (name: string): number => kept(name).median;

  if ('timesMax' in goal) {
    const { beside, timesMax } = goal;
    return judged(`≤ ${shown(timesMax)} ×`, timesMax, () => ratioOf(took, variant, beside));
  }
  if ('timesFasterMin' in goal) {
    const { beside, timesFasterMin } = goal;
    const words = `≥ ${shown(timesFasterMin)} × as fast as`;
    return judged(words, timesFasterMin, () => ratioOf(took, beside, variant), true);
  }
  if ('keptTimesMax' in goal) {
    const { beside, keptTimesMax } = goal;
    const words = `keeps ≤ ${shown(keptTimesMax)} ×`;
    return judged(words, keptTimesMax, () => certain(keptOnce(variant) / keptOnce(beside)));
  }
  if ('cpuNsMax' in goal) {
    const { cpuNsMax } = goal;
    return judged(`≤ ${grouped(cpuNsMax)} ns`, cpuNsMax, () =>
      estimateOf(took[variant]!.map(({ cpuNs }) => cpuNs)),
    );
  }
  if ('keptBytesMax' in goal) {
    const { keptBytesMax } = goal;
    return judged(`keeps ≤ ${bytes(keptBytesMax)}`, keptBytesMax, () => certain(keptOnce(variant)));
  }
  const { claim, figure, max } = goal;
  return judged(claim, max, () =>
    estimateOf(took[variant]!.map((_, round) => figure((name) => took[name]![round]!.cpuNs))),
  );
}

/** A figure that does not differ from one round to the next. */
const certain = (figure: number): Estimate => estimateOf([figure]);
