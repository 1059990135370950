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

export interface RecordShape {
  /** In the order of their values. */
  readonly names: readonly string[];
  /** The definition: a list of texts. */
  readonly definition: Uint8Array;
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
    const shape: RecordShape = { names, definition: small ? bytes.slice(from, to) : nothing };
    if (small) {
      this.#kept[placeOf(bytes, from)] = shape;
    }
    return shape;
  }
}

const nothing = new Uint8Array(0);

/** By the number of names, and the first name's length and letters. Behind the end a byte counts as 0. */
function placeOf(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at]! ^ (bytes[at + 1]! << 3) ^ (bytes[at + 2]! << 1) ^ (bytes[at + 3]! << 2) ^ bytes[at + 4]!) &
    (places - 1)
  );
}
