/**
 * The time of a lease: a limit that passes by itself.
 *
 * Time passes for everybody at once, so nobody reserves any: a lease has at most
 * what those above have left when it starts. It counts from `start` to `stop`.
 *
 * Guarantees: `over` is called once, not before the limit is reached, and not
 * after `stop`; `near` before it, likewise. Nothing is left after `stop`.
 */
import type { Environment, Timer } from './environment.ts';

export class BudgetTime {
  readonly #above: BudgetTime | undefined;
  #ownLimitMs: number;
  #clock: Pick<Environment, 'nowMs'> | undefined;
  #startedAtMs = 0;
  #stoppedAfterMs: number | undefined;
  #timer: Timer | undefined;

  /** @param limitMs How long it may last, at least 0; `Infinity` for no limit of its own. */
  constructor(limitMs: number, above: BudgetTime | undefined) {
    this.#ownLimitMs = limitMs;
    this.#above = above;
  }

  /** How long it may last: its own limit or one above, whichever is less. */
  get limitMs(): number {
    let limitMs = Number.POSITIVE_INFINITY;
    for (let time: BudgetTime | undefined = this; time !== undefined; time = time.#above) {
      limitMs = Math.min(limitMs, time.#ownLimitMs);
    }
    return limitMs;
  }

  /** How long it has lasted; 0 before `start`. */
  get ranMs(): number {
    return this.#stoppedAfterMs ?? (this.#clock === undefined ? 0 : this.#clock.nowMs() - this.#startedAtMs);
  }

  /** How long it may still last, at least 0; `Infinity` without a limit. */
  get leftMs(): number {
    let leftMs = Number.POSITIVE_INFINITY;
    for (let time: BudgetTime | undefined = this; time !== undefined; time = time.#above) {
      leftMs = Math.min(leftMs, time.#ownLimitMs - time.ranMs);
    }
    return Math.max(0, leftMs);
  }

  /**
   * Starts to count. Does nothing when it was started or stopped before.
   *
   * @param soft The part of the limit after which `near` is called, above 0 and at most 1.
   */
  start(
    environment: Pick<Environment, 'nowMs' | 'schedule'>,
    soft: number,
    near: () => void,
    over: () => void,
  ): void {
    if (this.#clock !== undefined || this.#stoppedAfterMs !== undefined) {
      return;
    }
    const leftMs = this.leftMs;
    this.#clock = environment;
    this.#startedAtMs = environment.nowMs();
    if (this.#ownLimitMs === Number.POSITIVE_INFINITY) {
      return;
    }
    this.#ownLimitMs = leftMs;
    this.#timer = environment.schedule(leftMs * soft, () => {
      this.#timer = environment.schedule(Math.max(0, leftMs - this.ranMs), over);
      near();
    });
  }

  /** Stops counting, for good, and forgets the timer. Idempotent. */
  stop(): void {
    this.#stoppedAfterMs = this.ranMs;
    this.#timer?.cancel();
  }
}
