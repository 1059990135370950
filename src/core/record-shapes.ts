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
 */

// V8 makes a slow dictionary of an object that gets more fields than this, one by one; and of any that gets many.
const fieldsOneByOneMax = 12;
const fieldsMax = 128;

export class RecordShape {
  /** In the order of their values. */
  names: readonly string[];
  /** The definition: a list of texts. Empty when it is not remembered. */
  readonly definition: Uint8Array;
  #records = 0;
  #template: Readonly<Record<string, unknown>> | undefined;

  constructor(names: readonly string[], definition: Uint8Array) {
    this.names = names;
    this.definition = definition;
  }

  /** An object for the values of one more record. From the second one on it is worth while to prepare for more. */
  object(): Record<string, unknown> {
    this.#records += 1;
    if (this.#records === 2) {
      this.#prepare();
    }
    return this.#template === undefined ? {} : { ...this.#template };
  }

  #prepare(): void {
    this.names = this.names.map(interned);
    if (this.names.length > fieldsOneByOneMax && this.names.length <= fieldsMax) {
      this.#template = JSON.parse(JSON.stringify(Object.fromEntries(this.names.map((name) => [name, null]))));
    }
  }
}

/** The text itself, as names of fields are kept: to set a field then needs no look at its letters. */
function interned(name: string): string {
  return Object.keys({ [name]: undefined })[0]!;
}

const places = 256;
const definitionBytesMax = 512;

export class RecordShapes {
  readonly #kept = new Array<RecordShape | undefined>(places).fill(undefined);

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
    const shape = new RecordShape(names, small ? copyOf(bytes, from, to) : nothing);
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
