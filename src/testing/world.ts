/**
 * A world: systems that run inside a simulation; one of its own, and one for each
 * host that a test adds.
 *
 * The world owns the time, chance and turns of them all; the agents are the same as
 * anywhere. It takes one step at a time, and between two steps lets promises of
 * the user's code go on, so that each step is the consequence of one choice.
 */
import type { Cell } from '../actors/cell.ts';
import { KeyedInstance } from '../actors/keyed-instance.ts';
import { LocalRef } from '../actors/local-ref.ts';
import { createSystem, type System, type SystemOptions } from '../actors/system.ts';
import type { DeadLetterCause } from '../core/dead-letter.ts';
import { type Choose, SimulatedEnvironment } from '../core/simulated-environment.ts';
import type { SystemEvent } from '../core/system-event.ts';
import type { AnyTopic } from '../core/topic.ts';
import type { TellingChance } from './chance.ts';
import { Control } from './control.ts';
import { Fate } from './fate.ts';
import { type Fault, type FaultEvent, type FaultLimits, faultLine, type Only } from './fault.ts';
import { FaultBudget } from './fault-budget.ts';
import { FaultyDelivery } from './faulty-delivery.ts';
import { type Equip, type Host, type HostOptions, type HostSetup, hasWork } from './host.ts';
import { afterIo, afterMicrotasks } from './host-loop.ts';
import type { LinkOptions } from './link.ts';
import { Misfortune } from './misfortune.ts';
import { Network } from './network.ts';
import type { Ambient } from './presence.ts';
import { SimulatedCrash } from './simulated-crash.ts';
import { type Story, storyOf } from './story.ts';
import { StoryRecorder } from './story-recorder.ts';
import { traceLine } from './trace-line.ts';

export interface WorldOptions {
  readonly choose: Choose;
  /** Where `random()` of the environment begins; 1 when not given. */
  readonly seed?: number;
  readonly faults?: readonly Fault[];
  /** Most faults in one run, all together or of each kind; 3 in all when not given. */
  readonly faultsMax?: number | FaultLimits;
  /** What `drop`, `duplicate` and `delay` may hit; everything when not given. */
  readonly only?: Only;
  /** Told of each fault when it happens. */
  readonly onFault?: (fault: FaultEvent) => void;
  /** Most steps in one run; 10 000 when not given. A run that needs more fails. */
  readonly stepsMax?: number;
  /** What becomes of code that takes time, timers or chance from the host: `fail` when not given. */
  readonly ambient?: Ambient;
  /** Options of the system. */
  readonly system?: Omit<SystemOptions, 'environment' | 'handleSignals'>;
  /** Whether `trace` is kept. */
  readonly traced?: boolean;
}

const noFaults: readonly FaultEvent[] = [];
const noHosts: readonly Host[] = [];

const hitsMessages = (fault: Fault): boolean => messageFaults.has(fault);
const messageFaults: ReadonlySet<Fault> = new Set(['drop', 'duplicate', 'delay']);

/** Rounds of the event loop in which user code that waits for nothing of ours must go on by itself. */
const patience = 50;

export class World {
  readonly system: System;
  readonly environment: SimulatedEnvironment;
  /** Writes down what happens, when the world is traced. */
  readonly recorder: StoryRecorder | undefined;
  /** Who loses, doubles and delays messages, when that may happen. */
  readonly delivery: FaultyDelivery | undefined;
  readonly #fate: Fate | undefined;
  readonly #choose: Choose;
  /** The same, without a word of what is answered. */
  readonly #untold: Choose;
  #chance: TellingChance | undefined;
  readonly #stepsMax: number;
  readonly #misfortune: Misfortune | undefined;
  readonly #onFault: ((fault: FaultEvent) => void) | undefined;
  readonly #traced: boolean;
  readonly #trace: string[] = [];
  #running = false;
  /** Hosts that faults are restricted to: there is to be one of that name when the setup is done. */
  readonly #restrictedTo: readonly string[];
  #faults: FaultEvent[] | undefined;
  readonly #control: Control;
  #network: Network | undefined;
  #onLife: ((host: Host) => void)[] | undefined;
  /** The hosts whose setups are under way, one for each life. */
  readonly #setups = new Set<{ readonly host: string }>();
  #afterStep: (() => void) | undefined;
  /** What the setup of a host failed of, or what was found after a step. */
  #broken: { readonly failure: unknown } | undefined;

