/**
 * The environment of one agent that is tried step by step: a simulated one in
 * which only those take turns whom the test lets.
 *
 * The quietest answer is given to every question, and time passes only when the
 * test says so.
 */
import type { Runnable } from '../core/environment.ts';
import { SimulatedEnvironment } from '../core/simulated-environment.ts';

export class StepEnvironment extends SimulatedEnvironment {
  readonly #mayRun: (runnable: Runnable) => boolean;
  readonly #held = new Set<Runnable>();

  /** @param mayRun Whether somebody may take the turn that they ask for; who may not is held until `release`. */
  constructor(seed: number, mayRun: (runnable: Runnable) => boolean) {
    super({ choose: () => 0, seed, slow: false });
    this.#mayRun = mayRun;
  }

  override ready(runnable: Runnable): void {
    if (this.#mayRun(runnable)) {
      super.ready(runnable);
    } else {
      this.#held.add(runnable);
    }
  }

  /** Gives those their turns who were held and may run now. */
  release(): void {
    for (const runnable of [...this.#held]) {
      if (this.#mayRun(runnable)) {
        this.#held.delete(runnable);
        super.ready(runnable);
      }
    }
  }

  /** Gives turns until nobody asks for one; time stands still. Says whether there was one. */
  turns(): boolean {
    const before = this.steps;
    while (this.readyCount > 0) {
      this.step();
    }
    return this.steps > before;
  }

  /** Lets time pass: what falls due rings in its order, and its consequences come before what is due next. */
  advance(delayMs: number): void {
    const untilMs = this.nowMs() + delayMs;
    this.turns();
    for (let dueMs = this.nextDueMs; dueMs !== undefined && dueMs <= untilMs; dueMs = this.nextDueMs) {
      this.step();
      this.turns();
    }
    this.advanceTo(untilMs);
  }
}
