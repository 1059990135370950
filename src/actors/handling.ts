/**
 * A handling: one message in the hands of an agent, from its first step until
 * its work is over. It is what a handler knows as its context.
 */
import { type BudgetLow, Lease, type LeaseHolder } from '../core/budget.ts';
import { type Envelope, type Headers, ownEnvelope } from '../core/envelope.ts';
import type { Timer } from '../core/environment.ts';
import type { Failure } from '../core/failure.ts';
import { budgetLowNotice, isNotice } from '../core/notice.ts';
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
import type { Kernel } from './kernel.ts';
import { LocalRef, refOf } from './local-ref.ts';
import { releaseReply, replyBehind, sendBehind } from './outbox.ts';
import type { PendingReply, Requester } from './pending-reply.ts';
import { HandlingOver } from './request-failures.ts';
import type { Result } from './result.ts';
import { type BranchPlan, type OpenBranch, Sender } from './sender.ts';
import { type Addressed, publishNow, requestNow, tellNow } from './sending.ts';
import { Spawning, startChild } from './spawn.ts';
import type { StagedAct } from './stage.ts';
import { forgetStashing, unstashAll } from './stash.ts';
import { refuseThenable } from './thenable.ts';
import { cutTies, Tie, type TiedTo } from './tie.ts';
import { waitCycleOfRoom } from './waits.ts';
import type { Works } from './works.ts';

/** A task that goes on after the step that began it, and how to end it early. */
export interface Task {
  interrupt(failure: unknown): void;
}

export class Handling extends Sender implements Context, OpenHandling, LeaseHolder, TiedTo {
  readonly cell: Cell;
  readonly envelope: Envelope;
  readonly works: Works;
  /** Finished, failed or interrupted: nothing of it has any effect any more. */
  over = false;
  /** Whether the message is to be laid aside when the handling is over. */
  stashing = false;
  /** When it began, if that is measured. */
  startedAtMs: number | undefined;
  /** How it is followed, if it is. */
  trace: HandlingTrace | undefined;
  task: Task | undefined;
  rooms: OpenHandling['rooms'];
  /** What goes on in it, and ends with it. */
  firstTie: Tie | undefined;
  /** Called once when it is over. */
  whenOver: (() => void) | undefined;
  /** What it spends from when nobody has set it a budget. */
  #unlimited: Lease | undefined;
  #partial: unknown;
  #abort: AbortController | undefined;
  #releaseLease: (() => void) | undefined;

  constructor(cell: Cell, envelope: Envelope, works: Works) {
    super();
    this.cell = cell;
    this.envelope = envelope;
    this.works = works;
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
    this.#unlimited ??= Lease.root();
    return this.#unlimited;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = guardedAbort((thrown) => this.cell.reportStray(thrown));
      if (this.over) {
        this.#abort.abort(this.#overFailure());
      }
    }
    return this.#abort.signal;
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
    return this.#partial;
  }

  keep(partial: unknown): void {
    this.#partial = partial;
  }

  update(change: (state: unknown) => unknown): void {
    if (this.over) {
      return;
    }
    const { cell } = this;
    const state = change(cell.state);
    refuseThenable(state, `state of '${cell.path}'`);
    cell.state = state;
    if (!this.#staging) {
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
    if (this.#staging) {
      this.#stage(() => releaseReply(cell, port, reply));
      return undefined;
    }
    if (cell.blocked) {
      return replyBehind(cell, port, reply);
    }
    return port.reply(reply, cell.path);
  }

  stop(child?: AgentRef<never, unknown>): void {
    if (child !== undefined) {
      const target = this.#relative(child);
      if (target !== this.cell) {
        this.#act(() => target.signal(stopNow));
        return;
      }
    }
    this.#actStaged(new Finishing(this));
  }

  watch(ref: AgentRef<never, unknown>): void {
    const target = this.#relative(ref, 'any');
    this.#act(() => watch(this.cell, target));
  }

  unwatch(ref: AgentRef<never, unknown>): void {
    const target = this.#relative(ref, 'any');
    this.#act(() => unwatch(this.cell, target));
  }

  stash(): void {
    const { cell, envelope } = this;
    if (isNotice(envelope)) {
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
    this.#act(nothing, () => forgetStashing(this));
  }

  unstash(): void {
    this.#act(() => {
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
    this.#act(() => timer.start());
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
    this.#actStaged(new Spawning(this.works, child));
    return refOf(child) as AgentRef<M, R>;
  }

  /** From now until it is over it hears of the budget it spends from, unless that is spent already. */
  holdLease(): void {
    const { lease } = this;
    if (this.#releaseLease === undefined && lease !== undefined) {
      this.#releaseLease = lease.hold(this);
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
    this.#releaseLease?.();
    this.#releaseLease = undefined;
    if (failure !== undefined) {
      this.task?.interrupt(failure);
      this.#abort?.abort(failure);
    }
    this.task = undefined;
    cutTies(this, failure);
  }

  get revoked(): Failure | undefined {
    return this.over ? this.#overFailure() : undefined;
  }

  get requester(): Requester {
    return this.cell;
  }

  get handling(): object {
    return this;
  }

  branch(plan: BranchPlan): OpenBranch {
    return new HandlingBranch(plan.within ?? this, this, plan);
  }

  override tie(tie: Tie): boolean {
    if (!this.over) {
      tie.tieTo(this);
    }
    return !this.over;
  }

  send({ target, envelope }: Addressed): Promise<void> | undefined {
    const { cell, kernel } = this;
    if (this.over) {
      kernel.deadLetter(envelope, envelope.to ?? envelope.topic, 'HandlingOver');
      return undefined;
    }
    if (this.#staging) {
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
    if (this.#staging) {
      this.works.stage.add(cell, target, envelope);
    } else if (cell.blocked) {
      void sendBehind(cell, target, envelope);
    } else {
      requestNow(target, envelope, request);
    }
  }

  /** Whether a step of this agent is being taken: another handling's context used in it is part of it, too. */
  get #staging(): boolean {
    return this.works.stage.handling?.cell === this.cell;
  }

  #act(act: () => void, undo: () => void = nothing): void {
    if (this.over) {
      return;
    }
    if (this.#staging) {
      this.#stage(act, undo);
    } else {
      act();
    }
  }

  /** The same, for what is spared the functions. */
  #actStaged(act: StagedAct): void {
    if (this.over) {
      return;
    }
    if (this.#staging) {
      this.works.stage.addStaged(this.cell, act);
    } else {
      act.act();
    }
  }

  #stage(act: () => void, undo: () => void = nothing): void {
    this.works.stage.addAct(this.cell, act, undo);
  }

  #relative(ref: AgentRef<never, unknown>, whom: 'child' | 'any' = 'child'): Cell {
    const cell = LocalRef.cellOf(ref);
    if (
      cell === undefined ||
      cell.kernel !== this.kernel ||
      (whom === 'child' && cell.parent !== this.cell)
    ) {
      const message =
        whom === 'child'
          ? `expected a child of '${this.cell.path}'`
          : 'expected the ref of an agent of this system';
      throw new InvalidParams({ what: 'ref', value: cell?.path ?? ref, issues: [{ path: '', message }] });
    }
    return cell;
  }

  #overFailure(): HandlingOver {
    return new HandlingOver({ agent: this.cell.path });
  }
}

const nothing = (): void => {};