  readonly #equip: Equip | undefined;

  /** @param equip What looks at each of its systems: those of hosts, in all their lives, too. */
  constructor(options: WorldOptions, equip?: Equip) {
    const { faults = [], seed = 1 } = options;
    this.recorder = options.traced === true ? new StoryRecorder(() => this.environment.nowMs()) : undefined;
    const choose =
      this.recorder?.choosing(options.choose, () => this.environment.nextDueMs) ?? options.choose;
    this.#choose = choose;
    this.#untold = options.choose;
    this.#stepsMax = checkedSteps(options.stepsMax ?? 10_000);
    this.#onFault = options.onFault;
    this.#traced = options.traced === true;
    this.#restrictedTo = hostsOf(options.only);
    const budget = faults.length === 0 ? undefined : new FaultBudget(faults, options.faultsMax);
    this.#misfortune = budget && new Misfortune(this, choose, budget);
    this.#fate = budget && faults.some(hitsMessages) ? this.#fateWith(budget, options.only) : undefined;
    this.delivery =
      this.#fate === undefined ? undefined : new FaultyDelivery(this.#fate, () => this.environment);
    this.environment = new SimulatedEnvironment({
      choose,
      seed,
      slow: faults.includes('slow'),
      delivery: this.delivery,
    });
    this.#control = new Control(this.environment, options.ambient ?? 'fail');
    this.#equip = equip;
    const given = options.system ?? {};
    const equipped = equip === undefined ? given : equip(given, () => this.system);
    const events = [...(equipped.events ?? [])];
    if (options.traced === true) {
      events.push({ next: (event) => this.#write(event) });
    }
    this.system = createSystem({
      id: 'world',
      ...equipped,
      events,
      environment: this.environment,
      ...(this.recorder === undefined ? {} : { instrumentation: this.recorder.instrumentation('') }),
    });
  }

  /** The time in this world, in milliseconds since it began. */
  get nowMs(): number {
    return this.environment.nowMs();
  }

  /** Steps taken so far. */
  get steps(): number {
    return this.environment.steps;
  }

  /** What has happened, a line each, when the world is traced. */
  get trace(): readonly string[] {
    return this.#trace;
  }

  /** Whether it is running code: whoever waits in it need not step it. */
  get running(): boolean {
    return this.#running;
  }

  /** What has happened, as a story, when the world is traced; otherwise an empty one. */
  get story(): Story {
    return storyOf(this.recorder, undefined);
  }

  /** The faults that have happened so far, in their order. */
  get faults(): readonly FaultEvent[] {
    return this.#faults ?? noFaults;
  }

  /**
   * How often something was published on a topic, or became a dead letter for a cause;
   * on all hosts that are up together, in the lives they have now. What a link brings is published anew.
   */
  count(what: AnyTopic | DeadLetterCause): number {
    let count = 0;
    for (const system of this.#systems) {
      const { topics, deadLetters } = system.statistics();
      count +=
        typeof what === 'string'
          ? (deadLetters[what] ?? 0)
          : (topics.find((entry) => entry.topic === what.name)?.published ?? 0);
    }
    return count;
  }

  /**
   * Adds a host: a machine with a system of its own, on the clock of this world.
   * `setup` starts what it runs, now and whenever it is restarted; what it throws fails
   * the run.
   *
   * Errors: `RangeError` for a name that is taken, or is no name.
   */
  host(name: string, setup: HostSetup, options: HostOptions = {}): Host {
    return this.#reach().host(name, setup, options);
  }

  /**
   * Connects the systems of two hosts, `'world'` being that of the world itself: see
   * `link.ts` for what it carries, and how.
   *
   * Errors: `RangeError` for hosts that are not there, or are linked already.
   */
  link(one: Host | string, other: Host | string, options: LinkOptions): void {
    this.#reach().link(nameOf(one), nameOf(other), options);
  }

  /** Its hosts, in the order in which they were made. */
  get hosts(): readonly Host[] {
    return this.#network?.hosts ?? noHosts;
  }

  /** Calls `f` whenever a life of a host begins: its system is there, and nothing has happened in it yet. */
  onLife(f: (host: Host) => void): void {
    this.#onLife ??= [];
    this.#onLife.push(f);
  }

  /** How many topics of a system of this world links listen to. */
  heardByLinks(system: System): number {
    return this.#network?.heardByLinks(system) ?? 0;
  }

  /** Cuts a link: nothing passes, either way, and what is on its way is lost. Errors: `RangeError` for no link. */
  partition(one: Host | string, other: Host | string): void {
    this.#reach().partition(nameOf(one), nameOf(other));
  }

  /** Makes a link whole again. Errors: `RangeError` for no link. */
  heal(one: Host | string, other: Host | string): void {
    this.#reach().heal(nameOf(one), nameOf(other));
  }

  /**
   * Ends a host at once if it is up, and begins a new life of it: a new system, and its
   * setup again. Errors: `RangeError` for a host that is not there.
   */
  restart(host: Host | string): void {
    this.#reach().restart(nameOf(host));
  }

  /** A choice of the test's own: a whole number from 0 up to, not including, `count`. */
  choose(count: number, what = 'a choice of the test'): number {
    return this.#choose(count, what);
  }

  /**
   * Choices for whoever makes something go wrong, and tells in words what came of it: give it to a
   * `faultyModel` as `choose`. A `SimulatedDisk` takes it by itself.
   */
  get chance(): TellingChance {
    this.#chance ??= Object.assign(
      ((count, what, ready) => this.#untold(count, what, ready)) satisfies Choose as Choose,
      {
        tell: (subject: string, words: string) =>
          this.#tell({ _tag: 'Told', atMs: this.nowMs, subject, words }),
      },
    );
    return this.#chance;
  }

  /**
   * Ends a host at once: no last step, no timer, no turn, and nothing of it is heard any
   * more. Or makes an agent fail now, as if its code had thrown between two steps:
   * `'/till'`, or `'shop/till'` on a host.
   *
   * @returns Whether there was something to crash: a host may be down already, and an agent gone.
   * Errors: `RangeError` for a host that was never there.
   */
  crash(target: Host | string): boolean {
    const path = nameOf(target);
    if (!path.includes('/')) {
      return this.#reach().crash(path);
    }
    const cell = this.#cellAt(path);
    // The agent of a key that waits for its place, or is on its way out, does nothing that could fail.
    const rests = cell instanceof KeyedInstance && cell.stage !== 'active';
    if (cell === undefined || cell.ending || rests) {
      return false;
    }
    this.#tell({ _tag: 'Crashed', atMs: this.nowMs, what: 'agent', name: path });
    cell.conduct.fail(cell, new SimulatedCrash({ agent: path }), undefined);
    return true;
  }

  /** Takes one step and lets promises go on; says whether there was one to take. */
  step(): Promise<boolean> {
    return this.#control.inside(async () => {
      const stepped = await this.#step();
      if (stepped) {
        this.#look();
      }
      return stepped;
    });
  }

