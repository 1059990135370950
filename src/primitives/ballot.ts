/**
 * A ballot: what is known so far of those who were asked together. A policy decides by it.
 */
import { refuseThenable } from '../actors/thenable.ts';
import { describeThrown } from '../core/failure.ts';
import { InvalidParams } from '../core/schema.ts';
import type { Outcome } from './outcome.ts';

/** What answers are counted by: equal keys are the same answer. */
export type BallotKey = string | number | bigint | boolean | null | undefined;

/** Those who gave the same answer. */
export interface Party<out A> {
  /** How many they are so far. */
  readonly votes: number;
  /** When their outcomes arrived: places among all outcomes, from 0. */
  readonly arrivals: readonly number[];
  /** The earliest of them in the order of responders. */
  readonly index: number;
  /** The answer as that one gave it. */
  readonly answer: A;
}

/** How the answers so far are distributed. */
export interface Votes<out A> {
  /** The party with most votes; where several have as many, that of the earliest responder. None before the first answer. */
  readonly leader: Party<A> | undefined;
  readonly parties: Iterable<Party<A>>;
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
  /** The earliest of those who may, in the order of responders; `size` when there are none. */
  readonly firstOpen: number;
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
  /** Whose outcomes have arrived, as far as anybody wanted to know who is first of the others. */
  readonly #ended = new Set<number>();
  #firstOpen = 0;
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

  get firstOpen(): number {
    for (let at = this.#ended.size; at < this.outcomes.length; at += 1) {
      this.#ended.add(this.outcomes[at]!.index);
    }
    while (this.#ended.has(this.#firstOpen)) {
      this.#firstOpen += 1;
    }
    return this.#firstOpen;
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
    return tally;
  }
}

/** The answers among some outcomes, in their order. */
export function answersOf<A>(outcomes: readonly Outcome<A>[]): readonly A[] {
  return outcomes.flatMap((outcome) => (outcome._tag === 'Replied' ? [outcome.value] : []));
}

interface OpenParty<A> extends Party<A> {
  votes: number;
  readonly arrivals: number[];
  index: number;
  answer: A;
}

/** The votes so far: what is counted only grows, so whoever leads is known without looking at all. */
class Tally<A> implements Votes<A> {
  leader: OpenParty<A> | undefined;
  readonly #by: (answer: A) => BallotKey;
  readonly #parties = new Map<BallotKey, OpenParty<A>>();
  #counted = 0;

  constructor(by: (answer: A) => BallotKey) {
    this.#by = by;
  }

  get parties(): Iterable<Party<A>> {
    return this.#parties.values();
  }

  countUpTo(outcomes: readonly Outcome<A>[]): void {
    for (; this.#counted < outcomes.length; this.#counted += 1) {
      const outcome = outcomes[this.#counted]!;
      if (outcome._tag === 'Replied') {
        this.#count(outcome.value, outcome.index);
      }
    }
  }

  #count(answer: A, index: number): void {
    const key = checkedKey(this.#by(answer));
    let party = this.#parties.get(key);
    if (party === undefined) {
      party = { votes: 0, arrivals: [], index, answer };
      this.#parties.set(key, party);
    }
    party.votes += 1;
    party.arrivals.push(this.#counted);
    if (index < party.index) {
      party.index = index;
      party.answer = answer;
    }
    const { leader } = this;
    if (
      leader === undefined ||
      party.votes > leader.votes ||
      (party.votes === leader.votes && party.index < leader.index)
    ) {
      this.leader = party;
    }
  }
}

/** Errors: `InvalidParams` for what cannot be told apart by its value: then every answer would be different. */
function checkedKey(key: BallotKey): BallotKey {
  refuseThenable(key, 'key of an answer');
  if ((typeof key === 'object' && key !== null) || typeof key === 'function') {
    throw new InvalidParams({
      what: 'key of an answer',
      value: describeThrown(key),
      issues: [{ path: '', message: 'expected a text, a number or another plain value' }],
    });
  }
  return key;
}
