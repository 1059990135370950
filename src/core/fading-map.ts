/**
 * A fading map: remembers what was set lately and forgets what was set long ago.
 *
 * There are two maps, a young and an old one. When the young one is half of the
 * bound it becomes the old one, and what was the old one is gone.
 *
 * Guarantees: never more than `keysMax` keys; the last `keysMax / 2` that were set are there.
 *
 * Cost: O(1), and no bookkeeping for each key as in a least-recently-used map.
 */
export class FadingMap<K, V> {
  readonly #half: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** @param options.keysMax Most keys remembered; an even number, at least 2. */
  constructor({ keysMax }: { readonly keysMax: number }) {
    if (!Number.isInteger(keysMax / 2) || keysMax < 2) {
      throw new RangeError(`keysMax of a fading map is an even number, at least 2; got ${keysMax}`);
    }
    this.#half = keysMax / 2;
  }

  /** Keys remembered; one that was set again before it faded may count twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: K, value: V): void {
    if (this.#young.size === this.#half && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
