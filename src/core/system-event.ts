/**
 * What a system tells about itself, as data: the elements of `system.events`.
 *
 * Events are made only while somebody listens. Times are the environment's
 * milliseconds (`nowMs`); `agent` is a path.
 */

import type { DeadLetter } from './dead-letter.ts';
import type { Envelope } from './envelope.ts';
import type { FailureClass } from './failure.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** How a handling ended. */
export type HandlingOutcome = 'handled' | 'failed' | 'interrupted';

/** Why an agent is no more. */
export type StopReason = 'stopped' | 'finished' | 'failed';

/** What a supervisor decided. */
export type DirectiveTag = 'resume' | 'restart' | 'stop' | 'escalate';

/** A failure as it reached its one supervisor: an element of `system.failures`. */
export interface FailureReport {
  readonly atMs: number;
  /** Path of the agent that failed. */
  readonly agent: string;
  /** Path of the supervisor that decided; `/` is the system. */
  readonly supervisor: string;
  /** What was thrown, itself. */
  readonly failure: unknown;
  readonly class: FailureClass;
  /** The envelope that was being handled, if any. */
  readonly envelope?: Envelope | undefined;
  /** Id of the envelope that was being handled, if any. */
  readonly envelopeId: number | undefined;
  readonly topic: string | undefined;
  readonly directive: DirectiveTag;
}

export type SystemEvent =
  | {
      readonly _tag: 'AgentStarted';
      readonly atMs: number;
      readonly agent: string;
      readonly definition: string;
    }
  | {
      readonly _tag: 'AgentRestarted';
      readonly atMs: number;
      readonly agent: string;
      readonly restarts: number;
    }
  | {
      readonly _tag: 'AgentStopped';
      readonly atMs: number;
      readonly agent: string;
      readonly reason: StopReason;
    }
  | {
      readonly _tag: 'Sent';
      readonly atMs: number;
      readonly id: number;
      readonly sender: string | undefined;
      /** Path of the receiver, or `undefined` for a publish. */
      readonly to: string | undefined;
      readonly topic: string | undefined;
      readonly causationId: number | undefined;
      readonly threadId: string | undefined;
    }
  | {
      readonly _tag: 'HandlingEnded';
      /** When it ended. */
      readonly atMs: number;
      readonly startedAtMs: number;
      readonly agent: string;
      readonly envelopeId: number;
      readonly topic: string | undefined;
      readonly outcome: HandlingOutcome;
      /** Messages still waiting in the agent's mailbox. */
      readonly depth: number;
      /** Where it stands in its trace: its own span when the system is traced, otherwise what its message came with. */
      readonly traceparent: string | undefined;
    }
  | { readonly _tag: 'Failed'; readonly atMs: number; readonly report: FailureReport }
  | { readonly _tag: 'DeadLettered'; readonly atMs: number; readonly letter: DeadLetter }
  | {
      readonly _tag: 'Logged';
      readonly atMs: number;
      readonly agent: string;
      readonly level: Level;
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>> | undefined;
      /** Where the handling that wrote it stands in its trace. */
      readonly traceparent: string | undefined;
    }
  | { readonly _tag: 'SystemStopped'; readonly atMs: number };

/** Somebody who is told everything, in order, at once. What it throws is reported and it is dropped. */
export interface EventListener {
  next(event: SystemEvent): void;
  /** The system has stopped: nothing more comes. */
  complete?(): void;
}
