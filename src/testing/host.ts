/**
 * A host: a simulated machine with a system of its own, on the common clock of its
 * world.
 *
 * A host that crashes is gone at once: no `onStop`, no timer, no turn; nothing it
 * says later has any effect. Others notice by silence only. When it is restarted, its
 * setup runs again with a new system; what it had in memory is lost, and what it kept
 * outside of it (a simulated disk) is there as it was left.
 *
 * Limit: code of the user's that was running when its host crashed cannot be stopped
 * by force. It may go on for as long as promises of its own carry it, and change
 * variables of the test; agents, timers and links do not hear it.
 */
import { createSystem, type System, type SystemOptions } from '../actors/system.ts';
import type { SystemEvent } from '../core/system-event.ts';
import type { HostEnvironment } from './host-environment.ts';
import type { StoryRecorder } from './story-recorder.ts';

/** Options of the systems of a host. */
export interface HostOptions {
  readonly system?: Omit<SystemOptions, 'environment' | 'handleSignals'>;
}

/** Starts what a host runs; called for each of its lives. `world.run` waits for what it returns, and fails where that never comes. */
export type HostSetup = (system: System, host: Host) => unknown;

export interface Host {
  readonly name: string;
  /** The system of this life, or of the last one when the host is down. */
  readonly system: System;
  /** Whether it runs. */
  readonly up: boolean;
  /** How often it was started. */
  readonly lives: number;
  /** Calls `f` when this life ends by a crash: a disk loses then what was not written through. */
  onCrash(f: () => void): void;
}

/**
 * Puts something that listens into the options of a system that is about to be made;
 * `system` gives it once it is there.
 */
export type Equip = (options: SystemOptions, system: () => System) => SystemOptions;

/** What a host needs of its world. */
export interface HostWorld {
  environmentFor(host: string): HostEnvironment;
  /** Told of each event of a living host. */
  heard(host: string, event: SystemEvent): void;
  /** Writes down what happens, in a world that is traced. */
  readonly recorder: StoryRecorder | undefined;
  /** What looks at each of its systems, if anything does. */
  readonly equip: Equip | undefined;
  /** A life of a host begins; its system is there, and nothing has happened in it. */
  lifeBegan(host: Host): void;
  /** The setup of a host is under way. */
  settingUp(host: string, setup: Promise<unknown>): void;
}

export class RunningHost implements Host {
  readonly name: string;
  readonly #world: HostWorld;
  readonly #setup: HostSetup;
  readonly #options: HostOptions;
  #system!: System;
  #environment!: HostEnvironment;
  #onCrash: (() => void)[] = [];
  up = false;
  lives = 0;
  /** Whether a life of it ended with work open, which may go on somewhere. */
  leftWork = false;
  /** Called when a life of it has begun, before its setup. */
  readonly onStart: (() => void)[] = [];

  constructor(name: string, setup: HostSetup, world: HostWorld, options: HostOptions) {
    this.name = name;
    this.#setup = setup;
    this.#world = world;
    this.#options = options;
  }

  get system(): System {
    return this.#system;
  }

  /** What is true of this life alone. */
  get life(): HostEnvironment {
    return this.#environment;
  }

  onCrash(f: () => void): void {
    this.#onCrash.push(f);
  }

  /** Begins a life. */
  start(): void {
    const { name } = this;
    const environment = this.#world.environmentFor(name);
    const { recorder, equip } = this.#world;
    const { system: given = {} } = this.#options;
    let system: System | undefined;
    const options = equip === undefined ? given : equip(given, () => system!);
    const whileItLives = (next: (event: SystemEvent) => void) => ({
      next: (event: SystemEvent) => (environment.halted ? undefined : next(event)),
    });
    const told = (options.events ?? []).map((one) => whileItLives((event) => one.next(event)));
    this.#environment = environment;
    this.#onCrash = [];
    this.up = true;
    this.lives += 1;
    system = createSystem({
      id: name,
      ...options,
      events: [...told, whileItLives((event) => this.#world.heard(name, event))],
      environment,
      ...(recorder === undefined
        ? {}
        : { instrumentation: recorder.instrumentation(name, () => !environment.halted) }),
    });
    this.#system = system;
    this.#world.lifeBegan(this);
    for (const tell of this.onStart) {
      tell();
    }
    const setup = new Promise((resolve) =>
      resolve(environment.ownCall(() => this.#setup(this.#system, this))),
    );
    // A setup that was interrupted by a crash never ends, and nobody waits for it.
    const crashed = new Promise<void>((resolve) => this.onCrash(resolve));
    this.#world.settingUp(name, Promise.race([setup, crashed]));
  }

  /** Ends this life at once. */
  crash(): void {
    this.up = false;
    this.leftWork ||= hasWork(this.#system);
    this.#environment.halt();
    for (const tell of this.#onCrash.splice(0)) {
      tell();
    }
  }

  /** The world is over. */
  close(): void {
    this.#environment.close();
  }
}

/** Whether work in a system has not ended, or was given up: its code may still be under way somewhere. */
export function hasWork(system: System): boolean {
  return system.statistics().agents.some(({ inFlight, interrupted }) => inFlight + interrupted > 0);
}
