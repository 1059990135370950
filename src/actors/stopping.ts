/**
 * Stopping: how an agent ends, when that has been decided.
 *
 *     hears nothing → work interrupted → mailbox emptied → children ended → `onStop` → stopped
 *
 * Whatever it has accepted and not handled becomes a dead letter, and requesters
 * among them are answered at once. After `stopped` no effect of it is observed (L6).
 */
import { isNotice } from '../core/notice.ts';
import { type Cell, stopNow } from './cell.ts';
import { endWatches, watchNobody } from './death-watch.ts';
import type { Definition } from './define-agent.ts';
import type { Handling } from './handling.ts';
import { interruptRequestsOf } from './interrupting.ts';
import { discardOutbox } from './outbox.ts';
import { ownStep } from './own-step.ts';
import { Interrupted } from './request-failures.ts';
import { giveUpPlace } from './spawn.ts';
import type { Stepping } from './stepping.ts';
import type { Works } from './works.ts';

export class Stopping {
  readonly #works: Works;
  readonly #stepping: Stepping;
  /** The root has ended. */
  readonly #onRootEnded: () => void;

  constructor(works: Works, stepping: Stepping, onRootEnded: () => void) {
    this.#works = works;
    this.#stepping = stepping;
    this.#onRootEnded = onRootEnded;
  }

  begin(cell: Cell): void {
    if (cell.drains) {
      this.#stepping.draining -= 1;
    }
    cell.phase = 'stopping';
    cell.restarting = false;
    cell.stopTimer?.cancel();
    cell.stopTimer = undefined;
    cell.restartGroup?.left(cell);
    this.#withdraw(cell);
    cell.letGo();
    endPipeline(cell);
    if (cell.openHandlings !== undefined && cell.openHandlings.size > 0) {
      this.#interruptAll(cell, [...cell.openHandlings] as Handling[]);
    }
    quietBecauseStopped(cell);
    this.#emptyMailbox(cell);
    if (cell.children === undefined || cell.children.size === 0) {
      this.#takeLastStep(cell);
    } else {
      this.#endChildren(cell);
    }
  }

  /** An agent that has never begun ends at once, and its place is free again. */
  discard(cell: Cell): void {
    cell.phase = 'stopped';
    cell.letGo();
    this.#emptyMailbox(cell);
    cell.lease?.settle();
    giveUpPlace(cell);
    endWatches(cell);
    cell.observers?.changed(cell);
  }

  #interruptAll(cell: Cell, open: readonly Handling[]): void {
    const stopped = interruptedByStop(cell);
    for (const one of open) {
      const attempts = cell.attempts?.get(one.envelope) ?? 1;
      this.#stepping.interrupt(one, stopped);
      if (!isNotice(one.envelope)) {
        cell.kernel.lose(one.envelope, cell.path, 'Stopped', stopped, attempts);
      }
    }
  }

  // A function of its own: a closure is paid for where its variables live, whether or not it is made.
  #endChildren(cell: Cell): void {
    endChildren(cell, () => this.#takeLastStep(cell));
  }

  /** It hears nothing any more, and nobody finds it by what it offers. */
  #withdraw(cell: Cell): void {
    if (cell.subscribes) {
      for (const { topic } of cell.definition.handlers) {
        cell.kernel.unsubscribe(topic.name, cell);
      }
    }
    this.#works.capabilities.withdraw(cell);
  }

  #emptyMailbox(cell: Cell): void {
    const { stashed, toRedeliver } = cell;
    if (stashed !== undefined) {
      cell.stashed = undefined;
      for (const envelope of stashed) {
        cell.unhandledAtStop += 1;
        cell.kernel.deadLetter(envelope, cell.path, 'Stopped');
      }
    }
    const waiting = cell.mailbox.close();
    if (toRedeliver === undefined && waiting.length === 0) {
      return;
    }
    for (const envelope of [...(toRedeliver ?? []), ...waiting]) {
      if (!isNotice(envelope)) {
        cell.unhandledAtStop += 1;
        cell.drop(envelope, 'Stopped');
      }
    }
    cell.toRedeliver = undefined;
  }

  #takeLastStep(cell: Cell): void {
    const { onStop, stopWithinMs } = cell.definition;
    if (onStop === undefined || !cell.begun) {
      this.#finish(cell);
    } else {
      this.#callOnStop(cell, onStop, stopWithinMs);
    }
  }

  #callOnStop(cell: Cell, onStop: NonNullable<Definition['onStop']>, stopWithinMs: number): void {
    const handling = ownStep(cell, this.#works);
    handling.whenOver = () => this.#finish(cell);
    cell.stopTimer = cell.kernel.environment.schedule(stopWithinMs, () =>
      handling.interrupt(
        new Interrupted({ agent: cell.path, reason: `onStop took longer than ${stopWithinMs} ms` }),
      ),
    );
    this.#stepping.step(handling, () => onStop(handling), undefined);
  }

  #finish(cell: Cell): void {
    const { kernel, parent } = cell;
    quietBecauseStopped(cell);
    cell.phase = 'stopped';
    cell.stopTimer?.cancel();
    cell.stopTimer = undefined;
    cell.lease?.settle();
    this.#works.agents.remove(cell);
    /* v8 ignore next -- @preserve A reason comes with every stop. */
    const reason = cell.stopReason ?? 'stopped';
    if (kernel.listening && parent !== undefined && !(cell.isOneOfMany && reason === 'stopped')) {
      kernel.emit({ _tag: 'AgentStopped', atMs: kernel.nowMs(), agent: cell.path, reason });
    }
    if (cell.passivating) {
      watchNobody(cell);
    } else {
      endWatches(cell);
      cell.observers?.changed(cell);
      cell.emitted?.clear();
    }
    if (parent === undefined) {
      this.#onRootEnded();
    } else {
      parent.signal({ _tag: 'childEnded', child: cell });
    }
  }
}

/** Nothing comes out of its stream any more. Before its work is interrupted, so that this lets nothing more flow. */
export function endPipeline(cell: Cell): void {
  cell.pipeline?.end();
  cell.pipeline = undefined;
}

/** Nothing of what it began goes on: timers, requests, effects that have not left. */
export function quiet(cell: Cell, failure: unknown): void {
  if (cell.timers !== undefined) {
    for (const timer of [...cell.timers]) {
      timer.cancel();
    }
    cell.timers = undefined;
  }
  interruptRequestsOf(cell, undefined, failure);
  cell.behaviour?.end(failure);
  discardOutbox(cell);
}

/** Most agents have begun nothing that goes on when they end: then there is nobody to be told why. */
function quietBecauseStopped(cell: Cell): void {
  if (
    cell.timers !== undefined ||
    cell.requests !== undefined ||
    cell.behaviour !== undefined ||
    cell.parked !== undefined ||
    cell.outbox !== undefined
  ) {
    quiet(cell, interruptedByStop(cell));
  }
}

const interruptedByStop = (cell: Cell): Interrupted =>
  new Interrupted({ agent: cell.path, reason: 'it was stopped' });

/** Stops the children, youngest first, and does something when the last has ended. */
export function endChildren(cell: Cell, then: () => void): void {
  if (cell.children === undefined || cell.children.size === 0) {
    then();
    return;
  }
  cell.whenChildrenEnded = then;
  // A signal is acted on in a turn of its own: nobody leaves the chain meanwhile.
  for (let child = cell.children.youngest; child !== undefined; child = child.elder) {
    child.signal(stopNow);
  }
}
