/**
 * Reads values that somebody has packed, and believes nothing.
 *
 * Every length is compared with the bytes that are there before anything is made of it, and no list
 * is made larger than the elements that have been read. So a message costs what it weighs, whatever it
 * says it weighs.
 *
 * Guarantees
 *   - Only `NotUnpackable` is thrown for what the bytes say. Nothing that they say is run.
 *   - Bound: reading takes time in proportion to the bytes, and memory in proportion to bytes and `objectsMax`.
 *   - What is read shares no memory with the bytes.
 */
import { type CodecLimits, weightOf } from './codec-limits.ts';
import {
  arrayBufferCode,
  dataViewCode,
  dateMsMax,
  extension,
  firstRecordId,
  lastRecordId,
  token,
  viewKinds,
} from './message-pack.ts';
import { NotUnpackable, type NotUnpackableReason } from './not-unpackable.ts';
import { type RecordShape, RecordShapes } from './record-shapes.ts';
import { TextWindow } from './text-window.ts';

const nothing = Buffer.alloc(0);

export class ValueReader {
  readonly #limits: Required<CodecLimits>;
  readonly #remembered = new RecordShapes();
  readonly #texts = new TextWindow();
  readonly #digits = new Uint8Array(8);
  readonly #number = new DataView(this.#digits.buffer);
  #bytes: Uint8Array = nothing;
  #at = 0;
  #end = 0;
  #depth = 0;
  #objects = 0;
  /** The shapes of the records of this message, by id. */
  readonly #shapes = new Array<RecordShape | undefined>(lastRecordId - firstRecordId + 1).fill(undefined);
  #shapesMax = 0;

  constructor(limits: Required<CodecLimits>) {
    this.#limits = limits;
  }

  /** Begins to read at a byte. */
  begin(bytes: Uint8Array, at: number): void {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = bytes.length;
    this.#depth = 0;
    this.#objects = 0;
    this.#texts.begin(bytes);
    this.#remembered.begin();
  }

  /** All was read: there is nothing behind it. */
  end(): void {
    if (this.#at < this.#end) {
      throw this.refusal('trailing', `${this.#end - this.#at} bytes follow that belong to nothing`);
    }
  }

  /** Forgets the message. */
  forget(): void {
    this.#bytes = nothing;
    this.#texts.begin(nothing);
    while (this.#shapesMax > 0) {
      this.#shapesMax -= 1;
      this.#shapes[this.#shapesMax] = undefined;
    }
  }

  /** What to throw for what is said at this place. */
  refusal(reason: NotUnpackableReason, detail: string, cause?: unknown): NotUnpackable {
    const facts = { reason, detail, atByte: this.#at };
    return new NotUnpackable(cause === undefined ? facts : { ...facts, cause });
  }

  /** How many values there are in the list that begins here. */
  listLength(): number {
    const kind = this.#byte();
    if (kind >= token.shortList && kind < token.shortText) {
      return kind & 0x0f;
    }
    if (kind === token.list16) {
      return this.#uint(2);
    }
    if (kind === token.list32) {
      return this.#uint(4);
    }
    throw this.refusal('invalid', 'there is no list where one should be');
  }

  value(): unknown {
    const kind = this.#byte();
    if (kind < firstRecordId) {
      return kind;
    }
    if (kind >= token.shortText && kind < token.nil) {
      return this.#text(kind & 0x1f);
    }
    return this.#other(kind);
  }

  #other(kind: number): unknown {
    if (kind <= lastRecordId) {
      return this.#record(this.#shape(kind));
    }
    if (kind >= token.negative) {
      return kind - 0x100;
    }
    if (kind < token.shortList) {
      return this.#map(kind & 0x0f);
    }
    return kind < token.shortText ? this.#list(kind & 0x0f) : this.#long(kind);
  }

  #long(kind: number): unknown {
    switch (kind) {
      case token.nil:
        return null;
      case token.false:
        return false;
      case token.true:
        return true;
      case token.bin8:
        return this.#buffer(this.#uint(1));
      case token.bin16:
        return this.#buffer(this.#uint(2));
      case token.bin32:
        return this.#buffer(this.#uint(4));
      case token.ext8:
        return this.#extension(this.#uint(1));
      case token.ext16:
        return this.#extension(this.#uint(2));
      case token.ext32:
        return this.#extension(this.#uint(4));
      case token.float32:
        return this.#eight(4).getFloat32(0);
      case token.float64:
        return this.#eight(8).getFloat64(0);
      case token.uint8:
        return this.#uint(1);
      case token.uint16:
        return this.#uint(2);
      case token.uint32:
        return this.#uint(4);
      case token.uint64:
        return this.#eight(8).getBigUint64(0);
      case token.int8:
        return (this.#uint(1) << 24) >> 24;
      case token.int16:
        return (this.#uint(2) << 16) >> 16;
      case token.int32:
        return this.#uint(4) | 0;
      case token.int64:
        return this.#eight(8).getBigInt64(0);
      case token.fixext1:
        return this.#mark();
      case token.fixext2:
        return this.#extension(2);
      case token.fixext4:
        return this.#extension(4);
      case token.fixext8:
        return this.#extension(8);
      case token.fixext16:
        return this.#extension(16);
      case token.text8:
        return this.#text(this.#uint(1));
      case token.text16:
        return this.#text(this.#uint(2));
      case token.text32:
        return this.#text(this.#uint(4));
      case token.list16:
        return this.#list(this.#uint(2));
      case token.list32:
        return this.#list(this.#uint(4));
      case token.map16:
        return this.#map(this.#uint(2));
      case token.map32:
        return this.#map(this.#uint(4));
      default:
        throw this.refusal('invalid', 'no value begins with the byte c1');
    }
  }

  #byte(): number {
    const at = this.#at;
    if (at >= this.#end) {
      throw this.#truncated(1);
    }
    this.#at = at + 1;
    return this.#bytes[at]!;
  }

