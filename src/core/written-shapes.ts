/**
 * Written shapes: the definitions of records, as bytes, for objects that have the same names again.
 *
 * To find out that an object has the names of another costs less than to write them. What is found depends on
 * the message alone and not on those before it, so that the same value gives the same bytes.
 *
 * Guarantees
 *   - Bound: 64 buckets of 4 shapes. Larger definitions than 512 bytes are remembered until their message is over.
 */

/** Names, what says so in a message, and the id they have in the message that was written last with them. */
export interface WrittenShape {
  readonly names: readonly string[];
  /** The list of names, in MessagePack. */
  readonly definition: Uint8Array;
  /** The message in which it has an id: a number that no two messages of a writer share. */
  message: number;
  id: number;
  /** Whether it is remembered. Of each list of names at most one shape is. */
  kept: boolean;
}

const buckets = 64;
const shapesPerBucket = 4;
const definitionBytesMax = 512;

export class WrittenShapes {
  readonly #buckets: WrittenShape[][] = Array.from({ length: buckets }, () => []);
  /** Those that are remembered until the end of their message. */
  #large: WrittenShape[] = [];

  /** The shapes that an object may have whose first name this is. */
  startingWith(name: string): readonly WrittenShape[] {
    return this.#buckets[bucketOf(name)]!;
  }

  /** Remembers a shape. Whom it replaces is of another message, or else the one with the lowest id. */
  keep(shape: WrittenShape): void {
    const bucket = this.#bucketOf(shape);
    shape.kept = true;
    if (shape.definition.length > definitionBytesMax) {
      this.#large.push(shape);
    }
    if (bucket.length < shapesPerBucket) {
      bucket.push(shape);
      return;
    }
    const replaced = bucket.reduce((one, other) =>
      ageOf(other, shape.message) < ageOf(one, shape.message) ? other : one,
    );
    replaced.kept = false;
    bucket[bucket.indexOf(replaced)] = shape;
  }

  /** The message is over. Says whether there was anything large in it. */
  forgetLarge(): boolean {
    if (this.#large.length === 0) {
      return false;
    }
    for (const shape of this.#large.filter(({ kept }) => kept)) {
      const bucket = this.#bucketOf(shape);
      bucket.splice(bucket.indexOf(shape), 1);
      shape.kept = false;
    }
    this.#large = [];
    return true;
  }

  #bucketOf(shape: WrittenShape): WrittenShape[] {
    return this.#buckets[bucketOf(shape.names[0] ?? '')]!;
  }
}

const ageOf = ({ message, id }: WrittenShape, now: number): number => (message === now ? id : -1);

function bucketOf(name: string): number {
  const { length } = name;
  return length === 0
    ? 0
    : (length ^ (name.charCodeAt(0) << 1) ^ (name.charCodeAt(length - 1) << 3)) & (buckets - 1);
}
