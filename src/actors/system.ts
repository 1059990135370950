/**
 * A system: a tree of agents with one dispatcher, one topic board and one end.
 */
import type { Environment } from '../core/environment.ts';
import { liveEnvironment } from '../core/live-environment.ts';
import type { EventListener } from '../core/system-event.ts';
import type { Topic, Validation } from '../core/topic.ts';
import type { Instrumentation, Instrumented } from '../core/tracing.ts';
import type { Agent, AnyAgent, MachineAgent } from './agent.ts';
import type { AgentDirectory } from './agent-directory.ts';
import type { AgentRef, MachineRef } from './agent-ref.ts';
import type { Bounded } from './bounded.ts';
import type { Capability } from './capability.ts';
import { CapabilityDirectory, type Permit } from './capability-directory.ts';
import { Cell } from './cell.ts';
import { Conductor } from './conductor.ts';
import type { RequestOptions, SpawnOptions, Terminated, Verbs } from './context.ts';
import { type DeadLetterBox, deadLetterBox } from './dead-letter-box.ts';
import { terminated } from './death-watch.ts';
import { DefinedAgent, definitionOf } from './define-agent.ts';
import { Detached } from './detached.ts';
import { givenUpMax, type Health, healthOf } from './health.ts';
import type { Inspector } from './inspector.ts';
import { Kernel } from './kernel.ts';
import { refOf } from './local-ref.ts';
import { type ObserveOptions, Observers, onThrowOf } from './observe.ts';
import { Outside } from './outside.ts';
import { Interrupted } from './request-failures.ts';
import { startChild } from './spawn.ts';
import { type SystemStatistics, statisticsOf } from './statistics.ts';
import type { SupervisionOptions } from './supervision.ts';
import { checkLength, checkSystemLimits } from './system-limits.ts';

export interface SystemOptions {
  /** Started at once, at the top. */
  readonly agents?: readonly AnyAgent[];
  /** How the system treats failures of the agents at the top. */
  readonly supervision?: SupervisionOptions;
  /** When payloads are checked; `edge` when not given. */
  readonly validate?: Validation;
  /** How long a request waits when it does not say; 30 000 ms when not given. */
  readonly requestTimeoutMs?: number;
  /** Most envelopes in one chain of causes; 100 000 when not given. */
  readonly hopsMax?: number;
  /** Most dead letters kept; 1 024 when not given. */
  readonly deadLettersMax?: number;
  /** Most topics remembered; 131 072 when not given. */
  readonly topicsMax?: number;
  /** Who is told of every event, from the first on. */
  readonly events?: readonly EventListener[];
  /** Is told what every machine and its children do, as an inspector of XState's is. */
  readonly inspect?: Inspector;
  /** Who measures and follows it: `openTelemetry()` of `troupe/otel`. */
  readonly instrumentation?: Instrumentation;
  /** Which calls of capabilities are allowed; all when not given. */
  readonly permit?: Permit;
  /** Drains on SIGTERM and SIGINT, for at most `withinMs` (10 000 when `true`), then lets the signal end the process. */
  readonly handleSignals?: boolean | { readonly withinMs: number };
  /** Where time, chance and turns come from; the machine when not given. */
  readonly environment?: Environment;
  /** Names it in ids and traces; made by chance when not given. */
  readonly id?: string;
}

