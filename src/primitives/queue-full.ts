/**
 * A queue of a primitive is full, and what came was refused: it was not begun.
 */
import { Failure } from '../core/failure.ts';

/** As many wait, or are remembered, as the options allow. Its code is `MAILBOX_FULL`. */
export class QueueFull extends Failure {
  readonly _tag = 'QueueFull';
  readonly code = 'MAILBOX_FULL';
  readonly class = 'overload';
  /** Which primitive. */
  readonly primitive: string;
  /** The option that says how many. */
  readonly option: string;
  readonly limit: number;

  constructor(facts: { primitive: string; option: string; limit: number }) {
    super();
    this.primitive = facts.primitive;
    this.option = facts.option;
    this.limit = facts.limit;
  }

  override get message(): string {
    return `${this.primitive} has no room: ${this.option} is ${this.limit}, and as many are there; nothing was begun, so try later or allow more`;
  }
}

/** Most that may wait in a primitive that does not say. */
export const queueMaxDefault = 1_024;
