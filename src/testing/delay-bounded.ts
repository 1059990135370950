/**
 * Delay-bounded: the quiet schedule, but for a few deviations from it.
 *
 * At a few questions of the run, drawn by chance, something else happens than the
 * quiet thing: whoever would go is put behind all who are ready now, another timer
 * of a tie rings, a message is lost. All other questions have the quiet answer. Most
 * bugs need no more than one or two deviations, and what such a run finds is nearly
 * as short as it can be told.
 *
 * Source: Emmi, Qadeer & Rakamarić, "Delay-Bounded Scheduling", POPL 2011. Theirs goes
 * through all placings of the delays; `exhaustive({ deviationsMax })` does that, this
 * one draws them by chance.
 */
import type { Runnable } from '../core/environment.ts';
import { type Choose, turnQuestion } from '../core/simulated-environment.ts';
import { Dice } from './dice.ts';
import type { Strategy } from './strategy.ts';

export interface DelayBoundedOptions {
  /** Most deviations in a run: a whole number, at least 0; 3 when not given. */
  readonly delaysMax?: number;
}

export function delayBounded({ delaysMax = 3 }: DelayBoundedOptions = {}): Strategy {
  if (!Number.isInteger(delaysMax) || delaysMax < 0) {
    throw new RangeError(`delaysMax is a whole number, at least 0; got ${delaysMax}`);
  }
  return {
    name: `delayBounded(${delaysMax})`,
    begin: ({ seed }) => {
      let longest = 1;
      return {
        begin: (run) => deviating(new Dice(seed, run), delaysMax, longest),
        ended: ({ answers }) => {
          longest = Math.max(longest, answers.length);
        },
      };
    },
  };
}

/** The answers of one run. */
function deviating(dice: Dice, delaysMax: number, length: number): Choose {
  const places = new Set<number>();
  for (let left = dice.below(delaysMax + 1); left > 0; left -= 1) {
    places.add(dice.below(length));
  }
  /** Who was put behind, until everybody else who was ready then has gone. */
  const behind = new Set<Runnable>();
  let asked = 0;
  return (count, what, ready) => {
    const deviates = places.has(asked);
    asked += 1;
    if (what !== turnQuestion || ready === undefined) {
      return deviates ? 1 + dice.below(count - 1) : 0;
    }
    if (deviates && dice.below(count) === ready.length) {
      return count - 1; // Time passes.
    }
    let first = firstNotIn(ready, behind);
    if (deviates) {
      behind.add(ready[first]!);
      first = firstNotIn(ready, behind);
    }
    return first;
  };
}

/** The first who was not put behind; when all were, the first of all, and nobody is behind any more. */
function firstNotIn(ready: readonly Runnable[], behind: Set<Runnable>): number {
  if (behind.size === 0) {
    return 0;
  }
  const first = ready.findIndex((one) => !behind.has(one));
  if (first < 0) {
    behind.clear();
    return 0;
  }
  return first;
}
