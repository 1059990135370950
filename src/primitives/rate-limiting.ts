/**
 * Rate limiting in one system: a line at a bucket for each key.
 *
 * Guarantees: at most `keysMax` lines, each with at most `queueMax` who wait. A line is
 * forgotten only when nobody waits in it and its bucket is full: then a new one is like it.
 */
import type { Environment } from '../core/environment.ts';
import { RateLimited, type RateLimitedReason } from './rate-limited.ts';
import type { Rate } from './token-bucket.ts';
import { TokenLine, type TokenWaiter } from './token-line.ts';

export interface RateLimitPolicy extends Rate {
  readonly waits: boolean;
  readonly queueMax: number;
  readonly keysMax: number;
}

/** What a rate limit has done. */
export interface RateLimitStatistics {
  /** Calls that were begun, at once or later. */
  readonly begun: number;
  /** Those of them that had to wait. */
  readonly delayed: number;
  /** Calls that were refused with `RateLimited`. */
  readonly rejected: number;
  /** Those that ended while they waited. */
  readonly left: number;
  /** How many wait now. */
  readonly waiting: number;
  /** Of how many keys something is known now. */
  readonly keys: number;
}

export class RateLimiting {
  begun = 0;
  delayed = 0;
  rejected = 0;
  left = 0;
  readonly environment: Environment;
  readonly policy: RateLimitPolicy;
  readonly #lines = new Map<string | undefined, TokenLine>();
  /** No line can be forgotten before this. */
  #noneIdleBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(policy: RateLimitPolicy, environment: Environment) {
    this.policy = policy;
    this.environment = environment;
  }

  get statistics(): RateLimitStatistics {
    const { begun, delayed, rejected, left } = this;
    let waiting = 0;
    for (const { length } of this.#lines.values()) {
      waiting += length;
    }
    return { begun, delayed, rejected, left, waiting, keys: this.#lines.size };
  }

  /** Errors: `RateLimited` when there is no room for one more key. */
  line(key: string | undefined, nowMs: number): TokenLine {
    let line = this.#lines.get(key);
    if (line === undefined) {
      if (this.#lines.size >= this.policy.keysMax) {
        this.#forgetIdle(nowMs);
      }
      line = new TokenLine(this.environment, this.policy);
      this.#lines.set(key, line);
    }
    return line;
  }

  /** Says that somebody may wait who comes now. Errors: `RateLimited` where they may not. */
  mayWait(line: TokenLine, nowMs: number, deadlineMs: number): void {
    const { waits, queueMax } = this.policy;
    const waitMs = line.waitMs(nowMs);
    if (!waits) {
      throw this.#refusal('no token', waitMs);
    }
    if (line.length >= queueMax) {
      throw this.#refusal('queue full', waitMs);
    }
    if (nowMs + waitMs >= deadlineMs) {
      throw this.#refusal('deadline', waitMs);
    }
  }

  leave(line: TokenLine, waiter: TokenWaiter): void {
    this.left += 1;
    line.leave(waiter);
  }

  #forgetIdle(nowMs: number): void {
    if (nowMs >= this.#noneIdleBeforeMs) {
      let soonestMs = Number.POSITIVE_INFINITY;
      for (const [key, line] of this.#lines) {
        if (line.isIdle(nowMs)) {
          this.#lines.delete(key);
        } else {
          soonestMs = Math.min(soonestMs, nowMs + Math.max(1, line.idleInMs(nowMs)));
        }
      }
      this.#noneIdleBeforeMs = this.#lines.size < this.policy.keysMax ? nowMs : soonestMs;
    }
    if (this.#lines.size >= this.policy.keysMax) {
      throw this.#refusal('keys full', Math.ceil(this.#noneIdleBeforeMs - nowMs));
    }
  }

  #refusal(reason: RateLimitedReason, retryAfterMs: number): RateLimited {
    this.rejected += 1;
    const { count, perMs } = this.policy;
    return new RateLimited({ reason, retryAfterMs, count, perMs });
  }
}
