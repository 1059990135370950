/**
 * Stepping: what an agent does in a turn. This is the heart.
 *
 *     signals → notices → committed effects that wait → one message
 *
 * A step is the synchronous part of a handler. Its verbs are staged; when it
 * returns, they are released in order; when it throws, none of it happened (L24).
 * What the handler returned is its reply, or a task whose end comes back as a
 * notice. The credit of the message goes back when its handling is over.
 */

import { BudgetExceeded } from '../core/budget.ts';
import type { DeadLetterCause } from '../core/dead-letter.ts';
import type { Envelope, ReplyPort } from '../core/envelope.ts';
import { isOf } from '../core/failure.ts';
import { isNotice, timerNotice } from '../core/notice.ts';
import type { HandlingOutcome } from '../core/system-event.ts';
import type { HandlingTrace, Tracing } from '../core/tracing.ts';
import type { NoticedStep } from './agent-timer.ts';
import type { Cell } from './cell.ts';
import { terminatedFor } from './death-watch.ts';
import type { EffectRuntime } from './effect-runtime.ts';
import { finish } from './finishing.ts';
import { type Handle, handlerOf } from './handlers.ts';
import { Handling } from './handling.ts';
import type { Task } from './handling-extras.ts';
import { beginTiming, endTiming } from './handling-times.ts';
import { interruptRequestsOf, withPartial } from './interrupting.ts';
import type { Kernel } from './kernel.ts';
import type { TaskEnds } from './open-work.ts';
import { afterOutbox, release, releaseOutbox, releaseReply } from './outbox.ts';
import { payers } from './payers.ts';
import { asReply, Interrupted } from './request-failures.ts';
import type { Stage } from './stage.ts';
import { forgetStashing, layAside } from './stash.ts';
import { startTask } from './tasks.ts';
import type { Works } from './works.ts';

/** What becomes of an agent after a step is decided above. */
export interface StepEnds {
  /** There are signals to act on. */
  actOnSignals(cell: Cell): void;
  /**
   * A handling failed. Says whether its message is going to be handled again,
   * or why it is a dead letter, if it is one.
   */
  failed(handling: Handling, failure: unknown): 'again' | DeadLetterCause | undefined;
  /** A draining agent may have nothing more to do. */
  mayHaveDrained(cell: Cell): void;
}

export class Stepping implements TaskEnds {
  readonly #works: Works;
  readonly #stage: Stage;
  readonly #effects: EffectRuntime;
  readonly #ends: StepEnds;
  /** Agents that drain now: only then does the end of a handling look for them. */
  draining = 0;

  constructor(works: Works, effects: EffectRuntime, ends: StepEnds) {
    this.#works = works;
    this.#stage = works.stage;
    this.#effects = effects;
    this.#ends = ends;
  }

  /** Does the next things there are to do for an agent, at most so many, and says how many there were. */
  take(cell: Cell, most: number): number {
    let done = 0;
    while (done < most && this.#takeOne(cell)) {
      done += 1;
    }
    return done;
  }

  // What follows is kept short, and what seldom happens apart: whatever is compiled as one piece has to be small.

