/**
 * A step of an agent, as a value: what became of its message, and what it did.
 */
import type { AgentSnapshot } from '../actors/agent-ref.ts';
import type { DeadLetterCause } from '../core/dead-letter.ts';
import type { StepEffect } from './step-effect.ts';

/** What an agent wrote to its log. Written at once, and not undone when the step fails. */
export interface StepLog {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * What became of a message.
 *
 *   handled      its handling is over
 *   failed       its handling threw, or what it returned was rejected, or, of a step without a message,
 *                a timer or its first step threw: see `failure`
 *   interrupted  its handling was ended from outside
 *   open         its handling goes on: it waits for an answer, a promise or time
 *   stashed      it was laid aside
 *   waiting      it stands in the mailbox, because the agent is busy, or has not begun
 *   lost         it became a dead letter: see `lost`
 *   idle         of a step without a message: nothing is being handled now
 */
export type StepOutcome =
  | 'handled'
  | 'failed'
  | 'interrupted'
  | 'open'
  | 'stashed'
  | 'waiting'
  | 'lost'
  | 'idle';

/** What one step of an agent came to. */
export interface Step<State> {
  /** What became of the message; of a step without one, what became of the last that was in hand. */
  readonly outcome: StepOutcome;
  /** The state after it. */
  readonly state: State;
  /** What it shows of itself: of a machine, its snapshot. */
  readonly snapshot: AgentSnapshot;
  /** What left it, in order. A step that failed has done nothing. */
  readonly effects: readonly StepEffect[];
  /** What it wrote to its log, also when it failed. */
  readonly logs: readonly StepLog[];
  /** What was thrown, or why it was interrupted; where that is more than one thing, the first. */
  readonly failure?: unknown;
  /** All that was thrown, in order, where that is more than one thing: by two timers, say. */
  readonly failures?: readonly unknown[];
  /** Why the message became a dead letter. */
  readonly lost?: DeadLetterCause;
}

/** A step of a machine. */
export interface MachineStep<Snapshot> extends Step<undefined> {
  readonly snapshot: Snapshot & AgentSnapshot;
}
