/**
 * `mapReduce`: each item is worked on, so many at once, and the results are put together.
 *
 *     caller ──items──▶ map(0) map(1) map(2) …          concurrency at once
 *                          └──reduce──┘  │
 *                                └─reduce┘ ──▶ caller
 *
 * Source: Dean & Ghemawat, "MapReduce" (2004), without its shuffle. Law: the answer is
 * that of a plain fold from left to right, in whatever order the parts are done (L26).
 */
import type { Procedure, Responder, Scope } from '../actors/context.ts';
import type { CallOutcome, PendingCall } from '../actors/pending-call.ts';
import { Interrupted } from '../actors/request-failures.ts';
import type { Sender } from '../actors/sender.ts';
import { senderOf } from '../actors/sender-of.ts';
import { isThenable } from '../actors/thenable.ts';
import { Tie } from '../actors/tie.ts';
import { InvalidParams } from '../core/schema.ts';
import { OrderedFold, type Stretch } from './ordered-fold.ts';
import { partFailed } from './part-failed.ts';
import { checkResponder, nameOf } from './responder.ts';
import { overWhileWaiting } from './still-wanted.ts';
import { Yielding } from './yielding.ts';

export interface MapReduceOptions<T, A> {
  /** Works on one item. */
  readonly map: Responder<T, A>;
  /**
   * Puts two neighbouring results together, the earlier one on the left. It has to be
   * associative, since which neighbours are first is not said; it need not be commutative.
   */
  readonly reduce: Responder<readonly [left: A, right: A], A>;
  /** How many calls of `map` and `reduce` are under way at most; a whole number, at least 1. */
  readonly concurrency: number;
  /** The answer when there are no items; without it that is a failure. */
  readonly empty?: A;
}

/**
 * Has each item of an array, an iterable or an async iterable worked on, and answers
 * with all the results put together.
 *
 * Guarantees: at most `concurrency` calls are under way, items are taken only when one
 * may begin, and at most twice as many results are held, however many items there are
 * and however long one of them takes.
 *
 * Cancellation: all calls end with it, and the iterator is told to return, at once, also while it is
 * waited for. No part begins after the deadline; parts that answer at once let others go first, now and then.
 *
 * Errors: the first failure of a part ends the others: `PartFailed` with the item, or
 * the items that were put together, or the source. `InvalidParams` when there are no
 * items and no `empty`. `RangeError`, at once, for a concurrency that cannot be.
 *
 * @example
 * const total = mapReduce({ map: (text: string) => text.length, reduce: ([a, b]) => a + b, concurrency: 4 })
 * const system = createSystem()
 * await system.request(total, ['a', 'bb', 'ccc']) // => 6
 * await system.stop()
 */
export function mapReduce<T, A>(
  options: MapReduceOptions<T, A>,
): Procedure<Iterable<T> | AsyncIterable<T>, A> {
  const { map, reduce, concurrency } = options;
  checkResponder('map of mapReduce', map);
  checkResponder('reduce of mapReduce', reduce);
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`concurrency of mapReduce is a whole number, at least 1; got ${concurrency}`);
  }
  return function mapReduce(input: Iterable<T> | AsyncIterable<T>, scope: Scope) {
    return new Promise<A>((resolve, reject) => {
      new Mapping<T, A>(options, input, senderOf(scope), { resolve, reject }).begin();
    });
  };
}

/** Whoever waits for the answer. */
interface Waits<A> {
  readonly resolve: (answer: A) => void;
  readonly reject: (failure: unknown) => void;
}

type Items<T> = { next(): IteratorResult<T> | Promise<IteratorResult<T>>; return?(): unknown };

/** An item, or the end. */
type Taken<T> = { readonly value: T } | undefined;

/** One call of `mapReduce`. */
class Mapping<T, A> {
  readonly #options: MapReduceOptions<T, A>;
  readonly #input: unknown;
  readonly #items: Items<T>;
  readonly #sender: Sender;
  readonly #waits: Waits<A>;
  readonly #fold = new OrderedFold<A>();
  readonly #calls = new Set<PendingCall>();
  /** Calls under way, and the item being taken. */
  #busy = 0;
  #taking = false;
  #exhausted = false;
  #over = false;
  #goingOn = false;
  #pausing = false;
  readonly #yielding: Yielding;
  readonly #ends = new Ends(this);

  constructor(options: MapReduceOptions<T, A>, input: unknown, sender: Sender, waits: Waits<A>) {
    this.#options = options;
    this.#input = input;
    this.#sender = sender;
    this.#waits = waits;
    this.#items = iteratorOf<T>(input);
    this.#yielding = new Yielding('mapReduce', sender);
  }

  begin(): void {
    if (!this.#sender.tie(this.#ends)) {
      throw this.#sender.revoked;
    }
    this.goOn();
  }

  /** Nobody wants the answer any more: what is under way ends with it. */
  left(failure: unknown): void {
    this.#over = true;
    this.#waits.reject(failure ?? overWhileWaiting('mapReduce'));
    this.#return();
  }

  /** Begins all that may begin now. What answers at once comes back here, and finds it going on. */
  goOn(): void {
    if (this.#goingOn) {
      return;
    }
    this.#goingOn = true;
    while (!this.#over && !this.#pausing && this.#busy < this.#options.concurrency) {
      const pair = this.#fold.nextPair();
      if (pair !== undefined) {
        const { left, right, stretch } = pair;
        this.#call(this.#options.reduce, [left, right] as const, stretch, 'items');
      } else if (this.#exhausted || this.#taking) {
        break;
      } else {
        this.#take();
      }
      this.#letOthersGo();
    }
    this.#goingOn = false;
    if (!this.#over && !this.#pausing && this.#exhausted && this.#busy === 0) {
      this.#end();
    }
  }

