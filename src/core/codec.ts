/**
 * The codec: envelopes as bytes and back, for whoever carries them out of the process or keeps them.
 *
 * A message begins with three bytes: c1, the version of the format (major and minor, four bits each), and
 * what it is (`E` for an envelope, `V` for a value). One value of MessagePack follows (message-pack.ts).
 * An envelope is a list of its fields in the order of `fields` below, so that their names do not travel.
 *
 * Each message can be read alone: nothing has to be handed over first, and none has to be read before another.
 *
 * Guarantees
 *   - What is packed is unpacked: equal in depth, -0, NaN and prototypes included. What cannot be is refused
 *     with its path. Nothing is changed silently.
 *   - Any bytes at all give a message or `NotUnpackable`, in time and memory in proportion to their number.
 *   - A later minor version may have more fields; they are left out. Another major version is refused.
 */
import { Lease, type Limits } from './budget.ts';
import { type CodecLimits, codecLimits } from './codec-limits.ts';
import { type Envelope, type Headers, noHeaders } from './envelope.ts';
import { describeThrown, isOf } from './failure.ts';
import { token } from './message-pack.ts';
import { NotPackable } from './not-packable.ts';
import { NotUnpackable, type NotUnpackableReason } from './not-unpackable.ts';
import { resources } from './resource.ts';
import { ValueReader } from './value-reader.ts';
import { ValueWriter } from './value-writer.ts';

/** What of an envelope travels. What lives in a process, the reply port and the lease, is left as facts. */
export interface EnvelopeFacts<M = unknown>
  extends Pick<
    Envelope<M>,
    | 'id'
    | 'to'
    | 'sender'
    | 'topic'
    | 'payload'
    | 'correlationId'
    | 'causationId'
    | 'threadId'
    | 'deadlineMs'
    | 'hops'
    | 'headers'
  > {
  /** Whether somebody waits for an answer. */
  readonly expectsReply: boolean;
  /** What might still be spent when it was packed, of what is limited; `undefined` when nothing is. */
  readonly budget: Limits | undefined;
}

/** Packs and unpacks, within its limits. */
export interface Codec {
  /**
   * Packs an envelope, or the facts of one.
   *
   * The bytes are the caller's. As with any small `Buffer` of Node the memory around them belongs to
   * other small buffers, and it is never written again: send the bytes, not their `buffer`. `postMessage` and
   * `structuredClone` copy that memory as a whole, other messages included, and refuse to transfer it: where that matters,
   * post a copy, `Uint8Array.from(bytes)`.
   *
   * Errors: `NotPackable`, with the path of what does not travel; nothing was packed then.
   */
  pack(envelope: Envelope | EnvelopeFacts): Uint8Array;
  /**
   * Unpacks an envelope. Its ids, deadline and payload are what the sender says they are: ids are those of its system,
   * the deadline is of its clock, and no schema has seen the payload.
   *
   * Errors: `NotUnpackable`, and nothing else, whatever the bytes are.
   */
  unpack(bytes: Uint8Array): EnvelopeFacts;
  /** Packs any value that travels. Errors: `NotPackable`. */
  packValue(value: unknown): Uint8Array;
  /** Unpacks a value. Errors: `NotUnpackable`. */
  unpackValue(bytes: Uint8Array): unknown;
}

const major = 1;
const minor = 0;
const version = (major << 4) | minor;
const prefixBytes = 3;
const kinds = { envelope: 0x45, value: 0x56 };

/** The fields of an envelope, in their order. A new one goes behind the last, and is a minor version. */
const fields = [
  'id',
  'to',
  'sender',
  'topic',
  'payload',
  'expectsReply',
  'correlationId',
  'causationId',
  'threadId',
  'deadlineMs',
  'hops',
  'headers',
  'budget',
] as const;

type Field = (typeof fields)[number];

const never = Number.POSITIVE_INFINITY;

