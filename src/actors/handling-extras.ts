/**
 * What a handling has only when it lasts, is followed, or asks for something: most
 * are over when their first step is, and are made and forgotten with every message.
 */
import type { Lease } from '../core/budget.ts';
import type { HandlingTrace } from '../core/tracing.ts';
import type { OpenHandling } from './cell.ts';
import type { Tie } from './tie.ts';

/** A task that goes on after the step that began it, and how to end it early. */
export interface Task {
  interrupt(failure: unknown): void;
}

export class HandlingExtras {
  stashing = false;
  startedAtMs: number | undefined = undefined;
  trace: HandlingTrace | undefined = undefined;
  task: Task | undefined = undefined;
  rooms: OpenHandling['rooms'] = undefined;
  firstTie: Tie | undefined = undefined;
  whenOver: (() => void) | undefined = undefined;
  /** What it spends from when nobody has set it a budget. */
  unlimited: Lease | undefined = undefined;
  /** What it kept, for whoever interrupts it. */
  partial: unknown = undefined;
  abort: AbortController | undefined = undefined;
  releaseLease: (() => void) | undefined = undefined;
}