  /** What never waits would keep everybody out, its own deadline, too. */
  #letOthersGo(): void {
    const pause = this.#over ? undefined : this.#yielding.pause();
    if (pause !== undefined) {
      this.#pausing = true;
      pause.then(
        () => {
          this.#pausing = false;
          this.goOn();
        },
        (failure) => this.#stop(failure, 'its deadline has passed'),
      );
    }
  }

  #take(): void {
    let taken: Taken<T> | Promise<unknown>;
    try {
      const next: unknown = this.#items.next();
      // Not `Promise.resolve`, which throws for a promise whose `constructor` does.
      taken = isThenable(next) ? new Promise((resolve) => resolve(next)) : itemOf<T>(next);
    } catch (failure) {
      this.#sourceFailed(failure);
      return;
    }
    if (!(taken instanceof Promise)) {
      this.#taken(taken);
      return;
    }
    this.#taking = true;
    this.#busy += 1;
    taken.then(itemOf<T>).then(
      (item) => {
        this.#isTaken();
        this.#taken(item);
        this.goOn();
      },
      (failure) => {
        this.#isTaken();
        this.#sourceFailed(failure);
      },
    );
  }

  /** It has ended by that, as for a `for … of`: it is not told to return. */
  #sourceFailed(failure: unknown): void {
    this.#exhausted = true;
    this.#fail('source', 'its iterator', failure);
  }

  #isTaken(): void {
    this.#taking = false;
    this.#busy -= 1;
  }

  #taken(item: Taken<T>): void {
    if (item === undefined) {
      this.#exhausted = true;
    } else if (!this.#over) {
      this.#call(this.#options.map, item.value, this.#fold.begin(), 'item');
    }
  }

  #call<M>(responder: Responder<M, A>, input: M, stretch: Stretch<A>, what: 'item' | 'items'): void {
    this.#busy += 1;
    const call = this.#sender.call(responder, input, undefined, (outcome, told) => {
      this.#busy -= 1;
      if (told !== undefined) {
        this.#calls.delete(told);
      }
      this.#told(outcome, stretch, responder, what);
    });
    if (call !== undefined && !call.settled) {
      this.#calls.add(call);
    }
  }

  #told(outcome: CallOutcome, stretch: Stretch<A>, responder: unknown, what: 'item' | 'items'): void {
    if ('failure' in outcome) {
      const { first, last } = stretch;
      this.#fail(
        what === 'item' ? `item ${first}` : `items ${first} to ${last}`,
        nameOf(responder),
        outcome.failure,
      );
    } else if (!this.#over) {
      stretch.outcome = { value: outcome.value as A };
      this.goOn();
    }
  }

  #end(): void {
    this.#over = true;
    this.#ends.untie();
    const { whole } = this.#fold;
    if (whole !== undefined) {
      this.#waits.resolve(whole.value);
    } else if ('empty' in this.#options) {
      this.#waits.resolve(this.#options.empty as A);
    } else {
      this.#waits.reject(
        new InvalidParams({
          what: 'input of mapReduce',
          value: this.#input,
          issues: [{ path: '', message: 'expected at least one item, or an `empty` answer' }],
        }),
      );
    }
  }

  #fail(name: string, responder: string, failure: unknown): void {
    if (this.#over) {
      return;
    }
    this.#stop(partFailed({ of: 'mapReduce', name, responder }, failure), 'another part of mapReduce failed');
  }

  #stop(failure: unknown, reason: string): void {
    if (this.#over) {
      return;
    }
    this.#over = true;
    this.#ends.untie();
    this.#waits.reject(failure);
    for (const call of this.#calls) {
      call.interrupt(new Interrupted({ agent: call.target, reason }));
    }
    this.#calls.clear();
    this.#return();
  }

  /** Nobody will take another item. What the iterator says to that is of no use to anybody. */
  #return(): void {
    if (this.#exhausted) {
      return;
    }
    try {
      const returned = this.#items.return?.();
      if (isThenable(returned)) {
        Promise.resolve(returned).catch(() => {});
      }
    } catch {
      // The failure that ended it is the one that counts, as in a `for … of`.
    }
  }
}

/**
 * The item of what an iterator gave; `undefined` at its end. As for a `for … of`, whatever is not
 * false is an end.
 *
 * Errors: `InvalidParams` for what is no result of an iterator; what looking at it throws.
 */
function itemOf<T>(result: unknown): Taken<T> {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) {
    throw new InvalidParams({
      what: 'result of the iterator',
      value: result,
      issues: [{ path: '', message: 'expected an object with `done` and `value`' }],
    });
  }
  const { done } = result as IteratorResult<T>;
  return done ? undefined : { value: (result as IteratorYieldResult<T>).value };
}

/** Errors: `InvalidParams` for what cannot be iterated. */
function iteratorOf<T>(input: unknown): Items<T> {
  const source = (input ?? {}) as Partial<Record<symbol, unknown>>;
  const iterator = source[Symbol.asyncIterator] ?? source[Symbol.iterator];
  if (typeof iterator !== 'function') {
    throw new InvalidParams({
      what: 'input of mapReduce',
      value: input,
      issues: [{ path: '', message: 'expected an array, an iterable or an async iterable' }],
    });
  }
  return iterator.call(input) as Items<T>;
}

/** The end of the scope that a call of `mapReduce` is made in. */
class Ends extends Tie {
  readonly #mapping: { left(failure: unknown): void };

  constructor(mapping: { left(failure: unknown): void }) {
    super();
    this.#mapping = mapping;
  }

  cut(failure: unknown): void {
    this.#mapping.left(failure);
  }
}
