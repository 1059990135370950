/**
 * A sender: the verbs, whoever uses them. What differs is only how an envelope
 * leaves: staged in a step, at once after it, or from outside.
 */
import type { Lease } from '../core/budget.ts';
import type { Envelope, Headers } from '../core/envelope.ts';
import type { Failure } from '../core/failure.ts';
import type { AnyTopic, Topic } from '../core/topic.ts';
import type { TopicEntry } from '../core/topic-board.ts';
import type { HandlingTrace } from '../core/tracing.ts';
import type { Agent, MachineAgent } from './agent.ts';
import type { AgentRef, MachineRef } from './agent-ref.ts';
import { ask, begin, checkSignal } from './asking.ts';
import { Bounded } from './bounded.ts';
import { type Capability, isCapability } from './capability.ts';
import { callCapability } from './capability-broker.ts';
import type { CapabilityDirectory } from './capability-directory.ts';
import type { Cell } from './cell.ts';
import type {
  Procedure,
  RequestOptions,
  Responder,
  Scope,
  SendOptions,
  SpawnOptions,
  StreamOptions,
  Target,
  Verbs,
} from './context.ts';
import type { Kernel } from './kernel.ts';
import { onThrowOf } from './observe.ts';
import { type CallOutcome, PendingCall } from './pending-call.ts';
import type { PendingReply, Requester } from './pending-reply.ts';
import { PendingRequest } from './pending-request.ts';
import { PendingStream } from './pending-stream.ts';
import { Interrupted } from './request-failures.ts';
import {
  cellOf,
  entryOf,
  envelopeOn,
  envelopeTo,
  leaseFor,
  type Origin,
  saying,
  timeoutOf,
} from './sending.ts';
import { hostFor } from './stream-host.ts';
import type { Tie } from './tie.ts';

/** Replies that may wait for a slow reader when it does not say: a few chunks, so that it is felt early. */
const streamCapacity = 16;

/** Whose end is that of a branch: the request it answers, or a wrapper around its work. */
export interface BranchOwner {
  /** What it is called in messages. */
  readonly target: string;
  /** Ends it, and the branch with it. */
  interrupt(failure: unknown): void;
}

/** What a branch is opened with. */
export interface BranchPlan {
  /** Told when the branch is to end, because what it is a branch of has; it then ends the branch. */
  readonly owner: BranchOwner;
  readonly deadlineMs: number;
  /** What it spends from, where a budget of its own was named. */
  readonly lease: Lease | undefined;
  /** Whether whoever began it waits for it. */
  readonly awaited: boolean;
}

/** A branch, for whoever opened it. It is itself the scope of the work done in it. */
export interface OpenBranch extends Scope {
  run(request: PendingReply, procedure: Procedure<never, unknown>, input: unknown): void;
  /** Ends it from outside: its signal aborts. */
  interrupt(failure: unknown): void;
  /** Its work is done. */
  finish(): void;
  /** What its work has kept. */
  readonly partial: unknown;
}

export abstract class Sender implements Verbs, Origin {
  abstract readonly kernel: Kernel;
  abstract readonly capabilities: CapabilityDirectory;
  abstract readonly cell: Cell | undefined;
  abstract readonly cause: Envelope | undefined;
  abstract readonly lease: Lease | undefined;
  abstract readonly trace: HandlingTrace | undefined;
  abstract readonly deadlineMs: number;
  abstract readonly headers: Headers;

  /** Why nothing can be sent any more, if so. */
  abstract readonly revoked: Failure | undefined;
  /** The same for work that was begun before: a door that closes lets it finish. */
  get revokedWithin(): Failure | undefined {
    return this.revoked;
  }

  /** The side that waits for replies. */
  abstract readonly requester: Requester;
  /** The handling that asks, when one does. */
  abstract readonly handling: object | undefined;

  /** Ties something to the work of this sender, where that ends; returns whether it goes on. */
  tie(_tie: Tie): boolean {
    return this.revoked === undefined;
  }

  /**
   * Opens a branch: work within that of this sender.
   *
   * @param within The branch it is a branch of, if it is.
   */
  abstract branch(plan: BranchPlan, within?: Sender): OpenBranch;
  abstract send(target: Cell | TopicEntry, envelope: Envelope): Promise<void> | undefined;
  /** Sends what work says that was begun before. */
  sendWithin(target: Cell | TopicEntry, envelope: Envelope): Promise<void> | undefined {
    return this.send(target, envelope);
  }

  abstract sendRequest(target: Cell | TopicEntry, envelope: Envelope, request: PendingReply): void;

  abstract spawn<M, R, S>(agent: MachineAgent<M, R, S>, options?: SpawnOptions): MachineRef<M, R, S>;
  abstract spawn<M, R>(agent: Agent<M, R>, options?: SpawnOptions): AgentRef<M, R>;

  publish<M>(
    topic: Topic<M, unknown>,
    payload: NoInfer<M>,
    options?: SendOptions,
  ): Promise<void> | undefined {
    const target = entryOf(this.kernel, topic as AnyTopic);
    return this.say(target, envelopeOn(this, topic as AnyTopic, payload, options));
  }

  tell<M>(ref: AgentRef<M, unknown>, payload: NoInfer<M>, options?: SendOptions): Promise<void> | undefined {
    const target = cellOf(this.kernel, ref);
    return this.say(target, envelopeTo(this, target, payload, options));
  }

  /** Whether what is asked here is waited for, where the request does not say otherwise. */
  get awaits(): boolean {
    return true;
  }

