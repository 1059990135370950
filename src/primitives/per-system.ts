/**
 * What a wrapper remembers, for each system that uses it.
 *
 * A wrapper is often made at the top of a module, and so lives longer than a system;
 * two systems have two clocks, and in a simulation each begins at its own zero. So
 * each has a memory of its own, and a new system begins anew.
 *
 * Guarantees: nothing is kept of a system that is gone.
 */
import type { Kernel } from '../actors/kernel.ts';
import { senderOf } from '../actors/sender-of.ts';

export class PerSystem<S extends object> {
  readonly #make: (kernel: Kernel) => S;
  readonly #states = new WeakMap<Kernel, S>();
  /** All there are, for what is said to all. Those that are gone leave when one comes. */
  readonly #all = new Set<WeakRef<S>>();

  constructor(make: (kernel: Kernel) => S) {
    this.#make = make;
  }

  /** Errors: `InvalidParams` for what is no system, context or scope. */
  of(verbs: unknown): S {
    return this.ofKernel(senderOf(verbs).kernel);
  }

  ofKernel(kernel: Kernel): S {
    let state = this.#states.get(kernel);
    if (state === undefined) {
      state = this.#make(kernel);
      this.#states.set(kernel, state);
      this.#forgetThoseGone();
      this.#all.add(new WeakRef(state));
    }
    return state;
  }

  /** Calls `act` for each system. */
  each(act: (state: S) => void): void {
    for (const one of this.#all) {
      const state = one.deref();
      /* v8 ignore else -- @preserve When the collector takes what nobody holds is its own affair. */
      if (state !== undefined) {
        act(state);
      }
    }
  }

  #forgetThoseGone(): void {
    for (const one of this.#all) {
      /* v8 ignore if -- @preserve When the collector takes what nobody holds is its own affair. */
      if (one.deref() === undefined) {
        this.#all.delete(one);
      }
    }
  }
}
