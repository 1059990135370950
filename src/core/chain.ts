/**
 * A chain: a queue in which whoever stands can leave from the middle at once.
 *
 * Its links are the elements themselves, so nothing is allocated for a place in
 * it, and an element stands in one chain at a time. It has no limit of its own:
 * whoever owns a chain owns its bound.
 *
 * Cost: every operation is O(1).
 */
export interface Link<T> {
  before: T | undefined;
  after: T | undefined;
  /** Whether it stands in a chain. */
  chained: boolean;
}

export class Chain<T extends Link<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The one that has stood here longest. */
  get first(): T | undefined {
    return this.#first;
  }

  /** Puts one at the end, also one that stands here already. */
  append(one: T): void {
    if (one === this.#last) {
      return;
    }
    this.remove(one);
    one.chained = true;
    one.before = this.#last;
    if (this.#last === undefined) {
      this.#first = one;
    } else {
      this.#last.after = one;
    }
    this.#last = one;
    this.#size += 1;
  }

  /** Takes one out; says whether it stood here. */
  remove(one: T): boolean {
    if (!one.chained) {
      return false;
    }
    if (one.before === undefined) {
      this.#first = one.after;
    } else {
      one.before.after = one.after;
    }
    if (one.after === undefined) {
      this.#last = one.before;
    } else {
      one.after.before = one.before;
    }
    one.before = undefined;
    one.after = undefined;
    one.chained = false;
    this.#size -= 1;
    return true;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let one = this.#first; one !== undefined; ) {
      // Whoever walks along it may take this one out.
      const { after } = one;
      yield one;
      one = after;
    }
  }
}
