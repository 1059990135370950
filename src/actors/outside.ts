/**
 * Outside: the verbs of code that is no agent. What it sends has no cause, is
 * checked by its topic's schema, and leaves at once.
 */
import { Chain } from '../core/chain.ts';
import { type Envelope, type Headers, noHeaders } from '../core/envelope.ts';
import type { Failure } from '../core/failure.ts';
import { InvalidParams } from '../core/schema.ts';
import type { TopicEntry } from '../core/topic-board.ts';
import type { AgentRef } from './agent-ref.ts';
import { Branch } from './branch.ts';
import { Cell } from './cell.ts';
import type { Procedure, RequestOptions } from './context.ts';
import { LocalRef } from './local-ref.ts';
import type { PendingReply, Requester } from './pending-reply.ts';
import { Interrupted, NoResponder } from './request-failures.ts';
import { type BranchPlan, type OpenBranch, Sender } from './sender.ts';
import { envelopeTo, publishNow, requestNow, tellNow } from './sending.ts';

export abstract class Outside extends Sender implements Requester {
  readonly cell = undefined;
  readonly cause = undefined;
  readonly lease = undefined;
  readonly trace = undefined;
  readonly path = undefined;
  readonly #requests = new Chain<PendingReply>();
  /** How many requests were told how they ended. */
  settledCount = 0;
  #closed = false;
  #over = false;
  /** Procedures that go on: each may ask again before it has ended. */
  readonly #procedures = new Set<PendingReply>();
  #whenProceduresEnded: (() => void) | undefined;

  rememberRequest(request: PendingReply): void {
    this.#requests.append(request);
  }

  settledRequest(request: PendingReply): void {
    request.deliver();
  }

  forgetRequest(request: PendingReply): void {
    this.#requests.remove(request);
    this.settledCount += 1;
    if (this.#procedures.size > 0 && this.#procedures.delete(request) && this.#procedures.size === 0) {
      this.#whenProceduresEnded?.();
    }
  }

  /** Requests nobody has answered yet, each of them. */
  get openRequests(): Iterable<PendingReply> {
    return this.#requests;
  }

  /** How many these are. */
  get requestCount(): number {
    return this.#requests.size;
  }

  /** As an XState actor is sent an event: what cannot be delivered is a dead letter. */
  protected sendLoosely(cell: Cell, payload: unknown): void {
    const envelope = envelopeTo(this, cell, payload, undefined);
    if (this.#closed) {
      this.kernel.deadLetter(envelope, cell.path, 'Stopped');
      return;
    }
    this.kernel.sent(envelope);
    if (this.kernel.offer(cell.receiverFor(envelope), envelope) === 'rejected') {
      this.kernel.deadLetter(envelope, cell.path, 'Rejected');
    }
  }

  /** From now on nothing new comes in from outside. */
  protected closeTheDoor(): void {
    this.#closed = true;
  }

  /** Nor does anything that goes on there. */
  protected endWhatGoesOn(): void {
    this.#closed = true;
    this.#over = true;
  }

  /** When the procedures that go on have ended; `undefined` where there are none. */
  protected get proceduresEnded(): Promise<void> | undefined {
    if (this.#procedures.size === 0) {
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenProceduresEnded = resolve;
    return promise;
  }

  protected override perform(
    request: PendingReply,
    procedure: Procedure<never, unknown>,
    input: unknown,
    options: RequestOptions | undefined,
    name?: string,
  ): void {
    super.perform(request, procedure, input, options, name);
    if (!request.settled) {
      this.#procedures.add(request);
    }
  }

  /** Nobody will answer any more. */
  protected interruptRequests(): void {
    for (const request of [...this.#requests]) {
      /* v8 ignore next -- @preserve Whoever ends answers; this is for what nobody foresaw, so that no request hangs. */
      request.interrupt(new Interrupted({ agent: request.target, reason: 'the system has stopped' }));
    }
  }

  protected cellOf(ref: AgentRef<never, unknown>): Cell {
    const cell = LocalRef.cellOf(ref);
    if (cell === undefined || cell.kernel !== this.kernel) {
      throw new InvalidParams({
        what: 'ref',
        value: cell?.path ?? ref,
        issues: [{ path: '', message: 'expected the ref of an agent of this system' }],
      });
    }
    return cell;
  }

  get revoked(): Failure | undefined {
    return this.#closed
      ? new NoResponder({ target: `system ${this.kernel.id}, which is ending`, asked: 0 })
      : undefined;
  }

  override get revokedWithin(): Failure | undefined {
    return this.#over ? this.revoked : undefined;
  }

  get requester(): Requester {
    return this;
  }

  get handling(): undefined {
    return undefined;
  }

  get deadlineMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  get headers(): Headers {
    return noHeaders;
  }

  branch(plan: BranchPlan, within: Sender = this): OpenBranch {
    return new Branch(within, plan);
  }

  send(target: Cell | TopicEntry, envelope: Envelope): Promise<void> | undefined {
    return this.#closed ? this.#lose(envelope) : this.#deliver(target, envelope);
  }

  override sendWithin(target: Cell | TopicEntry, envelope: Envelope): Promise<void> | undefined {
    return this.#over ? this.#lose(envelope) : this.#deliver(target, envelope);
  }

  #lose(envelope: Envelope): undefined {
    this.kernel.deadLetter(envelope, envelope.to ?? envelope.topic, 'Stopped');
    return undefined;
  }

  #deliver(target: Cell | TopicEntry, envelope: Envelope): Promise<void> | undefined {
    return target instanceof Cell ? tellNow(target, envelope) : publishNow(this.kernel, target, envelope);
  }

  sendRequest(target: Cell | TopicEntry, envelope: Envelope, request: PendingReply): void {
    requestNow(target, envelope, request);
  }
}
