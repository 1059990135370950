/**
 * Record shapes: the names of the fields of a record, known again by the bytes that define them.
 *
 * Each message names the fields of its records itself, so that it can be read alone. Messages of one
 * topic name the same fields again and again, and to read names costs more than to read what they
 * name. So a reader remembers some definitions, byte for byte, and takes the names from there.
 *
 * Guarantees
 *   - Remembering changes nothing but the time: all bytes of a definition are compared.
 *   - Bound: 256 shapes, of at most 512 bytes each. A new one takes the place of one that begins alike.
 *   - Bound: what makes reading quicker is prepared for at most 8 shapes a message, each after 16 records of it.
 */

// V8 makes a slow dictionary of an object that gets more fields than this, one by one; and of any that gets many.
const fieldsOneByOneMax = 12;
const fieldsMax = 128;
// To prepare takes as long as it takes to read dozens of records. Whoever means ill sends many shapes, each as often as it takes.
const worthPreparingAt = 16;
const preparedPerMessageMax = 8;

export class RecordShape {
  /** In the order of their values. */
  names: readonly string[];
  /** The definition: a list of texts. Empty when it is not remembered. */
  readonly definition: Uint8Array;
  /** Whether all objects have something of one of the names. To set such a field may run a setter, or fail: it must be defined. */
  readonly inherited: boolean;
  readonly #shapes: RecordShapes;
  #records = 0;
  #template: Readonly<Record<string, unknown>> | undefined;

  constructor(names: readonly string[], definition: Uint8Array, shapes: RecordShapes) {
    this.names = names;
    this.definition = definition;
    this.inherited = names.some((name) => name in Object.prototype);
    this.#shapes = shapes;
  }

  /** An object for the values of one more record. After some of them it is worth while to prepare for more. */
  object(): Record<string, unknown> {
    this.#records += 1;
    if (this.#records === worthPreparingAt) {
      this.#prepare();
    }
    return this.#template === undefined ? {} : { ...this.#template };
  }

  #prepare(): void {
    if (!this.#shapes.mayPrepare()) {
      this.#records = 0;
      return;
    }
    this.names = interned(this.names);
    if (this.names.length > fieldsOneByOneMax && this.names.length <= fieldsMax) {
      this.#template = JSON.parse(JSON.stringify(Object.fromEntries(this.names.map((name) => [name, null]))));
    }
  }
}

/** The same texts, as names of fields are kept: to set a field then needs no look at its letters. */
function interned(names: readonly string[]): readonly string[] {
  // One object without a prototype, and not one for each name: V8 would keep a description of each.
  const fields: Record<string, undefined> = Object.create(null);
  for (const name of names) {
    fields[name] = undefined;
  }
  const kept = new Map(Object.keys(fields).map((name) => [name, name]));
  return names.map((name) => kept.get(name)!);
}

const places = 256;
const definitionBytesMax = 512;

export class RecordShapes {
  #prepared = 0;
  readonly #kept = new Array<RecordShape | undefined>(places).fill(undefined);

  /** Begins a message. */
  begin(): void {
    this.#prepared = 0;
  }

  /** Whether one more shape may be prepared in this message. If so, it is. */
  mayPrepare(): boolean {
    this.#prepared += 1;
    return this.#prepared <= preparedPerMessageMax;
  }

  /** The shape that is defined at a byte, if it is remembered. */
  find(bytes: Uint8Array, at: number): RecordShape | undefined {
    const shape = this.#kept[placeOf(bytes, at)];
    if (shape === undefined) {
      return undefined;
    }
    const { definition } = shape;
    // Behind the end there is `undefined`, which is no byte of any definition.
    for (let index = 0; index < definition.length; index += 1) {
      if (bytes[at + index] !== definition[index]) {
        return undefined;
      }
    }
    return shape;
  }

  /** Remembers names that were read from the bytes between `from` and `to`, if they are few; gives their shape. */
  keep(names: readonly string[], bytes: Uint8Array, from: number, to: number): RecordShape {
    const small = to - from <= definitionBytesMax;
    const shape = new RecordShape(names, small ? copyOf(bytes, from, to) : nothing, this);
    if (small) {
      this.#kept[placeOf(bytes, from)] = shape;
    }
    return shape;
  }
}

const nothing = new Uint8Array(0);

/** Bytes of their own. A `Buffer` has another `slice`: one that shares the memory of its caller, who may read the next message into it. */
const copyOf = (bytes: Uint8Array, from: number, to: number): Uint8Array =>
  Uint8Array.prototype.slice.call(bytes, from, to);

/** By the number of names, and the first name's length and letters. Behind the end a byte counts as 0. */
function placeOf(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at]! ^ (bytes[at + 1]! << 3) ^ (bytes[at + 2]! << 1) ^ (bytes[at + 3]! << 2) ^ bytes[at + 4]!) &
    (places - 1)
  );
}
