/**
 * Random: each question is answered by chance, and each answer is as likely as the
 * others; only faults are rarer.
 *
 * It comes to every schedule in the end, and is good at those that are far from the
 * quiet one. What needs one thing to go on being late for long it finds hardly ever:
 * `pct` and `delayBounded` are for that.
 */
import { Dice } from './dice.ts';
import { byChance, type Strategy } from './strategy.ts';

export function random(): Strategy {
  return {
    name: 'random',
    begin: ({ seed }) => ({
      begin: (run) => {
        const dice = new Dice(seed, run);
        return (count, what) => byChance(dice, count, what);
      },
    }),
  };
}