/**
 * Makes a codec: bytes of envelopes and values, for brokers, journals and bridges.
 *
 * What travels: all that JSON can hold, `undefined`, every number (-0, NaN and the infinities, too), bigints, any
 * string, dates, maps, sets, array buffers and their views, Node's `Buffer`, objects without a prototype. Refused:
 * `Float16Array`, views and other built-ins with fields of their own, functions, symbols, classes of any kind, errors and regular expressions among them, cycles, lists with holes or fields, objects
 * with getters that throw, and a field called `__proto__`. A getter is read once, and its value travels; fields that
 * are not enumerable do not, as in JSON. What stands in two places is there twice afterwards.
 *
 * Cost: between two thirds and four fifths of what `JSON.stringify` and `JSON.parse` take by way of bytes, for an envelope of 340 bytes of JSON; no
 * eval. A codec keeps at most 64 KiB of memory from one message to the next, and the names of the fields of 256 records.
 *
 * @param limits What it takes, in both directions. Errors: `RangeError`.
 * @example
 * const wire = codec()
 * const bytes = wire.packValue({ at: new Date(0), counts: new Map([['ada', 3n]]) })
 * wire.unpackValue(bytes) // => { at: new Date(0), counts: new Map([['ada', 3n]]) }
 */
export function codec(limits: CodecLimits = {}): Codec {
  const made = new MessagePackCodec(codecLimits(limits));
  // So that each may be handed on by itself.
  return {
    pack: (envelope) => made.pack(envelope),
    unpack: (bytes) => made.unpack(bytes),
    packValue: (value) => made.packValue(value),
    unpackValue: (bytes) => made.unpackValue(bytes),
  };
}

class MessagePackCodec implements Codec {
  readonly #limits: Required<CodecLimits>;
  readonly #reader: ValueReader;
  /** The writer that is free, if it is: a getter may pack something while it is looked at. */
  #writer: ValueWriter | undefined;

  constructor(limits: Required<CodecLimits>) {
    this.#limits = limits;
    this.#reader = new ValueReader(limits);
  }

  pack(envelope: Envelope | EnvelopeFacts): Uint8Array {
    return this.#write(kinds.envelope, writeEnvelope, envelope);
  }

  unpack(bytes: Uint8Array): EnvelopeFacts {
    return this.#read(bytes, kinds.envelope, readEnvelope);
  }

  packValue(value: unknown): Uint8Array {
    return this.#write(kinds.value, writeValue, value);
  }

  unpackValue(bytes: Uint8Array): unknown {
    return this.#read(bytes, kinds.value, readValue);
  }

  #write<T>(kind: number, write: (writer: ValueWriter, what: T) => void, what: T): Uint8Array {
    const writer = this.#writer ?? new ValueWriter(this.#limits);
    this.#writer = undefined;
    try {
      writer.begin(token.never, version, kind);
      write(writer, what);
      return writer.end();
    } catch (thrown) {
      throw notPackable(writer, thrown);
    } finally {
      writer.forget();
      this.#writer = writer;
    }
  }

  #read<T>(bytes: Uint8Array, kind: number, read: (reader: ValueReader) => T): T {
    const reader = this.#reader;
    try {
      if (!beginsAs(kind, bytes) || bytes.length > this.#limits.bytesMax) {
        throw this.#wrongPrefix(bytes, kind);
      }
      reader.begin(bytes, prefixBytes);
      const what = read(reader);
      reader.end();
      return what;
    } catch (thrown) {
      throw this.#typed(thrown);
    } finally {
      reader.forget();
    }
  }

  // What is seldom needed stands apart: V8 compiles small functions into their callers.

  #typed(thrown: unknown): NotUnpackable {
    return isOf(thrown, NotUnpackable)
      ? thrown
      : this.#reader.refusal('invalid', `to read it threw ${describeThrown(thrown)}`, thrown);
  }

  #wrongPrefix(bytes: Uint8Array, kind: number): NotUnpackable {
    const refused = (reason: NotUnpackableReason, detail: string, atByte: number) =>
      new NotUnpackable({ reason, detail, atByte });
    if (!isOf(bytes, Uint8Array)) {
      return refused('not-ours', 'what was given is no Uint8Array', 0);
    }
    if (bytes.length > this.#limits.bytesMax) {
      return refused('too-large', `there are ${bytes.length}, and bytesMax is ${this.#limits.bytesMax}`, 0);
    }
    if (bytes.length < prefixBytes || bytes[0] !== token.never) {
      return refused('not-ours', 'they do not begin as a message of Troupe does', 0);
    }
    if (bytes[1]! >> 4 !== major) {
      const written = `${bytes[1]! >> 4}.${bytes[1]! & 0x0f}`;
      return refused(
        'unknown-version',
        `they are of version ${written}, and this release reads ${major}.x`,
        1,
      );
    }
    const wanted = kind === kinds.value ? 'a packed value' : 'a packed envelope';
    return refused('other-kind', `they are not ${wanted}`, 2);
  }
}

