/**
 * The call of a batch answered with something that cannot be given to its callers.
 */
import { Failure } from '../core/failure.ts';

/** There are more or fewer outputs than inputs, or none for a key: whose is whose is not known. Its code is `DEFECT`. */
export class BatchMismatch extends Failure {
  readonly _tag = 'BatchMismatch';
  readonly code = 'DEFECT';
  readonly class = 'permanent';
  /** How many inputs there were. */
  readonly sent: number;
  /** How many outputs came; `undefined` where it was no list, and no map with a `key` to look in. */
  readonly received: number | undefined;

  constructor(facts: { sent: number; received: number | undefined }) {
    super();
    this.sent = facts.sent;
    this.received = facts.received;
  }

  override get message(): string {
    return this.received === undefined
      ? `a batch of ${this.sent} was answered with neither a list nor, where batched has a key, a map of outputs`
      : `a batch of ${this.sent} was answered with ${this.received} outputs; give one for each input, in their order, or a map with each of their keys`;
  }
}
