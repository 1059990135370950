/**
 * A barrier book: the barriers of one gate or operator, one for each key, and no more
 * of them than it may hold.
 *
 * A key that has closed is remembered, so that late comers are refused, until its room
 * is needed for another. One at which nobody waits any more is forgotten.
 */
import {
  type Arrival,
  type BarrierState,
  type BarrierStep,
  firstGeneration,
  nextBarrier,
} from './barrier-state.ts';
import { QueueFull } from './queue-full.ts';

export class BarrierBook<T> {
  readonly #parties: number;
  readonly #cyclic: boolean;
  readonly #keysMax: number;
  readonly #primitive: string;
  readonly #states = new Map<unknown, BarrierState<T>>();
  /** Generations are told apart across keys that were forgotten, too. */
  #generations = 0;

  constructor(options: { parties: number; cyclic: boolean; keysMax: number; primitive: string }) {
    this.#parties = options.parties;
    this.#cyclic = options.cyclic;
    this.#keysMax = options.keysMax;
    this.#primitive = options.primitive;
  }

  /** How many keys it holds, those that are closed included. */
  get size(): number {
    return this.#states.size;
  }

  /** Errors: `QueueFull` for a new key when all its room is taken by keys at which somebody waits. */
  arrive(key: unknown, arrival: Arrival<T>): BarrierStep<T> {
    return this.#step(key, this.#states.get(key) ?? this.#begin(), (state) =>
      nextBarrier(this.#parties, this.#cyclic, state, { _tag: 'Arrive', arrival }),
    );
  }

  leave(key: unknown, id: number): void {
    const state = this.#states.get(key);
    if (state !== undefined) {
      this.#step(key, state, (now) => nextBarrier(this.#parties, this.#cyclic, now, { _tag: 'Leave', id }));
    }
  }

  /** @param generation Of which the time is up; the one that gathers now, when not given. */
  expire(key: unknown, generation?: number): BarrierStep<T> | undefined {
    const state = this.#states.get(key);
    if (state === undefined) {
      return undefined;
    }
    const event = { _tag: 'Expire', generation: generation ?? state.generation } as const;
    return this.#step(key, state, (now) => nextBarrier(this.#parties, this.#cyclic, now, event));
  }

  /** How many wait at a key. */
  waiting(key: unknown): number {
    const state = this.#states.get(key);
    return state?._tag === 'Gathering' ? state.arrived.length : 0;
  }

  /** Whether that party waits at a key. */
  isThere(key: unknown, party: unknown): boolean {
    const state = this.#states.get(key);
    return state?._tag === 'Gathering' && state.arrived.some((arrival) => arrival.party === party);
  }

  #begin(): BarrierState<T> {
    if (this.#states.size >= this.#keysMax && !this.#forgetOneThatClosed()) {
      throw new QueueFull({ primitive: this.#primitive, option: 'keysMax', limit: this.#keysMax });
    }
    this.#generations += 1;
    return { ...firstGeneration<T>(), generation: this.#generations };
  }

  #step(
    key: unknown,
    before: BarrierState<T>,
    next: (state: BarrierState<T>) => BarrierStep<T>,
  ): BarrierStep<T> {
    const step = next(before);
    if (step.state._tag === 'Gathering' && step.state.arrived.length === 0) {
      this.#states.delete(key);
    } else {
      this.#states.set(key, step.state);
    }
    return step;
  }

  #forgetOneThatClosed(): boolean {
    for (const [key, { _tag }] of this.#states) {
      if (_tag === 'Closed') {
        return this.#states.delete(key);
      }
    }
    return false;
  }
}
