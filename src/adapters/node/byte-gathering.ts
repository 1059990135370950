/**
 * Byte gathering: pieces of a body, put together up to a limit.
 *
 * They are copied, because each may be a byte, and an object and a buffer of the
 * socket for every one of them would be many times what was sent. While it grows it
 * takes at most three times its bytes.
 */
export class ByteGathering {
  #bytes = new Uint8Array(0);
  #length = 0;
  readonly #bytesMax: number;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.#length;
  }

  /** Takes a piece; `false`, and takes nothing, when there would be more than may be. */
  add(piece: Uint8Array): boolean {
    const before = this.#length;
    const after = before + piece.length;
    if (after > this.#bytesMax) {
      return false;
    }
    if (after > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.#bytesMax, Math.max(2 * before, after)));
      larger.set(this.#bytes.subarray(0, before));
      this.#bytes = larger;
    }
    this.#bytes.set(piece, before);
    this.#length = after;
    return true;
  }

  /** What was gathered; not a copy. */
  whole(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
