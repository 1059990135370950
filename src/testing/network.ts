/**
 * The network of a world: its hosts, and the links between their systems.
 */
import type { System } from '../actors/system.ts';
import type { SimulatedEnvironment } from '../core/simulated-environment.ts';
import type { SystemEvent } from '../core/system-event.ts';
import type { AnyTopic } from '../core/topic.ts';
import type { Fate } from './fate.ts';
import type { FaultEvent } from './fault.ts';
import { FaultyDelivery } from './faulty-delivery.ts';
import {
  type Equip,
  type Host,
  type HostOptions,
  type HostSetup,
  type HostWorld,
  hasWork,
  RunningHost,
} from './host.ts';
import { HostEnvironment } from './host-environment.ts';
import { LinkEnd, type LinkedHost, type LinkOptions } from './link.ts';
import type { StoryRecorder } from './story-recorder.ts';
import { Wire } from './wire.ts';

/** What the system of the world itself is called where a host has its name. */
const homeName = 'world';

export interface NetworkOptions {
  readonly environment: SimulatedEnvironment;
  /** Who decides what is lost between hosts, if anything may be. */
  readonly fate: Fate | undefined;
  /** The system of the world itself. */
  readonly home: System;
  readonly tell: (event: FaultEvent) => void;
  readonly heard: (host: string, event: SystemEvent) => void;
  readonly recorder: StoryRecorder | undefined;
  /** What looks at each system, if anything does. */
  readonly equip: Equip | undefined;
  readonly lifeBegan: (host: Host) => void;
  readonly settingUp: (host: string, setup: Promise<unknown>) => void;
}

/** A link, whole or cut. */
interface Linked {
  readonly names: readonly [string, string];
  /** How many topics either end of it hears. */
  readonly topics: number;
  cut: boolean;
  /** How often it was cut. */
  cuts: number;
}

