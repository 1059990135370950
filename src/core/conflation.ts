/**
 * Conflation: which of the messages that wait is the latest of its key, and where
 * it stands.
 *
 * A key is told once, when its message is offered, because the payload may have
 * changed when it leaves. Of a key that waits twice, the newer one is the one to be
 * replaced. Places are positions in the ring of the mailbox, which grow for ever.
 */
import type { Envelope } from './envelope.ts';

export class Conflation {
  readonly #keyOf: ((envelope: Envelope) => unknown) | undefined;
  readonly #onKeyThrew: ((thrown: unknown) => void) | undefined;
  /** Where the waiting one of each key stands. */
  readonly #places = new Map<unknown, number>();
  /** The key each waiting message had when it was offered. */
  readonly #keys = new Map<Envelope, unknown>();

  constructor(
    keyOf: ((envelope: Envelope) => unknown) | undefined,
    onKeyThrew: ((thrown: unknown) => void) | undefined,
  ) {
    this.#keyOf = keyOf;
    this.#onKeyThrew = onKeyThrew;
  }

  /** A message is offered; gives the place of the one it takes the place of, if one of its key waits. */
  offered(envelope: Envelope): number | undefined {
    const key = this.#keyFor(envelope);
    this.#keys.set(envelope, key);
    return this.#places.get(key);
  }

  /** It stands there now, as the newest of its key. */
  standsAt(envelope: Envelope, position: number): void {
    this.#places.set(this.#keys.get(envelope), position);
  }

  /** It has been put back there, before a newer one of its key, if one waits. */
  putBackAt(envelope: Envelope, position: number): void {
    const key = this.#keyFor(envelope);
    this.#keys.set(envelope, key);
    if (!this.#places.has(key)) {
      this.#places.set(key, position);
    }
  }

  /** It has left the place where it stood. */
  left(envelope: Envelope, position: number): void {
    const key = this.#keys.get(envelope);
    this.#keys.delete(envelope);
    if (this.#places.get(key) === position) {
      this.#places.delete(key);
    }
  }

  /** It stands nowhere: it was refused, or another has its place. */
  forget(envelope: Envelope): void {
    this.#keys.delete(envelope);
  }

  /** Something was removed there: those before it have moved up. */
  removedAt(position: number): void {
    for (const [key, place] of this.#places) {
      if (place < position) {
        this.#places.set(key, place + 1);
      }
    }
  }

  clear(): void {
    this.#places.clear();
    this.#keys.clear();
  }

  #keyFor(envelope: Envelope): unknown {
    try {
      return this.#keyOf?.(envelope);
    } catch (thrown) {
      // The user's key function threw: a message without a key is like no other.
      this.#onKeyThrew?.(thrown);
      return envelope;
    }
  }
}
