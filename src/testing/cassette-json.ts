/**
 * Cassette JSON: how values that JSON does not have stand in a cassette.
 *
 *     { "$bytes": "AQI=" }            Uint8Array and its like        { "$bigint": "7" }
 *     { "$bytes": {…} }               their digest, in a request     { "$number": "NaN" }
 *     { "$date": "2026-…" }           Date                           { "$undefined": true }  in a list
 *     { "$url": "https://…" }         URL                            { "$error": {…} }
 *     { "$map": [[key, value]] }      Map, sorted by key             { "$set": […] }         sorted
 *     { "$regexp": "/a/g" }
 *
 * Fields that are undefined, functions and symbols are left out, as in JSON. A
 * field of one's own that begins with `$` gets another one.
 *
 * Guarantees: values that are equal, whatever the order of their fields, of a Map
 * or of a Set, give the same text when `sorted`; what is read back is equal to
 * what was written, but for -0, digests, and what was left out.
 */
import { createHash } from 'node:crypto';
import { Failure } from '../core/failure.ts';
import type { JsonValue } from '../models/language-model.ts';
import { isProviderError, ProviderError } from './provider-error.ts';

/** A value that cannot stand in a cassette. */
export class NotRecordable extends Failure {
  readonly _tag = 'NotRecordable';
  readonly code = 'NOT_RECORDABLE';
  readonly class = 'invalid';
  /** Where it is, as `prompt.0.content`. */
  readonly path: string;
  readonly reason: string;

  constructor(facts: { path: string; reason: string }) {
    super();
    this.path = facts.path;
    this.reason = facts.reason;
  }

  override get message(): string {
    return `what is at '${this.path}' cannot be recorded: ${this.reason}. Give the model plain data there`;
  }
}

export interface WritingOptions {
  /** Whether fields stand in alphabetical order. */
  readonly sorted: boolean;
  /** Whether only the digest of bytes is kept: enough to compare them, not to read them back. */
  readonly digests: boolean;
}

/** Deeper than any request; a value that contains itself is deeper still. */
const depthMax = 100;

/** Errors: `NotRecordable`, for what contains itself. */
export function toCassetteJson(value: unknown, options: WritingOptions): JsonValue {
  return new Writing(options).element(value, []);
}

class Writing {
  readonly #options: WritingOptions;

  constructor(options: WritingOptions) {
    this.#options = options;
  }

  /** `undefined` for what is left out. */
  #of(value: unknown, path: readonly string[]): JsonValue | undefined {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) ? value + 0 : { $number: String(value) };
      case 'bigint':
        return { $bigint: String(value) };
      case 'object':
        return value === null ? null : this.#object(value, path);
      default:
        return undefined;
    }
  }

  #object(value: object, path: readonly string[]): JsonValue {
    if (path.length > depthMax) {
      const reason = 'it contains itself, or is very deep';
      throw new NotRecordable({ path: path.slice(0, 8).join('.'), reason });
    }
    if (Array.isArray(value)) {
      return value.map((element, n) => this.element(element, [...path, String(n)]));
    }
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      return { $bytes: this.#bytes(value) };
    }
    if (value instanceof Date) {
      return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() };
    }
    if (value instanceof URL) {
      return { $url: value.href };
    }
    if (value instanceof RegExp) {
      return { $regexp: String(value) };
    }
    if (value instanceof Map) {
      const entries = [...value].map((entry) =>
        entry.map((each, n) => this.element(each, [...path, `${n}`])),
      );
      return { $map: inOrder(entries) };
    }
    if (value instanceof Set) {
      return { $set: inOrder([...value].map((each, n) => this.element(each, [...path, String(n)]))) };
    }
    if (value instanceof Error) {
      return { $error: this.#record(factsOf(value), path) };
    }
    const { toJSON } = value as { toJSON?: unknown };
    return typeof toJSON === 'function'
      ? this.element(toJSON.call(value), [...path, 'toJSON()'])
      : this.#record(value, path);
  }

  /** Where something must stand. */
  element(value: unknown, path: readonly string[]): JsonValue {
    const written = this.#of(value, path);
    return written === undefined ? { $undefined: true } : written;
  }

  #record(value: object, path: readonly string[]): JsonValue {
    const names = this.#options.sorted ? Object.keys(value).toSorted() : Object.keys(value);
    return Object.fromEntries(
      names.flatMap((name) => {
        const written = this.#of(Reflect.get(value, name), [...path, name]);
        return written === undefined ? [] : [[name.startsWith('$') ? `$${name}` : name, written]];
      }),
    );
  }

  #bytes(value: ArrayBufferView | ArrayBuffer): JsonValue {
    const bytes = ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value);
    return this.#options.digests
      ? { length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
      : Buffer.from(bytes).toString('base64');
  }
}

