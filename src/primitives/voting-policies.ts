/**
 * Policies that ask what most say: `majority`, `plurality`, and `quorum(n, by)`.
 *
 *     a ──x──────────►
 *     b ────y────────►      majority of 3: x, as soon as the second x has come
 *     c ──────x──────►
 *
 * Which answer wins does not depend on who is faster: a majority is more than half of
 * all who were asked, and a tie goes to the answer of the earliest in the order of responders.
 *
 * Source: Thomas, "A majority consensus approach to concurrency control" (1979).
 */
import type { BallotKey } from './ballot.ts';
import { checkFits, decided, impossible, type Policy, undecided } from './policy.ts';

/**
 * Waits until more than half of those who were asked gave the same answer, by what `by`
 * makes of it; that is the value. It is over as soon as no answer can come to that.
 *
 * `by` is called once for each answer. What it throws fails the gathering.
 */
export function majority<A>(by: (answer: A) => BallotKey): Policy<A, A> {
  return votesFor('majority', (size) => Math.floor(size / 2) + 1, by);
}

/**
 * Waits until no other answer can have as many votes any more as the one that has most; at
 * the end a tie goes to the answer of the earliest responder. It is over when all failed.
 */
export function plurality<A>(by: (answer: A) => BallotKey): Policy<A, A> {
  return {
    name: 'plurality',
    decide: (ballot) => {
      const { answer, most, second } = ballot.votes(by);
      if (most > 0 && (ballot.open === 0 || most > second + ballot.open)) {
        return decided(answer as A);
      }
      return ballot.open === 0 ? impossible('nobody answered') : undecided;
    },
  };
}

/** Waits until so many gave the same answer. */
export function votesFor<A>(
  name: string,
  needed: (size: number) => number,
  by: (answer: A) => BallotKey,
): Policy<A, A> {
  if (typeof by !== 'function') {
    throw new RangeError(`${name} counts answers by what a function makes of them; got ${String(by)}`);
  }
  return {
    name,
    checkSize: (size) => checkFits(name, needed(size), size),
    decide: (ballot) => {
      const votes = needed(ballot.size);
      const { answer, most } = ballot.votes(by);
      if (most >= votes) {
        return decided(answer as A);
      }
      const reachable = most + ballot.open;
      return reachable < votes
        ? impossible(`${votes} equal answers are needed, ${reachable} can still be had`)
        : undecided;
    },
  };
}
