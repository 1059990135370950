import { Failure } from './failure.ts';

/**
 * Why bytes cannot be unpacked.
 *
 *   not-ours          they do not begin as a message of this codec does
 *   unknown-version   a release with another format wrote them
 *   other-kind        a value where an envelope was asked for, or the other way round
 *   truncated         they end too soon
 *   trailing          they go on behind the end
 *   invalid           they say something that no codec of ours writes
 *   malformed         a field of the envelope is not what it should be
 *   too-deep, too-large, too-many-objects   a limit of the codec
 */
export type NotUnpackableReason =
  | 'not-ours'
  | 'unknown-version'
  | 'other-kind'
  | 'truncated'
  | 'trailing'
  | 'invalid'
  | 'malformed'
  | 'too-deep'
  | 'too-large'
  | 'too-many-objects';

/** Bytes are no message that can be read; nothing of it was used. Its code is `NOT_UNPACKABLE`. */
export class NotUnpackable extends Failure {
  readonly _tag = 'NotUnpackable';
  readonly code = 'NOT_UNPACKABLE';
  readonly class = 'invalid';
  readonly reason: NotUnpackableReason;
  /** What is wrong, and what to do. */
  readonly detail: string;
  /** Where reading stopped, counted from 0. */
  readonly atByte: number;

  constructor(facts: { reason: NotUnpackableReason; detail: string; atByte: number; cause?: unknown }) {
    super('cause' in facts ? { cause: facts.cause } : undefined);
    this.reason = facts.reason;
    this.detail = facts.detail;
    this.atByte = facts.atByte;
  }

  override get message(): string {
    return `the bytes cannot be unpacked: ${this.detail}, at byte ${this.atByte}`;
  }
}
