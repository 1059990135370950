/**
 * A strategy: which schedules are looked at, and in which order.
 *
 * It answers the questions of one run after the other: who goes next, which timer
 * of a tie rings, whether something goes wrong. What it answers is written on a
 * tape, so that every run of every strategy can be repeated from its tape alone.
 *
 * 0 is always the quiet answer: first come, first served, and nothing goes wrong.
 */
import { type Choose, isFault } from '../core/simulated-environment.ts';
import type { Dice } from './dice.ts';
import type { World } from './world.ts';

/** What an exploration wants of its strategy. */
export interface Plan {
  /** The same seed gives the same answers, on any machine. */
  readonly seed: number;
}

/** What is known of a run that is over. */
export interface RunSeen {
  /** The answers that were given, quiet ones included. */
  readonly answers: readonly number[];
}

/** A strategy at work: one exploration. */
export interface Course {
  /** Who answers in run `run`, counted from 0; `undefined` when there is nothing left to look at. */
  begin(run: number): Choose | undefined;
  /** That run is over. */
  ended?(seen: RunSeen): void;
  /**
   * Called with the world of each run, before it begins. What it returns is called after each step; `true` ends the run there.
   *
   * @param judged What the laws in force remember of the steps so far: what comes is judged by the world and by this. `undefined` when one of them does not say.
   */
  watch?(world: World, judged: () => string | undefined): (() => boolean) | undefined;
  /** Whether every schedule has been looked at, as far as the strategy was meant to. */
  readonly complete?: boolean;
}

export interface Strategy {
  /** What a report calls it. */
  readonly name: string;
  begin(plan: Plan): Course;
}

/** How rare a fault is by chance: once in so many times that one may happen. */
const faultOneIn = 16;

/** An answer by chance: each is as likely as the others, but faults are rare. */
export function byChance(dice: Dice, count: number, what: string): number {
  return isFault(what)
    ? Number(dice.below(faultOneIn) === 0) * (1 + dice.below(count - 1))
    : dice.below(count);
}
