import { describeValue } from './describe-value.ts';
import { Failure } from './failure.ts';
import { oneLine } from './one-line.ts';
import { shorten } from './shorten.ts';

/**
 * Why something cannot be packed.
 *
 *   unsupported       it holds what does not travel: a function, a class of its own, a hole in a list
 *   malformed         a field of the envelope is not what it should be
 *   cyclic            it holds itself
 *   threw             a getter or a proxy in it threw; see `cause`
 *   too-deep, too-large, too-many-objects   a limit of the codec
 */
export type NotPackableReason =
  | 'unsupported'
  | 'malformed'
  | 'cyclic'
  | 'threw'
  | 'too-deep'
  | 'too-large'
  | 'too-many-objects';

const pathCharsMax = 200;
const valueCharsMax = 200;

/** A value cannot be packed as it is, so nothing was packed. Its code is `NOT_PACKABLE`. */
export class NotPackable extends Failure {
  readonly _tag = 'NotPackable';
  readonly code = 'NOT_PACKABLE';
  readonly class = 'invalid';
  readonly reason: NotPackableReason;
  /** Where it is, as `payload.items[2]`; empty for the value itself. */
  readonly path: string;
  /** What is wrong, and what to do. */
  readonly detail: string;
  /** What is there, itself. */
  readonly value: unknown;

  constructor(facts: {
    reason: NotPackableReason;
    path: string;
    detail: string;
    value: unknown;
    cause?: unknown;
  }) {
    super('cause' in facts ? { cause: facts.cause } : undefined);
    this.reason = facts.reason;
    this.path = facts.path;
    this.detail = facts.detail;
    this.value = facts.value;
  }

  /** At most 200 characters of the path and 200 of the value, its secrets redacted. */
  override get message(): string {
    const where = this.path === '' ? 'the value' : shorten(oneLine(this.path), pathCharsMax);
    return `${where} cannot be packed: ${this.detail}; it is ${describeValue(this.value, valueCharsMax)}`;
  }
}
