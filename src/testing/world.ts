/**
 * A world: one system that runs inside a simulation.
 *
 * The world owns the system's time, chance and turns; the agents are the same as
 * anywhere. It takes one step at a time, and between two steps lets promises of
 * the user's code go on, so that each step is the consequence of one choice.
 */
import type { Cell } from '../actors/cell.ts';
import { KeyedGroup } from '../actors/keyed-group.ts';
import { LocalRef } from '../actors/local-ref.ts';
import { createSystem, type System, type SystemOptions } from '../actors/system.ts';
import { Failure } from '../core/failure.ts';
import { type Choose, SimulatedEnvironment } from '../core/simulated-environment.ts';
import type { SystemEvent } from '../core/system-event.ts';
import type { AnyTopic } from '../core/topic.ts';
import { Control } from './control.ts';
import { Fate } from './fate.ts';
import { type Fault, type FaultEvent, type FaultLimits, faultLine, type Only } from './fault.ts';
import { FaultBudget } from './fault-budget.ts';
import { FaultyDelivery } from './faulty-delivery.ts';
import { afterIo, afterMicrotasks } from './host-loop.ts';
import type { Ambient } from './presence.ts';
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

/** The agent was made to fail by the simulation. */
export class SimulatedCrash extends Failure {
  readonly _tag = 'SimulatedCrash';
  readonly code = 'DEFECT';
  readonly class = 'defect';
  readonly agent: string;

  constructor(facts: { agent: string }) {
    super();
    this.agent = facts.agent;
  }

  override get message(): string {
    return `the simulation crashed '${this.agent}'`;
  }
}

