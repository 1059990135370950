/**
 * Written shapes: the definitions of records, as bytes, for objects that have the same names again.
 *
 * To find out that an object has the names of another costs less than to write them. What is found depends on
 * the message alone and not on those before it, so that the same value gives the same bytes.
 *
 * Guarantees
 *   - Bound: 64 buckets of 4 shapes. Larger definitions than 512 bytes are not remembered.
 */

/** Names, what says so in a message, and the id they have in the message that was written last with them. */
export interface WrittenShape {
  readonly names: readonly string[];
  /** The list of names, in MessagePack. */
  definition: Uint8Array;
  /** The message in which it has an id: a number that no two messages of a writer share. */
  message: number;
  id: number;
}

const buckets = 64;
const shapesPerBucket = 4;
const definitionBytesMax = 512;

export class WrittenShapes {
  readonly #buckets: WrittenShape[][] = Array.from({ length: buckets }, () => []);

  /** The shapes that an object may have whose first name this is. */
  startingWith(name: string): readonly WrittenShape[] {
    return this.#buckets[bucketOf(name)]!;
  }

  /** Remembers a shape. Whom it replaces is of another message, or else the one with the lowest id. */
  keep(shape: WrittenShape): void {
    if (shape.definition.length > definitionBytesMax) {
      return;
    }
    const bucket = this.#buckets[bucketOf(shape.names[0] ?? '')]!;
    if (bucket.length < shapesPerBucket) {
      bucket.push(shape);
      return;
    }
    const replaced = bucket.reduce((one, other) =>
      ageOf(other, shape.message) < ageOf(one, shape.message) ? other : one,
    );
    bucket[bucket.indexOf(replaced)] = shape;
  }
}

const ageOf = ({ message, id }: WrittenShape, now: number): number => (message === now ? id : -1);

function bucketOf(name: string): number {
  const { length } = name;
  return length === 0
    ? 0
    : (length ^ (name.charCodeAt(0) << 1) ^ (name.charCodeAt(length - 1) << 3)) & (buckets - 1);
}