  /** Refuses what says that it is longer than what is left. */
  #need(bytes: number): void {
    if (bytes > this.#end - this.#at) {
      throw this.#truncated(bytes);
    }
  }

  #truncated(bytes: number): NotUnpackable {
    return this.refusal('truncated', `${bytes} bytes should follow, and there are ${this.#end - this.#at}`);
  }

  #uint(size: 1 | 2 | 4): number {
    this.#need(size);
    const bytes = this.#bytes;
    const at = this.#at;
    this.#at = at + size;
    if (size === 1) {
      return bytes[at]!;
    }
    if (size === 2) {
      return (bytes[at]! << 8) | bytes[at + 1]!;
    }
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }

  /** A number of at most eight bytes, where it can be read. */
  #eight(size: 4 | 8): DataView {
    this.#need(size);
    for (let index = 0; index < size; index += 1) {
      this.#digits[index] = this.#bytes[this.#at + index]!;
    }
    this.#at += size;
    return this.#number;
  }

  #text(size: number): string {
    this.#need(size);
    const from = this.#at;
    const text = this.#texts.read(from, from + size);
    if (text === undefined) {
      throw this.refusal('invalid', 'a text is no UTF-8');
    }
    this.#at = from + size;
    return text;
  }

  /** From here on values are in an object. */
  #enter(weight = 1): void {
    if (this.#depth === this.#limits.depthMax) {
      throw this.#tooDeep();
    }
    this.#depth += 1;
    this.#countObject(weight);
  }

  #tooDeep(): NotUnpackable {
    return this.refusal('too-deep', `it is deeper than depthMax, ${this.#depth} levels`);
  }

  #countObject(weight = 1): void {
    this.#objects += weight;
    if (this.#objects > this.#limits.objectsMax) {
      throw this.#tooMany();
    }
  }

  #tooMany(): NotUnpackable {
    return this.refusal(
      'too-many-objects',
      `it holds more than objectsMax, ${this.#limits.objectsMax} objects`,
    );
  }

  #list(length: number): unknown[] {
    this.#enter();
    this.#need(length);
    const list: unknown[] = [];
    for (let index = 0; index < length; index += 1) {
      list.push(this.value());
    }
    this.#depth -= 1;
    return list;
  }

  #map(size: number): Map<unknown, unknown> {
    this.#enter();
    this.#need(size * 2);
    const map = new Map<unknown, unknown>();
    for (let index = 0; index < size; index += 1) {
      const key = this.value();
      map.set(key, this.value());
    }
    if (map.size < size) {
      throw this.refusal('invalid', 'a map has the same key twice');
    }
    this.#depth -= 1;
    return map;
  }

  #set(): Set<unknown> {
    const size = this.listLength();
    this.#enter();
    this.#need(size);
    const set = new Set<unknown>();
    for (let index = 0; index < size; index += 1) {
      set.add(this.value());
    }
    if (set.size < size) {
      throw this.refusal('invalid', 'a set has the same element twice');
    }
    this.#depth -= 1;
    return set;
  }

  #record(shape: RecordShape, bare?: Record<string, unknown>): Record<string, unknown> {
    this.#enter(weightOf(shape.names.length));
    this.#need(shape.names.length);
    const object = bare ?? shape.object();
    const { names } = shape;
    if (shape.inherited) {
      this.#defineFields(object, names);
      this.#depth -= 1;
      return object;
    }
    for (let index = 0; index < names.length; index += 1) {
      object[names[index]!] = this.value();
    }
    this.#depth -= 1;
    return object;
  }

  #defineFields(object: object, names: readonly string[]): void {
    for (const name of names) {
      const value = this.value();
      Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
    }
  }

  #shape(id: number): RecordShape {
    const shape = this.#shapes[id - firstRecordId];
    if (shape === undefined) {
      throw this.refusal('invalid', `nothing has said which fields records of id ${id} have`);
    }
    return shape;
  }

  /** The names of the fields of records to come, which have an id from now on. */
  #define(id: number): RecordShape {
    if (id < firstRecordId || id > lastRecordId) {
      throw this.refusal('invalid', `records have no id ${id}`);
    }
    const from = this.#at;
    const known = this.#remembered.find(this.#bytes, from);
    const shape = known ?? this.#remembered.keep(this.#names(), this.#bytes, from, this.#at);
    if (known !== undefined) {
      this.#at = from + known.definition.length;
    }
    const place = id - firstRecordId;
    this.#shapes[place] = shape;
    this.#shapesMax = Math.max(this.#shapesMax, place + 1);
    return shape;
  }

  #names(): string[] {
    const length = this.listLength();
    this.#need(length);
    const names = new Set<string>();
    for (let index = 0; index < length; index += 1) {
      const name = this.#name();
      if (name === undefined || name === '__proto__' || names.has(name)) {
        throw this.refusal('invalid', 'the fields of a record have names, each once, and none is __proto__');
      }
      names.add(name);
    }
    return [...names];
  }

  /** A text; anything else is not read, so that it cannot go deeper. */
  #name(): string | undefined {
    const kind = this.#byte();
    if (kind >= token.shortText && kind < token.nil) {
      return this.#text(kind & 0x1f);
    }
    return kind >= token.text8 && kind <= token.text32 ? (this.#long(kind) as string) : undefined;
  }

  /** A byte that says what follows. */
  #mark(): unknown {
    const kind = this.#byte();
    const datum = this.#byte();
    switch (kind) {
      case extension.record:
        return this.#record(this.#define(datum));
      case extension.undefined:
        return undefined;
      case extension.set:
        return this.#set();
      case extension.bare:
        return this.#record(this.#nextShape(), Object.create(null));
      case extension.timestamp:
        this.#countObject();
        return new Date(Number.NaN);
      default:
        throw this.#unknown(kind);
    }
  }

  /** The shape of the record that must follow. */
  #nextShape(): RecordShape {
    const kind = this.#byte();
    if (kind === token.fixext1 && this.#byte() === extension.record) {
      return this.#define(this.#byte());
    }
    if (kind < firstRecordId || kind > lastRecordId) {
      throw this.refusal('invalid', 'no record follows where one should');
    }
    return this.#shape(kind);
  }

  #extension(size: number): unknown {
    const kind = this.#byte();
    this.#need(size);
    switch (kind) {
      case extension.binary:
        return this.#binary(size);
      case extension.timestamp:
        return this.#date(size);
      case extension.bigint:
        return this.#bigint(size);
      case extension.utf16:
        return this.#utf16(size);
      default:
        throw this.#unknown(kind);
    }
  }

  #unknown(kind: number): NotUnpackable {
    return this.refusal('invalid', `nothing is known of the extension ${kind}`);
  }

  /** Bytes of their own. There are as many. */
  #copy(size: number): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(size);
    copy.set(this.#bytes.subarray(this.#at, this.#at + size));
    this.#at += size;
    return copy;
  }

  #buffer(size: number): Buffer {
    this.#need(size);
    this.#countObject();
    return Buffer.from(this.#copy(size).buffer);
  }

  #binary(size: number): unknown {
    this.#countObject();
    if (size === 0) {
      throw this.refusal('invalid', 'binary data does not say what it is');
    }
    const code = this.#byte();
    const { buffer } = this.#copy(size - 1);
    if (code === arrayBufferCode) {
      return buffer;
    }
    if (code === dataViewCode) {
      return new DataView(buffer);
    }
    const kind = viewKinds[code];
    if (kind === undefined || buffer.byteLength % kind.BYTES_PER_ELEMENT !== 0) {
      throw this.refusal('invalid', `${buffer.byteLength} bytes are no binary data of kind ${code}`);
    }
    return new kind(buffer);
  }

  #bigint(size: number): bigint {
    if (size === 0) {
      throw this.refusal('invalid', 'a number has no digits');
    }
    const digits = Buffer.from(this.#copy(size).buffer).toString('hex');
    return BigInt.asIntN(size * 8, BigInt(`0x${digits}`));
  }

  #utf16(size: number): string {
    if (size % 2 !== 0) {
      throw this.refusal('invalid', 'a text ends within a character');
    }
    return Buffer.from(this.#copy(size).buffer).toString('utf16le');
  }

  #date(size: number): Date {
    this.#countObject();
    const atMs = this.#timestampMs(size);
    if (!(Math.abs(atMs) <= dateMsMax)) {
      throw this.refusal('invalid', 'a date is further away than any date can be');
    }
    return new Date(atMs);
  }

  #timestampMs(size: number): number {
    if (size === 4) {
      return this.#uint(4) * 1_000;
    }
    if (size === 8) {
      const high = this.#uint(4);
      return ((high & 3) * 2 ** 32 + this.#uint(4)) * 1_000 + Math.floor((high >>> 2) / 1_000_000);
    }
    if (size === 12) {
      const nanoseconds = this.#uint(4);
      return Number(this.#eight(8).getBigInt64(0)) * 1_000 + Math.floor(nanoseconds / 1_000_000);
    }
    throw this.refusal('invalid', `a date of ${size} bytes`);
  }
}
