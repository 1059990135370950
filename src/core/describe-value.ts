import { oneLine } from './one-line.ts';
import { type Plain, plainValue } from './plain-value.ts';
import type { IsSecret } from './redact.ts';
import { shorten } from './shorten.ts';

/**
 * Describes any value in one line, for a message or a log.
 *
 * An error is its tag (or name) and its message; everything else is JSON, as far
 * as `plainValue` makes it. Secrets are redacted by their names.
 *
 * Guarantees: never throws; at most `charsMax` characters; no line breaks.
 *
 * @example
 * describeValue({ id: 'a', tags: ['x'] }, 100) // => '{"id":"a","tags":["x"]}'
 * describeValue(new RangeError('too far'), 100) // => 'RangeError: too far'
 * describeValue('a long word', 8) // => '"a long…'
 */
export function describeValue(value: unknown, charsMax: number, isSecret?: IsSecret): string {
  const plain = value === undefined ? 'undefined' : plainValue(value, { charsMax, isSecret });
  return shorten(oneLine(asText(value, plain)), charsMax);
}

function asText(value: unknown, plain: Plain): string {
  if (typeof value === 'string') {
    return JSON.stringify(plain);
  }
  if (typeof plain !== 'object' || plain === null) {
    return String(plain);
  }
  if (isError(value)) {
    const { _tag, name, message } = plain as Readonly<Record<string, Plain>>;
    return `${_tag ?? name}: ${message}`;
  }
  return JSON.stringify(plain);
}

function isError(value: unknown): boolean {
  try {
    return value instanceof Error;
  } catch {
    // A proxy that does not tell its prototype.
    return false;
  }
}
