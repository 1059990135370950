/**
 * A failure: a thing that happens, as a value with a tag, a stable code and a class.
 *
 * The tag says what happened, the code is for machines on the other side of a
 * wire, and the class is what supervision, retry and breakers read: they never
 * look at a name. Facts are fields; the message is made from them, when read.
 *
 * Cost: about 0.4 µs, because no stack is collected. A failure is made where it
 * is known what went wrong, so its fields say more than its stack would.
 */

import { describeValue } from './describe-value.ts';

/**
 * What may be hoped for after a failure.
 *
 *   transient    the same call may succeed later
 *   overload     the same call may succeed when there is less to do
 *   invalid      the caller is wrong, and will be wrong again
 *   permanent    nobody is wrong, and it will still not succeed
 *   interrupted  somebody wanted it to end
 *   defect       the code threw something that is not a failure
 */
export type FailureClass = 'transient' | 'overload' | 'invalid' | 'permanent' | 'interrupted' | 'defect';

/** A failure's stable name: it never changes once released, and crosses process borders. */
export type FailureCode =
  | 'INVALID_PARAMS'
  | 'TIMEOUT'
  | 'MAILBOX_FULL'
  | 'NO_RESPONDER'
  | 'INTERRUPTED'
  | 'BUDGET_EXCEEDED'
  | 'WAIT_CYCLE'
  | 'HANDLING_OVER'
  | 'HOP_LIMIT'
  | 'CAPABILITY_ERROR'
  | 'TOOL_ERROR'
  | 'TOOL_PARSE_ERROR'
  | 'PROVIDER_UNAVAILABLE'
  | 'RATE_LIMITED'
  | 'CONTEXT_OVERFLOW'
  | 'REFUSAL'
  | 'STREAM_CUT'
  | 'MODEL_FALLBACK'
  | 'GUARDRAIL'
  | 'CORRUPT_JOURNAL'
  | 'NONDETERMINISM'
  | 'NOT_GATHERED'
  | 'NOT_PACKABLE'
  | 'NOT_UNPACKABLE'
  | 'DEFECT';

/** The root of every failure of ours. Users extend it for their own. */
export abstract class Failure extends Error {
  abstract readonly _tag: string;
  /** One of ours, or a name of your own. */
  abstract readonly code: FailureCode | (string & {});
  abstract readonly class: FailureClass;

  constructor(options?: ErrorOptions) {
    // The stack is what an error costs; its facts are what a reader needs.
    const framesMax = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(undefined, options);
    Error.stackTraceLimit = framesMax;
  }

  override get name(): string {
    return this._tag;
  }

  override toString(): string {
    return `${this._tag}: ${this.message}`;
  }
}

const classes: ReadonlySet<unknown> = new Set<FailureClass>([
  'transient',
  'overload',
  'invalid',
  'permanent',
  'interrupted',
  'defect',
]);

/**
 * Tells the class of anything that was thrown: a failure's own, otherwise `defect`. Never throws itself.
 *
 * A tagged value of another library counts when it carries a known `class`.
 *
 * @example
 * failureClass(new TypeError('x is undefined')) // => 'defect'
 * failureClass({ _tag: 'RateLimited', class: 'transient' }) // => 'transient'
 */
export function failureClass(thrown: unknown): FailureClass {
  try {
    const known = (thrown as { class?: unknown } | null | undefined)?.class;
    return classes.has(known) ? (known as FailureClass) : 'defect';
  } catch {
    // What throws when it is looked at is no failure of ours.
    return 'defect';
  }
}

/**
 * Whether what was thrown is of a class; `false` for what throws when it is looked at.
 *
 * @example
 * isOf(new RangeError('too far'), RangeError) // => true
 */
export function isOf<T>(thrown: unknown, kind: abstract new (...args: never[]) => T): thrown is T {
  try {
    return thrown instanceof kind;
  } catch {
    return false;
  }
}

/** Most of a thrown object that a message shows. */
const charactersMax = 500;

/**
 * Says in one line what was thrown, whatever it was, and never throws itself.
 *
 * @example
 * describeThrown(new RangeError('too far')) // => 'RangeError: too far'
 * describeThrown('just a string') // => "'just a string'"
 * describeThrown(undefined) // => 'undefined'
 */
export function describeThrown(thrown: unknown): string {
  try {
    if (thrown instanceof Error) {
      return `${thrown.name}: ${thrown.message}`;
    }
    if (typeof thrown === 'string') {
      return `'${thrown}'`;
    }
    if (typeof thrown === 'object' && thrown !== null) {
      return String(JSON.stringify(thrown)).slice(0, charactersMax);
    }
    return String(thrown);
  } catch {
    return 'a value that cannot be described';
  }
}

/**
 * Says what a cause says of itself, for the message of a failure made of it; never throws itself.
 *
 * @example
 * reasonOf(new RangeError('too far')) // => 'too far'
 * reasonOf(7) // => '7'
 * reasonOf({ left: 2, apiKey: 'sk-1' }) // => '{"left":2,"apiKey":"[redacted]"}'
 */
export function reasonOf(cause: unknown): string {
  try {
    if (cause instanceof Error) {
      return String(cause.message);
    }
    return typeof cause === 'object' && cause !== null ? describeValue(cause, charactersMax) : String(cause);
  } catch {
    return 'something that cannot be described';
  }
}
