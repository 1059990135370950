/**
 * An agent's timers: each calls a step of the agent, in a slot of the mailbox
 * that was reserved when it was set. A restart or stop of the agent cancels them.
 */
import { type Envelope, ownEnvelope } from '../core/envelope.ts';
import type { Timer } from '../core/environment.ts';
import { timerNotice } from '../core/notice.ts';
import type { HandlingTrace } from '../core/tracing.ts';
import type { Cell } from './cell.ts';
import type { Context } from './context.ts';
import type { Result } from './result.ts';

type Step = (context: Context) => Result<unknown>;

/** What a notice of the agent's own carries: a step, until it is cancelled. */
export interface NoticedStep {
  readonly step: Step | undefined;
  /** Under which handling it was set. */
  readonly setBy: HandlingTrace | undefined;
  /** Whether it comes again and again. */
  readonly every: boolean;
  /** Its step is being taken. */
  taken(): void;
  cancel(): void;
  /** Path of the child of a machine whose work it is, if it is such. */
  readonly child?: string | undefined;
}

/** A timer of an agent; its notice carries it. */
export class AgentTimer implements Timer, NoticedStep {
  /** What is called, or `undefined` when it was cancelled: then its notice means nothing. */
  step: Step | undefined;
  readonly every: boolean;
  /** The handling that set it, if that is followed. */
  readonly setBy: HandlingTrace | undefined;
  readonly #cell: Cell;
  readonly #cause: Envelope;
  readonly #delayMs: number;
  #timer: Timer | undefined;
  /** Whether its notice waits in the mailbox. */
  #rang = false;

  constructor(
    cell: Cell,
    cause: Envelope,
    delayMs: number,
    step: Step,
    every: boolean,
    setBy: HandlingTrace | undefined,
  ) {
    this.#cell = cell;
    this.#cause = cause;
    this.#delayMs = delayMs;
    this.step = step;
    this.every = every;
    this.setBy = setBy;
  }

  start(): void {
    if (this.step !== undefined && !this.#cell.ending) {
      this.#cell.timers ??= new Set();
      this.#cell.timers.add(this);
      this.#timer = this.#cell.kernel.environment.schedule(this.#delayMs, () => this.#ring());
    }
  }

  cancel(): void {
    this.step = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#cell.timers?.delete(this);
    if (this.#rang) {
      this.#rang = false;
      this.#cell.mailbox.withdrawNotice(this);
    }
  }

  /** Its step has been taken: one that rings every so often is set again, so that at most one notice of it waits. */
  taken(): void {
    this.#rang = false;
    if (this.every) {
      this.start();
    } else {
      this.cancel();
    }
  }

  #ring(): void {
    const cell = this.#cell;
    this.#rang = true;
    cell.receiveNotice(
      ownEnvelope(cell.kernel.environment.nextId(), cell.path, cell.path, timerNotice, this, this.#cause),
    );
  }
}

/** Makes a timer that has not begun. */
export function scheduleStep(
  cell: Cell,
  cause: Envelope,
  delayMs: number,
  step: Step,
  every: boolean,
  setBy: HandlingTrace | undefined,
): AgentTimer {
  return new AgentTimer(cell, cause, delayMs, step, every, setBy);
}
