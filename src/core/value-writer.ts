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
import { isDeepStrictEqual } from 'node:util';
import { ByteWriter } from './byte-writer.ts';
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
import { type Place, pathOf } from './value-path.ts';
import { type WrittenShape, WrittenShapes } from './written-shapes.ts';

const viewCodes = new Map<object, number>(viewKinds.map((kind, code) => [kind.prototype, code]));

type ViewKind = new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;

/** Of a view with more elements the names are not listed. */
const namedElementsMax = 32;

const bytesOf: (this: object) => number = Object.getOwnPropertyDescriptor(
  ArrayBuffer.prototype,
  'byteLength',
)!.get!;

/** A power of two. */
const guessesMax = 32;

export class ValueWriter {
  readonly #limits: Required<CodecLimits>;
  readonly #shapes = new WrittenShapes();
  readonly #out: ByteWriter;
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
    this.#out = new ByteWriter(limits.bytesMax, () => this.#tooLarge());
  }

  /** Begins a message with three bytes that say what it is. */
  begin(first: number, second: number, third: number): void {
    this.#message += 1;
    this.#objects = 0;
    this.#root = '';
    this.#shapesDefined = 0;
    this.#inherited = anythingInherited();
    this.#out.begin();
    this.#out.byte(first);
    this.#out.byte(second);
    this.#out.byte(third);
  }

  /** The message. */
  end(): Uint8Array {
    return this.#out.end();
  }

  /** Forgets what the last message was made of. */
  forget(): void {
    this.#lastShape = undefined;
    if (this.#shapes.forgetLarge()) {
      this.#forgetGuesses();
    }
    // Only what failed was left in the midst of something.
    while (this.#depth > 0) {
      this.#leave();
    }
    this.#out.forget();
  }

  /** Begins a list of as many values as follow. */
  list(length: number): void {
    this.#out.count(length, token.shortList, token.list16);
  }

  /** Writes what is found at a place that is called `root`. */
  field(root: string, value: unknown): void {
    this.#root = root;
    this.value(value);
  }

  value(value: unknown): void {
    this.#out.ready();
    if (typeof value === 'string') {
      this.#out.text(value);
    } else if (typeof value === 'number') {
      this.#out.number(value);
    } else if (value === null) {
      this.#out.byte(token.nil);
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
        this.#out.byte(value ? token.true : token.false);
        break;
      case 'undefined':
        this.#out.tag(extension.undefined);
        break;
      case 'bigint':
        this.#out.bigint(value);
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
      this.#out.tag(extension.bare);
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
    this.#places[this.#depth] = undefined;
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
      this.#out.byte(known.id);
      return known;
    }
    const id = this.#nextId();
    this.#out.byte(token.fixext1);
    this.#out.byte(extension.record);
    this.#out.byte(id);
    const shape = known ?? this.#newShape(value);
    if (known !== undefined) {
      this.#out.copy(known.definition);
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

  /** Drops what the shapes do not remember any more. */
  #forgetGuesses(): void {
    for (const [place, guess] of this.#guesses.entries()) {
      if (guess?.kept === false) {
        this.#guesses[place] = undefined;
      }
    }
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
    const begin = this.#out.length;
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
    return {
      names,
      definition: this.#out.since(begin),
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
      this.#refuseFieldsOf(value as Uint8Array, viewKinds[code]!);
      this.#binary(value as Uint8Array, code);
      return;
    }
    if (prototype === Buffer.prototype) {
      this.#refuseFieldsOf(value as Buffer, undefined);
      this.#buffer(value as Buffer);
      return;
    }
    if (Reflect.ownKeys(value).length > 0 || !this.#written(value, prototype)) {
      throw this.refusal('unsupported', adviceFor(value), value);
    }
  }

  /** Fields of a view do not travel. `Kind` is `undefined` for a `Buffer`. */
  #refuseFieldsOf(value: Uint8Array, Kind: ViewKind | undefined): void {
    const { length } = value;
    // The names of a large view are as many as its elements. To compare it with another view of the same bytes is quicker.
    const bare =
      length <= namedElementsMax
        ? Reflect.ownKeys(value).length <= length
        : isDeepStrictEqual(value, sameBytes(this.#held(value), length, Kind));
    if (!bare) {
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
        // The getter throws for what only poses as memory.
        this.#binary(new Uint8Array(value as ArrayBuffer, 0, bytesOf.call(value)), arrayBufferCode);
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
      this.#out.byte(token.fixext1);
      this.#out.byte(extension.timestamp);
      this.#out.byte(0xff);
    } else if (seconds * 1_000 === atMs && seconds >>> 0 === seconds) {
      this.#out.byte(token.fixext4);
      this.#out.byte(extension.timestamp);
      this.#out.uint32(seconds);
    } else {
      this.#out.byte(token.ext8);
      this.#out.byte(12);
      this.#out.byte(extension.timestamp);
      this.#out.uint32((atMs - seconds * 1_000) * 1_000_000);
      this.#out.int64(BigInt(seconds));
    }
  }

  #map(value: Map<unknown, unknown>): void {
    this.#enter(value);
    const level = this.#depth - 1;
    // A getter in it may change the map: so it is read first.
    const entries = [...Map.prototype.entries.call(value)];
    this.#out.count(entries.length, token.shortMap, token.map16);
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
    this.#out.tag(extension.set);
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
    this.#out.data(bytes, () => this.#out.size(bytes.length, token.bin8));
  }

  #binary(value: ArrayBufferView, code: number): void {
    this.#countObject(value);
    const bytes = this.#held(value);
    this.#out.data(bytes, () => {
      this.#out.size(bytes.length + 1, token.ext8);
      this.#out.byte(extension.binary);
      this.#out.byte(code);
    });
  }

  /** The bytes that a view shows. */
  #held(value: ArrayBufferView): Uint8Array<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = value;
    if (!(buffer instanceof ArrayBuffer)) {
      throw this.refusal('unsupported', 'memory that is shared does not travel; send a copy of it', value);
    }
    if (buffer.detached) {
      throw this.refusal('unsupported', 'its memory was given away', value);
    }
    return new Uint8Array(buffer, byteOffset, byteLength);
  }

  #tooLarge(): NotPackable {
    const detail = `with it the message is larger than ${this.#limits.bytesMax} bytes; send less at once, or raise bytesMax`;
    return this.refusal('too-large', detail, undefined);
  }
}

/** A view of the same bytes. */
function sameBytes(
  { buffer, byteOffset }: Uint8Array<ArrayBuffer>,
  length: number,
  Kind: ViewKind | undefined,
): ArrayBufferView {
  return Kind === undefined ? Buffer.from(buffer, byteOffset, length) : new Kind(buffer, byteOffset, length);
}

/** Whether objects have names that are not their own. */
function anythingInherited(): boolean {
  for (const _ in Object.prototype) {
    return true;
  }
  return false;
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
