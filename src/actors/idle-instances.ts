/**
 * The idle instances of a keyed group: those that have nothing to do, in the order in
 * which they fell idle, and the one timer by which they are put away.
 *
 * Cost: an instance joins or leaves without a look at the others. One that is busy again
 * is dropped when somebody asks, or when its next turn ends.
 */
import { Chain } from '../core/chain.ts';
import type { Timer } from '../core/environment.ts';
import type { Kernel } from './kernel.ts';
import type { KeyedInstance } from './keyed-instance.ts';
import { isIdle } from './passivation.ts';

export class IdleInstances {
  readonly #kernel: Kernel;
  readonly #idleMs: number;
  readonly #putAway: (instance: KeyedInstance) => void;
  /** Those that have been idle longest come first; some may be busy again. */
  readonly #chain = new Chain<KeyedInstance>();
  #timer: Timer | undefined;

  /** `putAway` is called for each that has been idle for `idleMs`; it removes it here. */
  constructor(kernel: Kernel, idleMs: number, putAway: (instance: KeyedInstance) => void) {
    this.#kernel = kernel;
    this.#idleMs = idleMs;
    this.#putAway = putAway;
  }

  /** The one that has been idle longest, and is idle now. */
  longest(): KeyedInstance | undefined {
    for (let first = this.#chain.first; first !== undefined; first = this.#chain.first) {
      if (isIdle(first)) {
        return first;
      }
      this.#chain.remove(first);
    }
    return undefined;
  }

  /** It has fallen idle now. */
  add(instance: KeyedInstance): void {
    instance.idleSinceMs = this.#kernel.nowMs();
    this.#chain.append(instance);
  }

  remove(instance: KeyedInstance): void {
    this.#chain.remove(instance);
  }

  /** Sees to it that they are put away in time. */
  setTimer(): void {
    const { first } = this.#chain;
    if (this.#timer === undefined && first !== undefined && this.#idleMs < Number.POSITIVE_INFINITY) {
      const { environment } = this.#kernel;
      const delayMs = Math.max(0, first.idleSinceMs + this.#idleMs - environment.nowMs());
      this.#timer = environment.schedule(delayMs, () => this.#ring());
    }
  }

  cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Puts those away that have been idle long enough. */
  #ring(): void {
    this.#timer = undefined;
    const nowMs = this.#kernel.environment.nowMs();
    for (let idle = this.longest(); idle !== undefined; idle = this.longest()) {
      if (idle.idleSinceMs + this.#idleMs > nowMs) {
        break;
      }
      this.#putAway(idle);
    }
    this.setTimer();
  }
}
