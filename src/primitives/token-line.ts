/**
 * A line at a token bucket: who waits for a token, first come, first served.
 *
 * Guarantees: order; at most `queueMax` wait; one timer while somebody does, none
 * otherwise. Who takes a token takes it in the very moment in which the call begins, so
 * that the rate is that of the calls. Whose turn does not come while the next token does,
 * because what it belongs to is stuck, is passed over until it comes, and keeps its place.
 */
import type { Environment, Timer } from '../core/environment.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';

/** Somebody who waits, and leaves the line when they do not any more. */
export interface TokenWaiter {
  /** Calls `act` when it could begin, at once or in a turn of its own. */
  inTurn(act: () => void): void;
  /** The token is theirs, now. Must not throw. */
  granted(): void;
}

export class TokenLine {
  readonly #environment: Environment;
  readonly #bucket: TokenBucket;
  readonly #waiting = new Set<TokenWaiter>();
  /** Those who were called and could not begin: others do not wait for them. */
  readonly #late = new Set<TokenWaiter>();
  /** How long the others wait for one who was called: as long as a token takes. */
  readonly #patienceMs: number;
  #timer: Timer | undefined;
  /** Who is first, and could begin: the others wait for it to do so. */
  #called: TokenWaiter | undefined;

  constructor(environment: Environment, rate: Rate) {
    this.#environment = environment;
    this.#bucket = new TokenBucket(rate, environment.nowMs());
    this.#patienceMs = Math.max(1, rate.perMs / rate.count);
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** Takes a token, unless others wait for it. */
  tryTake(nowMs: number): boolean {
    return this.#inTime === 0 && this.#bucket.tryTake(nowMs);
  }

  /** How long somebody waits who comes now. */
  waitMs(nowMs: number): number {
    return this.#bucket.readyInMs(nowMs, this.#inTime);
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
    this.#late.delete(waiter);
    if (this.#called === waiter) {
      this.#called = undefined;
      this.#stopTimer();
      this.#wait();
    } else if (this.#inTime === 0) {
      this.#stopTimer();
    }
  }

  /** How many wait of whom it is not known that they cannot begin. */
  get #inTime(): number {
    return this.#waiting.size - this.#late.size;
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** For a token; or, where the token is there, for whoever is called, as long as the next token takes. */
  #wait(): void {
    if (this.#timer !== undefined) {
      return;
    }
    if (this.#called === undefined && this.#inTime > 0) {
      const delayMs = Math.max(1, this.#bucket.readyInMs(this.#environment.nowMs(), 0));
      this.#timer = this.#environment.schedule(delayMs, () => {
        this.#timer = undefined;
        this.#callFirst();
      });
    } else if (this.#called !== undefined && this.#inTime > 1) {
      this.#timer = this.#environment.schedule(this.#patienceMs, () => {
        this.#timer = undefined;
        this.#passOver();
      });
    }
  }

  /** Who was called has not begun: the others do not wait for that any longer. */
  #passOver(): void {
    this.#late.add(this.#called!);
    this.#called = undefined;
    this.#callFirst();
  }

  /** Whoever is first may begin, if there is a token; then the next. */
  #callFirst(): void {
    while (this.#called === undefined && this.#inTime > 0) {
      if (this.#bucket.readyInMs(this.#environment.nowMs(), 0) > 0) {
        break;
      }
      this.#call(this.#first());
    }
    this.#wait();
  }

  /** Of those who are not late. */
  #first(): TokenWaiter {
    const waiting = this.#waiting.values();
    let first = waiting.next().value!;
    while (this.#late.has(first)) {
      first = waiting.next().value!;
    }
    return first;
  }

  #call(first: TokenWaiter): void {
    let later = false;
    this.#called = first;
    first.inTurn(() => {
      if (this.#called === first) {
        this.#called = undefined;
        this.#stopTimer();
      } else if (!this.#late.delete(first)) {
        return;
      }
      // While it was late somebody else may have taken the token: then it is called again.
      if (this.#bucket.tryTake(this.#environment.nowMs())) {
        this.#waiting.delete(first);
        first.granted();
      }
      if (later) {
        this.#callFirst();
      }
    });
    later = true;
  }
}
