/**
 * A handling: one message in the hands of an agent, from its first step until
 * its work is over. It is what a handler knows as its context.
 */
import { type BudgetLow, Lease, type LeaseHolder } from '../core/budget.ts';
import { type Envelope, type Headers, ownEnvelope } from '../core/envelope.ts';
import type { Timer } from '../core/environment.ts';
import type { Failure } from '../core/failure.ts';
import { budgetLowNotice } from '../core/notice.ts';
import { InvalidParams } from '../core/schema.ts';
import type { Level } from '../core/system-event.ts';
import type { TopicEntry } from '../core/topic-board.ts';
import type { HandlingTrace } from '../core/tracing.ts';
import type { Agent, AnyAgent, MachineAgent } from './agent.ts';
import type { AgentRef, MachineRef } from './agent-ref.ts';
import { scheduleStep } from './agent-timer.ts';
import { HandlingBranch } from './branch.ts';
import type { CapabilityDirectory } from './capability-directory.ts';
import { Cell, type OpenHandling, stopNow } from './cell.ts';
import type { Context, Log, SpawnOptions, Verbs } from './context.ts';
import { unwatch, watch } from './death-watch.ts';
import { Detached } from './detached.ts';
import { Finishing } from './finishing.ts';
import { guardedAbort } from './guarded-abort.ts';
import { HandlingExtras, type Task } from './handling-extras.ts';
import type { Kernel } from './kernel.ts';
import { LocalRef, refOf } from './local-ref.ts';
import { releaseReply, replyBehind, sendBehind } from './outbox.ts';
import type { PendingReply, Requester } from './pending-reply.ts';
import { HandlingOver } from './request-failures.ts';
import type { Result } from './result.ts';
import { type BranchPlan, type OpenBranch, Sender } from './sender.ts';
import { publishNow, requestNow, tellNow } from './sending.ts';
import { Spawning, startChild } from './spawn.ts';
import type { StagedAct } from './stage.ts';
import { forgetStashing, unstashAll } from './stash.ts';
import { refuseThenable } from './thenable.ts';
import { cutTies, Tie, type TiedTo } from './tie.ts';
import { waitCycleOfRoom } from './waits.ts';
import type { Works } from './works.ts';

export class Handling extends Sender implements Context, OpenHandling, LeaseHolder, TiedTo {
  /**
   * One handling and one envelope that are never used. When a full collection finds an agent
   * system at rest, it takes the last objects of these shapes; V8 then forgets the shapes, and
   * throws away all code it has compiled for them: the next messages would be slow.
   */
  static readonly kept = new Handling(
    undefined as never,
    ownEnvelope(0, '', undefined, '', undefined, undefined),
    undefined as never,
    true,
  );

  readonly cell: Cell;
  readonly envelope: Envelope;
  readonly works: Works;
  /** Whether it is of a message; the others are of notices, and first and last steps. */
  readonly isMessage: boolean;
  /** Finished, failed or interrupted: nothing of it has any effect any more. */
  over = false;
  /** What most handlings do without: made when it is needed. */
  #extras: HandlingExtras | undefined;

  constructor(cell: Cell, envelope: Envelope, works: Works, isMessage: boolean) {
    super();
    this.cell = cell;
    this.envelope = envelope;
    this.works = works;
    this.isMessage = isMessage;
  }

  /** Whether it is of a message, goes on, and has nothing that would have to end with it. */
  get isPlain(): boolean {
    return this.#extras === undefined && this.isMessage && !this.over;
  }

  /** Whether the message is to be laid aside when the handling is over. */
  get stashing(): boolean {
    return this.#extras?.stashing === true;
  }

  set stashing(stashing: boolean) {
    this.extras.stashing = stashing;
  }

  /** When it began, if that is measured. */
  get startedAtMs(): number | undefined {
    return this.#extras?.startedAtMs;
  }