export interface System extends Verbs, AsyncDisposable {
  readonly id: string;
  /** Every living agent, and a stream of changes. */
  readonly agents: Pick<
    AgentDirectory,
    'find' | 'list' | 'withTopic' | 'withCapability' | 'changes' | 'size'
  >;
  /** Every capability offered, and a stream of changes. */
  readonly capabilities: Pick<CapabilityDirectory, 'find' | 'list' | 'changes' | 'size'>;
  readonly deadLetters: DeadLetterBox;
  /** A stream of what is published on a topic or pattern, for code outside of agents. */
  observe<M>(topic: Topic<M, unknown>, options: ObserveOptions): Bounded<M>;
  /** Calls a capability, whoever offers it. */
  tool<I, O>(capability: Capability<I, O>, input: NoInfer<I>, options?: RequestOptions): Promise<O>;
  tool(name: string, input: unknown, options?: RequestOptions): Promise<unknown>;
  /** Resolves when that agent has ended; at once if it has already. Aborting `signal` forgets it. */
  watch(ref: AgentRef<never, unknown>, options?: { readonly signal?: AbortSignal }): Promise<Terminated>;
  /** Ends what an agent and its children are working on; the agents go on with their next messages. */
  interrupt(ref: AgentRef<never, unknown>, reason?: string): void;
  /** Stops one agent, or all: now, or, with `drain`, when what was accepted is done or `withinMs` have passed. */
  stop(ref?: AgentRef<never, unknown>, options?: StopOptions): Promise<void>;
  /**
   * Takes nothing new from outside, finishes the messages that were accepted and
   * the steps that agents have begun on their own, then stops; after `withinMs` it
   * stops anyway. A handler that awaits it waits for
   * itself: it says `withinMs`, or does not await it.
   */
  drain(options?: { readonly withinMs?: number }): Promise<void>;
  /**
   * Resolves when nothing is being worked on: no message waits, none is being
   * handled, and no step that an agent takes on its own. Timers may still ring, and requests of agents that wait for somebody
   * outside may still be open.
   */
  quiet(): Promise<void>;
  health(): Health;
  statistics(): SystemStatistics;
  /** Tells a listener of every event from now on; returns how to end that. */
  listen(listener: EventListener): () => void;
}

/** How long the finalizers of interrupted Effects may take at the end of a system: as long as an agent's last step. */
const finalizersMs = 5_000;

export interface StopOptions {
  readonly drain?: boolean;
  /** How long draining may take, in milliseconds; `Infinity` when not given. */
  readonly withinMs?: number;
}

/**
 * Starts a system.
 *
 * It ends with `stop`, `drain` or `await using`; then nothing of it is left: no
 * timer, listener, subscription or fibre.
 *
 * Errors: `RangeError`, at once, for an option that cannot be.
 *
 * @example
 * const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() })
 * const greeter = defineAgent({ name: 'greeter', subscribe: [Question], receive: (name) => `Hello, ${name}!` })
 * const system = createSystem({ agents: [greeter] })
 * await system.request(Question, 'Ada') // => 'Hello, Ada!'
 * await system.stop()
 */
export function createSystem(options: SystemOptions = {}): System {
  return new RunningSystem(options);
}

class RunningSystem extends Outside implements System {
  readonly id: string;
  readonly agents: AgentDirectory;
  readonly capabilities: CapabilityDirectory;
  readonly kernel: Kernel;
  readonly deadLetters: DeadLetterBox;
  readonly #conductor: Conductor;
  readonly #root: Cell;
  readonly #observers = new Observers();
  readonly #ended = Promise.withResolvers<void>();
  readonly #degraded: string[] = [];
  #status: 'up' | 'draining' | 'stopping' | 'stopped' = 'up';

