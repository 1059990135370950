/**
 * A token bucket: so many in so much time, and a burst.
 *
 *     tokens
 *     burst ┤■■■■──┐            each take is one token;
 *           │      └■■──┐       `count` come back in `perMs`
 *         0 ┤           └──▶ t
 *
 * What is compared are whole numbers: how many were taken since the bucket was last
 * full, times `perMs`, with the time since then, times `count`. No fraction of a token
 * is ever added to another, so nothing drifts, however long it runs.
 *
 * Guarantees: in any window of t milliseconds at most `burst + t × count / perMs` are
 * taken (L25); exactly so where time is told in whole milliseconds, and otherwise to
 * the last bit of the clock.
 *
 * Source: the generic cell rate algorithm, ITU-T I.371 (2004), as a virtual schedule:
 * a leaky bucket that needs no timer.
 */

export interface Rate {
  /** How many tokens come, a whole number, in */
  readonly count: number;
  /** so many milliseconds, a whole number. */
  readonly perMs: number;
  /** Most tokens that are there at once; a whole number. */
  readonly burst: number;
}

export class TokenBucket {
  readonly #rate: Rate;
  /** When it was full, or would have been: all that was taken since then is in `#taken`. */
  #anchorMs: number;
  #taken = 0;

  /** A full one. */
  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#anchorMs = Math.ceil(nowMs);
  }

  /** Takes a token, if there is one. */
  tryTake(nowMs: number): boolean {
    const { count, perMs, burst } = this.#rate;
    this.#moveAnchor(nowMs);
    if (this.#elapsedMs(nowMs) * count < (this.#taken + 1 - burst) * perMs) {
      return false;
    }
    this.#taken += 1;
    return true;
  }

  /** Whether nothing is missing: then it is as a new one. */
  isFull(nowMs: number): boolean {
    return this.#elapsedMs(nowMs) * this.#rate.count >= this.#taken * this.#rate.perMs;
  }

  /** In how many whole milliseconds it is full, when nobody takes any more. */
  fullInMs(nowMs: number): number {
    return this.#inMs(nowMs, this.#taken);
  }

  /** In how many whole milliseconds there is a token for somebody with so many before them. */
  readyInMs(nowMs: number, ahead: number): number {
    return this.#inMs(nowMs, this.#taken + ahead + 1 - this.#rate.burst);
  }

  /** Until as many came as this, since the anchor. */
  #inMs(nowMs: number, tokens: number): number {
    const { count, perMs } = this.#rate;
    return Math.max(0, Math.ceil((tokens * perMs) / count - (nowMs - this.#anchorMs)));
  }

  #elapsedMs(nowMs: number): number {
    return Math.max(0, nowMs - this.#anchorMs);
  }

  /** Keeps the numbers small without changing what they say. The anchor is a whole millisecond, so it does not drift. */
  #moveAnchor(nowMs: number): void {
    const { count, perMs } = this.#rate;
    if (this.isFull(nowMs)) {
      this.#anchorMs = Math.ceil(nowMs);
      this.#taken = 0;
      return;
    }
    const periods = Math.min(Math.floor(this.#elapsedMs(nowMs) / perMs), Math.floor(this.#taken / count));
    this.#anchorMs += periods * perMs;
    this.#taken -= periods * count;
  }
}