  set startedAtMs(atMs: number) {
    this.extras.startedAtMs = atMs;
  }

  /** How it is followed, if it is. */
  get trace(): HandlingTrace | undefined {
    return this.#extras?.trace;
  }

  set trace(trace: HandlingTrace) {
    this.extras.trace = trace;
  }

  get task(): Task | undefined {
    return this.#extras?.task;
  }

  set task(task: Task) {
    this.extras.task = task;
  }

  get rooms(): OpenHandling['rooms'] {
    return this.#extras?.rooms;
  }

  set rooms(rooms: OpenHandling['rooms']) {
    this.extras.rooms = rooms;
  }

  /** What goes on in it, and ends with it. */
  get firstTie(): Tie | undefined {
    return this.#extras?.firstTie;
  }

  set firstTie(tie: Tie | undefined) {
    this.extras.firstTie = tie;
  }

  /** Called once when it is over. */
  get whenOver(): (() => void) | undefined {
    return this.#extras?.whenOver;
  }

  set whenOver(act: () => void) {
    this.extras.whenOver = act;
  }

  get extras(): HandlingExtras {
    this.#extras ??= new HandlingExtras();
    return this.#extras;
  }

  get kernel(): Kernel {
    return this.cell.kernel;
  }

  get capabilities(): CapabilityDirectory {
    return this.works.capabilities;
  }

  get cause(): Envelope {
    return this.envelope;
  }

  get headers(): Headers {
    return this.trace?.headers ?? this.envelope.headers;
  }

  get deadlineMs(): number {
    return this.envelope.deadlineMs;
  }

  get lease(): Lease | undefined {
    return this.envelope.budget ?? this.cell.lease;
  }

  get state(): unknown {
    return this.cell.state;
  }

  get self(): AgentRef<never, unknown> {
    return refOf(this.cell);
  }

  get parent(): AgentRef<never, unknown> | undefined {
    const { parent } = this.cell;
    return parent?.parent === undefined ? undefined : refOf(parent);
  }

  get children(): readonly AgentRef<never, unknown>[] {
    return [...(this.cell.children?.values() ?? [])].map(refOf);
  }

  get budget(): Lease {
    if (this.lease !== undefined) {
      return this.lease;
    }
    this.extras.unlimited ??= Lease.root();
    return this.extras.unlimited;
  }

  get signal(): AbortSignal {
    const { extras } = this;
    if (extras.abort === undefined) {
      extras.abort = guardedAbort((thrown) => this.cell.reportStray(thrown));
      if (this.over) {
        extras.abort.abort(this.revoked);
      }
    }
    return extras.abort.signal;
  }

  get log(): Log {
    const write =
      (level: Level) =>
      (message: string, fields?: Readonly<Record<string, unknown>>): void => {
        const { kernel } = this;
        if (kernel.listening && !this.over) {
          kernel.emit({
            _tag: 'Logged',
            atMs: kernel.nowMs(),
            agent: this.cell.path,
            level,
            message,
            fields,
            traceparent: this.headers['traceparent'],
          });
        }
      };
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  }

  /** What it kept, for whoever interrupts it. */
  get partial(): unknown {
    return this.#extras?.partial;
  }

  keep(partial: unknown): void {
    this.extras.partial = partial;
  }

  update(change: (state: unknown) => unknown): void {
    if (this.over) {
      return;
    }
    const { cell } = this;
    const state = change(cell.state);
    refuseThenable(state, `state of '${cell.path}'`);
    cell.state = state;
    if (!isStaging(this)) {
      cell.observers?.changed(cell);
    }
  }

  reply(reply: unknown): Promise<void> | undefined {
    refuseThenable(reply, `reply of '${this.cell.path}'`);
    if (this.firstTie !== undefined) {
      Tie.tell(this.firstTie, reply);
    }
    const port = this.envelope.replyTo;
    if (port === undefined) {
      return undefined;
    }
    const { cell } = this;
    if (this.over) {
      this.lateReply(reply);
      return undefined;
    }
    if (isStaging(this)) {
      this.works.stage.addAct(cell, () => releaseReply(cell, port, reply), nothing);
      return undefined;
    }
    if (cell.blocked) {
      return replyBehind(cell, port, reply);
    }
    return port.reply(reply, cell.path);
  }

