/**
 * What can become of waiting at a barrier, beside its opening.
 */
import { describeValue } from '../core/describe-value.ts';
import { Failure } from '../core/failure.ts';

/** Not all came in time. Its code is `TIMEOUT`. */
export class BarrierTimeout extends Failure {
  readonly _tag = 'BarrierTimeout';
  readonly code = 'TIMEOUT';
  readonly class = 'transient';
  /** How many it takes. */
  readonly parties: number;
  /** What those brought who came, one for each party. */
  readonly values: readonly unknown[];
  readonly withinMs: number;
  /** Whether no more could come, because the stream they come by completed before that. */
  readonly completed: boolean;
  /** Which of the barriers, where it is keyed. */
  readonly key: unknown;

  constructor(facts: {
    parties: number;
    values: readonly unknown[];
    withinMs: number;
    completed?: boolean;
    key: unknown;
  }) {
    super();
    this.completed = facts.completed ?? false;
    this.parties = facts.parties;
    this.values = facts.values;
    this.withinMs = facts.withinMs;
    this.key = facts.key;
  }

  override get message(): string {
    const when = this.completed ? 'before the stream completed' : `within ${this.withinMs} ms`;
    return `${this.values.length} of ${this.parties} came to the barrier${ofKey(this.key)} ${when}`;
  }
}

/** It had opened, or its time was up, before this one came. Its code is `BARRIER_CLOSED`. */
export class BarrierClosed extends Failure {
  readonly _tag = 'BarrierClosed';
  readonly code = 'BARRIER_CLOSED';
  readonly class = 'permanent';
  readonly by: 'opened' | 'expired';
  /** Which of the barriers, where it is keyed. */
  readonly key: unknown;

  constructor(facts: { by: 'opened' | 'expired'; key: unknown }) {
    super();
    this.by = facts.by;
    this.key = facts.key;
  }

  override get message(): string {
    return `too late at the barrier${ofKey(this.key)}, which has ${this.by}; with cyclic: true it would begin anew`;
  }
}

const ofKey = (key: unknown): string => (key === undefined ? '' : ` of ${describeValue(key, 100)}`);
