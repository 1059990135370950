/**
 * What a gathering comes to: the question, the value its policy decided, and all outcomes.
 */
import type { Outcome } from './outcome.ts';

export interface Gathered<out Q, out A, out V> {
  readonly question: Q;
  /** What the policy made of the answers. */
  readonly value: V;
  /** What became of each, in the order of those who were asked; losers are `Interrupted`. */
  readonly outcomes: readonly Outcome<A>[];
}