function notPackable(writer: ValueWriter, thrown: unknown): NotPackable {
  return isOf(thrown, NotPackable)
    ? thrown
    : writer.refusal('threw', `to look at it threw ${describeThrown(thrown)}`, undefined, thrown);
}

/** Whether bytes have a prefix that this release reads. */
function beginsAs(kind: number, bytes: Uint8Array): boolean {
  return (
    bytes instanceof Uint8Array && bytes[0] === token.never && bytes[1]! >> 4 === major && bytes[2] === kind
  );
}

const writeValue = (writer: ValueWriter, value: unknown): void => writer.value(value);
const readValue = (reader: ValueReader): unknown => reader.value();

function writeEnvelope(writer: ValueWriter, envelope: Envelope | EnvelopeFacts): void {
  const { deadlineMs, headers } = envelope;
  writer.list(fields.length);
  writeCount(writer, 'id', envelope.id);
  writeText(writer, 'to', envelope.to);
  writeText(writer, 'sender', envelope.sender);
  writeText(writer, 'topic', envelope.topic);
  writer.field('payload', envelope.payload);
  writer.value(checked('expectsReply', expectsReply(envelope), isBoolean));
  writeCount(writer, 'correlationId', envelope.correlationId ?? null);
  writeCount(writer, 'causationId', envelope.causationId ?? null);
  writeText(writer, 'threadId', envelope.threadId);
  writer.value(deadlineMs === never ? null : checked('deadlineMs', deadlineMs, isTime));
  writeCount(writer, 'hops', envelope.hops);
  writer.field('headers', headers === noHeaders ? null : checked('headers', copied(headers), areHeaders));
  const budget = budgetOf(envelope);
  writer.field('budget', budget === undefined ? null : checked('budget', copied(budget), areLimits));
}

function checked<T>(field: Field, value: T, isRight: (value: unknown) => boolean): T {
  if (!isRight(value)) {
    throw malformed(field, value);
  }
  return value;
}

/** Fields that say the same when they are looked at and when they are written. */
function copied<T>(value: T): T {
  if (!isPlain(value)) {
    return value;
  }
  return Object.getPrototypeOf(value) === null ? Object.assign(Object.create(null), value) : { ...value };
}

// One function for each type, and not one with a check as an argument: these are most of what an envelope costs.

function writeCount(writer: ValueWriter, field: Field, value: number | null): void {
  if (value !== null && !isCount(value)) {
    throw malformed(field, value);
  }
  writer.value(value);
}

function writeText(writer: ValueWriter, field: Field, value: string | undefined): void {
  if (value === undefined) {
    writer.value(null);
  } else if (typeof value === 'string') {
    writer.value(value);
  } else {
    throw malformed(field, value);
  }
}

const malformed = (field: Field, value: unknown): NotPackable =>
  new NotPackable({ reason: 'malformed', path: field, detail: rules[field], value });

