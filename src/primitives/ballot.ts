/**
 * A ballot: what is known so far of those who were asked together. A policy decides by it.
 */
import type { Outcome } from './outcome.ts';

/** What answers are counted by: equal keys are the same answer. */
export type BallotKey = string | number | bigint | boolean | null | undefined;

/** How the answers so far are distributed. */
export interface Votes<out A> {
  /** How many gave the answer that most gave; 0 while there is none. */
  readonly most: number;
  /** How many gave the one that is second; 0 while there is none. */
  readonly second: number;
  /**
   * That answer, as whoever of them comes first in the order of responders gave it.
   * Where several have as many, the one of the earliest responder.
   */
  readonly answer: A | undefined;
}

/** What is known so far. */
export interface Ballot<out A> {
  /** How many are asked. */
  readonly size: number;
  /** In order of arrival. */
  readonly outcomes: readonly Outcome<A>[];
  /** How many answered. */
  readonly answered: number;
  /** How many will not: they failed, or were interrupted. */
  readonly failed: number;
  /** How many may still answer. */
  readonly open: number;
  /** Milliseconds since they were asked. Only a policy with `limitsMs` is told. */
  readonly elapsedMs: number;
  /** The answers so far, in the order of responders. */
  answers(): readonly A[];
  /**
   * Counts the answers by what `by` makes of them. Each is looked at once for the same
   * `by`, however often this is called.
   */
  votes(by: (answer: A) => BallotKey): Votes<A>;
}

/** The ballot of a group that is under way. */
export class OpenBallot<A> implements Ballot<A> {
  readonly size: number;
  readonly outcomes: Outcome<A>[] = [];
  elapsedMs = 0;
  answered = 0;
  readonly #tallies = new Map<(answer: A) => BallotKey, Tally<A>>();

  constructor(size: number, outcomes: readonly Outcome<A>[] = []) {
    this.size = size;
    for (const outcome of outcomes) {
      this.add(outcome);
    }
  }

  get failed(): number {
    return this.outcomes.length - this.answered;
  }

  get open(): number {
    return this.size - this.outcomes.length;
  }

  add(outcome: Outcome<A>): void {
    this.outcomes.push(outcome);
    this.answered += outcome._tag === 'Replied' ? 1 : 0;
  }

  /** All outcomes, in the order of responders. */
  inOrder(): readonly Outcome<A>[] {
    return this.outcomes.toSorted((a, b) => a.index - b.index);
  }

  answers(): readonly A[] {
    return answersOf(this.inOrder());
  }

  votes(by: (answer: A) => BallotKey): Votes<A> {
    let tally = this.#tallies.get(by);
    if (tally === undefined) {
      tally = new Tally(by);
      this.#tallies.set(by, tally);
    }
    tally.countUpTo(this.outcomes);
    return tally.votes();
  }
}

/** The answers among some outcomes, in their order. */
export function answersOf<A>(outcomes: readonly Outcome<A>[]): readonly A[] {
  return outcomes.flatMap((outcome) => (outcome._tag === 'Replied' ? [outcome.value] : []));
}

interface Party<A> {
  count: number;
  /** The earliest in the order of responders who gave this answer. */
  index: number;
  answer: A;
}

class Tally<A> {
  readonly #by: (answer: A) => BallotKey;
  readonly #parties = new Map<BallotKey, Party<A>>();
  #counted = 0;

  constructor(by: (answer: A) => BallotKey) {
    this.#by = by;
  }

  countUpTo(outcomes: readonly Outcome<A>[]): void {
    for (; this.#counted < outcomes.length; this.#counted += 1) {
      const outcome = outcomes[this.#counted]!;
      if (outcome._tag === 'Replied') {
        this.#count(outcome.value, outcome.index);
      }
    }
  }

  votes(): Votes<A> {
    let first: Party<A> | undefined;
    let second = 0;
    for (const party of this.#parties.values()) {
      if (
        first === undefined ||
        party.count > first.count ||
        (party.count === first.count && party.index < first.index)
      ) {
        second = first?.count ?? 0;
        first = party;
      } else {
        second = Math.max(second, party.count);
      }
    }
    return { most: first?.count ?? 0, second, answer: first?.answer };
  }

  #count(answer: A, index: number): void {
    const key = this.#by(answer);
    const party = this.#parties.get(key);
    if (party === undefined) {
      this.#parties.set(key, { count: 1, index, answer });
      return;
    }
    party.count += 1;
    if (index < party.index) {
      party.index = index;
      party.answer = answer;
    }
  }
}
