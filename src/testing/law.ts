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
}

export interface Law {
  /** In plain words, for whoever reads what was broken: `one at a time`. */
  readonly name: string;
  /** Begins to look at a world, before anything has happened in it. */
  begin(world: World): LawCheck;
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

/** All laws of one world, checked as one. */
export class LawsInForce {
  readonly #world: World;
  readonly #checks: readonly (readonly [law: string, check: LawCheck])[];
  readonly #stepped: readonly (readonly [law: string, check: LawCheck])[];

  constructor(laws: readonly Law[], world: World) {
    this.#world = world;
    this.#checks = laws.map((law) => [law.name, law.begin(world)]);
    this.#stepped = this.#checks.filter(([, check]) => check.afterStep !== undefined);
  }

  afterStep(): void {
    for (const [law, check] of this.#stepped) {
      try {
        check.afterStep!();
      } catch (thrown) {
        throw new LawBroken(law, thrown);
      }
    }
  }

  async atQuiet(): Promise<void> {
    for (const [law, check] of this.#checks) {
      try {
        await check.atQuiet?.();
      } catch (thrown) {
        throw new LawBroken(law, thrown);
      }
    }
    if (this.#checks.some(([, check]) => check.afterStop !== undefined)) {
      await this.#stop();
    }
  }

  async #stop(): Promise<void> {
    const world = this.#world;
    await world.run(
      () => world.system.stop(),
      () => this.afterStep(),
    );
    for (const [law, check] of this.#checks) {
      try {
        check.afterStop?.();
      } catch (thrown) {
        throw new LawBroken(law, thrown);
      }
    }
  }
}
