/**
 * A tie: what is held for work, and let go of when that work is over: a branch of it,
 * a place in a line, a wait.
 *
 * Guarantees: a tie is cut at most once, and never after it was untied; whoever is over
 * keeps none.
 *
 * Cost: one object, and a few writes to tie and untie it; nothing where nothing is
 * tied. An `AbortSignal` with a listener costs twenty times that.
 */

/** Whoever things are tied to: the first of a ring of them. */
export interface TiedTo {
  firstTie: Tie | undefined;
}

export abstract class Tie {
  #to: TiedTo | undefined;
  #before: Tie = this;
  #after: Tie = this;

  /** The work is over: of `failure`, or by itself. Must not throw. */
  abstract cut(failure: unknown): void;

  /** In the work somebody gives this reply. It may refuse that: what it throws is thrown to whoever replies. */
  heard(_reply: unknown): void {}

  /** Tells all that are tied where this is the first of a reply. None may be untied meanwhile. */
  static tell(first: Tie, reply: unknown): void {
    let tie = first;
    do {
      tie.heard(reply);
      tie = tie.#after;
    } while (tie !== first);
  }

  /** Ties it, to one thing at a time, behind what is tied there. */
  tieTo(work: TiedTo): void {
    const first = work.firstTie;
    this.#to = work;
    if (first === undefined) {
      work.firstTie = this;
      return;
    }
    const last = first.#before;
    this.#before = last;
    this.#after = first;
    last.#after = this;
    first.#before = this;
  }

  /** It is held no more. Does nothing where it is not tied. */
  untie(): void {
    const work = this.#to;
    if (work === undefined) {
      return;
    }
    this.#to = undefined;
    const after = this.#after;
    if (after === this) {
      work.firstTie = undefined;
      return;
    }
    if (work.firstTie === this) {
      work.firstTie = after;
    }
    this.#before.#after = after;
    after.#before = this.#before;
    this.#before = this;
    this.#after = this;
  }
}

/** Cuts all, in the order in which they were tied. Nothing must be tied there from now on. */
export function cutTies(work: TiedTo, failure: unknown): void {
  for (let tie = work.firstTie; tie !== undefined; tie = work.firstTie) {
    tie.untie();
    tie.cut(failure);
  }
}