  /**
   * Has `look` called after each step from now on, whoever takes it, where that call brings none of
   * its own. What it throws ends the run, also where code that drives the world has caught it:
   * then this throws it again.
   */
  lookAfterSteps(look: (() => void) | undefined): void {
    if (this.#broken !== undefined) {
      throw this.#broken.failure;
    }
    this.#afterStep = look;
  }

  /** The end of the call that drives it now, if there is one: whoever else would take a step waits for that. */
  get driven(): Promise<void> | undefined {
    return this.#control.driven;
  }

  /** Whether it has the process now, and none of the worlds beside it. */
  get present(): boolean {
    return this.#control.isPresent;
  }

  /** Lets the promises of user code go on, as far as they can by themselves. */
  settle(): Promise<void> {
    return afterMicrotasks();
  }

  /**
   * Runs until nothing is left to do: no turn, no timer.
   *
   * Errors: an `Error` after `stepsMax` steps; `UncontrolledAsync`.
   */
  runUntilQuiet(afterStep?: () => void): Promise<void> {
    return this.#control.inside(() => this.#runUntilQuiet(afterStep));
  }

  /**
   * Lets `ms` milliseconds pass: takes every step that falls into them, and then stands
   * at their end, whatever is still to come.
   *
   * Errors: `RangeError` for what is no length of time; those of `runUntilQuiet`.
   */
  async advance(ms: number, afterStep?: () => void): Promise<void> {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`a world advances by a number of milliseconds, at least 0; got ${ms}`);
    }
    const { environment } = this;
    const untilMs = this.nowMs + ms;
    const isDue = (): boolean =>
      environment.readyCount > 0 || (environment.nextDueMs ?? Number.POSITIVE_INFINITY) <= untilMs;
    await this.#control.inside(async () => {
      const { depth } = this.#control;
      await this.settle();
      await this.#control.innerThan(depth);
      while (isDue()) {
        await this.#step();
        this.#look(afterStep);
        await this.#control.innerThan(depth);
      }
      environment.advanceTo(untilMs);
      this.#checkSound();
      this.#control.atQuiet();
    });
  }

  /**
   * Runs until a piece of code outside of agents has ended, and then until quiet.
   *
   * Errors: what it throws; `UncontrolledAsync`; an `Error` when it waits for something that is not in this world.
   */
  run(code: () => unknown, afterStep?: () => void): Promise<void> {
    return this.#control.inside(async () => {
      const before = this.#running;
      this.#running = true;
      try {
        await this.#run(code, before, afterStep);
      } finally {
        this.#running = before;
      }
    });
  }

  /**
   * Whether something may be under way outside of this world that nobody has seen: work
   * that has not ended, or that was given up.
   */
  get doubtful(): boolean {
    return hasWork(this.system) || this.#network?.doubtful === true;
  }

  async #step(): Promise<boolean> {
    this.#misfortune?.mayStrike(this.#network);
    const stepped = this.environment.step();
    await this.settle();
    const way = this.#control.afterStep();
    if (way !== undefined) {
      await way;
    }
    return stepped;
  }

  async #runUntilQuiet(afterStep?: () => void): Promise<void> {
    const { depth } = this.#control;
    await this.settle();
    for (;;) {
      const inner = this.#control.innerThan(depth);
      if (inner !== undefined) {
        await inner;
      }
      if (!(await this.#step())) {
        break;
      }
      this.#look(afterStep);
    }
    this.#checkSound();
    this.#control.atQuiet();
  }

  /** @param isInner Whether another `run` is under way, which waits for the setups of hosts. */
  async #run(code: () => unknown, isInner: boolean, afterStep?: () => void): Promise<void> {
    let ended = false;
    const running = Promise.resolve()
      .then(code)
      .finally(() => {
        ended = true;
      });
    running.catch(() => {});
    const isOver = (): boolean => ended && (isInner || this.#setups.size === 0);
    do {
      let rounds = 0;
      while (!isOver() && rounds < patience) {
        rounds = this.steps;
        await this.#runUntilQuiet(afterStep);
        rounds = this.steps > rounds ? 0 : await this.#wait(isOver);
      }
      if (ended) {
        await running;
        this.#checkRestriction();
      }
      if (!isOver()) {
        const [open] = this.#setups;
        const whose = ended ? `the setup of host '${open!.host}'` : 'the setup';
        throw new Error(
          `${whose} waits for something that is not in this world, or for a promise that nobody resolves`,
        );
      }
      // A host may begin anew in this, and its setup is waited for, too.
      await this.#runUntilQuiet(afterStep);
    } while (!isOver());
  }

  #checkRestriction(): void {
    for (const name of this.#restrictedTo) {
      if (name !== 'world' && this.#network?.hosts.some((host) => host.name === name) !== true) {
        throw new RangeError(
          `faults are restricted (only) to what goes from or to '${name}': that is neither the path of an agent, as '/${name}', nor the name of a host`,
        );
      }
    }
  }

  /** Has the test look at what the last step did. Errors: whatever ends the run. */
  #look(afterStep?: () => void): void {
    const look = afterStep ?? this.#afterStep;
    if (look !== undefined) {
      try {
        this.#control.outside(look);
      } catch (failure) {
        // Code that drives the world may catch it; it ends the run all the same.
        this.#broken ??= { failure };
      }
    }
    this.#checkSound();
  }

  /** Errors: whatever ends the run, also where nothing was done. */
  #checkSound(): void {
    if (this.#broken !== undefined) {
      throw this.#broken.failure;
    }
    if (this.steps > this.#stepsMax) {
      throw new Error(
        `not quiet after ${this.#stepsMax} steps: a timer that rings for ever, or agents that tell each other without end`,
      );
    }
  }

  /** The hosts and links of this world, from the first on that is asked for. */
  #reach(): Network {
    this.#network ??= new Network({
      environment: this.environment,
      fate: this.#fate,
      home: this.system,
      tell: (fault) => this.#tell(fault),
      heard: (host, event) => this.#write(event, host),
      recorder: this.recorder,
      equip: this.#equip,
      lifeBegan: (host) => {
        for (const tell of this.#onLife ?? []) {
          tell(host);
        }
      },
      settingUp: (host, setup) => {
        const open = { host };
        this.#setups.add(open);
        setup
          .catch((failure: unknown) => {
            this.#broken ??= { failure };
          })
          .finally(() => this.#setups.delete(open));
      },
    });
    return this.#network;
  }

  /** Those that run. */
  get #systems(): readonly System[] {
    return this.#network === undefined
      ? [this.system]
      : [this.system, ...this.#network.hosts.filter(({ up }) => up).map(({ system }) => system)];
  }

  /** Forgets everything. */
  close(): void {
    this.#network?.close();
    this.environment.close();
    this.#control.close();
  }

  async #wait(ended: () => boolean): Promise<number> {
    const { depth } = this.#control;
    // It may still be taking steps of its own, one promise after the other; only then the host is waited for.
    for (let round = 0; round < 2 * patience; round += 1) {
      await (round < patience ? afterMicrotasks() : this.#control.outside(afterIo));
      const way = this.#control.afterStep();
      if (way !== undefined) {
        // Another world takes its steps, one in the setup of this one perhaps.
        await way;
        round = 0;
      }
      const inner = this.#control.innerThan(depth);
      if (inner !== undefined) {
        // The setup drives the world by itself.
        await inner;
        round = 0;
      }
      if (ended() || this.environment.readyCount + this.environment.timerCount > 0) {
        if (round >= patience) {
          this.#control.cameFromHost();
        }
        return 0;
      }
    }
    return patience;
  }

  #fateWith(budget: FaultBudget, only: Only | undefined): Fate {
    return new Fate({
      choose: this.#choose,
      budget,
      only,
      nowMs: () => this.nowMs,
      tell: (fault) => this.#tell(fault),
    });
  }

  #tell(fault: FaultEvent): void {
    this.#faults ??= [];
    this.#faults.push(fault);
    // That an agent crashed is told by its failure.
    if (this.#traced && !(fault._tag === 'Crashed' && fault.what === 'agent')) {
      this.#trace.push(faultLine(fault));
    }
    this.recorder?.happened(fault);
    this.#onFault?.(fault);
  }

  /** The agent at `/path`, or at `host/path`. */
  #cellAt(path: string): Cell | undefined {
    const end = path.indexOf('/');
    const name = path.slice(0, Math.max(0, end));
    const host = name === '' ? this : this.#reach().at(name);
    return LocalRef.cellOf(host.system.agents.find(path.slice(end))?.ref);
  }

  #write(event: SystemEvent, host?: string): void {
    if (this.#traced) {
      const line = traceLine(event);
      this.#trace.push(host === undefined ? line : line.replace(' ms  ', ` ms  ${host}: `));
    }
  }
}

/** The hosts named by a restriction of faults; paths of agents begin with a slash. */
function hostsOf(only: Only | undefined): readonly string[] {
  if (only === undefined || typeof only === 'function' || 'length' in only) {
    return nobody;
  }
  return [only.from, only.to].flatMap((path) =>
    path === undefined || path.startsWith('/') ? [] : [path.split('/')[0]!],
  );
}

const nobody: readonly string[] = [];

function checkedSteps(stepsMax: number): number {
  if (!(stepsMax >= 1)) {
    throw new RangeError(`stepsMax is a number of steps, at least 1; got ${stepsMax}`);
  }
  return stepsMax;
}

const nameOf = (host: Host | string): string => (typeof host === 'string' ? host : host.name);
