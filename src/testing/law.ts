/**
 * A law: something that holds in every run of a system, whatever its agents do.
 *
 * A property is about one protocol and is written for it. A law knows nothing of
 * the protocol; it looks at how the runtime treats messages, requests and work, and
 * can be asked of any agents. `explore` begins each law anew in every world; one that
 * is of systems, in every system of it: that of the world itself, and that of each
 * life of each host.
 *
 * A life that ends by a crash takes with it what was in it. That is what a crash is, and
 * breaks no law; nothing is looked at in it any more. What was broken before that
 * still counts.
 *
 * Guarantees: what a law throws fails the run as `LawBroken`, which names the law.
 */
import type { System } from '../actors/system.ts';
import { reasonOf } from '../core/failure.ts';
import type { Host } from './host.ts';
import { unwitness } from './laws/witnesses.ts';
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
  /** What it is asked of: the `world`, when not given, once; or each `system` in it. */
  readonly of?: 'world' | 'system';
  /**
   * Begins to look at a world, or at a system in it, before anything has happened in it.
   *
   * @param system The system that is looked at; that of the world itself where the law is of the world.
   */
  begin(world: World, system: System): LawCheck;
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

  /** @param host Where it does not hold; the world itself when not given. */
  constructor(law: string, cause: unknown, host?: string) {
    super(`${law}: ${host === undefined ? '' : `on host ${host}, `}${reasonOf(cause)}`, { cause });
    this.law = law;
  }
}

/** All laws of one world, checked as one. Made for every run: it keeps no more than the checks. */
export class LawsInForce {
  readonly #world: World;
  readonly #own: Checks;
  /** Of hosts, a life each; those that have crashed leave with the next step. */
  #lives: Checks[] | undefined;

  constructor(laws: readonly Law[], world: World) {
    this.#world = world;
    this.#own = new Checks(laws, world, world.system, undefined);
    world.onLife((host) => this.#watch(laws, host));
  }

  afterStep(): void {
    this.#own.afterStep();
    if (this.#lives !== undefined) {
      this.#lookAtLives();
    }
  }

  /** What all laws remember of the steps so far; `undefined` when one of them does not say. */
  state(): string | undefined {
    let state = this.#own.state();
    for (const life of this.#lives ?? []) {
      const remembered = life.state();
      state = state === undefined || remembered === undefined ? undefined : state + remembered;
    }
    return state;
  }

  /** Checks what holds at quiet, stops the systems, and checks what holds after that. */
  async atQuiet(): Promise<void> {
    await this.#own.atQuiet();
    if (this.#lives !== undefined) {
      this.#lookAtLives();
      for (const life of this.#lives) {
        await life.atQuiet();
      }
    }
    if (this.#own.stops) {
      await this.#stop();
    }
  }

  /** Looks at a host from here on, until it crashes. */
  #watch(laws: readonly Law[], host: Host): void {
    const { system } = host;
    const life = new Checks(laws, this.#world, system, host.name);
    this.#lives ??= [];
    this.#lives.push(life);
    host.onCrash(() => {
      life.over = true;
      unwitness(system);
    });
  }

  #lookAtLives(): void {
    let over = false;
    for (const life of this.#lives!) {
      life.afterStep();
      over ||= life.over;
    }
    if (over) {
      this.#lives = this.#lives!.filter((life) => !life.over);
    }
  }

  async #stop(): Promise<void> {
    const { system } = this.#world;
    await this.#stopHosts();
    await this.#untilQuietAnd(system.stop());
    this.#own.afterStop();
    if (this.#lives !== undefined) {
      this.#lookAtLives();
      for (const life of this.#lives) {
        life.afterStop();
      }
    }
  }

  /** Stops hosts until all are down: some may crash meanwhile, and live again. */
  async #stopHosts(): Promise<void> {
    const known = new Set<System>();
    for (;;) {
      const hosts = this.#world.hosts.filter(({ up, system }) => up && !known.has(system));
      if (hosts.length === 0) {
        return;
      }
      const stopped: Promise<unknown>[] = [];
      for (const host of hosts) {
        known.add(host.system);
        // A host that crashes while it stops never ends.
        stopped.push(
          Promise.race([host.system.stop(), new Promise<void>((resolve) => host.onCrash(resolve))]),
        );
      }
      await this.#untilQuietAnd(Promise.all(stopped));
    }
  }

  async #untilQuietAnd(stopped: Promise<unknown>): Promise<void> {
    const world = this.#world;
    let ended = false;
    const ending = stopped.then(() => {
      ended = true;
    });
    await world.runUntilQuiet();
    if (!ended) {
      // It may wait for more than a turn; where it waits for something outside of this world, the world says so.
      await world.run(() => ending);
    }
  }
}

/** All laws, asked of one system. Those of the world are asked with those of its own system. */
class Checks {
  readonly #laws: readonly Law[];
  readonly #host: string | undefined;
  readonly #checks: (LawCheck | undefined)[] = [];
  /** Whether some law looks at what is left when everything has stopped. */
  stops = false;
  /** Its host has crashed. */
  over = false;

  constructor(laws: readonly Law[], world: World, system: System, host: string | undefined) {
    this.#laws = laws;
    this.#host = host;
    for (const law of laws) {
      const check = host === undefined || law.of === 'system' ? law.begin(world, system) : undefined;
      this.#checks.push(check);
      this.stops ||= check?.afterStop !== undefined;
    }
  }

  afterStep(): void {
    const checks = this.#checks;
    for (let n = 0; n < checks.length; n += 1) {
      try {
        refusePromise(checks[n]?.afterStep?.(), 'afterStep');
      } catch (thrown) {
        throw this.#broken(n, thrown);
      }
    }
  }

  /** What these remember, with the name of the host. */
  state(): string | undefined {
    let state = '';
    for (const [n, check] of this.#checks.entries()) {
      const remembered = check === undefined ? '' : check.state?.();
      if (remembered === undefined) {
        return undefined;
      }
      state += remembered === '' ? '' : `${this.#host ?? ''} ${n}: ${remembered}; `;
    }
    return state;
  }

  async atQuiet(): Promise<void> {
    const checks = this.#checks;
    for (let n = 0; n < checks.length && !this.over; n += 1) {
      try {
        const checked = checks[n]?.atQuiet?.();
        if (checked !== undefined) {
          await checked;
        }
      } catch (thrown) {
        throw this.#broken(n, thrown);
      }
    }
  }

  afterStop(): void {
    const checks = this.#checks;
    for (let n = 0; n < checks.length; n += 1) {
      try {
        refusePromise(checks[n]?.afterStop?.(), 'afterStop');
      } catch (thrown) {
        throw this.#broken(n, thrown);
      }
    }
  }

  #broken(n: number, thrown: unknown): LawBroken {
    return new LawBroken(this.#laws[n]!.name, thrown, this.#host);
  }
}
