/**
 * An ordered fold: what comes in any order is put together in its own order, by an
 * associative operation, without waiting for the slowest.
 *
 *     0 1 2 3      2 and 3 are there: [0] [1] [2·3]
 *                  1 comes:           [0] [1·2·3]
 *
 * Only neighbours are put together, the earlier one on the left. So the operation need
 * not be commutative, and whatever lies between two pieces of work that are not done is
 * one value: with at most n at work, at most 2n are held.
 *
 * Source: Blelloch, "Prefix Sums and Their Applications" (1990): parallel reduction of
 * an associative operation.
 */

/** Some neighbouring items: at work, or together one value. */
export interface Stretch<T> {
  /** Positions of its first and last item. */
  readonly first: number;
  last: number;
  outcome: { readonly value: T } | undefined;
}

export class OrderedFold<T> {
  readonly #line: Stretch<T>[] = [];
  #begun = 0;

  /** How many stretches there are. */
  get size(): number {
    return this.#line.length;
  }

  /** The next item is at work. */
  begin(): Stretch<T> {
    const stretch: Stretch<T> = { first: this.#begun, last: this.#begun, outcome: undefined };
    this.#begun += 1;
    this.#line.push(stretch);
    return stretch;
  }

  /** Two neighbours that are done: what they are together is at work now. */
  nextPair(): { readonly left: T; readonly right: T; readonly stretch: Stretch<T> } | undefined {
    const at = this.#line.findIndex(
      ({ outcome }, n) => outcome !== undefined && this.#line[n + 1]?.outcome !== undefined,
    );
    if (at < 0) {
      return undefined;
    }
    const stretch = this.#line[at]!;
    const [next] = this.#line.splice(at + 1, 1) as [Stretch<T>];
    const left = stretch.outcome!.value;
    stretch.outcome = undefined;
    stretch.last = next.last;
    return { left, right: next.outcome!.value, stretch };
  }

  /** What all items came to, once they are one value. */
  get whole(): { readonly value: T } | undefined {
    return this.#line.length === 1 ? this.#line[0]!.outcome : undefined;
  }
}
