/**
 * Writes values as MessagePack, each property read once.
 *
 * What is written is what is read back: anything else is refused, with its path. To look at a
 * value first and to write it afterwards would not do: a getter or a proxy may say something else the
 * second time.
 *
 * Cost: one pass. Of an object the prototype, names and symbols are looked at; of a list the names,
 * which costs about as much again as the list itself.
 */
import { type CodecLimits, weightOf } from './codec-limits.ts';
import {
  arrayBufferCode,
  dataViewCode,
  extension,
  firstRecordId,
  lastRecordId,
  token,
  viewKinds,
} from './message-pack.ts';
import { NotPackable, type NotPackableReason } from './not-packable.ts';
import { type WrittenShape, WrittenShapes } from './written-shapes.ts';

/** Small messages share the memory of a slab, as small buffers of Node do. */
const slabBytes = 8 * 1_024;
/** What a larger message needed is given back. */
const slabBytesKept = 64 * 1_024;
/** A message that is larger gets memory of its own. */
const copiedFrom = 2 * 1_024;
/** Room that is there before each value: enough for all that has no length of its own, and for a short text. */
const spare = 64;
const shortTextMax = 31;

const viewCodes = new Map<object, number>(viewKinds.map((kind, code) => [kind.prototype, code]));

/** Where something is in an object: a name, an index, or nowhere yet. */
type Place = string | number | undefined;

/** A power of two. */
const guessesMax = 32;

export class ValueWriter {
  readonly #limits: Required<CodecLimits>;
  readonly #shapes = new WrittenShapes();
  #slab = Buffer.allocUnsafeSlow(slabBytes);
  #numbers = viewOf(this.#slab);
  /** From here on there is not enough room for the next value. */
  #fullAt = slabBytes - spare;
  /** Where the message begins. What is before it has been handed out, and is not written again. */
  #from = 0;
  #at = 0;
  #objects = 0;
  /** The objects in which the next value is, from the outside in, and where in each of them. */
  #depth = 0;
  readonly #around: (object | undefined)[] = [];
  readonly #places: Place[] = [];
  /** What all places are in: a field of the envelope. */
  #root = '';
  readonly #guesses = new Array<WrittenShape | undefined>(guessesMax).fill(undefined);
  /** The number of the message. */
  #message = 0;
  #shapesDefined = 0;
  /** The shape that has the last id there is. */
  #lastShape: WrittenShape | undefined;
  /** Whether somebody has given all objects a name that a loop over names meets. */
  #inherited = false;

  constructor(limits: Required<CodecLimits>) {
    this.#limits = limits;
  }

  /** Begins a message with three bytes that say what it is. */
  begin(first: number, second: number, third: number): void {
    this.#message += 1;
    this.#at = this.#from;
    this.#objects = 0;
    this.#root = '';
    this.#shapesDefined = 0;
    this.#inherited = anythingInherited();
    this.#makeRoom(spare);
    this.#byte(first);
    this.#byte(second);
    this.#byte(third);
  }

  /** The message. */
  end(): Uint8Array {
    const from = this.#from;
    const bytes = this.#at - from;
    if (bytes > this.#limits.bytesMax) {
      throw this.#tooLarge();
    }
    const message = this.#slab.subarray(from, this.#at);
    if (bytes > copiedFrom) {
      return Buffer.from(message);
    }
    // The next one begins where a number of 8 bytes may.
    this.#from = (this.#at + 7) & ~7;
    return message;
  }

  /** Forgets what the last message was made of. */
  forget(): void {
    this.#lastShape = undefined;
    this.#shapes.forgetLarge();
    // Only what failed was left in the midst of something.
    while (this.#depth > 0) {
      this.#leave();
    }
    if (this.#slab.length > slabBytesKept || this.#from > this.#fullAt) {
      this.#at = this.#from;
      this.#replaceSlab(slabBytes);
    }
  }

  /** Begins a list of as many values as follow. */
  list(length: number): void {
    this.#count(length, token.shortList, token.list16);
  }

  /** Writes what is found at a place that is called `root`. */
  field(root: string, value: unknown): void {
    this.#root = root;
    this.value(value);
  }

  value(value: unknown): void {
    if (this.#at > this.#fullAt) {
      this.#makeRoom(spare);
    }
    if (typeof value === 'string') {
      this.#text(value);
    } else if (typeof value === 'number') {
      this.#number(value);
    } else if (value === null) {
      this.#byte(token.nil);
    } else {
      this.#other(value);
    }
  }