  #takeOne(cell: Cell): boolean {
    if (cell.hasUrgent) {
      return this.#takeUrgent(cell);
    }
    if (!cell.mayTake) {
      return false;
    }
    const { mailbox } = cell;
    const mayBeNotice = mailbox.holdsNotices;
    const envelope = mailbox.take();
    if (envelope === undefined) {
      return this.draining > 0 && this.#endedSo(cell);
    }
    if (mayBeNotice && isNotice(envelope)) {
      this.#beginNotice(cell, envelope);
    } else {
      this.#begin(cell, envelope);
    }
    // It may have been taken and not handled: then no end of a handling says so.
    this.#mayHaveDrained(cell);
    return true;
  }

  /** What it sent has left only now, perhaps, and what sent it was over before. Says whether that made it something to do: a signal in the midst of a turn asks for none. */
  #endedSo(cell: Cell): boolean {
    this.#mayHaveDrained(cell);
    return cell.hasWork;
  }

  /** Does what comes before any message. */
  #takeUrgent(cell: Cell): boolean {
    if (cell.signals !== undefined) {
      this.#ends.actOnSignals(cell);
      // Also those far above it may have waited for just this.
      this.#mayHaveDrained(cell);
      return true;
    }
    const notice = cell.notices?.shift();
    if (notice !== undefined) {
      notice.deliver();
      return true;
    }
    if (cell.parked !== undefined && cell.parked.length > 0) {
      return false;
    }
    releaseOutbox(cell);
    this.#mayHaveDrained(cell);
    return true;
  }

  /** Takes one step of a handling: calls `handle`, and releases what it staged. */
  step(handling: Handling, handle: Handle, argument: unknown): void {
    const { cell } = handling;
    const stage = this.#stage;
    const before = cell.state;
    cell.open += 1;
    if (handling.isMessage) {
      cell.messagesOpen += 1;
    } else {
      cell.kernel.ownSteps += 1;
    }
    beginTiming(handling);
    stage.cell = cell;
    let result: unknown;
    try {
      result =
        handling.trace === undefined
          ? handle(argument, handling)
          : handleWithin(handling.trace, handle, argument, handling);
    } catch (thrown) {
      this.#threw(handling, thrown, before);
      return;
    }
    stage.cell = undefined;
    if (stage.size > 0) {
      this.#release(handling);
    }
    if (cell.state !== before) {
      cell.observers?.changed(cell);
    }
    if (
      result === undefined &&
      handling.isPlain &&
      handling.envelope.replyTo === undefined &&
      !cell.blocked &&
      cell.attempts === undefined &&
      cell.finishesWith === undefined &&
      cell.kernel.witness === undefined
    ) {
      // As `#end` does it, where there is nothing to end but the handling.
      handling.over = true;
      cell.open -= 1;
      cell.messagesOpen -= 1;
      cell.handled += 1;
      cell.kernel.settled();
    } else {
      this.#goOn(handling, result);
    }
  }

  /** None of it happened. */
  #threw(handling: Handling, thrown: unknown, before: unknown): void {
    const { cell } = handling;
    const stage = this.#stage;
    stage.cell = undefined;
    stage.undo(thrown, cell.kernel.tracing);
    cell.state = before;
    this.#fail(handling, thrown);
  }

  #release(handling: Handling): void {
    // Known before it leaves what it staged, because one of these may close a cycle of those who wait for it.
    handling.envelope.replyTo?.working(handling);
    release(handling.cell, this.#stage, handling);
  }

  succeeded(handling: Handling, value: unknown): void {
    if (handling.over) {
      cameTooLate(handling, value);
    } else {
      handling.cell.notice({ deliver: () => this.#conclude(handling, value) });
    }
  }

  failed(handling: Handling, failure: unknown): void {
    if (!handling.over) {
      handling.cell.notice({ deliver: () => this.#fail(handling, failure) });
    }
  }

  /**
   * Ends a handling from outside: its context is revoked, its task told, its
   * requests interrupted, its requester answered.
   *
   * @returns whether it was open.
   */
  interrupt(handling: Handling, failure: unknown): boolean {
    if (handling.over) {
      return false;
    }
    const { cell, envelope } = handling;
    const partial = withPartial(failure, handling.partial);
    forgetStashing(handling);
    this.#end(handling, 'interrupted', partial);
    interruptRequestsOf(cell, handling, partial);
    envelope.replyTo?.fail(partial, cell.path);
    return true;
  }

  /** Interrupts a handling, and keeps its message where nobody else is told of it. */
  endEarly(handling: Handling, failure: unknown, cause: DeadLetterCause): void {
    const { cell, envelope } = handling;
    const attempts = cell.attempts?.get(envelope) ?? 1;
    if (this.interrupt(handling, failure) && envelope.replyTo === undefined && !isNotice(envelope)) {
      cell.kernel.lose(envelope, cell.path, cause, failure, attempts);
    }
  }

  /**
   * Takes a step beside the open handlings of an agent, which is all there is to
   * it: it takes no slot, and what it returns means nothing, but that a promise that
   * fails is told of.
   */
  aside(cell: Cell, cause: Envelope, handle: (context: Handling) => unknown): void {
    const stage = this.#stage;
    const handling = new Handling(cell, cause, this.#works, !isNotice(cause));
    const before = cell.state;
    stage.cell = cell;
    try {
      Promise.resolve(handle(handling)).catch((thrown) => cell.reportStray(thrown));
      stage.cell = undefined;
    } catch (thrown) {
      stage.cell = undefined;
      stage.undo(thrown, cell.kernel.tracing);
      cell.state = before;
      handling.revoke(thrown);
      this.#ends.failed(handling, thrown);
      return;
    }
    release(cell, stage, undefined);
    handling.revoke();
    handling.whenOver?.();
    if (cell.finishesWith === handling) {
      finish(cell);
    }
    if (cell.state !== before) {
      cell.observers?.changed(cell);
    }
  }

  /** Ends a handling whose message goes back to the mailbox: nobody is told. */
  withdraw(handling: Handling, failure: unknown): void {
    const { cell } = handling;
    forgetStashing(handling);
    this.#end(handling, undefined, failure);
    interruptRequestsOf(cell, handling, failure);
  }

  #begin(cell: Cell, envelope: Envelope): void {
    const { replyTo, topic } = envelope;
    if (replyTo !== undefined && nobodyWants(replyTo, envelope.deadlineMs, cell.kernel)) {
      dropTaken(cell, envelope, 'Expired');
      return;
    }
    const handling = new Handling(cell, envelope, this.#works, true);
    if ((envelope.budget !== undefined || cell.lease !== undefined) && !this.#mayBegin(handling)) {
      return;
    }
    const handle = topic === cell.handledTopic ? cell.handle : handlerFor(cell, topic!);
    if (handle === undefined) {
      handling.revoke();
      dropTaken(cell, envelope, 'Unhandled');
      return;
    }
    if (cell.kernel.tracing !== undefined) {
      follow(handling, cell.kernel.tracing, undefined);
    }
    this.step(handling, handle, envelope.payload);
  }

  #beginNotice(cell: Cell, envelope: Envelope): void {
    const { onTerminated } = cell.definition;
    const handling = new Handling(cell, envelope, this.#works, false);
    if (envelope.topic === timerNotice) {
      const timer = envelope.payload as NoticedStep;
      const { step } = timer;
      /* v8 ignore if -- @preserve The notice of a timer that was cancelled is taken back. */
      if (step === undefined) {
        return;
      }
      if (handling.lease?.exceeded !== undefined) {
        // It fails closed: a step would spend one chunk more, at every ring.
        timer.cancel();
      } else {
        timer.taken();
        holdIfTold(handling);
        if (this.#works.kernel.tracing !== undefined) {
          follow(handling, this.#works.kernel.tracing, timer);
        }
        this.step(handling, (_, context) => step(context), undefined);
      }
    } else {
      const ended = envelope.payload as Cell;
      const terminated = terminatedFor(cell, ended);
      this.#works.kernel.tracing?.terminated?.(cell.path, ended.path);
      if (onTerminated !== undefined) {
        this.step(handling, () => onTerminated(terminated, handling), undefined);
      }
    }
  }

  /** Whether its budgets allow this message one more step; otherwise it fails closed. */
  #mayBegin(handling: Handling): boolean {
    const { cell, envelope } = handling;
    holdIfTold(handling);
    for (const lease of payers(envelope.budget, cell.lease)) {
      if (!lease.tryTake('steps', 1)) {
        handling.revoke();
        dropTaken(cell, envelope, 'BudgetExceeded', lease.refusal('steps', 1));
        return false;
      }
    }
    return true;
  }

  /** The first step has been taken: what it returned is a reply, or is still on its way. */
  #goOn(handling: Handling, result: unknown): void {
    if (result === undefined) {
      this.#conclude(handling, undefined);
      return;
    }
    try {
      const { trace } = handling;
      const task =
        trace === undefined
          ? startTask(result, handling, this, this.#effects)
          : this.#startWithin(trace, result, handling);
      if (task !== undefined) {
        this.#stayOpen(handling, task);
        return;
      }
    } catch (thrown) {
      this.#fail(handling, thrown);
      return;
    }
    this.#conclude(handling, result);
  }

  #startWithin(trace: HandlingTrace, result: unknown, handling: Handling): Task | undefined {
    return trace.within(() => startTask(result, handling, this, this.#effects));
  }

  #stayOpen(handling: Handling, task: Task): void {
    const { cell, envelope } = handling;
    handling.task = task;
    handling.startedAtMs ??= cell.kernel.nowMs();
    cell.openHandlings ??= new Set();
    cell.openHandlings.add(handling);
    envelope.replyTo?.working(handling);
    handling.holdLease();
  }

  /** Its work is done: answers, and ends the handling, behind what it sent. */
  #conclude(handling: Handling, value: unknown): void {
    const { cell } = handling;
    if (handling.over || !cell.blocked) {
      this.#concludeNow(handling, value);
    } else {
      this.#concludeBehind(cell, handling, value);
    }
  }

  #concludeBehind(cell: Cell, handling: Handling, value: unknown): void {
    cell.openHandlings ??= new Set();
    cell.openHandlings.add(handling);
    afterOutbox(cell, () => this.#concludeNow(handling, value));
  }

  #concludeNow(handling: Handling, value: unknown): void {
    if (handling.over) {
      cameTooLate(handling, value);
      return;
    }
    const { cell, envelope } = handling;
    const port = envelope.replyTo;
    if (handling.stashing) {
      // Before it is over: that may be the end of a draining agent, which looks for what is laid aside.
      layAside(handling);
      this.#end(handling, undefined);
      return;
    }
    if (port !== undefined && value !== undefined) {
      releaseReply(cell, port, value);
      if (cell.blocked) {
        // The reader of the replies is behind: it is over when that one has this reply.
        this.#conclude(handling, undefined);
        return;
      }
    }
    this.#end(handling, 'handled');
    if (port !== undefined && cell.behaviour?.keeps(port) !== true) {
      port.finished(cell.path);
    }
  }

  #fail(handling: Handling, failure: unknown): void {
    if (handling.over) {
      return;
    }
    if (isOf(failure, BudgetExceeded) && handling.lease?.exceeded !== undefined) {
      // Its own budget is spent: that ends the work as an interrupt does, and is no fault of the agent.
      this.endEarly(handling, failure, 'BudgetExceeded');
      return;
    }
    const { cell, envelope } = handling;
    forgetStashing(handling);
    handling.revoke(failure);
    interruptRequestsOf(cell, handling, new Interrupted({ agent: cell.path, reason: 'the handling failed' }));
    handling.trace?.failed(failure);
    const attempts = cell.attempts?.get(envelope) ?? 1;
    const fate = this.#ends.failed(handling, failure);
    if (fate === 'again') {
      this.#end(handling, undefined);
      return;
    }
    this.#end(handling, 'failed');
    envelope.replyTo?.fail(asReply(cell.path, failure), cell.path);
    if (fate !== undefined) {
      cell.kernel.lose(envelope, cell.path, fate, failure, attempts);
    }
  }

  /** An agent has less to do than before: it, or one above it, may drain and have nothing more to do. */
  #mayHaveDrained(cell: Cell): void {
    if (this.draining > 0) {
      for (let one: Cell | undefined = cell; one !== undefined; one = one.parent) {
        this.#ends.mayHaveDrained(one);
      }
    }
  }

  /** The handling is over: its credit goes back. Without an outcome, its message is not done with yet. */
  #end(handling: Handling, outcome: HandlingOutcome | undefined, failure?: unknown): void {
    const { cell, envelope } = handling;
    handling.revoke(failure);
    const { isMessage } = handling;
    cell.open -= 1;
    cell.openHandlings?.delete(handling);
    if (isMessage) {
      cell.messagesOpen -= 1;
    } else {
      cell.kernel.ownStepEnded();
    }
    if (outcome !== undefined && isMessage) {
      count(cell, outcome);
      cell.attempts?.delete(envelope);
      cell.kernel.witness?.ended(cell, envelope, outcome);
      cell.kernel.settled();
      endTiming(handling, outcome);
    }
    handling.trace?.ended(outcome, failure, handling.lease);
    handling.whenOver?.();
    if (cell.finishesWith === handling) {
      finish(cell);
    }
    this.#mayHaveDrained(cell);
    /* v8 ignore start -- @preserve Handlings end in turns; kept should one end outside of them. */
    if (!cell.queued && cell.hasWork) {
      cell.wake();
    }
    /* v8 ignore stop -- @preserve */
  }
}

