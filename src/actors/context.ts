/**
 * What an agent can do while it handles a message: the verbs, and what it knows.
 *
 * A handler's synchronous part is one step: its verbs are staged and released in
 * order when it returns; when it throws, nothing was sent. After an `await` each
 * verb is a step of its own. When the handling is over (finished, failed,
 * interrupted, restarted) its context is revoked: what old code still sends
 * becomes a dead letter, without throwing, and its requests reject.
 */

import type { Effect } from 'effect/Effect';
import type { Lease, Limits } from '../core/budget.ts';
import type { Envelope, Headers } from '../core/envelope.ts';
import type { Timer } from '../core/environment.ts';
import type { Level } from '../core/system-event.ts';
import type { AnyTopic, Topic } from '../core/topic.ts';
import type { Agent, MachineAgent } from './agent.ts';
import type { AgentRef, MachineRef } from './agent-ref.ts';
import type { Bounded } from './bounded.ts';
import type { Capability } from './capability.ts';
import type { Result } from './result.ts';
import type { ChildKind } from './supervision.ts';

export interface SendOptions {
  /** The conversation this belongs to; inherited when not given. */
  readonly threadId?: string;
  /** Set beside those that are inherited. */
  readonly headers?: Headers;
  /** Which of a ref's topics this is, where it has several handlers. Without it, the first whose schema accepts it. */
  readonly topic?: AnyTopic;
}

export interface RequestOptions extends SendOptions {
  /** How long to wait for the reply, in milliseconds; 30 000 when not given, and `Infinity` must be written. */
  readonly timeoutMs?: number;
  /** Interrupts the request, and the work done for it, when it aborts. */
  readonly signal?: AbortSignal;
  /** What the work for this request may spend at most. */
  readonly budget?: Limits;
  /** `false` when the handling does not wait for the reply: the request is then no edge of a wait cycle. */
  readonly awaited?: boolean;
}

export interface StreamOptions extends RequestOptions {
  /** Most replies that may wait for a slow reader; 16 when not given. */
  readonly capacity?: number;
}

export interface SpawnOptions {
  /** Last part of its path; made from the definition's name when not given. */
  readonly id?: string;
  /** Given to the definition's `state` function. */
  readonly input?: unknown;
  /** What happens when it ends: `transient` when not given. */
  readonly kind?: ChildKind;
  /** Whether its end counts for the parent's `autoShutdown`. */
  readonly significant?: boolean;
  /** `false`: hears only what it is told, not its topics. */
  readonly subscribe?: boolean;
  /** What it may spend over its whole life. */
  readonly budget?: Limits;
}

/** The verbs that a system, a handling and a detached chain share. */
export interface Verbs {
  /**
   * Says something to everybody who subscribed.
   *
   * Delivery: at most once to each. Returns `undefined` when everyone took it,
   * otherwise a promise of room that should be awaited before more is published.
   *
   * Errors: `InvalidParams` for a payload its schema refuses; `MailboxFull` when
   * earlier promises of room were ignored for too long. Then nobody got it.
   */
  publish<M>(topic: Topic<M, unknown>, payload: NoInfer<M>, options?: SendOptions): Promise<void> | undefined;
  /**
   * Says something to one agent.
   *
   * Delivery: at most once. Errors: as for `publish`, and `MailboxFull` at once
   * when the agent's overflow is `reject`.
   */
  tell<M>(ref: AgentRef<M, unknown>, payload: NoInfer<M>, options?: SendOptions): Promise<void> | undefined;
  /**
   * Asks a ref, a topic (the first reply counts) or a capability, and waits for the
   * reply; or calls a procedure, in a scope that ends with it.
   *
   * Settles exactly once, at the latest at its deadline.
   *
   * Errors: the receiver's own failure; `RequestTimeout` (the outcome is unknown:
   * the work may have been done); `NoResponder` when nobody can answer or
   * everybody finished without; `Interrupted`; `WaitCycle`; `BudgetExceeded`.
   */
  request<M, R>(target: Responder<M, R>, payload: NoInfer<M>, options?: RequestOptions): Promise<R>;
  /**
   * Asks for a stream of replies. Each subscription sends the request once;
   * unsubscribing, or leaving a `for await`, interrupts the work, and a slow
   * reader slows it down.
   */
  stream<M, R>(target: Target<M, R>, payload: NoInfer<M>, options?: StreamOptions): Bounded<R>;
  /** Starts an agent as a child. Errors: `RangeError` when the id is taken or not a name. */
  spawn<M, R, S>(agent: MachineAgent<M, R, S>, options?: SpawnOptions): MachineRef<M, R, S>;
  spawn<M, R>(agent: Agent<M, R>, options?: SpawnOptions): AgentRef<M, R>;
}

