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
 * Cancellation: all calls end with it, and the iterator is told to return.
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
  readonly #ends = new Ends(this);

  constructor(options: MapReduceOptions<T, A>, input: unknown, sender: Sender, waits: Waits<A>) {
    this.#options = options;
    this.#input = input;
    this.#sender = sender;
    this.#waits = waits;
    this.#items = iteratorOf<T>(input);
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
    while (!this.#over && this.#busy < this.#options.concurrency) {
      const pair = this.#fold.nextPair();
      if (pair !== undefined) {
        const { left, right, stretch } = pair;
        this.#call(this.#options.reduce, [left, right] as const, stretch, 'items');
      } else if (this.#exhausted || this.#taking) {
        break;
      } else {
        this.#take();
      }
    }
    this.#goingOn = false;
    if (!this.#over && this.#exhausted && this.#busy === 0) {
      this.#end();
    }
  }

  #take(): void {
    let taken: IteratorResult<T> | Promise<IteratorResult<T>>;
    try {
      taken = this.#items.next();
    } catch (failure) {
      this.#exhausted = true;
      this.#fail('source', 'its iterator', failure);
      return;
    }
    if (!isThenable(taken)) {
      this.#taken(taken);
      return;
    }
    this.#taking = true;
    this.#busy += 1;
    Promise.resolve(taken as Promise<IteratorResult<T>>).then(
      (result) => {
        this.#isTaken();
        this.#taken(result);
        this.goOn();
      },
      (failure) => {
        this.#isTaken();
        this.#exhausted = true;
        this.#fail('source', 'its iterator', failure);
      },
    );
  }

  #isTaken(): void {
    this.#taking = false;
    this.#busy -= 1;
  }

  #taken(result: IteratorResult<T>): void {
    if (result.done === true) {
      this.#exhausted = true;
    } else if (!this.#over) {
      this.#call(this.#options.map, result.value, this.#fold.begin(), 'item');
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
    this.#over = true;
    this.#ends.untie();
    this.#waits.reject(partFailed({ of: 'mapReduce', name, responder }, failure));
    for (const call of this.#calls) {
      call.interrupt(new Interrupted({ agent: call.target, reason: 'another part of mapReduce failed' }));
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
