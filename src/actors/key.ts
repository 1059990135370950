/**
 * A key: the text by which the agents of a keyed group are told apart.
 *
 * A key is a text, or a finite number or a bigint, which stand for their decimal
 * text: `7` and `'7'` are one key. It has 1 to 256 characters and is well-formed.
 * In a path everything but letters, digits and `-_.!~*'()` is written as in a URL,
 * so whatever a user sends as a key is one token of a path.
 */
import type { Envelope } from '../core/envelope.ts';
import { describeThrown, Failure } from '../core/failure.ts';
import { shorten } from '../core/shorten.ts';
import { heed } from './thenable.ts';

/** Most characters of a key. */
export const keyLengthMax = 256;

/** A keyed group cannot tell for which key a message is. Its code is `INVALID_PARAMS`. */
export class NoKey extends Failure {
  readonly _tag = 'NoKey';
  readonly code = 'INVALID_PARAMS';
  readonly class = 'invalid';
  /** Path of the group. */
  readonly group: string;
  /** What `keyed` returned, if it did. */
  readonly key: unknown;
  readonly reason: string;

  constructor(facts: { group: string; key: unknown; reason: string; cause?: unknown }) {
    super(facts.cause === undefined ? undefined : { cause: facts.cause });
    this.group = facts.group;
    this.key = facts.key;
    this.reason = facts.reason;
  }

  override get message(): string {
    return `no key for a message to '${this.group}': ${this.reason}; a key is a text of 1 to ${keyLengthMax} characters, or a number`;
  }
}

/** A key failed too often and is left alone for a while. Its code is `NO_RESPONDER`. */
export class CoolingDown extends Failure {
  readonly _tag = 'CoolingDown';
  readonly code = 'NO_RESPONDER';
  readonly class = 'transient';
  /** Path of the key's agent. */
  readonly agent: string;
  /** How long it will still be left alone. */
  readonly afterMs: number;

  constructor(facts: { agent: string; afterMs: number }) {
    super();
    this.agent = facts.agent;
    this.afterMs = facts.afterMs;
  }

  override get message(): string {
    return `'${this.agent}' failed too often and takes messages again in ${Math.ceil(this.afterMs)} ms`;
  }
}

/** Says for which key a message is, or why that cannot be said. Never throws: whoever sends is not the one to hear of it. */
export function keyOf(
  keyed: (message: never, envelope: Envelope) => unknown,
  envelope: Envelope,
  group: string,
): string | NoKey {
  let key: unknown;
  try {
    key = keyed(envelope.payload as never, envelope);
  } catch (cause) {
    return new NoKey({ group, key: undefined, reason: `'keyed' threw ${describeThrown(cause)}`, cause });
  }
  if (typeof key === 'string' && key.length > 0 && key.length <= keyLengthMax) {
    return key;
  }
  return unusualKey(key, group);
}

/** What a key is called in a path; `undefined` for text that is not well-formed. */
export function idOfKey(key: string): string | undefined {
  try {
    return encodeURIComponent(key);
  } catch {
    return undefined;
  }
}

function unusualKey(key: unknown, group: string): string | NoKey {
  if (Number.isFinite(key) || typeof key === 'bigint') {
    const text = String(key);
    if (text.length <= keyLengthMax) {
      return text;
    }
  }
  try {
    // A promise of a key is no key, and when it fails it shall not end the process.
    heed(key, () => {});
  } catch {
    // It throws when it is looked at: no key either.
  }
  return new NoKey({ group, key, reason: `'keyed' returned ${shorten(describeThrown(key), 80)}` });
}