  /** How long a request waits that does not say. */
  get requestTimeoutMs(): number {
    return this.kernel.requestTimeoutMs;
  }

  request<M, R>(target: Responder<M, R>, payload: NoInfer<M>, options?: RequestOptions): Promise<R> {
    if (typeof target === 'function') {
      try {
        const request = new PendingRequest(this.kernel, this.requester);
        this.perform(request, target, payload, options);
        return request.promise as Promise<R>;
      } catch (failure) {
        return rejected(failure);
      }
    }
    if (typeof target === 'object' && target !== null && isCapability(target)) {
      // However it is called, a call of a capability goes through the broker.
      return this.tool(target as Capability<M, R>, payload, options);
    }
    try {
      const request = new PendingRequest(this.kernel, this.requester);
      ask(this, request, target, payload, options, 'request');
      return request.promise as Promise<R>;
    } catch (failure) {
      return rejected(failure);
    }
  }

  /**
   * Asks as `request` does, without a promise: for combinators.
   *
   * @param told Called once, with the answer or the failure, in a turn of whoever waits; before this returns where it could not be asked. Must not throw.
   * @returns the request, unless it could not be asked.
   */
  call<M, R>(
    target: Responder<M, R>,
    payload: M,
    options: RequestOptions | undefined,
    told: (outcome: CallOutcome, call: PendingCall | undefined) => void,
  ): PendingCall | undefined {
    const call = new PendingCall(this.kernel, this.requester, told);
    try {
      if (typeof target === 'function') {
        this.perform(call, target, payload, options);
      } else if (typeof target === 'object' && target !== null && isCapability(target)) {
        const calling: Procedure<M, unknown> = (input, scope) => scope.tool(target, input, options);
        this.perform(call, calling, payload, options, target.name);
      } else {
        ask(this, call, target, payload, options, 'request');
      }
      return call;
    } catch (failure) {
      told({ failure }, undefined);
      return undefined;
    }
  }

  stream<M, R>(target: Target<M, R>, payload: NoInfer<M>, options?: StreamOptions): Bounded<R> {
    const capacity = options?.capacity ?? streamCapacity;
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`capacity of a stream is a whole number, at least 1; got ${capacity}`);
    }
    return new Bounded<R>({
      onThrow: onThrowOf(this.kernel),
      host: hostFor(this.kernel, this),
      open: (window) => {
        const request = new PendingStream<R>(this.kernel, this.requester, capacity, Math.max(1, window));
        ask(this, request, target, payload, options, 'stream');
        return request;
      },
    });
  }

  tool<I, O>(capability: Capability<I, O>, input: NoInfer<I>, options?: RequestOptions): Promise<O>;
  tool(name: string, input: unknown, options?: RequestOptions): Promise<unknown>;
  tool(
    capability: Capability<unknown, unknown> | string,
    input: unknown,
    options?: RequestOptions,
  ): Promise<unknown> {
    const name = typeof capability === 'string' ? capability : capability.name;
    if (this.revoked !== undefined) {
      return rejected(this.revoked);
    }
    const { kernel } = this;
    const trace = kernel.tracing?.asked(
      saying(this, 'tool', name, undefined, kernel.environment.nextId(), options),
    );
    const called = callCapability(this, this.capabilities, name, input, (entry, checkedInput) => {
      const request = new PendingRequest(this.kernel, this.requester);
      ask(this, request, entry, checkedInput, options, 'tool', trace);
      return request.promise;
    });
    kernel.witness?.called(called, name, this.cell?.path);
    if (trace === undefined) {
      called.catch(ignore);
    } else {
      called.then(
        () => trace.settled(undefined),
        (failure: unknown) => trace.settled({ failure }),
      );
    }
    return called;
  }

  /** Sends; whoever follows what is refused hears that it will never leave. */
  protected say(target: Cell | TopicEntry, envelope: Envelope): Promise<void> | undefined {
    const { tracing } = this.kernel;
    if (tracing === undefined) {
      return this.send(target, envelope);
    }
    try {
      return this.send(target, envelope);
    } catch (refusal) {
      tracing.lost(envelope, refusal);
      throw refusal;
    }
  }

  /** Has a procedure done in a branch; `request` waits for its answer, and has not begun. */
  protected perform(
    request: PendingReply,
    procedure: Procedure<never, unknown>,
    input: unknown,
    options: RequestOptions | undefined,
    name: string = procedure.name || 'a procedure',
  ): void {
    if (this.revoked !== undefined) {
      throw this.revoked;
    }
    checkSignal(options?.signal);
    const timeoutMs = timeoutOf(options, this.requestTimeoutMs);
    const budget = options?.budget;
    const lease = budget === undefined ? undefined : leaseFor(this, budget);
    if (lease !== undefined) {
      this.kernel.witness?.leased(lease, `a request to ${name}`);
    }
    const deadlineMs = begin(this, request, name, name, timeoutMs, lease, options);
    request.madeBy = this.handling;
    if (options?.signal?.aborted === true) {
      request.interrupt(new Interrupted({ agent: name, reason: 'its signal had aborted already' }));
    } else {
      const awaited = options?.awaited !== false;
      this.branch({ owner: request, deadlineMs, lease, awaited }).run(request, procedure, input);
    }
  }
}

/** A promise that has failed already; nobody need look at it. */
function rejected<T>(failure: unknown): Promise<T> {
  const promise = Promise.reject<T>(failure);
  promise.catch(ignore);
  return promise;
}

const ignore = (): void => {};