  stop(child?: AgentRef<never, unknown>): void {
    if (child !== undefined) {
      const target = relativeOf(this.cell, child);
      if (target !== this.cell) {
        perform(this, () => target.signal(stopNow));
        return;
      }
    }
    performStaged(this, new Finishing(this));
  }

  watch(ref: AgentRef<never, unknown>): void {
    const target = relativeOf(this.cell, ref, 'any');
    perform(this, () => watch(this.cell, target));
  }

  unwatch(ref: AgentRef<never, unknown>): void {
    const target = relativeOf(this.cell, ref, 'any');
    perform(this, () => unwatch(this.cell, target));
  }

  stash(): void {
    const { cell, envelope } = this;
    if (!this.isMessage) {
      throw new RangeError(`'${cell.path}' has no message in hand that it could stash`);
    }
    if (this.over || this.stashing) {
      return;
    }
    if (!cell.mailbox.canStash) {
      throw cell.full(envelope.payload);
    }
    this.stashing = true;
    cell.mailbox.stash();
    // The step may be that of another handling, which knows nothing of this one.
    perform(this, nothing, () => forgetStashing(this));
  }

  unstash(): void {
    perform(this, () => {
      unstashAll(this.cell);
      this.cell.wake();
    });
  }

  schedule(
    delayMs: number,
    step: (context: Context) => Result<unknown>,
    options?: { readonly every?: boolean },
  ): Timer {
    if (!(delayMs >= 0)) {
      throw new RangeError(`delayMs is a number of milliseconds, at least 0; got ${delayMs}`);
    }
    const timer = scheduleStep(this.cell, this.envelope, delayMs, step, options?.every === true, this.trace);
    perform(this, () => timer.start());
    return timer;
  }

  detach(): Verbs {
    return this.detachFor(this.over);
  }

  /** For work of this handling that is over already, or is not. */
  detachFor(over: boolean): Verbs {
    return new Detached(this.cell, this.works, over || this.over, this.trace);
  }

  spawn<M, R, S>(agent: MachineAgent<M, R, S>, options?: SpawnOptions): MachineRef<M, R, S>;
  spawn<M, R>(agent: Agent<M, R>, options?: SpawnOptions): AgentRef<M, R>;
  spawn<M, R>(agent: Agent<M, R>, options: SpawnOptions = {}): AgentRef<M, R> {
    if (this.revoked !== undefined) {
      throw this.revoked;
    }
    const child = startChild(this.works, this.cell, agent as AnyAgent, options, this.lease);
    performStaged(this, new Spawning(this.works, child));
    return refOf(child) as AgentRef<M, R>;
  }

  /** From now until it is over it hears of the budget it spends from, unless that is spent already. */
  holdLease(): void {
    const { lease } = this;
    if (lease !== undefined) {
      this.extras.releaseLease ??= lease.hold(this);
    }
  }

  /** The work is to end: called in a turn of the agent. */
  interrupt(failure: unknown): void {
    this.cell.signal({ _tag: 'interrupt', handling: this, failure });
  }

  budgetLow(notice: BudgetLow): void {
    const { cell, works } = this;
    const { onBudgetLow } = cell.definition;
    if (onBudgetLow !== undefined && !cell.ending) {
      const id = cell.kernel.environment.nextId();
      const cause = ownEnvelope(id, cell.path, undefined, budgetLowNotice, notice, this.envelope);
      const tell = (context: Context): unknown => onBudgetLow(notice, context);
      // The budget of a message means nothing when that is done with; the agent's own goes on.
      const outlives = this.lease === cell.lease;
      cell.notice({ deliver: () => (this.over && !outlives) || works.aside(cell, cause, tell) });
    }
  }

