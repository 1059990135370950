/**
 * `batch`: values gathered by number or time, with their credit.
 *
 *     --a-b-c-d------------e-->      batch({ count: 3, withinMs: 40 })
 *     ------[abc]-----[d]------>
 *
 * `bufferCount` and `bufferTime` of RxJS let go of the credit; behind them the
 * values of a batch count as handled before anybody has seen it.
 */
import type { OperatorFunction, Subscriber } from 'rxjs';
import { GatheredToken, pushWithToken, retainToken } from '../core/credit.ts';
import type { Timer } from '../core/environment.ts';
import { Held, type Operating, operator } from './operator.ts';
import type { HostAsked } from './stream-host.ts';

export interface BatchOptions {
  /** Most values in a batch; a whole number, at least 1. */
  readonly count: number;
  /**
   * How long the first value of a batch waits for others, in milliseconds, at least
   * 0. `Infinity` must be written: then the last few wait until there are enough.
   */
  readonly withinMs: number;
}

/**
 * Gathers values: at most `count`, and none waits longer than `withinMs`.
 *
 * Guarantees: none is lost and none is in two batches; the credit of each goes back
 * when its batch has been dealt with. A message that is interrupted while it waits
 * is not in any batch. When the source completes, what waits goes out first.
 *
 * Errors: `RangeError`: at once, for options that cannot be; from the source, when
 * its window is smaller than `count` times the batches that those behind it hold;
 * on subscribing, with a finite `withinMs`, when the source is of no system.
 *
 * @example
 * import { from, lastValueFrom, toArray } from 'rxjs'
 * const pairs = from([1, 2, 3]).pipe(batch({ count: 2, withinMs: Infinity }), toArray())
 * await lastValueFrom(pairs) // => [[1, 2], [3]]
 */
export function batch<T>(options: BatchOptions): OperatorFunction<T, readonly T[]> {
  const { count, withinMs } = options;
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`count of batch is a whole number, at least 1; got ${count}`);
  }
  if (typeof withinMs !== 'number' || !(withinMs >= 0)) {
    throw new RangeError(
      `withinMs of batch is a number of milliseconds, at least 0, or Infinity; got ${withinMs}`,
    );
  }
  return operator<T, readonly T[]>(
    (behind) => count * behind,
    (subscriber, host) => new Batch<T>(subscriber, host, count, withinMs),
  );
}

class Batch<T> implements Operating<T> {
  readonly #subscriber: Subscriber<readonly T[]>;
  readonly #host: HostAsked;
  readonly #count: number;
  readonly #withinMs: number;
  /** Replaced when it goes out. */
  #gathered = new Set<Held<T>>();
  #timer: Timer | undefined;
  #completed = false;

  constructor(subscriber: Subscriber<readonly T[]>, host: HostAsked, count: number, withinMs: number) {
    this.#subscriber = subscriber;
    this.#host = host;
    this.#count = count;
    this.#withinMs = withinMs;
  }

  next(value: T): void {
    const gathered = this.#gathered;
    const held = new Held(value, retainToken(), (one) => {
      gathered.delete(one);
      this.#isEmptied();
    });
    gathered.add(held);
    if (gathered.size >= this.#count) {
      this.#letOut(gathered);
    } else if (gathered.size === 1 && this.#withinMs < Number.POSITIVE_INFINITY) {
      this.#startTimer(gathered);
    }
  }

  complete(): void {
    this.#completed = true;
    if (this.#gathered.size === 0) {
      this.#subscriber.complete();
    } else {
      this.#letOutInTurn(this.#gathered);
    }
  }

  end(): void {
    this.#stopTimer();
    for (const held of this.#gathered) {
      held.letGo();
    }
    this.#gathered.clear();
  }

  #startTimer(gathered: Set<Held<T>>): void {
    const { environment } = this.#host.host('batch');
    this.#timer = environment.schedule(this.#withinMs, () => {
      this.#timer = undefined;
      this.#letOutInTurn(gathered);
    });
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #letOutInTurn(gathered: Set<Held<T>>): void {
    [...gathered].at(-1)!.inTurn(() => this.#letOut(gathered));
  }

  /** What was gathered goes out, unless it has already. */
  #letOut(gathered: Set<Held<T>>): void {
    if (gathered !== this.#gathered || gathered.size === 0) {
      return;
    }
    this.#stopTimer();
    this.#gathered = new Set();
    const held = [...gathered];
    const tokens = held.flatMap(({ token }) => (token === undefined ? [] : [token.retain()]));
    for (const one of held) {
      one.letGo();
    }
    const token = new GatheredToken(tokens);
    pushWithToken(
      token,
      (values: readonly T[]) => {
        this.#subscriber.next(values);
        if (this.#completed) {
          this.#subscriber.complete();
        }
      },
      held.map(({ value }) => value),
    );
    token.release();
  }

  /** A value that waited is not wanted any more. */
  #isEmptied(): void {
    if (this.#gathered.size === 0) {
      this.#stopTimer();
      if (this.#completed) {
        this.#subscriber.complete();
      }
    }
  }
}