export class Network implements HostWorld {
  readonly #options: NetworkOptions;
  readonly #hosts = new Map<string, RunningHost>();
  readonly #links: Linked[] = [];
  readonly #home: LinkedHost;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#home = { name: homeName, system: options.home, up: true, lives: 1, life: {} };
  }

  get recorder(): StoryRecorder | undefined {
    return this.#options.recorder;
  }

  get equip(): Equip | undefined {
    return this.#options.equip;
  }

  /** Hosts, in the order in which they were made. */
  get hosts(): readonly Host[] {
    return [...this.#hosts.values()];
  }

  /** How many topics of a system links listen to, from its beginning to its end and longer. */
  heardByLinks(system: System): number {
    const { name } = [this.#home, ...this.#hosts.values()].find((host) => host.system === system)!;
    return this.#links.reduce((sum, { names, topics }) => sum + (names.includes(name) ? topics : 0), 0);
  }

  /** Hosts that run, and have not been stopped in good order. */
  get running(): readonly Host[] {
    return [...this.#hosts.values()].filter(({ up, life }) => up && !life.closed);
  }

  /** Whether work may be under way outside of this world in a host, or in one that crashed. */
  get doubtful(): boolean {
    return [...this.#hosts.values()].some(({ system, leftWork }) => leftWork || hasWork(system));
  }

  /** Links that are whole. */
  get wholeLinks(): readonly (readonly [string, string])[] {
    return this.#links.filter(({ cut }) => !cut).map(({ names }) => names);
  }

  /** Errors: `RangeError` for a name that is taken, or is no name. */
  host(name: string, setup: HostSetup, options: HostOptions): Host {
    if (!/^[\w-]+$/.test(name) || name === homeName || this.#hosts.has(name)) {
      throw new RangeError(`the name of a host is its own, of letters, digits, - and _; got '${name}'`);
    }
    const host = new RunningHost(name, setup, this, options);
    this.#hosts.set(name, host);
    host.start();
    return host;
  }

  /** Errors: `RangeError` for hosts that are not there, a link to itself, or one that exists; for what it cannot carry, or no measure. */
  link(one: string, other: string, { topics, delayMs = 1, capacity = 1_024 }: LinkOptions): void {
    if (one === other || this.#find(one, other) !== undefined) {
      throw new RangeError(`a link is between two hosts that have none yet; got '${one}' and '${other}'`);
    }
    const [a, b] = [this.at(one), this.at(other)];
    checkOptions(topics, delayMs, capacity);
    const byName = new Map<string, AnyTopic>(topics.map((topic) => [topic.name, topic]));
    const linked: Linked = { names: [one, other], topics: byName.size, cut: false, cuts: 0 };
    const wireTo = (to: LinkedHost): Wire => {
      const { fate } = this.#options;
      // Both only grow, so their sum is another one after either has.
      const passage = () => (!linked.cut && to.up ? linked.cuts + to.lives : undefined);
      return new Wire({ clock: this, fate, delayMs, capacity, passage });
    };
    const [there, back] = [wireTo(b), wireTo(a)];
    this.#links.push(linked);
    this.#attach(a, () => new LinkEnd(a, b, byName, there, back).listen());
    this.#attach(b, () => new LinkEnd(b, a, byName, back, there).listen());
  }

  /** Ends the life of a host at once; whether it was up. Errors: `RangeError` for a host that is not there. */
  crash(name: string): boolean {
    const host = this.#hostAt(name);
    if (!host.up) {
      return false;
    }
    host.crash();
    this.#tell({ _tag: 'Crashed', atMs: this.nowMs(), what: 'host', name });
    return true;
  }

  /** Begins a new life of a host; one that is up crashes first. Errors: `RangeError` for a host that is not there. */
  restart(name: string): void {
    const host = this.#hostAt(name);
    this.crash(name);
    this.#tell({ _tag: 'Restarted', atMs: this.nowMs(), name });
    host.start();
  }

  partition(one: string, other: string): void {
    const link = this.#linkBetween(one, other);
    if (!link.cut) {
      link.cut = true;
      link.cuts += 1;
      this.#tell({ _tag: 'Partitioned', atMs: this.nowMs(), between: link.names });
    }
  }

  heal(one: string, other: string): void {
    const link = this.#linkBetween(one, other);
    if (link.cut) {
      link.cut = false;
      this.#tell({ _tag: 'Healed', atMs: this.nowMs(), between: link.names });
    }
  }

  nowMs(): number {
    return this.#options.environment.nowMs();
  }

  /** Has something happen later in the network, whatever becomes of any system. */
  schedule(delayMs: number, f: () => void): void {
    this.#options.environment.scheduleBeside(delayMs, f);
  }

  close(): void {
    for (const host of this.#hosts.values()) {
      host.close();
    }
  }

  environmentFor(host: string): HostEnvironment {
    const { environment, fate } = this.#options;
    return new HostEnvironment(host, environment, (own) =>
      fate === undefined ? undefined : new FaultyDelivery(fate, () => own, host),
    );
  }

  heard(host: string, event: SystemEvent): void {
    this.#options.heard(host, event);
  }

  lifeBegan(host: Host): void {
    this.#options.lifeBegan(host);
  }

  settingUp(host: string, setup: Promise<unknown>): void {
    this.#options.settingUp(host, setup);
  }

  /** Puts an end of a link into this life of a host, and into each that follows. */
  #attach(host: LinkedHost, listen: () => void): void {
    listen();
    if (host instanceof RunningHost) {
      host.onStart.push(listen);
    }
  }

  /** A host, or the world's own system. Errors: `RangeError` for one that is not there. */
  at(name: string): LinkedHost {
    const host = name === homeName ? this.#home : this.#hosts.get(name);
    if (host === undefined) {
      const names = [homeName, ...this.#hosts.keys()].join(', ');
      throw new RangeError(`there is no host '${name}'; there are: ${names}`);
    }
    return host;
  }

  #hostAt(name: string): RunningHost {
    const host = this.#hosts.get(name);
    if (host === undefined) {
      const names = [...this.#hosts.keys()].join(', ');
      throw new RangeError(`there is no host '${name}'; there are: ${names || 'none'}`);
    }
    return host;
  }

  #linkBetween(one: string, other: string): Linked {
    const link = this.#find(one, other);
    if (link === undefined) {
      throw new RangeError(`there is no link between '${one}' and '${other}'`);
    }
    return link;
  }

  #find(one: string, other: string): Linked | undefined {
    return this.#links.find(({ names }) => names.includes(one) && names.includes(other));
  }

  #tell(event: FaultEvent): void {
    this.#options.tell(event);
  }
}

function checkOptions(topics: readonly AnyTopic[], delayMs: number, capacity: number): void {
  const bad = topics.find(({ name, isPattern }) => isPattern || name.startsWith('system.'));
  if (bad !== undefined) {
    throw new RangeError(
      `a link carries topics by their names, and none of the system's own; got '${bad.name}'`,
    );
  }
  if (!(delayMs >= 0 && delayMs < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`the delayMs of a link is a number of milliseconds, at least 0; got ${delayMs}`);
  }
  if (!(capacity >= 1)) {
    throw new RangeError(`the capacity of a link is at least 1; got ${capacity}`);
  }
}
