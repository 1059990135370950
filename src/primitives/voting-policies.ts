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
import type { Ballot, BallotKey, Party } from './ballot.ts';
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
      const { leader, parties } = ballot.votes(by);
      if (leader !== undefined) {
        return staysAhead(leader, parties, ballot) ? decided(leader.answer) : undecided;
      }
      return ballot.open === 0 ? impossible('nobody answered') : undecided;
    },
  };
}

/** Whether nobody overtakes it, though all who are open should vote for the same other answer. */
function staysAhead(
  leader: Party<unknown>,
  parties: Iterable<Party<unknown>>,
  { open, firstOpen }: Ballot<unknown>,
): boolean {
  const isSafeFrom = (votes: number, index: number): boolean =>
    votes < leader.votes || (votes === leader.votes && index > leader.index);
  for (const party of parties) {
    if (party !== leader && !isSafeFrom(party.votes + open, Math.min(party.index, firstOpen))) {
      return false;
    }
  }
  return isSafeFrom(open, firstOpen);
}

/** Of those who have so many votes the one that had them first. */
function firstWith<A>(votes: number, leader: Party<A>, parties: Iterable<Party<A>>): Party<A> {
  let first = leader;
  for (const party of parties) {
    if (party.votes >= votes && party.arrivals[votes - 1]! < first.arrivals[votes - 1]!) {
      first = party;
    }
  }
  return first;
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
    needsEach: (size) => size === needed(size),
    checkSize: (size) => checkFits(name, needed(size), size),
    decide: (ballot) => {
      const votes = needed(ballot.size);
      const { leader, parties } = ballot.votes(by);
      if (leader !== undefined && leader.votes >= votes) {
        return decided(firstWith(votes, leader, parties).answer);
      }
      const reachable = (leader?.votes ?? 0) + ballot.open;
      return reachable < votes
        ? impossible(`${votes} equal answers are needed, ${reachable} can still be had`)
        : undecided;
    },
  };
}
