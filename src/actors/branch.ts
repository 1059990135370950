/**
 * A branch: work within somebody's work, with a deadline, a budget and an end of its own.
 *
 *     handling ──┬── branch ── request to a
 *                └── branch ──┬── request to b
 *                             └── branch
 *
 * What is sent in it is sent by whoever began it, in their turn and with their cause;
 * only that it all ends with the branch. A procedure that is requested runs in one.
 *
 * Guarantees: it ends once, at the latest at its deadline and with whatever it is a
 * branch of. Then its requests are interrupted, its Effect too, its signal has aborted
 * if it was ended, and what its code still says has no effect (L18).
 *
 * Source: structured concurrency, as the nurseries of N. J. Smith, "Notes on
 * structured concurrency" (2018).
 */
import * as Cause from 'effect/Cause';
import * as Effect from 'effect/Effect';
import * as Exit from 'effect/Exit';
import { type BudgetExceeded, Lease } from '../core/budget.ts';
import type { Envelope, Headers } from '../core/envelope.ts';
import type { Timer } from '../core/environment.ts';
import type { Failure } from '../core/failure.ts';
import type { TopicEntry } from '../core/topic-board.ts';
import type { HandlingTrace } from '../core/tracing.ts';
import type { Agent, MachineAgent } from './agent.ts';
import type { AgentRef, MachineRef } from './agent-ref.ts';
import type { CapabilityDirectory } from './capability-directory.ts';
import type { Cell } from './cell.ts';
import type { Context, Log, Procedure, Scope, SpawnOptions, Verbs } from './context.ts';
import { guardedAbort } from './guarded-abort.ts';
import { withPartial } from './interrupting.ts';
import type { Kernel } from './kernel.ts';
import { onThrowOf } from './observe.ts';
import type { PendingReply, Requester } from './pending-reply.ts';
import { HandlingOver, Interrupted } from './request-failures.ts';
import type { Result } from './result.ts';
import { type BranchOwner, type BranchPlan, type OpenBranch, Sender } from './sender.ts';
import { isThenable } from './thenable.ts';
import { cutTies, Tie, type TiedTo } from './tie.ts';

/** What few branches have. */
interface Rest {
  releaseLease: (() => void) | undefined;
  /** What it spends from when nobody has set it a budget. */
  unlimited: Lease | undefined;
  /** What it has asked and is not answered. */
  open: Set<PendingReply> | undefined;
  partial: unknown;
  abort: AbortController | undefined;
  interruptEffect: (() => void) | undefined;
}

export class Branch extends Sender implements Scope, Requester, OpenBranch, TiedTo {
  // Read once: a branch may be a thousand branches deep.
  readonly kernel: Kernel;
  readonly cell: Cell | undefined;
  readonly deadlineMs: number;
  protected readonly from: Sender;
  /** What ends with it. */
  firstTie: Tie | undefined = undefined;
  readonly #owner: BranchOwner;
  readonly #tie: Tie;
  readonly #lease: Lease | undefined;
  readonly #awaited: boolean;
  #ended = false;
  #rest: Rest | undefined = undefined;

