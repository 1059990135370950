/**
 * Who is spoken to, when there are many to speak to: drawn beforehand, the same each time.
 *
 * `byPopularity` is what a service meets: the n-th most popular is spoken to a n-th as often as
 * the first, whatever is counted (accounts, threads, words). Of a million, a thousand get half of all
 * messages. `allAlike` speaks to each as often as to any other, which no service meets and which
 * the caches of a machine like least. Where somebody is in memory has nothing to do with how popular they are.
 *
 * All who are spoken to have been spoken to before: what somebody costs once is not what a message costs.
 *
 * Source: Zipf, "Human Behavior and the Principle of Least Effort" (1949).
 */

/** The places of so many who are spoken to one after the other, of a number of people. */
export type Drawn = (count: number, people: number) => Uint32Array;

export const byPopularity: Drawn = (count, people) =>
  drawn(count, (part) => scattered(Math.floor((people + 1) ** part) - 1, people));

export const allAlike: Drawn = (count, people) => drawn(count, (part) => Math.floor(part * people));

/** Pseudo-random parts of 1, by xorshift. */
function drawn(count: number, placeAt: (part: number) => number): Uint32Array {
  let state = 2_463_534_242;
  return Uint32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return placeAt((state >>> 0) / 2 ** 32);
  });
}

/** Another place for each, all over the range: a prime that divides none of the numbers of people here. */
function scattered(rank: number, people: number): number {
  return (rank * 7_919) % people;
}

/** How many messages are sent before the sender waits until they are handled: whoever is told is nearly always idle. */
export const perTurn = 64;

/** Sends so many messages, some at a time, and as often as one likes. */
export class Turns {
  readonly #count: number;
  #handled = 0;
  #awaited = 0;
  #sent = 0;
  #turn = Promise.withResolvers<void>();

  constructor(count: number) {
    this.#count = count;
  }

  get handled(): number {
    return this.#handled;
  }

  /** A message has been handled. */
  readonly over = (): void => {
    this.#handled += 1;
    if (this.#handled === this.#awaited) {
      this.#turn.resolve();
    }
  };

  async send(message: (nth: number) => void): Promise<void> {
    for (let first = 0; first < this.#count; first += perTurn) {
      const next = Math.min(first + perTurn, this.#count);
      this.#awaited = this.#sent + next;
      this.#turn = Promise.withResolvers();
      for (let nth = first; nth < next; nth += 1) {
        message(nth);
      }
      await this.#turn.promise;
    }
    this.#sent += this.#count;
  }
}
