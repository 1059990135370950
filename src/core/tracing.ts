/**
 * Tracing: the port through which somebody follows messages from agent to agent.
 *
 * A system that is traced asks here which headers a message travels with, and
 * tells when it leaves, when its handling begins and ends, and when a request is
 * settled. What is asked of a trace is enough for spans; what a span is, the core
 * does not know. A system that is not traced asks nobody: that is one branch.
 *
 * Whoever implements this must not throw: it is called in the middle of sending
 * and stepping.
 */
import type { Lease } from './budget.ts';
import type { DeadLetterCause } from './dead-letter.ts';
import type { Envelope, Headers } from './envelope.ts';
import type { EventListener, HandlingOutcome } from './system-event.ts';

/** How something is said, or asked. */
export type Verb = 'publish' | 'tell' | 'request' | 'stream' | 'tool';

/** A message that is being made. */
export interface Saying {
  readonly verb: Verb;
  /** Name of the topic or capability. */
  readonly topic: string;
  /** Path of the one agent it is for, if it is for one. */
  readonly to: string | undefined;
  /** Path of the agent that says it; `undefined` from outside. */
  readonly sender: string | undefined;
  /** Id of its envelope; of a request, its correlation id. */
  readonly id: number;
  readonly threadId: string | undefined;
  /** The handling it is said in, if that is traced. */
  readonly by: HandlingTrace | undefined;
  /** Whether it begins a new chain: then `by` is where that was asked for. */
  readonly detached: boolean;
  /** What it inherits from the envelope being handled. */
  readonly inherited: Headers;
  /** What whoever says it wants it to carry. */
  readonly given: Headers | undefined;
}

/** A handling that begins. */
export interface Taking {
  /** Path of the agent. */
  readonly agent: string;
  /** Name of its definition. */
  readonly definition: string;
  readonly envelope: Envelope;
  /** The step of a timer, or of a machine's child, rather than a message. */
  readonly timer:
    | {
        readonly setBy: HandlingTrace | undefined;
        readonly every: boolean;
        /** Path of the child of a machine whose work it is. */
        readonly child?: string | undefined;
      }
    | undefined;
}

/** One handling, followed. */
export interface HandlingTrace {
  /** What travels on with what this handling causes. */
  readonly headers: Headers;
  /** Calls `f` as a part of the handling; returns and throws what `f` does. */
  within<T>(f: () => T): T;
  /** It has failed, and its supervisor is about to hear of it. */
  failed(failure: unknown): void;
  /**
   * It is over; called once.
   *
   * @param outcome `undefined` when the message is not done with: it was laid aside, or is to be handled again.
   */
  ended(outcome: HandlingOutcome | undefined, failure: unknown, lease: Lease | undefined): void;
}

/** One request, stream or call, followed. */
export interface RequestTrace {
  /** What it travels with. */
  readonly headers: Headers;
  /** One reply of a stream. */
  replied(payload: unknown, from: string): void;
  /** The one reply of a request, from the agent at the path `from`; it is settled next. */
  answered?(payload: unknown, from: string): void;
  /** Called once. */
  settled(failure: { readonly failure: unknown } | undefined): void;
  /** Whoever asked has its outcome now: an agent gets it in a turn of its own. Not called for streams and calls. */
  delivered?(): void;
}

export interface Tracing {
  /** Something is published or told: gives the headers it travels with, an object of its own. */
  said(saying: Saying): Headers;
  /** What was said leaves now. */
  left(envelope: Envelope): void;
  /**
   * A message did not get through: it was refused, the step that said it threw, or it
   * became a dead letter. What had left before is known already.
   *
   * @param cause Why, if it became a dead letter; then there may be no failure.
   */
  lost(envelope: Envelope, failure: unknown, cause?: DeadLetterCause): void;
  asked(saying: Saying): RequestTrace;
  taken(taking: Taking): HandlingTrace;
  /** An agent hears that another, at the path `ended`, is no more. */
  terminated?(agent: string, ended: string): void;
}

/** What an instrumentation may look at. */
export interface Instrumented {
  readonly id: string;
  /** The name of the definition of a living agent. */
  definitionOf(path: string): string | undefined;
  /** Calls `f` for each living agent, with how many messages wait at it. O(n) */
  eachAgent(f: (definition: string, waiting: number) => void): void;
}

/** Who is told of what one system does. */
export interface Attached {
  readonly listener: EventListener;
  readonly tracing: Tracing | undefined;
}

/** Measures systems: `openTelemetry()` of `troupe/otel` makes one. */
export interface Instrumentation {
  /** Called when a system begins; gives `undefined` when there is nobody who would be told. */
  attach(system: Instrumented): Attached | undefined;
}