  constructor(from: Sender, plan: BranchPlan) {
    super();
    this.kernel = from.kernel;
    this.cell = from.cell;
    this.from = from;
    this.#owner = plan.owner;
    this.#lease = plan.lease;
    this.#awaited = plan.awaited;
    this.deadlineMs = plan.deadlineMs;
    this.#tie = new BranchTie(plan.owner);
    from.tie(this.#tie);
  }

  get capabilities(): CapabilityDirectory {
    return this.from.capabilities;
  }

  get cause(): Envelope | undefined {
    return this.from.cause;
  }

  get trace(): HandlingTrace | undefined {
    return this.from.trace;
  }

  get headers(): Headers {
    return this.from.headers;
  }

  get lease(): Lease | undefined {
    return this.#lease ?? this.from.lease;
  }

  /** Nobody waits for what is asked in work that nobody waits for. */
  override get awaits(): boolean {
    return this.#awaited && this.from.awaits;
  }

  get budget(): Lease {
    if (this.lease !== undefined) {
      return this.lease;
    }
    const { rest } = this;
    rest.unlimited ??= Lease.root();
    return rest.unlimited;
  }

  get signal(): AbortSignal {
    const { rest } = this;
    if (rest.abort === undefined) {
      rest.abort = guardedAbort(onThrowOf(this.kernel));
      const { revoked } = this;
      if (revoked !== undefined) {
        rest.abort.abort(revoked);
      }
    }
    return rest.abort.signal;
  }

  keep(partial: unknown): void {
    this.rest.partial = partial;
  }

  get partial(): unknown {
    return this.#rest?.partial;
  }

  /** Does the work, and answers the request. Its synchronous part is part of the step it is begun in. */
  run(request: PendingReply, procedure: Procedure<never, unknown>, input: unknown): void {
    request.asked(1);
    request.working(this);
    if (this.#lease !== undefined) {
      this.rest.releaseLease = this.#lease.hold({
        interrupt: (failure: BudgetExceeded) => request.interrupt(withPartial(failure, this.partial)),
      });
    }
    /* v8 ignore next 3 -- @preserve A lease that is spent makes none under it; kept should one be spent at once. */
    if (this.#ended) {
      return;
    }
    let result: unknown;
    try {
      result = procedure(input as never, this);
      if (Effect.isEffect(result)) {
        this.#fork(request, result as Effect.Effect<unknown, unknown>);
        return;
      }
      if (isThenable(result)) {
        Promise.resolve(result).then(
          (value) => this.#succeed(request, value),
          (failure) => this.#fail(request, failure),
        );
        return;
      }
    } catch (thrown) {
      this.#fail(request, thrown);
      return;
    }
    this.#succeed(request, result);
  }

  /** It is ended from outside. */
  interrupt(failure: unknown): void {
    this.#end(failure);
  }

  finish(): void {
    this.#end(undefined);
  }

  override tie(tie: Tie): boolean {
    if (this.revoked !== undefined) {
      return false;
    }
    tie.tieTo(this);
    return true;
  }

  get path(): string | undefined {
    return this.from.requester.path;
  }

  rememberRequest(request: PendingReply): void {
    const { rest } = this;
    rest.open ??= new Set();
    rest.open.add(request);
    this.from.requester.rememberRequest(request);
  }

  settledRequest(request: PendingReply): void {
    this.from.requester.settledRequest(request);
  }

  forgetRequest(request: PendingReply): void {
    this.#rest?.open?.delete(request);
    this.from.requester.forgetRequest(request);
  }

  spawn<M, R, S>(agent: MachineAgent<M, R, S>, options?: SpawnOptions): MachineRef<M, R, S>;
  spawn<M, R>(agent: Agent<M, R>, options?: SpawnOptions): AgentRef<M, R>;
  spawn<M, R>(agent: Agent<M, R>, options?: SpawnOptions): AgentRef<M, R> {
    const { revoked } = this;
    if (revoked !== undefined) {
      throw revoked;
    }
    return this.from.spawn(agent, options);
  }

  /** Within a deadline there is no other one: the last word has whoever began it. */
  override get requestTimeoutMs(): number {
    return this.deadlineMs < Number.POSITIVE_INFINITY
      ? Number.POSITIVE_INFINITY
      : this.kernel.requestTimeoutMs;
  }

  get revoked(): Failure | undefined {
    return this.#ended ? new HandlingOver({ agent: this.#owner.target }) : this.from.revokedWithin;
  }

  get requester(): Requester {
    return this;
  }

  get handling(): object | undefined {
    return this.from.handling;
  }

  branch(plan: BranchPlan, within: Sender = this): OpenBranch {
    return this.from.branch(plan, within);
  }

  send(target: Cell | TopicEntry, envelope: Envelope): Promise<void> | undefined {
    if (this.#ended) {
      this.kernel.deadLetter(envelope, envelope.to ?? envelope.topic, 'HandlingOver');
      return undefined;
    }
    return this.from.sendWithin(target, envelope);
  }

  sendRequest(target: Cell | TopicEntry, envelope: Envelope, request: PendingReply): void {
    this.from.sendRequest(target, envelope, request);
  }

  /** Whether nothing that is said in it has any effect any more. */
  protected get isOver(): boolean {
    return this.#ended;
  }

  #fork(request: PendingReply, program: Effect.Effect<unknown, unknown>): void {
    const fiber = this.kernel.effects.fork(program);
    this.rest.interruptEffect = () => fiber.interruptUnsafe();
    fiber.addObserver((exit) => {
      if (Exit.isSuccess(exit)) {
        this.#succeed(request, exit.value);
      } else if (Cause.hasInterruptsOnly(exit.cause)) {
        const { target } = request;
        this.#fail(request, new Interrupted({ agent: target, reason: 'its Effect interrupted itself' }));
      } else {
        this.#fail(request, Cause.squash(exit.cause));
      }
    });
  }

  #succeed(request: PendingReply, value: unknown): void {
    if (!this.#ended) {
      this.#end(undefined);
      this.kernel.witness?.replied(request, request.target);
      request.hear('reply', value, request.target);
    }
  }

  #fail(request: PendingReply, failure: unknown): void {
    if (!this.#ended) {
      this.#end(undefined);
      request.hear('failure', failure, request.target);
    }
  }

  #end(failure: unknown): void {
    this.#ended = true;
    this.#tie.untie();
    const rest = this.#rest;
    if (rest !== undefined) {
      rest.releaseLease?.();
      if (rest.open !== undefined && rest.open.size > 0) {
        const why = failure ?? workIsOver(this.#owner);
        for (const request of [...rest.open]) {
          request.interrupt(why);
        }
      }
      if (failure !== undefined) {
        rest.interruptEffect?.();
        rest.abort?.abort(failure);
      }
    }
    cutTies(this, failure);
  }

  protected get rest(): Rest {
    this.#rest ??= {
      releaseLease: undefined,
      unlimited: undefined,
      open: undefined,
      partial: undefined,
      abort: undefined,
      interruptEffect: undefined,
    };
    return this.#rest;
  }
}

