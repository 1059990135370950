/**
 * `conflate`: only the latest value of each key, while those behind are busy.
 *
 *     --1-2-3-4-------5-->        conflate(), each value takes as long as three dashes
 *     --1--4----------5-->
 */
import type { OperatorFunction, Subscriber } from 'rxjs';
import { GatheredToken, pushWithToken, retainToken } from '../core/credit.ts';
import { Held, type Operating, operator } from './operator.ts';

export interface ConflateOptions<T> {
  /** What tells values apart; all are alike when not given. */
  readonly key?: (value: T) => unknown;
  /** Most keys of which a value waits; a whole number, 1 when not given. With one more, the oldest gives way. */
  readonly keysMax?: number;
  /** Told of each value that a newer one took the place of, or that gave way. */
  readonly onDropped?: (value: T) => void;
}

/**
 * Passes values on while those behind it have room for them, and keeps the latest
 * of each key while they have not. A key keeps the place of its first value.
 *
 * It takes values all the time, so it asks its source for a window wide enough:
 * as many as those behind it hold, `keysMax`, and one.
 *
 * Guarantees: the last value of each key comes through, unless more than `keysMax`
 * keys waited. A value that was dropped has been dealt with: its credit goes back,
 * and a request among them was not answered (`NoResponder`).
 *
 * Errors: `RangeError`, at once, for a `keysMax` that cannot be, and from the source
 * when its window is too small. What `key` or `onDropped` throws fails the stream.
 *
 * @example
 * import { from, lastValueFrom, toArray } from 'rxjs'
 * await lastValueFrom(from([1, 2, 3]).pipe(conflate(), toArray())) // => [1, 2, 3]
 */
export function conflate<T>(options: ConflateOptions<T> = {}): OperatorFunction<T, T> {
  const { key = () => undefined, keysMax = 1, onDropped = () => {} } = options;
  if (!Number.isInteger(keysMax) || keysMax < 1) {
    throw new RangeError(`keysMax of conflate is a whole number, at least 1; got ${keysMax}`);
  }
  return operator<T, T>(
    (behind) => behind + keysMax + 1,
    (subscriber, _, behind) => new Conflate<T>(subscriber, behind, key, keysMax, onDropped),
  );
}

class Conflate<T> implements Operating<T> {
  readonly #subscriber: Subscriber<T>;
  readonly #window: number;
  readonly #key: (value: T) => unknown;
  readonly #keysMax: number;
  readonly #onDropped: (value: T) => void;
  readonly #waiting = new Map<unknown, Held<T>>();
  /** Values that those behind are busy with, or that are about to be passed on. */
  #out = 0;
  #completed = false;

  constructor(
    subscriber: Subscriber<T>,
    window: number,
    key: (value: T) => unknown,
    keysMax: number,
    onDropped: (value: T) => void,
  ) {
    this.#subscriber = subscriber;
    this.#window = window;
    this.#key = key;
    this.#keysMax = keysMax;
    this.#onDropped = onDropped;
  }

  next(value: T): void {
    const key = this.#key(value);
    const held = new Held(value, retainToken(), () => {
      this.#waiting.delete(key);
      this.#mayComplete();
    });
    if (this.#out < this.#window && this.#waiting.size === 0) {
      this.#out += 1;
      this.#pass(held);
      return;
    }
    const before = this.#waiting.get(key);
    if (before !== undefined) {
      this.#waiting.set(key, held);
      this.#drop(before);
      return;
    }
    if (this.#waiting.size >= this.#keysMax) {
      const [oldest, given] = this.#waiting.entries().next().value!;
      this.#waiting.delete(oldest);
      this.#waiting.set(key, held);
      this.#drop(given);
      return;
    }
    this.#waiting.set(key, held);
  }

  complete(): void {
    this.#completed = true;
    this.#mayComplete();
  }

  end(): void {
    this.#completed = true;
    for (const held of this.#waiting.values()) {
      held.letGo();
    }
    this.#waiting.clear();
  }

  #drop(held: Held<T>): void {
    held.letGo();
    this.#onDropped(held.value);
  }

  #pass(held: Held<T>): void {
    const { token } = held;
    const out = new GatheredToken(token === undefined ? [] : [token.retain()], () => this.#passNext());
    held.letGo();
    pushWithToken(
      out,
      (value: T) => {
        this.#subscriber.next(value);
        this.#mayComplete();
      },
      held.value,
    );
    out.release();
  }

  /** Those behind have room for one more. */
  #passNext(): void {
    this.#out -= 1;
    const next = this.#waiting.values().next().value;
    if (next !== undefined) {
      this.#out += 1;
      // It is the latest when its turn has come, not now.
      next.inTurn(() => this.#passFirst());
    }
  }

  #passFirst(): void {
    const first = this.#waiting.entries().next().value;
    if (first === undefined) {
      this.#out -= 1;
      return;
    }
    this.#waiting.delete(first[0]);
    this.#pass(first[1]);
  }

  #mayComplete(): void {
    if (this.#completed && this.#waiting.size === 0) {
      this.#subscriber.complete();
    }
  }
}
