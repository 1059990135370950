/**
 * A tried agent: the one agent of a system in which nobody else takes turns, and
 * what is done with it. `behaviour` is its face.
 */
import type { AnyAgent } from '../actors/agent.ts';
import type { AgentRef } from '../actors/agent-ref.ts';
import type { AnyCapability } from '../actors/capability.ts';
import type { Cell } from '../actors/cell.ts';
import { DefinedAgent, definitionOf, type Handler } from '../actors/define-agent.ts';
import { capability as defineCapability } from '../actors/define-capability.ts';
import { LocalRef, refOf } from '../actors/local-ref.ts';
import { Interrupted } from '../actors/request-failures.ts';
import { toldTopic } from '../actors/sending.ts';
import type { SupervisionOptions } from '../actors/supervision.ts';
import { createSystem, type System } from '../actors/system.ts';
import type { Works } from '../actors/works.ts';
import type { Limits } from '../core/budget.ts';
import type { DeadLetterCause } from '../core/dead-letter.ts';
import { type Headers, makeEnvelope, noHeaders, type ReplyPort } from '../core/envelope.ts';
import { check, type } from '../core/schema.ts';
import type { StopReason, SystemEvent } from '../core/system-event.ts';
import { type AnyTopic, defineTopic, type Topic } from '../core/topic.ts';
import { afterMicrotasks } from './host-loop.ts';
import type { Step, StepLog, StepOutcome } from './step.ts';
import { StepEnvironment } from './step-environment.ts';
import { type OpenRequest, StepRecorder } from './step-recorder.ts';

export interface BehaviourOptions<State> {
  /** What it begins with, instead of its definition's state. A machine begins with its own. */
  readonly state?: State;
  /** What a spawn would give as `input`. */
  readonly input?: unknown;
  /** What it may spend over its whole life. */
  readonly budget?: Limits;
  /** How its failures are treated; when not given it resumes, with the state it had before the step. */
  readonly supervision?: SupervisionOptions;
  /** Capabilities that it calls by name. Those it calls by their definition need not be named. */
  readonly capabilities?: readonly AnyCapability[];
  /** Where chance begins; 1 when not given. */
  readonly seed?: number;
}

/** How a message is handed over. */
export interface ReceiveAs {
  /**
   * Whether somebody waits for an answer: for one, for many, or nobody. When not
   * given: for one, if the topic has replies.
   */
  readonly asked?: 'once' | 'stream' | 'no';
  /** Who sent it, made by `ref`; somebody outside when not given. */
  readonly from?: AgentRef<never, unknown>;
  readonly threadId?: string;
  readonly headers?: Headers;
}

/** Who was asked: a topic, an agent, a capability, or its name or path. */
export type AskedTarget = { readonly name: string } | { readonly path: string } | string;

export class TriedAgent {
  readonly started: Step<unknown>;
  readonly #environment: StepEnvironment;
  readonly #system: System;
  readonly #cell: Cell;
  readonly #works: Works;
  readonly #begin: Works['begin'];
  readonly #recorder = new StepRecorder((capability) => this.#offer(capability));
  readonly #others = new Map<string, Cell>();
  /** Those whose end the test has told. */
  readonly #ending = new Set<Cell>();
  #notes = new StepNotes();

