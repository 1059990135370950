/**
 * There is no token for a call, and it was not made.
 */
import { Failure } from '../core/failure.ts';

/** Why a call was refused: nobody may wait; too many do; it would be too late; there are too many keys. */
export type RateLimitedReason = 'no token' | 'queue full' | 'deadline' | 'keys full';

const because: Readonly<Record<RateLimitedReason, string>> = {
  'no token': 'no token is left',
  'queue full': 'as many wait as queueMax allows',
  deadline: 'its turn would come after its deadline',
  'keys full': 'as many keys are in use as keysMax allows',
};

/** A rate limit refused a call: it was not begun. Its code is `RATE_LIMITED`. */
export class RateLimited extends Failure {
  readonly _tag = 'RateLimited';
  readonly code = 'RATE_LIMITED';
  readonly class = 'overload';
  readonly reason: RateLimitedReason;
  /** When there is a token, if nobody else takes it, in milliseconds from when this was refused. */
  readonly retryAfterMs: number;
  /** How many in */
  readonly count: number;
  /** so many milliseconds. */
  readonly perMs: number;

  constructor(facts: { reason: RateLimitedReason; retryAfterMs: number; count: number; perMs: number }) {
    super();
    this.reason = facts.reason;
    this.retryAfterMs = facts.retryAfterMs;
    this.count = facts.count;
    this.perMs = facts.perMs;
  }

  override get message(): string {
    return `more than ${this.count} in ${this.perMs} ms: ${because[this.reason]}; try again in ${this.retryAfterMs} ms`;
  }
}