/** Ends a branch with what it was begun in. */
class BranchTie extends Tie {
  readonly #owner: BranchOwner;

  constructor(owner: BranchOwner) {
    super();
    this.#owner = owner;
  }

  cut(failure: unknown): void {
    this.#owner.interrupt(failure ?? workIsOver(this.#owner));
  }
}

const workIsOver = ({ target }: BranchOwner): Interrupted =>
  new Interrupted({ agent: target, reason: 'the work that asked for it is over' });

/** Who handles a message, as a branch of the handling knows it. */
export type Handler = Sender & Context & { lateReply(reply: unknown): void; detachFor(over: boolean): Verbs };

/** A branch of a handling: it can all that the handler can, until it ends. */
export class HandlingBranch extends Branch implements Context {
  readonly #context: Handler;

  /** @param from The handling, or a branch of it. */
  constructor(from: Sender, context: Handler, plan: BranchPlan) {
    super(from, plan);
    this.#context = context;
  }

  get state(): unknown {
    return this.#context.state;
  }

  get self(): AgentRef<never, unknown> {
    return this.#context.self;
  }

  get parent(): AgentRef<never, unknown> | undefined {
    return this.#context.parent;
  }

  get children(): readonly AgentRef<never, unknown>[] {
    return this.#context.children;
  }

  get envelope(): Envelope {
    return this.#context.envelope;
  }

  get log(): Log {
    return this.#context.log;
  }

  update(change: (state: unknown) => unknown): void {
    if (!this.isOver) {
      this.#context.update(change);
    }
  }

  reply(reply: unknown): Promise<void> | undefined {
    if (this.isOver) {
      this.#context.lateReply(reply);
      return undefined;
    }
    if (this.firstTie !== undefined) {
      Tie.tell(this.firstTie, reply);
    }
    // Through whatever it is a branch of, up to the handling: what is tied there hears it, too.
    return (this.from as Sender & Context).reply(reply);
  }

  stop(child?: AgentRef<never, unknown>): void {
    if (!this.isOver) {
      this.#context.stop(child);
    }
  }

  watch(ref: AgentRef<never, unknown>): void {
    if (!this.isOver) {
      this.#context.watch(ref);
    }
  }

  unwatch(ref: AgentRef<never, unknown>): void {
    if (!this.isOver) {
      this.#context.unwatch(ref);
    }
  }

  stash(): void {
    if (!this.isOver) {
      this.#context.stash();
    }
  }

  unstash(): void {
    if (!this.isOver) {
      this.#context.unstash();
    }
  }

  schedule(
    delayMs: number,
    step: (context: Context) => Result<unknown>,
    options?: { readonly every?: boolean },
  ): Timer {
    const { revoked } = this;
    if (revoked !== undefined) {
      throw revoked;
    }
    return this.#context.schedule(delayMs, step, options);
  }

  detach(): Verbs {
    return this.#context.detachFor(this.isOver);
  }
}
