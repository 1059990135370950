/**
 * PCT, probabilistic concurrency testing: everybody has a priority, drawn by
 * chance, and the first in rank always goes; at a few steps of the run, drawn by
 * chance, whoever would go falls behind all others.
 *
 * Most bugs of ordering need only that a few things happen in a certain order: as
 * many as the bug is deep. With n agents, k steps and a bug of depth d, a run
 * finds it with a probability of at least 1 / (n · k ** (d - 1)), whoever wrote the
 * program. k is the most questions of any run so far, so the bound is that of
 * programs whose runs are about equally long.
 *
 * Source: Burckhardt, Kothari, Musuvathi & Nagarakatte, "A Randomized Scheduler with
 * Probabilistic Guarantees of Finding Bugs", ASPLOS 2010. Their threads are our
 * agents, by path; that time passes although there is work to do (`delay`) ranks as
 * one more. Ties of timers and faults are theirs to none, and answered by chance.
 */
import type { Choose } from '../core/simulated-environment.ts';
import { turnQuestion } from '../core/simulated-environment.ts';
import { Dice } from './dice.ts';
import { byChance, type Strategy } from './strategy.ts';

export interface PctOptions {
  /** How deep the bugs are that are looked for: a whole number, at least 1; 3 when not given. */
  readonly depth?: number;
}

export function pct({ depth = 3 }: PctOptions = {}): Strategy {
  if (!Number.isInteger(depth) || depth < 1) {
    throw new RangeError(`the depth of pct is a whole number, at least 1; got ${depth}`);
  }
  return {
    name: `pct(${depth})`,
    begin: ({ seed }) => {
      let longest = 1;
      return {
        begin: (run) => ranked(new Dice(seed, run), depth, longest),
        ended: ({ answers }) => {
          longest = Math.max(longest, answers.length);
        },
      };
    },
  };
}

/** The answers of one run. */
function ranked(dice: Dice, depth: number, length: number): Choose {
  /** Where somebody falls behind, and how far: the earlier drawn, the less far. */
  const changes = new Map<number, number>();
  for (let change = 1; change < depth; change += 1) {
    changes.set(dice.below(length), depth - change);
  }
  const ranks = new Map<string, number>();
  const rankOf = (label: string): number => {
    let rank = ranks.get(label);
    if (rank === undefined) {
      rank = depth + dice.bits();
      ranks.set(label, rank);
    }
    return rank;
  };
  let asked = 0;
  return (count, what, ready) => {
    const fallTo = changes.get(asked);
    asked += 1;
    if (what !== turnQuestion || ready === undefined) {
      return byChance(dice, count, what);
    }
    const labelAt = (n: number): string => (n < ready.length ? ready[n]!.label : timePasses);
    const first = (): number => {
      let best = 0;
      for (let n = 1; n < count; n += 1) {
        if (rankOf(labelAt(n)) > rankOf(labelAt(best))) {
          best = n;
        }
      }
      return best;
    };
    if (fallTo !== undefined) {
      ranks.set(labelAt(first()), fallTo);
    }
    return first();
  };
}

/** Not a path of anybody. */
const timePasses = 'time passes';