function readEnvelope(reader: ValueReader): EnvelopeFacts {
  const length = reader.listLength();
  if (length < fields.length) {
    throw reader.refusal('malformed', `an envelope has ${fields.length} fields, and this one ${length}`);
  }
  const facts: EnvelopeFacts = {
    id: present(reader, 'id', readCount(reader, 'id')),
    to: readText(reader, 'to'),
    sender: readText(reader, 'sender'),
    topic: readText(reader, 'topic'),
    payload: reader.value(),
    expectsReply: present(reader, 'expectsReply', readOptional(reader, 'expectsReply', isBoolean)),
    correlationId: readCount(reader, 'correlationId'),
    causationId: readCount(reader, 'causationId'),
    threadId: readText(reader, 'threadId'),
    deadlineMs: readOptional(reader, 'deadlineMs', isTime) ?? never,
    hops: present(reader, 'hops', readCount(reader, 'hops')),
    headers: readOptional(reader, 'headers', areHeaders) ?? noHeaders,
    budget: readOptional(reader, 'budget', areLimits),
  };
  for (let more = fields.length; more < length; more += 1) {
    // Of a later minor version.
    reader.value();
  }
  return facts;
}

function readText(reader: ValueReader, field: Field): string | undefined {
  const value = reader.value();
  if (typeof value === 'string') {
    return value;
  }
  if (value === null) {
    return undefined;
  }
  throw reader.refusal('malformed', `${field}: ${rules[field]}`);
}

function readCount(reader: ValueReader, field: Field): number | undefined {
  const value = reader.value();
  if (isCount(value)) {
    return value;
  }
  if (value === null) {
    return undefined;
  }
  throw reader.refusal('malformed', `${field}: ${rules[field]}`);
}

function readOptional<T>(
  reader: ValueReader,
  field: Field,
  isRight: (value: unknown) => value is T,
): T | undefined {
  const value = reader.value();
  if (value === null) {
    return undefined;
  }
  if (!isRight(value)) {
    throw reader.refusal('malformed', `${field}: ${rules[field]}`);
  }
  return value;
}

function present<T>(reader: ValueReader, field: Field, value: T | undefined): T {
  if (value === undefined) {
    throw reader.refusal('malformed', `${field}: ${rules[field]}`);
  }
  return value;
}

const rules: Readonly<Record<Field, string>> = {
  id: 'it is a whole number from 0 up',
  to: 'it is text, or absent',
  sender: 'it is text, or absent',
  topic: 'it is text, or absent',
  payload: 'it is anything that travels',
  expectsReply: 'it is true or false',
  correlationId: 'it is a whole number from 0 up, or absent',
  causationId: 'it is a whole number from 0 up, or absent',
  threadId: 'it is text, or absent',
  deadlineMs: 'it is a number of milliseconds, or absent for never',
  hops: 'it is a whole number from 0 up',
  headers: 'they are texts by name',
  budget: `it is amounts from 0 up of ${resources.join(', ')}`,
};

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value;
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isTime = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);

function areHeaders(value: unknown): value is Headers {
  if (!isPlain(value)) {
    return false;
  }
  for (const name in value) {
    if (typeof value[name] !== 'string') {
      return false;
    }
  }
  return true;
}

function areLimits(value: unknown): value is Limits {
  return (
    isPlain(value) &&
    Object.entries(value).every(
      ([name, amount]) => known.has(name) && typeof amount === 'number' && amount >= 0,
    )
  );
}

const known: ReadonlySet<string> = new Set(resources);

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function expectsReply(envelope: Envelope | EnvelopeFacts): boolean {
  return 'expectsReply' in envelope ? envelope.expectsReply : envelope.replyTo !== undefined;
}

/** What may still be spent, of what is limited. */
function budgetOf({ budget }: Envelope | EnvelopeFacts): Limits | undefined {
  if (!(budget instanceof Lease)) {
    return budget;
  }
  const left = resources
    .map((resource) => [resource, budget.remaining(resource)] as const)
    .filter(([, amount]) => amount !== never);
  return left.length === 0
    ? undefined
    : Object.fromEntries(left.map(([name, amount]) => [name, Math.max(0, amount)]));
}