  constructor(agent: AnyAgent, options: BehaviourOptions<unknown>) {
    const recorder = this.#recorder;
    const definition = DefinedAgent.definitionOf(agent);
    if (definition.keyed !== undefined) {
      throw new RangeError(
        `'${definition.name}' is a keyed agent, which is many; try the agent of one key, or explore the whole in a world`,
      );
    }
    this.#environment = new StepEnvironment(options.seed ?? 1, (runnable) =>
      this.#mayRun(runnable as unknown as Cell),
    );
    this.#system = createSystem({
      id: 'behaviour',
      environment: this.#environment,
      supervision: options.supervision ?? { directives: () => 'resume' },
      events: [{ next: (event) => this.#noted(event) }],
    });
    const followed = recorder.followed(
      'state' in options ? { ...definition, initialState: () => options.state } : definition,
    );
    const ref = this.#system.spawn(new DefinedAgent(definition.name, followed), {
      input: options.input,
      ...(options.budget === undefined ? {} : { budget: options.budget }),
      // What it publishes on a topic of its own is an effect like any other.
      subscribe: false,
    });
    this.#cell = LocalRef.cellOf(ref)!;
    this.#works = this.#cell.conduct as Works;
    this.#begin = this.#works.begin.bind(this.#works);
    this.#works.begin = (child) => this.#spawned(child);
    recorder.watchStage(this.#works);
    recorder.capture(this.#cell);
    this.#cell.kernel.subscribe('>', recorder.captor('everybody else'));
    ref.on('*', (event) => recorder.record({ emit: event }));
    for (const capability of options.capabilities ?? []) {
      this.#offer(capability);
    }
    this.started = this.#step(() => {});
  }

  get self(): AgentRef<unknown, unknown> {
    return refOf(this.#cell) as AgentRef<unknown, unknown>;
  }

  get nowMs(): number {
    return this.#environment.nowMs();
  }

  get now(): Step<unknown> {
    return this.#step(() => {});
  }

  get asks(): readonly string[] {
    return this.#open().map(({ target }) => target);
  }

  receive(topic: AnyTopic, payload: unknown, as: ReceiveAs = {}): Step<unknown> {
    const checked = check(topic.schema, payload, 'payload of', topic.name);
    const { asked = topic.reply === undefined ? 'no' : 'once' } = as;
    const id = this.#environment.nextId();
    const envelope = makeEnvelope(
      id,
      undefined,
      as.from?.path,
      topic.name,
      checked,
      asked === 'no' ? undefined : new Asker(this.#recorder, asked === 'once'),
      asked === 'no' ? undefined : id,
      undefined,
      as.threadId,
      Number.POSITIVE_INFINITY,
      0,
      as.headers ?? noHeaders,
      undefined,
    );
    return this.#step(() => this.#cell.receive(envelope), id);
  }

  tell(payload: unknown, as: ReceiveAs = {}): Step<unknown> {
    const topic = toldTopic(this.#cell.definition, payload, undefined);
    return this.receive(topic, payload, as);
  }

  advance(delayMs: number): Step<unknown> {
    if (!(delayMs >= 0)) {
      throw new RangeError(`delayMs is a number of milliseconds, at least 0; got ${delayMs}`);
    }
    return this.#step(() => this.#environment.advance(delayMs));
  }

  terminated(
    who: AgentRef<never, unknown> | string,
    reason: StopReason = 'stopped',
    failure?: unknown,
  ): Step<unknown> {
    const cell = typeof who === 'string' ? this.#otherAt(who) : LocalRef.cellOf(who);
    if (cell === undefined || cell === this.#cell) {
      throw new RangeError(
        `expected a child of the agent, or somebody made with ref(); got ${typeof who === 'string' ? `'${who}'` : String(who?.path)}`,
      );
    }
    return this.#step(() => {
      this.#ending.add(cell);
      // As everywhere: what was asked of it fails before anybody hears of its end.
      const stopped = new Interrupted({ agent: cell.path, reason: 'it was stopped' });
      for (const { target, port } of this.#open()) {
        if (target === cell.path) {
          port.fail(stopped, cell.path);
        }
      }
      cell.signal({
        _tag: 'stop',
        mode: 'now',
        withinMs: Number.POSITIVE_INFINITY,
        reason,
        failure: reason === 'failed' ? { failure } : undefined,
      });
      this.#environment.release();
    });
  }

  interrupt(reason?: string): Step<unknown> {
    return this.#step(() => this.#system.interrupt(refOf(this.#cell), reason));
  }

  stop(): Step<unknown> {
    return this.#step(() => {
      void this.#system.stop(refOf(this.#cell));
      this.#environment.turns();
      // Its children end before it does.
      this.#environment.release();
    });
  }

  answer(target: unknown, reply: unknown): Promise<Step<unknown>> {
    return this.#settle(target as AskedTarget, ({ port, target: from }) => void port.reply(reply, from));
  }

  refuse(target: AskedTarget, failure: unknown): Promise<Step<unknown>> {
    return this.#settle(target, ({ port, target: from }) => port.fail(failure, from));
  }

  finish(target: AskedTarget): Promise<Step<unknown>> {
    return this.#settle(target, ({ port, target: from }) => port.finished(from));
  }

  async goOn(): Promise<Step<unknown>> {
    do {
      await afterMicrotasks();
    } while (this.#environment.turns());
    return this.#step(() => {});
  }

  ref<T, A>(name: string, ...topics: readonly Topic<T, A>[]): AgentRef<T, A> {
    const cell = this.#otherAt(`/${name}`) ?? this.#newcomer(name, topics as readonly AnyTopic[]);
    return refOf(cell) as unknown as AgentRef<T, A>;
  }

  #newcomer(name: string, topics: readonly AnyTopic[]): Cell {
    const handlers = topics.map((topic) => ({ topic, handle: nothing }) as unknown as Handler);
    const anything = { topic: Anything, handle: nothing, accepts: () => topics.length === 0 } as never;
    const definition = definitionOf({ name }, handlers, { told: anything, shownAtFirst: undefined });
    return this.#other(new DefinedAgent(name, definition));
  }

  #other(agent: DefinedAgent): Cell {
    const cell = LocalRef.cellOf(this.#system.spawn(agent, { subscribe: false }))!;
    this.#others.set(cell.path, cell);
    return cell;
  }

  #otherAt(path: string): Cell | undefined {
    return (
      this.#others.get(path) ??
      [...(this.#cell.children?.values() ?? [])].find((child) => child.path === path)
    );
  }

  /** Somebody has to offer a capability, or the call would end before it began. */
  #offer(capability: AnyCapability): void {
    const { name, input, output } = capability;
    if (this.#works.capabilities.find(name) === undefined) {
      const offered = defineCapability(name, { input, output, run: nothing as never });
      const host = `offers-${name.replaceAll('.', '-')}`;
      const definition = definitionOf({ name: host, capabilities: [offered] }, []);
      this.#begin(this.#other(new DefinedAgent(host, definition)));
    }
  }

  /** An agent is in its place in the tree: what it is told is an effect, and it begins nothing. */
  #spawned(cell: Cell): void {
    this.#recorder.capture(cell);
    if (cell.parent === this.#cell) {
      this.#recorder.record({
        spawn: cell.path,
        agent: cell.definition.name,
        ...(cell.input === undefined ? {} : { input: cell.input }),
      });
    }
  }

  #mayRun(runnable: Cell): boolean {
    const own = this.#cell as Cell | undefined;
    if (own === undefined || !this.#isOther(runnable)) {
      return true;
    }
    return this.#ending.has(runnable) || (own.ending && runnable.path.startsWith(`${own.path}/`));
  }

  /** Whether it is another agent: the agent itself, the root and deferred calls of the runtime are none. */
  #isOther(runnable: Cell): boolean {
    return typeof runnable.path === 'string' && runnable !== this.#cell && runnable.parent !== undefined;
  }

  async #settle(target: AskedTarget, settle: (request: OpenRequest) => void): Promise<Step<unknown>> {
    const name = typeof target === 'string' ? target : 'path' in target ? target.path : target.name;
    const open = this.#open();
    const request = open.find((one) => one.target === name);
    if (request === undefined) {
      const asks = open.map((one) => one.target).join(', ');
      throw new RangeError(
        `'${this.#cell.path}' has no open request to '${name}'; it asks ${asks === '' ? 'nobody' : asks}`,
      );
    }
    settle(request);
    this.#environment.turns();
    return await this.goOn();
  }

  /** Requests that were settled meanwhile, by their deadline or an interrupt, are none. */
  #open(): readonly OpenRequest[] {
    return this.#recorder.requests.filter(({ port }) => !port.settled);
  }

  #noted(event: SystemEvent): void {
    const path = (this.#cell as Cell | undefined)?.path;
    switch (event._tag) {
      case 'HandlingEnded':
        this.#notes.ended(event.envelopeId, event.outcome);
        break;
      case 'DeadLettered':
        this.#notes.lost.set(event.letter.envelope.id, event.letter.cause);
        break;
      case 'Failed':
        this.#notes.failed(event.report.failure);
        break;
      case 'Logged':
        this.#notes.logs.push({
          level: event.level,
          message: event.message,
          ...(event.fields === undefined ? {} : { fields: event.fields }),
        });
        break;
      case 'AgentStopped':
        if (event.agent === path && event.reason !== 'stopped') {
          this.#recorder.record({ stop: path });
        }
        break;
    }
  }

  /** Does something, gives turns until nobody asks for one, and says what came of it. */
  #step(act: () => void, id?: number): Step<unknown> {
    act();
    this.#environment.turns();
    const notes = this.#notes;
    this.#notes = new StepNotes();
    const cell = this.#cell;
    const lost = id === undefined ? undefined : notes.lost.get(id);
    const { failures } = notes;
    const outcome = id === undefined ? (notes.last ?? this.#idle()) : this.#outcomeOf(id, notes);
    return {
      outcome,
      state: cell.state,
      snapshot: cell.snapshot(),
      effects: this.#recorder.take(),
      logs: notes.logs,
      ...(failures.length === 0 ? {} : { failure: failures[0] }),
      ...(failures.length < 2 ? {} : { failures }),
      ...(lost === undefined ? {} : { lost }),
    };
  }

  #idle(): StepOutcome {
    return this.#cell.open > 0 ? 'open' : 'idle';
  }

  #outcomeOf(id: number, notes: StepNotes): StepOutcome {
    const { openHandlings, stashed } = this.#cell;
    const ended = notes.outcomes.get(id);
    if (ended !== undefined) {
      return ended;
    }
    if (notes.lost.has(id)) {
      return 'lost';
    }
    if (stashed?.some((envelope) => envelope.id === id) === true) {
      return 'stashed';
    }
    return [...(openHandlings ?? [])].some(({ envelope }) => envelope.id === id) ? 'open' : 'waiting';
  }
}