/** A synchronous step, too, is to hear that what it spends is nearly spent. */
function holdIfTold(handling: Handling): void {
  if (handling.cell.definition.onBudgetLow !== undefined && handling.lease?.exceeded === undefined) {
    handling.holdLease();
  }
}

/** Has a handling followed, unless it is of what the system says about itself. */
function follow(handling: Handling, tracing: Tracing, timer: NoticedStep | undefined): void {
  const { cell, envelope } = handling;
  if (envelope.topic?.startsWith('system.') !== true) {
    handling.trace = tracing.taken({
      agent: cell.path,
      definition: cell.definition.name,
      envelope,
      timer,
    });
  }
}

/** Whether whoever asked has its answer, or does not wait any more. */
function nobodyWants(replyTo: ReplyPort, deadlineMs: number, kernel: Kernel): boolean {
  return replyTo.settled || (deadlineMs < Number.POSITIVE_INFINITY && kernel.nowMs() > deadlineMs);
}

/** What handles messages of this topic; the next one of the same topic need not look it up. */
function handlerFor(cell: Cell, topic: string): Handle | undefined {
  cell.handle = handlerOf(cell.definition, topic);
  cell.handledTopic = topic;
  return cell.handle;
}

// A function of its own: a closure is paid for where its variables live, whether or not it is made.
function handleWithin(trace: HandlingTrace, handle: Handle, argument: unknown, handling: Handling): unknown {
  return trace.within(() => handle(argument, handling));
}

/** A message was taken, and is not going to be handled. */
function dropTaken(cell: Cell, envelope: Envelope, cause: DeadLetterCause, failure?: unknown): void {
  cell.expired += 1;
  cell.drop(envelope, cause, failure);
}

// Not `cell[outcome]`: a key that varies is looked up, each time.
function count(cell: Cell, outcome: HandlingOutcome): void {
  switch (outcome) {
    case 'handled':
      cell.handled += 1;
      break;
    case 'failed':
      cell.failed += 1;
      break;
    default:
      cell.interrupted += 1;
  }
}

/** What came of a handling that was ended from outside meanwhile. */
function cameTooLate(handling: Handling, value: unknown): void {
  if (value !== undefined && handling.envelope.replyTo !== undefined) {
    handling.lateReply(value);
  }
}