  constructor(options: SystemOptions) {
    super();
    checkSystemLimits(options);
    const environment = options.environment ?? liveEnvironment();
    this.id = options.id ?? idFrom(environment);
    this.kernel = new Kernel({
      environment,
      id: this.id,
      validate: options.validate ?? 'edge',
      requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
      hopsMax: options.hopsMax ?? 100_000,
      deadLettersMax: options.deadLettersMax ?? 1_024,
      topicsMax: options.topicsMax ?? 131_072,
      batch: 64,
      sliceMs: 10,
      listeners: options.events ?? [],
      inspect: options.inspect,
    });
    this.kernel.verbs = this;
    this.capabilities = new CapabilityDirectory(options.permit, onThrowOf(this.kernel));
    this.#conductor = new Conductor(this.kernel, this.capabilities, {
      onRootEnded: () => this.#endWhenEffectsHave(),
      onDegraded: (cell) => this.#degrade(cell),
      sendFromOutside: (cell, message) => this.sendLoosely(cell, message),
    });
    this.agents = this.#conductor.agents;
    this.#root = this.#makeRoot(options);
    this.agents.growsFrom(this.#root);
    this.deadLetters = deadLetterBox(this.kernel, this.agents);
    const attached = options.instrumentation?.attach(instrumentedBy(this.kernel, this.agents));
    if (attached !== undefined) {
      this.kernel.addListener(attached.listener);
      this.kernel.tracing = attached.tracing;
    }
    this.kernel.custodian = new Detached(this.#root, this.#conductor, false, undefined);
    for (const agent of options.agents ?? []) {
      // Before any of them begins: nobody could stop those that had.
      DefinedAgent.definitionOf(agent);
    }
    for (const agent of options.agents ?? []) {
      this.spawn(agent as Agent<never, unknown>);
    }
    if (options.handleSignals !== undefined && options.handleSignals !== false) {
      const withinMs = options.handleSignals === true ? 10_000 : options.handleSignals.withinMs;
      checkLength('handleSignals.withinMs', withinMs);
      environment.onTermination((end) => void this.drain({ withinMs }).then(end));
    }
  }

  spawn<M, R, S>(agent: MachineAgent<M, R, S>, options?: SpawnOptions): MachineRef<M, R, S>;
  spawn<M, R>(agent: Agent<M, R>, options?: SpawnOptions): AgentRef<M, R>;
  spawn<M, R>(agent: Agent<M, R>, options: SpawnOptions = {}): AgentRef<M, R> {
    if (this.#status !== 'up') {
      throw new RangeError(`system ${this.id} is ${this.#status} and spawns no more: '${agent.name}'`);
    }
    const cell = startChild(this.#conductor, this.#root, agent as AnyAgent, options, undefined);
    this.#conductor.begin(cell);
    return refOf(cell) as AgentRef<M, R>;
  }

  observe<M>(topic: Topic<M, unknown>, options: ObserveOptions): Bounded<M> {
    return this.#observers.observe(this.kernel, topic, options);
  }

  watch(ref: AgentRef<never, unknown>, options: { readonly signal?: AbortSignal } = {}): Promise<Terminated> {
    const cell = this.cellOf(ref);
    const { signal } = options;
    const ended = new Promise<Terminated>((resolve, reject) => {
      if (cell.phase === 'stopped') {
        resolve(terminated(cell));
        return;
      }
      const forget = (): void => {
        cell.watchers?.delete(told);
        signal?.removeEventListener('abort', aborted);
      };
      const told = (ended: Cell): void => {
        forget();
        resolve(terminated(ended));
      };
      const aborted = (): void => {
        forget();
        reject(new Interrupted({ agent: cell.path, reason: 'the signal of the watch aborted' }));
      };
      cell.watchers ??= new Set();
      cell.watchers.add(told);
      signal?.addEventListener('abort', aborted);
      if (signal?.aborted === true) {
        aborted();
      }
    });
    // Who ignores it must not end the process by aborting the watch.
    ended.catch(() => {});
    return ended;
  }

  interrupt(ref: AgentRef<never, unknown>, reason = 'the system was asked to'): void {
    const cell = this.cellOf(ref);
    cell.signal({
      _tag: 'interrupt',
      handling: undefined,
      failure: new Interrupted({ agent: cell.path, reason }),
    });
  }

  async stop(ref?: AgentRef<never, unknown>, options: StopOptions = {}): Promise<void> {
    checkLength('withinMs', options.withinMs);
    if (ref === undefined) {
      if (options.drain === true) {
        await this.drain(options);
      }
      this.#stopRoot();
      await this.#ended.promise;
      return;
    }
    const cell = this.cellOf(ref);
    if (cell.phase !== 'stopped') {
      const ended = this.watch(ref);
      cell.signal({
        _tag: 'stop',
        mode: options.drain === true ? 'drain' : 'now',
        withinMs: options.withinMs ?? Number.POSITIVE_INFINITY,
        reason: 'stopped',
        failure: undefined,
      });
      await ended;
    }
  }

  async drain(options: { readonly withinMs?: number } = {}): Promise<void> {
    checkLength('withinMs', options.withinMs);
    const { kernel } = this;
    if (this.#status === 'up') {
      this.#status = 'draining';
      this.closeTheDoor();
      const late = Promise.withResolvers<void>();
      const timer =
        options.withinMs === undefined
          ? undefined
          : kernel.environment.schedule(options.withinMs, () => late.resolve());
      await Promise.race([this.#finished(), late.promise]);
      timer?.cancel();
      this.#stopRoot();
    }
    await this.#ended.promise;
  }

  quiet(): Promise<void> {
    return this.#status === 'stopped' ? Promise.resolve() : this.kernel.whenQuiet();
  }

  health(): Health {
    return healthOf(this.kernel, this.agents, this.#status, this.#degraded);
  }

  statistics(): SystemStatistics {
    return statisticsOf(this.kernel, this.agents);
  }

  listen(listener: EventListener): () => void {
    return this.kernel.addListener(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #makeRoot(options: SystemOptions): Cell {
    const root = new Cell({
      kernel: this.kernel,
      conduct: this.#conductor,
      definition: definitionOf(
        {
          name: 'system',
          ...(options.supervision === undefined ? {} : { supervision: options.supervision }),
        },
        [],
      ),
      parent: undefined,
      id: '',
      count: 0,
      kind: 'temporary',
      significant: false,
      subscribes: false,
      input: undefined,
      lease: undefined,
    });
    root.phase = 'running';
    return root;
  }

  #stopRoot(): void {
    if (this.#status === 'up' || this.#status === 'draining') {
      this.#status = 'stopping';
      this.endWhatGoesOn();
      this.#root.signal({
        _tag: 'stop',
        mode: 'now',
        withinMs: Number.POSITIVE_INFINITY,
        reason: 'stopped',
        failure: undefined,
      });
    }
  }

  /** When what was accepted is done: messages, and procedures, whose next step may be a message. */
  async #finished(): Promise<void> {
    await this.kernel.whenQuiet();
    for (let going = this.proceduresEnded; going !== undefined; going = this.proceduresEnded) {
      await going;
      await this.kernel.whenQuiet();
    }
  }

  #degrade(cell: Cell): void {
    this.#degraded.push(cell.path);
    if (this.#degraded.length > givenUpMax) {
      this.#degraded.shift();
    }
  }

  /** The last agent has ended: the finalizers of interrupted Effects may take a while. */
  #endWhenEffectsHave(): void {
    const { effects } = this.#conductor;
    if (effects.size === 0) {
      this.#end();
      return;
    }
    const late = this.kernel.environment.schedule(finalizersMs, () => {
      const left = `${effects.size} interrupted Effects had not ended after ${finalizersMs} ms`;
      onThrowOf(this.kernel)(new Error(`${left}; their finalizers are left behind`));
      this.#end();
    });
    effects.whenIdle(() => {
      late.cancel();
      this.#end();
    });
  }

  /** Gives everything back. */
  #end(): void {
    const { kernel } = this;
    this.#status = 'stopped';
    this.interruptRequests();
    this.#observers.complete(kernel);
    if (kernel.listening) {
      kernel.emit({ _tag: 'SystemStopped', atMs: kernel.nowMs() });
    }
    kernel.completeListeners();
    this.agents.complete();
    this.capabilities.complete();
    kernel.board.clear();
    kernel.environment.close();
    kernel.quietForGood();
    this.#ended.resolve();
  }
}

function instrumentedBy({ id }: Kernel, agents: AgentDirectory): Instrumented {
  return {
    id,
    definitionOf: (path) => agents.find(path)?.definition,
    eachAgent: (f) => {
      for (const cell of agents.cells()) {
        f(cell.definition.name, cell.mailbox.waiting);
      }
    },
  };
}

function idFrom(environment: Environment): string {
  return Math.floor(environment.random() * 36 ** 8)
    .toString(36)
    .padStart(8, '0');
}