  /** A reply that came when the handling was over. */
  lateReply(reply: unknown): void {
    const { cell, envelope, kernel } = this;
    const letter = ownEnvelope(
      kernel.environment.nextId(),
      envelope.sender,
      cell.path,
      undefined,
      reply,
      envelope,
      envelope.correlationId,
    );
    kernel.deadLetter(letter, envelope.sender, 'LateReply');
  }

  /** Nothing of it has any effect any more. */
  revoke(failure?: unknown): void {
    this.over = true;
    const extras = this.#extras;
    if (extras === undefined) {
      return;
    }
    extras.releaseLease?.();
    extras.releaseLease = undefined;
    if (failure !== undefined) {
      extras.task?.interrupt(failure);
      extras.abort?.abort(failure);
    }
    extras.task = undefined;
    cutTies(this, failure);
  }

  get revoked(): Failure | undefined {
    return this.over ? new HandlingOver({ agent: this.cell.path }) : undefined;
  }

  get requester(): Requester {
    return this.cell;
  }

  get handling(): object {
    return this;
  }

  branch(plan: BranchPlan, within: Sender = this): OpenBranch {
    return new HandlingBranch(within, this, plan);
  }

  override tie(tie: Tie): boolean {
    if (!this.over) {
      tie.tieTo(this);
    }
    return !this.over;
  }

  send(target: Cell | TopicEntry, envelope: Envelope): Promise<void> | undefined {
    const { cell, kernel } = this;
    if (this.over) {
      kernel.deadLetter(envelope, envelope.to ?? envelope.topic, 'HandlingOver');
      return undefined;
    }
    if (isStaging(this)) {
      this.works.stage.add(cell, target, envelope);
      return undefined;
    }
    if (cell.blocked) {
      return sendBehind(cell, target, envelope);
    }
    const cycle = waitCycleOfRoom(this, target, envelope);
    if (cycle !== undefined) {
      throw cycle;
    }
    return target instanceof Cell ? tellNow(target, envelope) : publishNow(kernel, target, envelope);
  }

  sendRequest(target: Cell | TopicEntry, envelope: Envelope, request: PendingReply): void {
    const { cell } = this;
    if (isStaging(this)) {
      this.works.stage.add(cell, target, envelope);
    } else if (cell.blocked) {
      void sendBehind(cell, target, envelope);
    } else {
      requestNow(target, envelope, request);
    }
  }
}

// Functions, not private methods: for those each handling would be marked, which costs time and bytes.

/** Whether a step of this agent is being taken: another handling's context used in it is part of it, too. */
function isStaging({ works, cell }: Handling): boolean {
  return works.stage.cell === cell;
}

function perform(handling: Handling, act: () => void, undo: () => void = nothing): void {
  if (handling.over) {
    return;
  }
  if (isStaging(handling)) {
    handling.works.stage.addAct(handling.cell, act, undo);
  } else {
    act();
  }
}

/** The same, for what is spared the functions. */
function performStaged(handling: Handling, act: StagedAct): void {
  if (handling.over) {
    return;
  }
  if (isStaging(handling)) {
    handling.works.stage.addStaged(handling.cell, act);
  } else {
    act.act();
  }
}

function relativeOf(self: Cell, ref: AgentRef<never, unknown>, whom: 'child' | 'any' = 'child'): Cell {
  const cell = LocalRef.cellOf(ref);
  if (cell === undefined || cell.kernel !== self.kernel || (whom === 'child' && cell.parent !== self)) {
    const message =
      whom === 'child' ? `expected a child of '${self.path}'` : 'expected the ref of an agent of this system';
    throw new InvalidParams({ what: 'ref', value: cell?.path ?? ref, issues: [{ path: '', message }] });
  }
  return cell;
}

const nothing = (): void => {};
