/**
 * What a cache remembers: answers, and failures, each until it is too old.
 *
 * The least recently used gives way when it is full: that is lru-cache's part. How old
 * an answer is is told by the clock of the system, here, and not by lru-cache, which
 * reads the clock of the machine and takes what was stored at its zero for ageless.
 *
 * Guarantees: an answer is given out only while less than its time to live has passed
 * since it was stored; at most `max` are kept.
 */
import { LRUCache } from 'lru-cache';
import type { CallOutcome } from '../actors/pending-call.ts';

interface Remembered {
  readonly outcome: CallOutcome;
  readonly endsAtMs: number;
}

export class CacheMemory {
  /** How many gave way to others. */
  evicted = 0;
  /** How many were too old when they were asked for. */
  expired = 0;
  readonly #answers: LRUCache<string, Remembered>;

  constructor(max: number) {
    this.#answers = new LRUCache({
      max,
      dispose: (_answer, _key, reason) => {
        this.evicted += reason === 'evict' ? 1 : 0;
      },
    });
  }

  get size(): number {
    return this.#answers.size;
  }

  get(key: string, nowMs: number): CallOutcome | undefined {
    const remembered = this.#answers.get(key);
    if (remembered === undefined) {
      return undefined;
    }
    if (nowMs >= remembered.endsAtMs) {
      this.#answers.delete(key);
      this.expired += 1;
      return undefined;
    }
    return remembered.outcome;
  }

  set(key: string, outcome: CallOutcome, ttlMs: number, nowMs: number): void {
    this.#answers.set(key, { outcome, endsAtMs: nowMs + ttlMs });
  }

  /** Says whether there was one. */
  delete(key: string): boolean {
    return this.#answers.delete(key);
  }

  clear(): void {
    this.#answers.clear();
  }
}
