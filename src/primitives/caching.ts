/**
 * Caching in one system: what is remembered, and what is being asked.
 *
 * Guarantees: one call for each key at a time; what was invalidated while it was asked
 * for is answered to those who had asked, and not remembered.
 */
import type { Scope } from '../actors/context.ts';
import type { Kernel } from '../actors/kernel.ts';
import type { CallOutcome } from '../actors/pending-call.ts';
import { type FailureClass, failureClass } from '../core/failure.ts';
import { CacheMemory } from './cache-memory.ts';
import type { Work } from './called.ts';
import { QueueFull } from './queue-full.ts';
import { originOf, SharedCall, type SharedCallOptions } from './shared-call.ts';

export interface CachePolicy {
  readonly ttlMs: number;
  /** How long a failure of a class is remembered; 0 for not at all. */
  readonly negativeTtlMs: Readonly<Partial<Record<FailureClass, number>>>;
  readonly max: number;
  readonly queueMax: number;
  readonly call: SharedCallOptions;
}

/** What a cache has done. */
export interface CacheStatistics {
  /** Answered from memory, with an answer or a failure. */
  readonly hits: number;
  /** Those that made a call. */
  readonly misses: number;
  /** Those that shared a call that was under way. */
  readonly shared: number;
  /** Refused, because `queueMax` were waiting. */
  readonly rejected: number;
  /** Answers that were too old when they were asked for. */
  readonly expired: number;
  /** Answers that gave way to others. */
  readonly evicted: number;
  /** How many answers are remembered now, those included that are too old and were not asked for since. */
  readonly size: number;
  /** How many calls are under way now. */
  readonly inFlight: number;
  /** How many callers wait for them now. */
  readonly waiting: number;
}

export class Caching {
  readonly #policy: CachePolicy;
  readonly #kernel: Kernel;
  readonly #memory: CacheMemory;
  /** Calls under way whose answer is to be remembered. */
  readonly #asked = new Map<string, SharedCall>();
  #hits = 0;
  #misses = 0;
  #shared = 0;
  #rejected = 0;
  #inFlight = 0;
  #waiting = 0;

  constructor(policy: CachePolicy, kernel: Kernel) {
    this.#policy = policy;
    this.#kernel = kernel;
    this.#memory = new CacheMemory(policy.max);
  }

  get statistics(): CacheStatistics {
    return {
      hits: this.#hits,
      misses: this.#misses,
      shared: this.#shared,
      rejected: this.#rejected,
      expired: this.#memory.expired,
      evicted: this.#memory.evicted,
      size: this.#memory.size,
      inFlight: this.#inFlight,
      waiting: this.#waiting,
    };
  }

  /** The answer at once, where it is known; otherwise a promise. */
  call(work: Work, key: string, input: unknown, scope: Scope): unknown {
    const known = this.#memory.get(key, this.#kernel.environment.nowMs());
    if (known !== undefined) {
      this.#hits += 1;
      if ('failure' in known) {
        throw known.failure;
      }
      return known.value;
    }
    const { queueMax } = this.#policy;
    if (this.#waiting >= queueMax) {
      this.#rejected += 1;
      throw new QueueFull({ primitive: 'cache', option: 'queueMax', limit: queueMax });
    }
    const asked = this.#asked.get(key);
    if (asked !== undefined) {
      const answer = asked.join(scope, () => this.#left(key, asked));
      this.#shared += 1;
      return answer;
    }
    return this.#ask(work, key, input, scope);
  }

  invalidate(key: string): void {
    this.#memory.delete(key);
    this.#asked.delete(key);
  }

  clear(): void {
    this.#memory.clear();
    this.#asked.clear();
  }

  #ask(work: Work, key: string, input: unknown, scope: Scope): Promise<unknown> {
    const asked = new SharedCall('cache', (by) => {
      this.#waiting += by;
    });
    const answer = asked.join(scope, () => this.#left(key, asked));
    const { lease, said } = originOf(scope);
    asked.payers.push(lease);
    this.#asked.set(key, asked);
    this.#misses += 1;
    this.#inFlight += 1;
    asked.begin(this.#kernel, work, input, { ...said, ...this.#policy.call }, (outcome) => {
      this.#inFlight -= 1;
      if (this.#asked.get(key) === asked) {
        this.#asked.delete(key);
        this.#remember(key, outcome);
      }
    });
    return answer;
  }

  #remember(key: string, outcome: CallOutcome): void {
    const { ttlMs, negativeTtlMs } = this.#policy;
    const keptMs = 'failure' in outcome ? (negativeTtlMs[failureClass(outcome.failure)] ?? 0) : ttlMs;
    if (keptMs > 0) {
      this.#memory.set(key, outcome, keptMs, this.#kernel.environment.nowMs());
    }
  }

  /** Who comes after the last has left asks anew. */
  #left(key: string, asked: SharedCall): void {
    if (asked.callers === 0 && this.#asked.get(key) === asked) {
      this.#asked.delete(key);
    }
  }
}
