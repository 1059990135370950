/**
 * The report of a lost credit: a value came out of a stream agent, and nobody can
 * say of which message.
 */
import { Failure } from '../core/failure.ts';

/**
 * An operator between the inbox and the outbox of a stream agent does something
 * later and does not keep the credit, so its window bounds nothing. Told once for
 * each agent, on `system.failures`; the agent goes on. Its code is `DEFECT`.
 */
export class CreditLost extends Failure {
  readonly _tag = 'CreditLost';
  readonly code = 'DEFECT';
  readonly class = 'defect';
  readonly agent: string;

  constructor(facts: { agent: string }) {
    super();
    this.agent = facts.agent;
  }

  override get message(): string {
    return `a value left the stream of '${this.agent}' without its credit: an operator there (delay, debounceTime, bufferTime, mergeMap of a promise, …) does something later and lets go of the message at once, so nothing bounds what waits in it; use mapAsync, batch, conflate or throttle of troupe instead`;
  }
}
