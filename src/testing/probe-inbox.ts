/**
 * The inbox of a probe: what came, and who waits for it.
 *
 * Expectations are served in the order in which they were made: each looks at what
 * nobody has looked at yet, and the next one has its turn when it is settled.
 *
 * Guarantees: each message is given to one expectation at most; what none has
 * taken stays, in order. Bound: `capacity` messages; what comes then is refused.
 */
import type { Timer } from '../core/environment.ts';
import { ExpectationFailed, type Received, type WhyNot } from './expectation-failed.ts';

/**
 * How an expectation looks for its message. `next`: the first one has to fit. `find`:
 * the first that fits, whatever comes before it. `none`: nothing that fits may come.
 */
export type Looking = 'next' | 'find' | 'none';

export interface Wanted {
  readonly looking: Looking;
  /** In words, for its failure. */
  readonly expected: string;
  readonly fits: (received: Received) => boolean;
  readonly withinMs: number;
}

export interface InboxOptions {
  /** Who it is, for failures. */
  readonly path: string;
  readonly capacity: number;
  nowMs(): number;
  schedule(delayMs: number, f: () => void): Timer;
}

export class ProbeInbox<Item extends Received> {
  readonly #options: InboxOptions;
  #items: Item[] = [];
  readonly #waiting: Expectation<Item>[] = [];
  #ended: string | undefined;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** What came and nobody has expected, oldest first. */
  get unseen(): readonly Item[] {
    return this.#items;
  }

  /** Expectations that are not settled, in words. */
  get pending(): readonly string[] {
    return this.#waiting.map(({ wanted }) => wanted.expected);
  }

  /** Whether it was taken: there may be no room. */
  add(item: Item): boolean {
    if (this.#items.length >= this.#options.capacity) {
      return false;
    }
    this.#items.push(item);
    this.#serve();
    return true;
  }

  /**
   * Waits for what is wanted. Of `none` the promise resolves without an item.
   *
   * Errors: `ExpectationFailed`; whoever ignores the promise is not told. `RangeError`
   * for a time that cannot be.
   */
  expect(wanted: Wanted): Promise<Item | undefined> {
    if (!(wanted.withinMs >= 0)) {
      throw new RangeError(`withinMs is a number of milliseconds, at least 0; got ${wanted.withinMs}`);
    }
    const expectation = new Expectation<Item>(wanted, this.#options.nowMs());
    if (this.#ended !== undefined) {
      this.#fail(expectation, 'over', { ended: this.#ended });
      return expectation.promise;
    }
    this.#waiting.push(expectation);
    this.#serve();
    if (!expectation.settled && wanted.withinMs < Number.POSITIVE_INFINITY) {
      expectation.timer = this.#options.schedule(wanted.withinMs, () => this.#timeIsUp(expectation));
    }
    return expectation.promise;
  }

  /** Nothing comes any more, for this reason: who waits fails at once. */
  end(reason: string): void {
    this.#ended ??= reason;
    this.giveUp(this.#ended);
  }

  /** Nothing comes for now, for this reason: who waits fails at once. */
  giveUp(reason: string): void {
    for (const expectation of this.#waiting.splice(0)) {
      this.#fail(expectation, 'over', { ended: reason });
    }
  }

  /** A failure of somebody who waited here without an expectation. */
  failure(
    why: WhyNot,
    expected: string,
    sinceMs: number,
    facts: { readonly ended?: string; readonly thrown?: { readonly failure: unknown } } = {},
  ): ExpectationFailed {
    return new ExpectationFailed({
      why,
      probe: this.#options.path,
      expected,
      came: [...this.#items],
      waitedMs: this.#options.nowMs() - sinceMs,
      ...facts,
    });
  }

  /** Lets the first expectation look, and those after it as long as it is settled. */
  #serve(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!this.#look(first)) {
        return;
      }
      this.#waiting.shift();
    }
  }

  /** Whether it is settled by what is there, or by its own `where`, which throws. */
  #look(expectation: Expectation<Item>): boolean {
    const { looking, fits } = expectation.wanted;
    let place: number;
    try {
      place = this.#items.findIndex(fits);
    } catch (failure) {
      this.#fail(expectation, 'where', { thrown: { failure } });
      return true;
    }
    if (looking === 'none') {
      if (place >= 0) {
        this.#fail(expectation, 'some');
      }
      return place >= 0;
    }
    if (place < 0 && (looking === 'find' || this.#items.length === 0)) {
      return false;
    }
    if (looking === 'next' && place !== 0) {
      this.#fail(expectation, 'other');
      return true;
    }
    const [item] = this.#items.splice(place, 1);
    expectation.settle(item);
    return true;
  }

  #timeIsUp(expectation: Expectation<Item>): void {
    this.#waiting.splice(this.#waiting.indexOf(expectation), 1);
    if (expectation.wanted.looking === 'none') {
      expectation.settle(undefined);
    } else {
      this.#fail(expectation, 'late');
    }
    this.#serve();
  }

  #fail(expectation: Expectation<Item>, why: WhyNot, facts?: Parameters<this['failure']>[3]): void {
    expectation.fail(this.failure(why, expectation.wanted.expected, expectation.sinceMs, facts));
  }
}

class Expectation<Item> {
  readonly wanted: Wanted;
  readonly sinceMs: number;
  readonly promise: Promise<Item | undefined>;
  settled = false;
  timer: Timer | undefined;
  #resolve!: (item: Item | undefined) => void;
  #reject!: (failure: unknown) => void;

  constructor(wanted: Wanted, sinceMs: number) {
    this.wanted = wanted;
    this.sinceMs = sinceMs;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A test that has failed elsewhere may never come to look at this one.
    this.promise.catch(() => {});
  }

  settle(item: Item | undefined): void {
    this.#end();
    this.#resolve(item);
  }

  fail(failure: ExpectationFailed): void {
    this.#end();
    this.#reject(failure);
  }

  #end(): void {
    this.settled = true;
    this.timer?.cancel();
  }
}