const noFaults: readonly FaultEvent[] = [];

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
  readonly #choose: Choose;
  readonly #stepsMax: number;
  readonly #budget: FaultBudget | undefined;
  readonly #onFault: ((fault: FaultEvent) => void) | undefined;
  readonly #traced: boolean;
  readonly #trace: string[] = [];
  #faults: FaultEvent[] | undefined;
  readonly #control: Control;

  constructor(options: WorldOptions) {
    const { faults = [], seed = 1 } = options;
    this.recorder = options.traced === true ? new StoryRecorder(() => this.environment.nowMs()) : undefined;
    const choose =
      this.recorder?.choosing(options.choose, () => this.environment.nextDueMs) ?? options.choose;
    this.#choose = choose;
    this.#stepsMax = options.stepsMax ?? 10_000;
    this.#onFault = options.onFault;
    this.#traced = options.traced === true;
    this.#budget = faults.length === 0 ? undefined : new FaultBudget(faults, options.faultsMax);
    this.delivery = faults.some(hitsMessages) ? this.#faultyDelivery(options.only) : undefined;
    this.environment = new SimulatedEnvironment({
      choose,
      seed,
      slow: faults.includes('slow'),
      delivery: this.delivery,
    });
    this.#control = new Control(this.environment, options.ambient ?? 'fail');
    const events = [...(options.system?.events ?? [])];
    if (options.traced === true) {
      events.push({ next: (event) => this.#write(event) });
    }
    this.system = createSystem({
      id: 'world',
      ...options.system,
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

  /** What has happened, as a story, when the world is traced; otherwise an empty one. */
  get story(): Story {
    return storyOf(this.recorder, undefined);
  }

  /** The faults that have happened so far, in their order. */
  get faults(): readonly FaultEvent[] {
    return this.#faults ?? noFaults;
  }

  /** How often something was published on a topic. */
  count(topic: AnyTopic): number {
    return this.system.statistics().topics.find((entry) => entry.topic === topic.name)?.published ?? 0;
  }

  /** A choice of the test's own: a whole number from 0 up to, not including, `count`. */
  choose(count: number, what = 'a choice of the test'): number {
    return this.#choose(count, what);
  }

  /** Makes an agent fail now, as if its code had thrown between two steps. */
  crash(path: string): void {
    const cell = this.#cellAt(path);
    if (cell !== undefined && !cell.ending) {
      this.#tell({ _tag: 'Crashed', atMs: this.nowMs, what: 'agent', name: path });
      cell.conduct.fail(cell, new SimulatedCrash({ agent: path }), undefined);
    }
  }

  /** Takes one step and lets promises go on; says whether there was one to take. */
  step(): Promise<boolean> {
    return this.#control.inside(() => this.#step());
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
   * Runs until a piece of code outside of agents has ended, and then until quiet.
   *
   * Errors: what it throws; `UncontrolledAsync`; an `Error` when it waits for something that is not in this world.
   */
  run(code: () => unknown, afterStep?: () => void): Promise<void> {
    return this.#control.inside(() => this.#run(code, afterStep));
  }

  /**
   * Whether something may be under way outside of this world that nobody has seen: work
   * that has not ended, or that was given up.
   */
  get doubtful(): boolean {
    return this.system.statistics().agents.some(({ inFlight, interrupted }) => inFlight + interrupted > 0);
  }

  /** Forgets everything. */
  close(): void {
    this.environment.close();
  }

  async #step(): Promise<boolean> {
    if (this.#budget !== undefined) {
      this.#mayCrash(this.#budget);
    }
    const stepped = this.environment.step();
    await this.settle();
    const way = this.#control.afterStep();
    if (way !== undefined) {
      await way;
    }
    return stepped;
  }

  async #runUntilQuiet(afterStep?: () => void): Promise<void> {
    await this.settle();
    while (await this.#step()) {
      if (afterStep !== undefined) {
        this.#control.outside(afterStep);
      }
      if (this.steps > this.#stepsMax) {
        throw new Error(
          `not quiet after ${this.#stepsMax} steps: a timer that rings for ever, or agents that tell each other without end`,
        );
      }
    }
    this.#control.atQuiet();
  }

  async #run(code: () => unknown, afterStep?: () => void): Promise<void> {
    let ended = false;
    const running = Promise.resolve()
      .then(code)
      .finally(() => {
        ended = true;
      });
    running.catch(() => {});
    let rounds = 0;
    while (!ended && rounds < patience) {
      rounds = this.steps;
      await this.#runUntilQuiet(afterStep);
      rounds = this.steps > rounds ? 0 : await this.#wait(() => ended);
    }
    if (!ended) {
      throw new Error(
        'the setup waits for something that is not in this world, or for a promise that nobody resolves',
      );
    }
    await running;
    await this.#runUntilQuiet(afterStep);
  }

  async #wait(ended: () => boolean): Promise<number> {
    // It may still be taking steps of its own, one promise after the other; only then the host is waited for.
    for (let round = 0; round < 2 * patience; round += 1) {
      await (round < patience ? afterMicrotasks() : this.#control.outside(afterIo));
      const way = this.#control.afterStep();
      if (way !== undefined) {
        // Another world takes its steps, one in the setup of this one perhaps.
        await way;
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

  #mayCrash(budget: FaultBudget): void {
    if (!budget.allows('crash') || this.#choose(2, 'fault: crash') === 0) {
      return;
    }
    const agents = this.system.agents.list();
    if (agents.length > 0) {
      budget.spend('crash');
      this.crash(this.#oneAt(agents[this.#choose(agents.length, 'whom to crash')]!.path));
    }
  }

  /** The agent at a path; of a keyed group itself, or the agent of one of its keys. */
  #oneAt(path: string): string {
    const cell = this.#cellAt(path);
    if (!(cell instanceof KeyedGroup) || cell.children === undefined) {
      return path;
    }
    const keys = [...cell.children.keys()];
    const chosen = this.#choose(keys.length + 1, 'which key to crash');
    return chosen === 0 ? path : `${path}/${keys[chosen - 1]}`;
  }

  #faultyDelivery(only: Only | undefined): FaultyDelivery {
    const fate = new Fate({
      choose: this.#choose,
      budget: this.#budget!,
      only,
      nowMs: () => this.nowMs,
      tell: (fault) => this.#tell(fault),
    });
    return new FaultyDelivery(fate, () => this.environment);
  }

  #tell(fault: FaultEvent): void {
    this.#faults ??= [];
    this.#faults.push(fault);
    // That an agent crashed is told by its failure.
    if (this.#traced && !(fault._tag === 'Crashed' && fault.what === 'agent')) {
      this.#trace.push(faultLine(fault));
    }
    this.#onFault?.(fault);
  }

  #cellAt(path: string): Cell | undefined {
    return LocalRef.cellOf(this.system.agents.find(path)?.ref);
  }

  #write(event: SystemEvent): void {
    const line = traceLine(event);
    if (line !== undefined) {
      this.#trace.push(line);
    }
  }
}
