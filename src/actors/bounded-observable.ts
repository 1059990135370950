/**
 * Binding an Observable: an Observable pushes when it likes, so whoever reads it
 * piece by piece needs a buffer, and the buffer a bound and a name for what
 * happens at it.
 */
import type { Observable, Subscription } from 'rxjs';
import { MailboxFull } from '../core/mailbox.ts';
import { Ring } from '../core/ring.ts';

export interface BoundedOptions<T> {
  /**
   * What happens to a value that does not fit: the oldest gives way, it is
   * dropped itself, it replaces all that wait, or the stream fails with `MailboxFull`.
   */
  readonly overflow: 'drop-oldest' | 'drop-newest' | 'conflate' | 'fail';
  /** Most values that may wait; a whole number, at least 1. */
  readonly capacity: number;
  /** Told of each value that is dropped. */
  readonly onDropped?: (value: T) => void;
}

/**
 * Makes an Observable one that is pulled, so that a handler can return it as its
 * stream of replies. It is subscribed to when the first value is asked for, and
 * unsubscribed from when the reader leaves.
 *
 * Errors: `RangeError`, at once, for a capacity that cannot be.
 */
export function bounded<T>(source: Observable<T>, options: BoundedOptions<T>): AsyncIterable<T> {
  if (!Number.isInteger(options.capacity) || options.capacity < 1) {
    throw new RangeError(`capacity is a whole number, at least 1; got ${options.capacity}`);
  }
  return { [Symbol.asyncIterator]: () => new BufferedReader(source, options) };
}

type End = 'complete' | { readonly failure: unknown };

class BufferedReader<T> implements AsyncIterator<T, undefined> {
  readonly #source: Observable<T>;
  readonly #options: BoundedOptions<T>;
  readonly #waiting = new Ring<T>();
  #asking: PromiseWithResolvers<IteratorResult<T, undefined>>[] = [];
  #subscription: Subscription | undefined;
  #opened = false;
  #end: End | undefined;

  constructor(source: Observable<T>, options: BoundedOptions<T>) {
    this.#source = source;
    this.#options = options;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    this.#open();
    if (this.#waiting.size > 0) {
      return Promise.resolve({ done: false, value: this.#waiting.shift() as T });
    }
    const end = this.#end;
    if (end !== undefined) {
      this.#end = 'complete';
      return end === 'complete' ? Promise.resolve({ done: true, value: undefined }) : failed(end.failure);
    }
    const asking = Promise.withResolvers<IteratorResult<T, undefined>>();
    this.#asking.push(asking);
    return asking.promise;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#opened = true;
    this.#waiting.clear();
    try {
      this.#subscription?.unsubscribe();
    } finally {
      this.#finish('complete');
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  #open(): void {
    if (!this.#opened) {
      this.#opened = true;
      this.#subscription = this.#source.subscribe({
        next: (value) => this.#takeSafely(value),
        error: (failure: unknown) => this.#finish({ failure }),
        complete: () => this.#finish('complete'),
      });
      if (this.#end !== undefined) {
        this.#unsubscribe();
      }
    }
  }

  /** Whoever is told of a dropped value and throws has the stream fail with it. */
  #takeSafely(value: T): void {
    try {
      this.#take(value);
    } catch (failure) {
      /* v8 ignore next -- @preserve Reached in a child process: spec/actors/throws-anywhere. */
      this.#finish({ failure });
    }
  }

  #take(value: T): void {
    if (this.#end !== undefined) {
      return;
    }
    const asking = this.#asking.shift();
    if (asking !== undefined) {
      asking.resolve({ done: false, value });
    } else if (this.#waiting.size < this.#options.capacity) {
      this.#waiting.push(value);
    } else {
      this.#overflow(value);
    }
  }

  #overflow(value: T): void {
    const { overflow, capacity, onDropped } = this.#options;
    switch (overflow) {
      case 'drop-newest':
        onDropped?.(value);
        return;
      case 'fail':
        this.#finish({
          failure: new MailboxFull({ receiver: 'a bounded Observable', payload: value, capacity }),
        });
        return;
      case 'drop-oldest':
        this.#drop(1);
        break;
      default:
        this.#drop(this.#waiting.size);
    }
    this.#waiting.push(value);
  }

  #drop(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      const oldest = this.#waiting.shift() as T;
      this.#options.onDropped?.(oldest);
    }
  }

  /** What the teardown of the source throws, if it does. */
  #unsubscribe(): { readonly failure: unknown } | undefined {
    try {
      this.#subscription?.unsubscribe();
      return undefined;
    } catch (failure) {
      /* v8 ignore next -- @preserve Reached in a child process: spec/actors/throws-anywhere. */
      return { failure };
    }
  }

  #finish(wanted: End): void {
    const thrown = this.#unsubscribe();
    if (this.#end !== undefined) {
      return;
    }
    const end = wanted === 'complete' ? (thrown ?? wanted) : wanted;
    this.#end = end;
    const asking = this.#asking;
    this.#asking = [];
    for (const one of asking) {
      if (end === 'complete') {
        one.resolve({ done: true, value: undefined });
      } else {
        // The first who asks hears of the failure; the others that it is over.
        this.#end = 'complete';
        one.promise.catch(ignore);
        one.reject(end.failure);
        for (const other of asking.slice(1)) {
          other.resolve({ done: true, value: undefined });
        }
        return;
      }
    }
  }
}

function failed<T>(failure: unknown): Promise<T> {
  const promise = Promise.reject<T>(failure);
  promise.catch(ignore);
  return promise;
}

const ignore = (): void => {};
