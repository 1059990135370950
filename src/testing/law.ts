/**
 * A law: something that holds in every run of a system, whatever its agents do.
 *
 * A property is about one protocol and is written for it. A law knows nothing of
 * the protocol; it looks at how the runtime treats messages, requests and work, and
 * can be asked of any agents. `explore` begins each law anew in every world.
 *
 * Guarantees: what a law throws fails the run as `LawBroken`, which names the law.
 */
import type { World } from './world.ts';

/** What is looked at in one world. Each throws an `Error` that says what was broken. */
export interface LawCheck {
  /** After each step. Called often: what it costs should depend on what has changed, not on how much there is. */
  afterStep?(): void;
  /** When nothing is left to do and the property has been checked. It may have the world do more. */
  atQuiet?(): void | Promise<void>;
  /** When the systems have been stopped after that, and nothing is left to do. Where no law asks for this, they are not stopped. */
  afterStop?(): void;
  /**
   * What it remembers of the steps so far, as a text, as far as their order matters: the same text
   * where what comes is judged in the same way. `''` when only the world as it is now matters, or counts
   * of what happened. `exhaustive` compares states only where every law says this.
   */
  state?(): string;
}

export interface Law {
  /** In plain words, for whoever reads what was broken: `one at a time`. */
  readonly name: string;
  /** Begins to look at a world, before anything has happened in it. */
  begin(world: World): LawCheck;
}

/** What is looked at between two steps is looked at now: nobody waits for what a promise would tell. */
export function refusePromise(outcome: unknown, what: string): void {
  if (typeof outcome === 'object' && outcome !== null && 'then' in outcome) {
    Promise.resolve(outcome).catch(() => {});
    throw new TypeError(
      `${what} returned a promise; it is called between two steps and cannot wait: make it synchronous`,
    );
  }
}

/** A law does not hold. Its message begins with the name of the law. */
export class LawBroken extends Error {
  override readonly name = 'LawBroken';
  readonly law: string;

  constructor(law: string, cause: unknown) {
    super(`${law}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.law = law;
  }
}

/** All laws of one world, checked as one. Made for every run: it keeps no more than the checks. */
export class LawsInForce {
  readonly #world: World;
  readonly #laws: readonly Law[];
  readonly #checks: LawCheck[] = [];
  #stops = false;

  constructor(laws: readonly Law[], world: World) {
    this.#world = world;
    this.#laws = laws;
    for (const law of laws) {
      const check = law.begin(world);
      this.#checks.push(check);
      this.#stops ||= check.afterStop !== undefined;
    }
  }

  afterStep(): void {
    const checks = this.#checks;
    for (let n = 0; n < checks.length; n += 1) {
      try {
        refusePromise(checks[n]!.afterStep?.(), 'afterStep');
      } catch (thrown) {
        throw this.#broken(n, thrown);
      }
    }
  }

  /** What all laws remember of the steps so far; `undefined` when one of them does not say. */
  state(): string | undefined {
    let state = '';
    for (const [n, check] of this.#checks.entries()) {
      const remembered = check.state?.();
      if (remembered === undefined) {
        return undefined;
      }
      state += remembered === '' ? '' : `${n}: ${remembered}; `;
    }
    return state;
  }

  /** Checks what holds at quiet, stops the system, and checks what holds after that. */
  async atQuiet(): Promise<void> {
    const checks = this.#checks;
    for (let n = 0; n < checks.length; n += 1) {
      try {
        const checked = checks[n]!.atQuiet?.();
        if (checked !== undefined) {
          await checked;
        }
      } catch (thrown) {
        throw this.#broken(n, thrown);
      }
    }
    if (this.#stops) {
      await this.#stop();
    }
  }

  async #stop(): Promise<void> {
    const world = this.#world;
    let ended = false;
    const stopped = world.system.stop().then(() => {
      ended = true;
    });
    await world.runUntilQuiet(() => this.afterStep());
    if (!ended) {
      // It may wait for more than a turn; where it waits for something outside of this world, the world says so.
      await world.run(() => stopped);
    }
    const checks = this.#checks;
    for (let n = 0; n < checks.length; n += 1) {
      try {
        refusePromise(checks[n]!.afterStop?.(), 'afterStop');
      } catch (thrown) {
        throw this.#broken(n, thrown);
      }
    }
  }

  #broken(n: number, thrown: unknown): LawBroken {
    return new LawBroken(this.#laws[n]!.name, thrown);
  }
}