/** What was heard of a step while it was taken. */
class StepNotes {
  readonly outcomes = new Map<number, StepOutcome>();
  readonly lost = new Map<number, DeadLetterCause>();
  readonly logs: StepLog[] = [];
  last: StepOutcome | undefined;
  readonly failures: unknown[] = [];

  ended(id: number, outcome: StepOutcome): void {
    this.outcomes.set(id, outcome);
    this.last = outcome;
  }

  /** Of a timer or a first step nothing else is heard. */
  failed(failure: unknown): void {
    this.failures.push(failure);
    this.last = 'failed';
  }
}

/** Whoever sent a request to the agent, as far as there is somebody. */
class Asker implements ReplyPort {
  settled = false;
  readonly #recorder: StepRecorder;
  readonly #once: boolean;

  constructor(recorder: StepRecorder, once: boolean) {
    this.#recorder = recorder;
    this.#once = once;
  }

  reply(reply: unknown): undefined {
    this.#recorder.record(this.settled ? { reply, late: true } : { reply });
    this.settled ||= this.#once;
  }

  /* v8 ignore next -- @preserve Nobody ends the work of this requester. */
  working(): void {}

  fail(): void {
    this.settled = true;
  }

  finished(): void {
    this.settled = true;
  }
}

const Anything = defineTopic('anything', { schema: type<unknown>() });

/* v8 ignore next -- @preserve Those whose handler it is take no turns. */
const nothing = (): undefined => undefined;
