/**
 * Bridges into a bounded stream: from whatever can be pulled.
 *
 * An AsyncIterable gives a value when it is asked for one, so nothing has to be
 * kept: it is asked for the next when there is room for it. That includes web
 * streams, Node's streams, generators, and `Stream.toAsyncIterable` of Effect.
 */
import { CreditToken, pushWithToken } from '../core/credit.ts';
import { InvalidParams } from '../core/schema.ts';
import { Bounded, type OpenSource } from './bounded.ts';
import type { Sink } from './outlet.ts';

export interface BoundedFromOptions {
  /** How many values may be pushed and not settled; as many as the operators behind it hold when not given. */
  readonly window?: number;
  /** Told what a subscriber threw, and what the source threw when it was left; a warning of the process when not given. */
  readonly onThrow?: (thrown: unknown) => void;
}

/**
 * Makes a bounded stream of what can be pulled.
 *
 * Each subscription, or `for await`, asks the source for a new iterator; a web
 * stream has only one. One value is asked for at a time, and only while fewer than
 * `window` are out, so nothing is kept between the two.
 *
 * Cancellation: unsubscribing, or leaving the `for await`, calls the iterator's
 * `return` once, which cancels a web stream.
 *
 * Errors: what the source fails of, itself. `InvalidParams`, at once, for what
 * cannot be pulled: an Observable needs `bounded`, which names its overflow.
 * `RangeError` for a window that cannot be, or, on subscribing, is too small.
 *
 * @example
 * import { lastValueFrom, map, toArray } from 'rxjs'
 * async function* words() { yield 'a'; yield 'bb' }
 * await lastValueFrom(boundedFrom(words()).pipe(map((word) => word.length), toArray())) // => [1, 2]
 */
export function boundedFrom<T>(
  source: AsyncIterable<T> | ReadableStream<T>,
  options: BoundedFromOptions = {},
): Bounded<T> {
  const { window, onThrow = warn } = options;
  if (typeof source !== 'object' || source === null || !(Symbol.asyncIterator in source)) {
    throw new InvalidParams({
      what: 'source of boundedFrom',
      value: source,
      issues: [{ path: '', message: 'expected an AsyncIterable or a ReadableStream' }],
    });
  }
  if (window !== undefined && (!Number.isInteger(window) || window < 1)) {
    throw new RangeError(`window of boundedFrom is a whole number, at least 1; got ${window}`);
  }
  return new Bounded<T>({
    onThrow,
    open: (asked) => {
      if (window !== undefined && window < asked) {
        throw new RangeError(
          `an operator behind boundedFrom holds ${asked} values at once, and its window is ${window}`,
        );
      }
      return new Pulling<T>(source as AsyncIterable<T>, window ?? Math.max(1, asked), onThrow);
    },
  });
}

class Pulling<T> implements OpenSource<T> {
  readonly #source: AsyncIterable<T>;
  readonly #window: number;
  readonly #onThrow: (thrown: unknown) => void;
  #iterator: AsyncIterator<T> | undefined;
  #sink: Sink<T> | undefined;
  readonly #push = (value: T): void => this.#sink?.next(value);
  /** Those who have asked for a value that has not come. */
  readonly #unanswered = new Set<PromiseWithResolvers<IteratorResult<T>>>();
  #out = 0;
  #asking = false;
  #ended = false;

  constructor(source: AsyncIterable<T>, window: number, onThrow: (thrown: unknown) => void) {
    this.#source = source;
    this.#window = window;
    this.#onThrow = onThrow;
  }

  pushTo(sink: Sink<T>): void {
    this.#sink = sink;
    void this.#pull();
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#ended) {
      return Promise.resolve(over);
    }
    // Who leaves has an answer at once, whatever the source does.
    const asked = Promise.withResolvers<IteratorResult<T>>();
    this.#unanswered.add(asked);
    this.#ask().then(
      (result) => {
        this.#unanswered.delete(asked);
        asked.resolve(result);
      },
      (failure) => {
        this.#unanswered.delete(asked);
        asked.reject(failure);
      },
    );
    return asked.promise;
  }

  async #ask(): Promise<IteratorResult<T>> {
    try {
      this.#iterator ??= this.#source[Symbol.asyncIterator]();
      const result = await this.#iterator.next();
      if (result.done === true) {
        this.#ended = true;
        return over;
      }
      // It was left meanwhile: whoever asked is told that it is over.
      return this.#ended ? over : result;
    } catch (failure) {
      const left = this.#ended;
      this.#ended = true;
      if (left) {
        return over;
      }
      throw failure;
    }
  }

  close(): void {
    this.#sink = undefined;
    if (!this.#ended) {
      this.#ended = true;
      for (const asked of this.#unanswered) {
        asked.resolve(over);
      }
      this.#unanswered.clear();
      void this.#leave();
    }
  }

  /** One value is settled: there may be room for the next. */
  settled(): void {
    this.#out -= 1;
    void this.#pull();
  }

  async #leave(): Promise<void> {
    try {
      await this.#iterator?.return?.();
    } catch (thrown) {
      this.#onThrow(thrown);
    }
  }

  /** Asks for one value after the other while there is room. */
  async #pull(): Promise<void> {
    if (this.#asking) {
      return;
    }
    this.#asking = true;
    try {
      while (!this.#ended && this.#out < this.#window) {
        const { done, value } = await this.next();
        if (done === true) {
          this.#sink?.complete();
          return;
        }
        this.#out += 1;
        const token = new CreditToken(this);
        pushWithToken(token, this.#push, value);
        token.release();
      }
    } catch (failure) {
      this.#sink?.error(failure);
    } finally {
      this.#asking = false;
    }
  }
}

const over: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Tells of what was thrown where there is no system to tell. */
export function warn(thrown: unknown): void {
  process.emitWarning(thrown instanceof Error ? thrown : String(thrown), 'TroupeWarning');
}