/** Whom a message can be addressed to, and be answered by. */
export type Target<M, R> = AgentRef<M, R> | Topic<M, R> | Capability<M, R>;

/**
 * Work that somebody else calls: a function of its input, and of the scope in which it
 * is done. What it returns, or a promise or an Effect of that, is its answer.
 *
 * Combinators (`pipeline`, `fallback`, `gather`, `retry`, …) make procedures of
 * responders, and a procedure is a responder: so they nest.
 */
export type Procedure<in I, out O> = (input: I, scope: Scope) => O | PromiseLike<O> | Effect<O, unknown>;

/** Whoever can be asked: an agent, a topic, a capability, or a procedure. */
export type Responder<M, R> = Target<M, R> | Procedure<M, R>;

/**
 * What work knows beside its input, wherever it is done: in a handler, in a branch of
 * one, or outside of agents.
 *
 * A branch ends with what it was begun for, and earlier when somebody ends it: what it
 * asked is interrupted then, what it still sends becomes a dead letter, and its
 * requests reject. No branch outlives the deadline of whoever began it.
 */
export interface Scope extends Verbs {
  /** Aborts when the work is interrupted. It is made when it is first read. */
  readonly signal: AbortSignal;
  /** When nobody wants the work any more, in milliseconds of the system's clock; `Infinity` for never. */
  readonly deadlineMs: number;
  /** What this work may still spend, and where to say what it spent. */
  readonly budget: Lease;
  /**
   * What everything that is sent from here carries. A call to another service
   * carries `traceparent` of it, and is then a part of the same trace.
   */
  readonly headers: Headers;
  /** Keeps what is worth keeping should this work be interrupted now; the failure carries it. */
  keep(partial: unknown): void;
  /** Calls a capability, whoever offers it. */
  tool<I, O>(capability: Capability<I, O>, input: NoInfer<I>, options?: RequestOptions): Promise<O>;
  tool(name: string, input: unknown, options?: RequestOptions): Promise<unknown>;
}

/** The end of an agent that was watched. */
export interface Terminated {
  readonly ref: AgentRef<never, unknown>;
  readonly path: string;
  readonly reason: 'stopped' | 'finished' | 'failed';
  /** What it failed of, when it failed. */
  readonly failure: unknown;
}

/** What a handler gets beside its message. */
export interface Context<State = unknown, Reply = unknown> extends Scope {
  /** The agent's state as of now. Never change it in place. */
  readonly state: State;
  /** Replaces the state. In a step that throws, the state stays what it was. */
  update(change: (state: State) => State): void;
  /**
   * Answers the request being handled; for a stream, any number of times.
   * Returns a promise of room when the reader is behind.
   */
  reply(reply: Reply): Promise<void> | undefined;
  /** Stops this agent when the step is over, as finished; or a child of it, as stopped. */
  stop(child?: AgentRef<never, unknown>): void;
  /** Asks for one `Terminated` when that agent has ended; at once if it has already. */
  watch(ref: AgentRef<never, unknown>): void;
  unwatch(ref: AgentRef<never, unknown>): void;
  /** Lays this message aside; it keeps its room in the mailbox. Errors: `MailboxFull` when there is none left. */
  stash(): void;
  /** Puts all that was stashed back at the front of the mailbox, in order. */
  unstash(): void;
  /**
   * Calls `step` once after `delayMs`, or every `delayMs` with `{ every: true }`, as a
   * step of this agent. A restart or stop cancels it.
   *
   * The step needs a free slot: a handler with `concurrency` 1 that awaits it waits
   * for itself. To wait within a handler, return an Effect that sleeps.
   */
  schedule(
    delayMs: number,
    step: (context: Context<State, Reply>) => Result<unknown>,
    options?: { readonly every?: boolean },
  ): Timer;
  /** Verbs that begin a new chain: no thread, deadline or budget, and they outlive this handling. */
  detach(): Verbs;
  readonly self: AgentRef<never, Reply>;
  /** The agent that spawned this one; `undefined` at the top. */
  readonly parent: AgentRef<never, unknown> | undefined;
  readonly children: readonly AgentRef<never, unknown>[];
  /** The envelope being handled. */
  readonly envelope: Envelope;
  readonly log: Log;
}

export type Log = {
  readonly [L in Level]: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
};