  #other(value: unknown): void {
    switch (typeof value) {
      case 'object':
        this.#object(value as object);
        break;
      case 'boolean':
        this.#byte(value ? token.true : token.false);
        break;
      case 'undefined':
        this.#tag(extension.undefined);
        break;
      case 'bigint':
        this.#bigint(value);
        break;
      default:
        throw this.refusal('unsupported', `a ${typeof value} does not travel`, value);
    }
  }

  /** What to throw for a value at the place that is being written. */
  refusal(reason: NotPackableReason, detail: string, value: unknown, cause?: unknown): NotPackable {
    const path = pathOf(this.#root, this.#places.slice(0, this.#depth));
    return new NotPackable({ reason, path, detail, value, ...(reason === 'threw' ? { cause } : {}) });
  }

  #byte(byte: number): void {
    this.#slab[this.#at] = byte;
    this.#at += 1;
  }

  /** A mark of what the next value is. */
  #tag(kind: number): void {
    this.#byte(token.fixext1);
    this.#byte(kind);
    this.#byte(0);
  }

  #copy(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length + spare);
    const slab = this.#slab;
    const at = this.#at;
    for (let index = 0; index < bytes.length; index += 1) {
      slab[at + index] = bytes[index]!;
    }
    this.#at = at + bytes.length;
  }

  #uint16(value: number): void {
    this.#numbers.setUint16(this.#at, value);
    this.#at += 2;
  }

  #uint32(value: number): void {
    this.#numbers.setUint32(this.#at, value);
    this.#at += 4;
  }

  /** How many of something follow. */
  #count(count: number, short: number, long: number): void {
    if (count < 16) {
      this.#byte(short | count);
    } else if (count < 0x1_0000) {
      this.#byte(long);
      this.#uint16(count);
    } else {
      this.#byte(long + 1);
      this.#uint32(count);
    }
  }

  /** How many bytes of something follow. `kind8` and the two after it have counts of 1, 2 and 4 bytes. */
  #size(bytes: number, kind8: number): void {
    if (bytes < 0x100) {
      this.#byte(kind8);
      this.#byte(bytes);
    } else if (bytes < 0x1_0000) {
      this.#byte(kind8 + 1);
      this.#uint16(bytes);
    } else {
      this.#byte(kind8 + 2);
      this.#uint32(bytes);
    }
  }

  #number(value: number): void {
    if (value >>> 0 === value && value !== 0) {
      if (value < firstRecordId) {
        this.#byte(value);
      } else if (value < 0x100) {
        this.#byte(token.uint8);
        this.#byte(value);
      } else if (value < 0x1_0000) {
        this.#byte(token.uint16);
        this.#uint16(value);
      } else {
        this.#byte(token.uint32);
        this.#uint32(value);
      }
    } else {
      this.#otherNumber(value);
    }
  }

  #otherNumber(value: number): void {
    if (value === 0 && 1 / value > 0) {
      this.#byte(0);
    } else if (value >> 0 !== value || value === 0) {
      this.#byte(token.float64);
      this.#numbers.setFloat64(this.#at, value);
      this.#at += 8;
    } else if (value >= -0x20) {
      this.#byte(value & 0xff);
    } else if (value >= -0x80) {
      this.#byte(token.int8);
      this.#byte(value & 0xff);
    } else if (value >= -0x8000) {
      this.#byte(token.int16);
      this.#uint16(value & 0xffff);
    } else {
      this.#byte(token.int32);
      this.#uint32(value >>> 0);
    }
  }

  #text(text: string): void {
    const { length } = text;
    if (length > shortTextMax) {
      this.#longText(text);
      return;
    }
    // Most texts are short and ASCII: a loop is quicker than a call of the host.
    const slab = this.#slab;
    const begin = this.#at + 1;
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) {
        this.#longText(text);
        return;
      }
      slab[begin + index] = unit;
    }
    slab[begin - 1] = token.shortText | length;
    this.#at = begin + length;
  }

  #longText(text: string): void {
    const size = Buffer.byteLength(text);
    if (size !== text.length && !text.isWellFormed()) {
      this.#utf16(text);
      return;
    }
    this.#makeRoom(size + spare);
    if (size <= shortTextMax) {
      this.#byte(token.shortText | size);
    } else {
      this.#size(size, token.text8);
    }
    this.#slab.write(text, this.#at, 'utf8');
    this.#at += size;
  }

  #utf16(text: string): void {
    const size = text.length * 2;
    this.#makeRoom(size + spare);
    this.#size(size, token.ext8);
    this.#byte(extension.utf16);
    this.#slab.write(text, this.#at, 'utf16le');
    this.#at += size;
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.#byte(token.int64);
      this.#numbers.setBigInt64(this.#at, value);
      this.#at += 8;
    } else if (BigInt.asUintN(64, value) === value) {
      this.#byte(token.uint64);
      this.#numbers.setBigUint64(this.#at, value);
      this.#at += 8;
    } else {
      // Two's complement, with room for the sign. Through hexadecimal, because that takes linear time.
      const size = ((value < 0n ? ~value : value).toString(16).length >> 1) + 1;
      const digits = BigInt.asUintN(size * 8, value)
        .toString(16)
        .padStart(size * 2, '0');
      this.#makeRoom(size + spare);
      this.#size(size, token.ext8);
      this.#byte(extension.bigint);
      this.#slab.write(digits, this.#at, 'hex');
      this.#at += size;
    }
  }

  #object(value: object): void {
    const prototype: object | null = Object.getPrototypeOf(value);
    if (Array.isArray(value)) {
      if (prototype !== Array.prototype) {
        throw this.refusal('unsupported', 'only plain arrays travel, not those of a class', value);
      }
      this.#array(value);
    } else if (prototype === Object.prototype) {
      this.#record(value as Record<string, unknown>);
    } else if (prototype === null) {
      this.#tag(extension.bare);
      this.#record(value as Record<string, unknown>);
    } else {
      this.#builtIn(value, prototype);
    }
  }

  /** From here on values are in this one. */
  #enter(value: object): void {
    const around = this.#around;
    const depth = this.#depth;
    for (let level = 0; level < depth; level += 1) {
      if (around[level] === value) {
        throw this.#cyclic(value);
      }
    }
    if (depth === this.#limits.depthMax) {
      throw this.#tooDeep(value);
    }
    this.#countObject(value);
    around[depth] = value;
    this.#places[depth] = undefined;
    this.#depth = depth + 1;
  }

  #cyclic(value: object): NotPackable {
    return this.refusal('cyclic', 'it holds itself; send ids instead of references', value);
  }

  #tooDeep(value: object): NotPackable {
    const depth = this.#depth;
    const detail = `it is deeper than ${depth} levels; send it flatter, or raise depthMax`;
    return this.refusal('too-deep', detail, value);
  }

  #leave(): void {
    this.#depth -= 1;
    this.#around[this.#depth] = undefined;
  }

  #countObject(value: object, weight = 1): void {
    this.#objects += weight;
    if (this.#objects > this.#limits.objectsMax) {
      throw this.#tooMany(value);
    }
  }

  #tooMany(value: object): NotPackable {
    const detail = `it is one more than ${this.#limits.objectsMax} objects; send less at once, or raise objectsMax`;
    return this.refusal('too-many-objects', detail, value);
  }

  #record(value: Record<string, unknown>): void {
    this.#enter(value);
    if (Object.getOwnPropertySymbols(value).length > 0) {
      throw this.refusal('unsupported', 'names that are symbols do not travel', value);
    }
    const level = this.#depth - 1;
    const { names } = this.#shape(value);
    this.#countObject(value, weightOf(names.length) - 1);
    let written = 0;
    // A loop over names that reads what they name is four times as quick as one over `Object.keys`.
    for (const name in value) {
      if (this.#inherited && !Object.hasOwn(value, name)) {
        continue;
      }
      if (names[written] !== name) {
        break;
      }
      this.#places[level] = name;
      this.value(value[name]);
      written += 1;
    }
    if (written < names.length) {
      throw this.refusal('unsupported', 'its fields change while they are looked at', value);
    }
    this.#leave();
  }

  /** Says which names the values have that follow. */
  #shape(value: Record<string, unknown>): WrittenShape {
    const known = this.#knownShape(value);
    if (known !== undefined && known.message === this.#message) {
      this.#byte(known.id);
      return known;
    }
    const id = this.#nextId();
    this.#byte(token.fixext1);
    this.#byte(extension.record);
    this.#byte(id);
    const shape = known ?? this.#newShape(value);
    if (known !== undefined) {
      this.#copy(known.definition);
    }
    shape.message = this.#message;
    shape.id = id;
    if (known === undefined) {
      this.#shapes.keep(shape);
    }
    if (id === lastRecordId) {
      this.#lastShape = shape;
    }
    return shape;
  }

  /** The last id is given to each shape for which there is no other any more. */
  #nextId(): number {
    const id = Math.min(firstRecordId + this.#shapesDefined, lastRecordId);
    this.#shapesDefined += 1;
    if (this.#lastShape !== undefined) {
      this.#lastShape.message = 0;
    }
    return id;
  }

  #knownShape(value: Record<string, unknown>): WrittenShape | undefined {
    // Messages are like those before them: the third object in this one may well have the shape of the third in the last.
    const place = this.#objects & (guessesMax - 1);
    const guess = this.#guesses[place];
    if (guess?.kept === true && this.#hasShape(value, guess)) {
      return guess;
    }
    const shape = this.#searchedShape(value);
    this.#guesses[place] = shape;
    return shape;
  }

  #searchedShape(value: Record<string, unknown>): WrittenShape | undefined {
    for (const shape of this.#shapes.startingWith(this.#firstName(value))) {
      if (this.#hasShape(value, shape)) {
        return shape;
      }
    }
    return undefined;
  }

  #firstName(value: object): string {
    for (const name in value) {
      if (!this.#inherited || Object.hasOwn(value, name)) {
        return name;
      }
    }
    return '';
  }

  #hasShape(value: object, { names }: WrittenShape): boolean {
    let index = 0;
    for (const name in value) {
      if (this.#inherited && !Object.hasOwn(value, name)) {
        continue;
      }
      if (names[index] !== name) {
        return false;
      }
      index += 1;
    }
    return index === names.length;
  }

  /** Writes the names of an object. */
  #newShape(value: object): WrittenShape {
    const names = Object.keys(value);
    let begin = this.#at - this.#from;
    this.list(names.length);
    for (const name of names) {
      if (name === '__proto__') {
        throw this.refusal('unsupported', 'a field cannot be called __proto__', value);
      }
      if (!name.isWellFormed()) {
        throw this.refusal('unsupported', 'a name is no well-formed text', value);
      }
      this.value(name);
    }
    begin += this.#from;
    return {
      names,
      definition: Uint8Array.prototype.slice.call(this.#slab, begin, this.#at),
      message: 0,
      id: 0,
      kept: false,
    };
  }

  #array(value: readonly unknown[]): void {
    this.#enter(value);
    const { length } = value;
    if (Object.keys(value).length > length || Object.getOwnPropertySymbols(value).length > 0) {
      throw this.refusal('unsupported', 'fields of a list do not travel, only its elements', value);
    }
    const level = this.#depth - 1;
    this.list(length);
    for (let index = 0; index < length; index += 1) {
      const element = value[index];
      this.#places[level] = index;
      if (element === undefined && !Object.hasOwn(value, index)) {
        throw this.refusal(
          'unsupported',
          'a list with holes does not travel; fill it with undefined',
          element,
        );
      }
      this.value(element);
    }
    this.#leave();
  }

  #builtIn(value: object, prototype: object): void {
    const code = viewCodes.get(prototype);
    if (code !== undefined) {
      this.#binary(value as Uint8Array, code);
      return;
    }
    if (prototype === Buffer.prototype) {
      this.#buffer(value as Buffer);
      return;
    }
    if (Reflect.ownKeys(value).length > 0 || !this.#written(value, prototype)) {
      throw this.refusal('unsupported', adviceFor(value), value);
    }
  }

  /** Writes what is one of the language's own kinds, and says whether it was. */
  #written(value: object, prototype: object): boolean {
    switch (prototype) {
      case Date.prototype:
        this.#date(value as Date);
        return true;
      case Map.prototype:
        this.#map(value as Map<unknown, unknown>);
        return true;
      case Set.prototype:
        this.#set(value as Set<unknown>);
        return true;
      case ArrayBuffer.prototype:
        this.#binary(new Uint8Array(value as ArrayBuffer), arrayBufferCode);
        return true;
      case DataView.prototype:
        this.#binary(value as DataView, dataViewCode);
        return true;
      default:
        return false;
    }
  }

  #date(value: Date): void {
    this.#countObject(value);
    const atMs = Date.prototype.getTime.call(value);
    const seconds = Math.floor(atMs / 1_000);
    if (Number.isNaN(atMs)) {
      this.#byte(token.fixext1);
      this.#byte(extension.timestamp);
      this.#byte(0xff);
    } else if (seconds * 1_000 === atMs && seconds >>> 0 === seconds) {
      this.#byte(token.fixext4);
      this.#byte(extension.timestamp);
      this.#uint32(seconds);
    } else {
      this.#byte(token.ext8);
      this.#byte(12);
      this.#byte(extension.timestamp);
      this.#uint32((atMs - seconds * 1_000) * 1_000_000);
      this.#numbers.setBigInt64(this.#at, BigInt(seconds));
      this.#at += 8;
    }
  }

  #map(value: Map<unknown, unknown>): void {
    this.#enter(value);
    const level = this.#depth - 1;
    // A getter in it may change the map: so it is read first.
    const entries = [...Map.prototype.entries.call(value)];
    this.#count(entries.length, token.shortMap, token.map16);
    for (const [key, element] of entries) {
      this.#places[level] = '<a key>';
      this.value(key);
      this.#places[level] = typeof key === 'string' ? key : '<a value>';
      this.value(element);
    }
    this.#leave();
  }

  #set(value: Set<unknown>): void {
    this.#enter(value);
    const level = this.#depth - 1;
    const elements = [...Set.prototype.values.call(value)];
    this.#tag(extension.set);
    this.list(elements.length);
    for (const [index, element] of elements.entries()) {
      this.#places[level] = index;
      this.value(element);
    }
    this.#leave();
  }

  #buffer(value: Buffer): void {
    this.#countObject(value);
    const bytes = this.#held(value);
    this.#makeRoom(bytes.length + spare);
    this.#size(bytes.length, token.bin8);
    this.#slab.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #binary(value: ArrayBufferView, code: number): void {
    this.#countObject(value);
    const bytes = this.#held(value);
    this.#makeRoom(bytes.length + spare);
    this.#size(bytes.length + 1, token.ext8);
    this.#byte(extension.binary);
    this.#byte(code);
    this.#slab.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** The bytes that a view shows. */
  #held(value: ArrayBufferView): Uint8Array {
    const { buffer, byteOffset, byteLength } = value;
    if (!(buffer instanceof ArrayBuffer)) {
      throw this.refusal('unsupported', 'memory that is shared does not travel; send a copy of it', value);
    }
    if (buffer.detached) {
      throw this.refusal('unsupported', 'its memory was given away', value);
    }
    return new Uint8Array(buffer, byteOffset, byteLength);
  }

  /** Sees to it that so many more bytes fit. */
  #makeRoom(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#slab.length) {
      return;
    }
    const message = needed - this.#from;
    // What is spare was not asked for: a message of exactly so many bytes is still one.
    if (message - 2 * spare > this.#limits.bytesMax) {
      throw this.#tooLarge();
    }
    this.#replaceSlab(Math.max(slabBytes, message < slabBytes ? 0 : message * 2));
  }

  /** Goes on with the message in new memory. The old one belongs to those who have messages in it. */
  #replaceSlab(length: number): void {
    const slab = Buffer.allocUnsafeSlow(length);
    slab.set(this.#slab.subarray(this.#from, this.#at));
    this.#slab = slab;
    this.#numbers = viewOf(slab);
    this.#fullAt = length - spare;
    this.#at -= this.#from;
    this.#from = 0;
  }

  #tooLarge(): NotPackable {
    const detail = `with it the message is larger than ${this.#limits.bytesMax} bytes; send less at once, or raise bytesMax`;
    return this.refusal('too-large', detail, undefined);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether objects have names that are not their own. */
function anythingInherited(): boolean {
  for (const _ in Object.prototype) {
    return true;
  }
  return false;
}

const plainName = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** A path as people write it: `payload.items[2]["unit price"]`. */
function pathOf(root: string, places: readonly Place[]): string {
  return places.reduce<string>((path, place) => {
    if (place === undefined) {
      return path;
    }
    if (typeof place === 'number') {
      return `${path}[${place}]`;
    }
    if (!plainName.test(place)) {
      return `${path}[${JSON.stringify(place)}]`;
    }
    return path === '' ? place : `${path}.${place}`;
  }, root);
}

function adviceFor(value: object): string {
  if (value instanceof Error) {
    return 'an error does not travel, because its class and stack would be lost; send its facts';
  }
  if (value instanceof RegExp) {
    return 'a regular expression does not travel, because whoever runs one that a stranger wrote may never end; send its source';
  }
  return 'what has a class, or a built-in with fields of its own, does not travel; send a plain object';
}
