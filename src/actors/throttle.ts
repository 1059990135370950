/**
 * `throttle`: at most one value in so much time.
 *
 *     --1-2-3---------4-->      throttle({ everyMs: 40, overflow: 'drop-newest' })
 *     --1-------------4-->
 *     --1---2---3-----4-->      throttle({ everyMs: 40, overflow: 'suspend' })
 */
import type { OperatorFunction, Subscriber } from 'rxjs';
import { pushWithToken, retainToken } from '../core/credit.ts';
import type { Timer } from '../core/environment.ts';
import { checkRoom, Held, type Operating, operator } from './operator.ts';
import type { HostAsked } from './stream-host.ts';

export interface ThrottleOptions<T> {
  /** Least time between two values, in milliseconds, at least 0. */
  readonly everyMs: number;
  /**
   * What happens to a value that comes too soon: it is dropped, or it waits, and
   * with it its source. It has no default: say what you mean.
   */
  readonly overflow: 'drop-newest' | 'suspend';
  /** Told of each value that was dropped. */
  readonly onDropped?: (value: T) => void;
}

/**
 * Lets a value through when `everyMs` have passed since the one before it.
 *
 * Guarantees: order is kept. With `suspend` none is lost, each keeps its credit
 * until it is through, and what waits is bounded by the window of the source. With
 * `drop-newest` no value waits; one that was dropped has been dealt with.
 *
 * Errors: `RangeError`: at once, for options that cannot be; with the first value,
 * when the source is of no system. What `onDropped` throws fails the stream.
 */
export function throttle<T>(options: ThrottleOptions<T>): OperatorFunction<T, T> {
  const { everyMs, overflow } = options;
  if (typeof everyMs !== 'number' || !(everyMs >= 0 && everyMs < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`everyMs of throttle is a number of milliseconds, at least 0; got ${everyMs}`);
  }
  if (overflow !== 'drop-newest' && overflow !== 'suspend') {
    throw new RangeError(`overflow of throttle is one of drop-newest, suspend; got '${String(overflow)}'`);
  }
  return operator<T, T>(
    (behind) => behind,
    (subscriber, host) => new Throttle<T>(subscriber, host, options),
  );
}

class Throttle<T> implements Operating<T> {
  readonly #subscriber: Subscriber<T>;
  readonly #host: HostAsked;
  readonly #options: ThrottleOptions<T>;
  readonly #waiting = new Set<Held<T>>();
  #nextAtMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  /** Whether the first that waits is on its way out. */
  #leaving = false;
  #completed = false;

  constructor(subscriber: Subscriber<T>, host: HostAsked, options: ThrottleOptions<T>) {
    this.#subscriber = subscriber;
    this.#host = host;
    this.#options = options;
  }

  next(value: T): void {
    const { everyMs, overflow, onDropped } = this.#options;
    const nowMs = this.#host.host('throttle').environment.nowMs();
    if (this.#waiting.size === 0 && nowMs >= this.#nextAtMs) {
      this.#nextAtMs = nowMs + everyMs;
      this.#subscriber.next(value);
    } else if (overflow === 'drop-newest') {
      onDropped?.(value);
    } else {
      const held = new Held(value, retainToken(), (one) => {
        this.#waiting.delete(one);
        this.#mayComplete();
      });
      checkRoom('throttle', held, this.#waiting.size);
      this.#waiting.add(held);
      this.#wait(nowMs);
    }
  }

  complete(): void {
    this.#completed = true;
    this.#mayComplete();
  }

  end(): void {
    this.#completed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const held of this.#waiting) {
      held.letGo();
    }
    this.#waiting.clear();
  }

  #wait(nowMs: number): void {
    if (this.#timer === undefined && !this.#leaving) {
      const { environment } = this.#host.host('throttle');
      this.#timer = environment.schedule(Math.max(0, this.#nextAtMs - nowMs), () => {
        this.#timer = undefined;
        this.#letOutInTurn();
      });
    }
  }

  #letOutInTurn(): void {
    const [held] = this.#waiting;
    if (held !== undefined) {
      this.#leaving = true;
      held.inTurn(() => {
        this.#leaving = false;
        this.#letOut();
      });
    }
  }

  /** The first that waits now goes out. */
  #letOut(): void {
    const [held] = this.#waiting;
    if (held === undefined) {
      return;
    }
    const nowMs = this.#host.host('throttle').environment.nowMs();
    this.#nextAtMs = nowMs + this.#options.everyMs;
    this.#waiting.delete(held);
    pushWithToken(
      held.token,
      (value: T) => {
        this.#subscriber.next(value);
        this.#mayComplete();
      },
      held.value,
    );
    held.letGo();
    if (this.#waiting.size > 0) {
      this.#wait(nowMs);
    }
  }

  #mayComplete(): void {
    if (this.#completed && this.#waiting.size === 0) {
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#subscriber.complete();
    }
  }
}