const inOrder = (values: readonly JsonValue[]): JsonValue[] =>
  values
    .map((value) => ({ value, text: JSON.stringify(value) }))
    .toSorted((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ value }) => value);

/** What an error says of itself that another run can say again. The request that it is of is not among it. */
function factsOf(error: Error): object {
  const { name, message } = error;
  const told = ['cause', '_tag', 'code', 'class'].flatMap((fact) => {
    const value: unknown = Reflect.get(error, fact);
    return value === undefined || (fact !== 'cause' && typeof value !== 'string') ? [] : [[fact, value]];
  });
  const facts = { name, message, ...Object.fromEntries(told) };
  if (!isProviderError(error)) {
    return facts;
  }
  const { statusCode, isRetryable, data } = error;
  const responseHeaders = steering(error.responseHeaders);
  return { ...facts, provider: { statusCode, isRetryable, responseHeaders, data, url: placeOf(error.url) } };
}

/** Headers that say when to try again; the others are about whoever asked. */
const steeringHeaders: ReadonlySet<string> = new Set(['retry-after', 'retry-after-ms', 'x-should-retry']);

function steering(headers: Readonly<Record<string, string>> | undefined): object | undefined {
  const kept = Object.entries(headers ?? {}).filter(([name]) => steeringHeaders.has(name.toLowerCase()));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** The address without who asks and what is asked: keys stand there. */
function placeOf(url: unknown): string | undefined {
  if (typeof url !== 'string' || !URL.canParse(url)) {
    return undefined;
  }
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** Reads back what was written; an unknown tag is left as it stands. */
export function fromCassetteJson(json: JsonValue): unknown {
  if (typeof json !== 'object' || json === null) {
    return json;
  }
  if (Array.isArray(json)) {
    return json.map((element) => fromCassetteJson(element as JsonValue));
  }
  const entries = Object.entries(json as Record<string, JsonValue>);
  const [tag, content] = entries.length === 1 ? entries[0]! : ['', null];
  const read = readers.get(tag);
  if (read !== undefined) {
    return read(content);
  }
  return Object.fromEntries(
    entries.map(([name, value]) => [name.startsWith('$$') ? name.slice(1) : name, fromCassetteJson(value)]),
  );
}

/** A Map, because a field of one's own may be called `constructor`. */
const readers: ReadonlyMap<string, (content: JsonValue) => unknown> = new Map(
  Object.entries({
    $bytes: (content: JsonValue) =>
      typeof content === 'string' ? new Uint8Array(Buffer.from(content, 'base64')) : { $bytes: content },
    $date: (content: JsonValue) => new Date(content === null ? Number.NaN : String(content)),
    $url: (content: JsonValue) => new URL(String(content)),
    $regexp: (content: JsonValue) => {
      const text = String(content);
      const end = text.lastIndexOf('/');
      return new RegExp(text.slice(1, end), text.slice(end + 1));
    },
    $map: (content: JsonValue) => new Map(fromCassetteJson(content) as [unknown, unknown][]),
    $set: (content: JsonValue) => new Set(fromCassetteJson(content) as unknown[]),
    $bigint: (content: JsonValue) => BigInt(String(content)),
    $number: (content: JsonValue) => Number(content),
    $undefined: () => undefined,
    $error: (content: JsonValue) => errorOf(fromCassetteJson(content) as ErrorFacts),
  }),
);

interface ErrorFacts {
  readonly name: string;
  readonly message: string;
  readonly cause?: unknown;
  readonly _tag?: string;
  readonly code?: string;
  readonly class?: string;
  readonly provider?: object;
}

const kinds = new Map<string, typeof Error>(
  [TypeError, RangeError, SyntaxError].map((Kind) => [Kind.name, Kind] as const),
);

function errorOf({ name, message, cause, provider, ...facts }: ErrorFacts): Error {
  if (name === 'AbortError' || name === 'TimeoutError') {
    return new DOMException(message, name);
  }
  const Kind = kinds.get(name) ?? Error;
  const error =
    provider === undefined
      ? new Kind(message, cause === undefined ? undefined : { cause })
      : new ProviderError({ ...provider, message, cause });
  if (error.name !== name) {
    Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  }
  return Object.assign(error, facts);
}
