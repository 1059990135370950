/**
 * A line at a token bucket: who waits for a token, first come, first served.
 *
 * Guarantees: order; at most `queueMax` wait; one timer while somebody does, none
 * otherwise. Who takes a token takes it in the very moment in which the call begins, so
 * that the rate is that of the calls.
 */
import type { Environment, Timer } from '../core/environment.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';

/** Somebody who waits, and leaves the line when they do not any more. */
export interface TokenWaiter {
  /** Calls `act` when it could begin, at once or in a turn of its own. Where that never comes, it leaves the line. */
  inTurn(act: () => void): void;
  /** The token is theirs, now. Must not throw. */
  granted(): void;
}

export class TokenLine {
  readonly #environment: Environment;
  readonly #bucket: TokenBucket;
  readonly #waiting = new Set<TokenWaiter>();
  #timer: Timer | undefined;
  /** Who is first, and could begin: the others wait for it to do so. */
  #called: TokenWaiter | undefined;

  constructor(environment: Environment, rate: Rate) {
    this.#environment = environment;
    this.#bucket = new TokenBucket(rate, environment.nowMs());
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** Takes a token, unless others wait for it. */
  tryTake(nowMs: number): boolean {
    return this.#waiting.size === 0 && this.#bucket.tryTake(nowMs);
  }

  /** How long somebody waits who comes now. */
  waitMs(nowMs: number): number {
    return this.#bucket.readyInMs(nowMs, this.#waiting.size);
  }

  /** Whether nobody would notice if it were a new one. */
  isIdle(nowMs: number): boolean {
    return this.#waiting.size === 0 && this.#bucket.isFull(nowMs);
  }

  idleInMs(nowMs: number): number {
    return this.#bucket.fullInMs(nowMs);
  }

  join(waiter: TokenWaiter): void {
    this.#waiting.add(waiter);
    this.#wait();
  }

  leave(waiter: TokenWaiter): void {
    this.#waiting.delete(waiter);
    if (this.#waiting.size === 0) {
      this.#timer?.cancel();
      this.#timer = undefined;
    }
    if (this.#called === waiter) {
      this.#called = undefined;
      this.#wait();
    }
  }

  #wait(): void {
    if (this.#timer === undefined && this.#called === undefined && this.#waiting.size > 0) {
      const delayMs = Math.max(1, this.#bucket.readyInMs(this.#environment.nowMs(), 0));
      this.#timer = this.#environment.schedule(delayMs, () => {
        this.#timer = undefined;
        this.#callFirst();
      });
    }
  }

  /** Whoever is first may begin, if there is a token; then the next. */
  #callFirst(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined) {
        this.#timer?.cancel();
        this.#timer = undefined;
        return;
      }
      if (this.#bucket.readyInMs(this.#environment.nowMs(), 0) > 0) {
        this.#wait();
        return;
      }
      if (!this.#call(first)) {
        return;
      }
    }
  }

  /** Says whether its turn has come, and is over. */
  #call(first: TokenWaiter): boolean {
    let later = false;
    this.#called = first;
    first.inTurn(() => {
      if (this.#called === first) {
        this.#called = undefined;
        /* v8 ignore else -- @preserve On a clock of fractions the last bit may say no; then it is called again. */
        if (this.#bucket.tryTake(this.#environment.nowMs())) {
          this.#waiting.delete(first);
          first.granted();
        }
        if (later) {
          this.#callFirst();
        }
      }
    });
    later = true;
    return this.#called === undefined;
  }
}
