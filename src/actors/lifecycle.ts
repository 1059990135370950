/**
 * Lifecycle: how an agent begins, begins again, and ends.
 *
 *     starting → running → (suspended → running)* → (draining →) stopping → stopped
 *
 * A restart keeps the ref, the mailbox, the watchers, the subscriptions and the
 * lease; it stops the children, cancels timers, interrupts work and requests,
 * and puts the stash back. A stop ends the children first, then calls `onStop`,
 * then tells parent and watchers. After `stopped` nothing of the agent is left.
 */
import type { Envelope } from '../core/envelope.ts';
import { makeEnvelope, noHeaders } from '../core/envelope.ts';
import { isNotice, startNotice } from '../core/notice.ts';
import type { Cell, Signal } from './cell.ts';
import { endWatches } from './death-watch.ts';
import { Handling } from './handling.ts';
import { afterOutbox, discardOutbox } from './outbox.ts';
import { Interrupted } from './request-failures.ts';
import { unstashAll } from './stash.ts';
import { interruptRequestsOf, type Stepping } from './stepping.ts';
import { type Measures, supervise, superviseFinished } from './supervising.ts';
import { shutsDown } from './supervision.ts';
import type { Works } from './works.ts';

type Stop = Extract<Signal, { readonly _tag: 'stop' }>;

export class Lifecycle implements Measures {
  readonly #works: Works;
  readonly #stepping: Stepping;
  /** The root has ended. */
  readonly #onRootEnded: () => void;
  /** An agent at the top has been given up. */
  readonly #onDegraded: (cell: Cell) => void;

  constructor(
    works: Works,
    stepping: Stepping,
    told: {
      readonly onRootEnded: () => void;
      readonly onDegraded: (cell: Cell) => void;
    },
  ) {
    this.#works = works;
    this.#stepping = stepping;
    this.#onRootEnded = told.onRootEnded;
    this.#onDegraded = told.onDegraded;
  }

  /** Acts on the signals that wait, in order. */
  actOnSignals(cell: Cell): void {
    const signals = cell.signals!;
    cell.signals = undefined;
    for (const signal of signals) {
      this.#act(cell, signal);
    }
  }

  /** A draining agent ends when it and all below it have nothing more to do. */
  mayHaveDrained(cell: Cell): void {
    if (cell.phase === 'draining' && isIdle(cell)) {
      this.#beginStop(cell);
    }
  }

  /** The agent goes on with its next message. */
  resume(cell: Cell): void {
    if (cell.phase === 'suspended' && !cell.restarting) {
      this.#run(cell);
    }
  }

  suspend(cell: Cell): void {
    if (!cell.ending) {
      cell.phase = 'suspended';
    }
  }

  restart(cell: Cell, afterMs: number, failure: unknown): void {
    if (!cell.ending) {
      this.suspend(cell);
      cell.signal({ _tag: 'restart', afterMs, failure });
    }
  }

  stop(cell: Cell, failure: unknown): void {
    if (!cell.ending) {
      this.suspend(cell);
      cell.signal({
        _tag: 'stop',
        mode: 'now',
        withinMs: Number.POSITIVE_INFINITY,
        reason: 'failed',
        failure: { failure },
      });
    }
  }

  degrade(cell: Cell): void {
    this.#onDegraded(cell);
  }

  #act(cell: Cell, signal: Signal): void {
    switch (signal._tag) {
      case 'start':
        this.#start(cell);
        break;
      case 'interrupt':
        this.#interrupt(cell, signal.handling as Handling | undefined, signal.failure);
        break;
      case 'restart':
        this.#beginRestart(cell, signal.afterMs, signal.failure);
        break;
      case 'backoffOver':
        this.#resurrect(cell);
        break;
      case 'childEnded':
        this.#childEnded(cell, signal.child);
        break;
      case 'stop':
        this.#stop(cell, signal);
        break;
    }
  }

  #start(cell: Cell): void {
    if (cell.ending) {
      return;
    }
    const { kernel, definition } = cell;
    if (kernel.listening) {
      kernel.emit({
        _tag: 'AgentStarted',
        atMs: kernel.nowMs(),
        agent: cell.path,
        definition: definition.name,
      });
    }
    this.#takeFirstStep(cell);
  }

  /** Makes the state anew and calls `onStart`; messages wait until that is over. */
  #takeFirstStep(cell: Cell): void {
    const { onStart } = cell.definition;
    cell.phase = 'starting';
    try {
      cell.state = cell.definition.initialState(cell.input);
    } catch (thrown) {
      if (supervise(this, cell, thrown, undefined) === 'resume') {
        // Without a state there is nothing to resume.
        this.stop(cell, thrown);
      }
      return;
    }
    if (onStart === undefined) {
      this.#run(cell);
      return;
    }
    const handling = new Handling(cell, this.#firstEnvelope(cell), this.#works);
    handling.whenOver = () => {
      if (cell.phase === 'starting') {
        this.#run(cell);
      }
    };
    this.#stepping.step(handling, () => onStart(handling), undefined);
  }

  #run(cell: Cell): void {
    cell.phase = cell.drains ? 'draining' : 'running';
    cell.wake();
    this.mayHaveDrained(cell);
  }

  #interrupt(cell: Cell, handling: Handling | undefined, failure: unknown): void {
    const open = handling === undefined ? [...(cell.openHandlings ?? [])] : [handling];
    for (const one of open) {
      this.#stepping.interrupt(one as Handling, failure);
    }
    if (handling === undefined) {
      for (const child of cell.children?.values() ?? []) {
        child.signal({ _tag: 'interrupt', handling: undefined, failure });
      }
    }
  }

  #beginRestart(cell: Cell, afterMs: number, failure: unknown): void {
    if (cell.ending || cell.restarting) {
      return;
    }
    cell.phase = 'suspended';
    cell.restarting = true;
    cell.restarts += 1;
    const again = this.#withdrawWork(cell, failure);
    this.#quiet(cell, new Interrupted({ agent: cell.path, reason: 'it was restarted', cause: failure }));
    unstashAll(cell);
    for (const envelope of again.reverse()) {
      cell.mailbox.putBack(envelope);
    }
    this.#endChildren(cell, () => {
      cell.backoffTimer = cell.kernel.environment.schedule(afterMs, () =>
        cell.signal({ _tag: 'backoffOver' }),
      );
    });
  }

  /** Ends the work in flight; what may be handled again is returned, oldest first. */
  #withdrawWork(cell: Cell, failure: unknown): Envelope[] {
    const again = cell.toRedeliver ?? [];
    cell.toRedeliver = undefined;
    const interrupted = new Interrupted({ agent: cell.path, reason: 'it was restarted', cause: failure });
    for (const one of [...(cell.openHandlings ?? [])] as Handling[]) {
      if (isNotice(one.envelope)) {
        this.#stepping.interrupt(one, interrupted);
      } else if (mayRetry(cell, one.envelope)) {
        this.#stepping.withdraw(one, interrupted);
        again.push(one.envelope);
      } else {
        const attempts = cell.attempts?.get(one.envelope) ?? 1;
        this.#stepping.interrupt(one, interrupted);
        cell.kernel.deadLetter(one.envelope, cell.path, restartCause(cell), interrupted, attempts);
      }
    }
    return again.sort((a, b) => a.id - b.id);
  }

  #resurrect(cell: Cell): void {
    if (cell.ending || !cell.restarting) {
      return;
    }
    cell.backoffTimer = undefined;
    cell.restarting = false;
    const { kernel } = cell;
    if (kernel.listening) {
      kernel.emit({
        _tag: 'AgentRestarted',
        atMs: kernel.nowMs(),
        agent: cell.path,
        restarts: cell.restarts,
      });
    }
    this.#takeFirstStep(cell);
    cell.observers?.changed(cell);
  }

  #stop(cell: Cell, signal: Stop): void {
    if (cell.ending) {
      return;
    }
    if (signal.reason === 'finished' && cell.blocked) {
      // It has finished, but what it sent has not all left.
      this.suspend(cell);
      afterOutbox(cell, () => cell.signal(signal));
      return;
    }
    if (signal.reason === 'finished' && superviseFinished(this, cell) === 'restart') {
      return;
    }
    cell.stopReason = signal.reason;
    cell.failedOf = signal.failure;
    if (signal.mode === 'now') {
      this.#beginStop(cell);
      return;
    }
    if (cell.drains) {
      return;
    }
    cell.drains = true;
    this.#stepping.draining += 1;
    if (cell.phase === 'running') {
      cell.phase = 'draining';
    }
    if (signal.withinMs < Number.POSITIVE_INFINITY) {
      cell.stopTimer = cell.kernel.environment.schedule(signal.withinMs, () =>
        cell.signal({ ...signal, mode: 'now', withinMs: Number.POSITIVE_INFINITY }),
      );
    }
    this.mayHaveDrained(cell);
  }

  #beginStop(cell: Cell): void {
    if (cell.drains) {
      this.#stepping.draining -= 1;
    }
    cell.phase = 'stopping';
    cell.restarting = false;
    cell.stopTimer?.cancel();
    cell.stopTimer = undefined;
    cell.backoffTimer?.cancel();
    cell.backoffTimer = undefined;
    this.#withdraw(cell);
    const stopped = new Interrupted({ agent: cell.path, reason: 'it was stopped' });
    for (const one of [...(cell.openHandlings ?? [])] as Handling[]) {
      const attempts = cell.attempts?.get(one.envelope) ?? 1;
      this.#stepping.interrupt(one, stopped);
      if (!isNotice(one.envelope)) {
        cell.kernel.deadLetter(one.envelope, cell.path, 'Stopped', stopped, attempts);
      }
    }
    this.#quiet(cell, stopped);
    this.#emptyMailbox(cell);
    this.#endChildren(cell, () => this.#takeLastStep(cell));
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

  /** Nothing of what it began goes on: timers, requests, effects that have not left. */
  #quiet(cell: Cell, failure: unknown): void {
    for (const timer of [...(cell.timers ?? [])]) {
      timer.cancel();
    }
    cell.timers = undefined;
    interruptRequestsOf(cell, undefined, failure);
    discardOutbox(cell);
  }

  #emptyMailbox(cell: Cell): void {
    const stashed = cell.stashed ?? [];
    cell.stashed = undefined;
    for (const envelope of stashed) {
      cell.unhandledAtStop += 1;
      cell.kernel.deadLetter(envelope, cell.path, 'Stopped');
    }
    for (const envelope of [...(cell.toRedeliver ?? []), ...cell.mailbox.close()]) {
      if (!isNotice(envelope)) {
        cell.unhandledAtStop += 1;
        cell.drop(envelope, 'Stopped');
      }
    }
    cell.toRedeliver = undefined;
  }

  /** Stops the children, youngest first, and does something when the last has ended. */
  #endChildren(cell: Cell, then: () => void): void {
    const children = [...(cell.children?.values() ?? [])].reverse();
    if (children.length === 0) {
      then();
      return;
    }
    cell.whenChildrenEnded = then;
    for (const child of children) {
      child.signal({
        _tag: 'stop',
        mode: 'now',
        withinMs: Number.POSITIVE_INFINITY,
        reason: 'stopped',
        failure: undefined,
      });
    }
  }

  #takeLastStep(cell: Cell): void {
    const { onStop, stopWithinMs } = cell.definition;
    if (onStop === undefined) {
      this.#finish(cell);
      return;
    }
    const handling = new Handling(cell, this.#firstEnvelope(cell), this.#works);
    handling.whenOver = () => this.#finish(cell);
    cell.stopTimer = cell.kernel.environment.schedule(stopWithinMs, () =>
      handling.interrupt(
        new Interrupted({ agent: cell.path, reason: `onStop took longer than ${stopWithinMs} ms` }),
      ),
    );
    this.#stepping.step(handling, () => onStop(handling), undefined);
  }

  #finish(cell: Cell): void {
    if (cell.phase === 'stopped') {
      return;
    }
    const { kernel, parent } = cell;
    this.#quiet(cell, new Interrupted({ agent: cell.path, reason: 'it was stopped' }));
    cell.phase = 'stopped';
    cell.stopTimer?.cancel();
    cell.stopTimer = undefined;
    cell.lease?.settle();
    this.#works.agents.remove(cell);
    if (kernel.listening && parent !== undefined) {
      const reason = cell.stopReason ?? 'stopped';
      kernel.emit({ _tag: 'AgentStopped', atMs: kernel.nowMs(), agent: cell.path, reason });
    }
    endWatches(cell);
    cell.observers?.changed(cell);
    if (parent === undefined) {
      this.#onRootEnded();
    } else {
      parent.signal({ _tag: 'childEnded', child: cell });
    }
  }

  #childEnded(cell: Cell, child: Cell): void {
    const id = child.path.slice(cell.path.length + 1);
    if (cell.children?.get(id) === child) {
      cell.children.delete(id);
    }
    if (cell.whenChildrenEnded !== undefined) {
      if (cell.children?.size === 0) {
        const then = cell.whenChildrenEnded;
        cell.whenChildrenEnded = undefined;
        then();
      }
      return;
    }
    if (child.significant && child.stopReason !== 'stopped') {
      cell.significantEnded += 1;
      this.#mayShutDown(cell);
    }
    this.mayHaveDrained(cell);
  }

  #mayShutDown(cell: Cell): void {
    let left = 0;
    for (const child of cell.children?.values() ?? []) {
      left += child.significant ? 1 : 0;
    }
    if (shutsDown(cell.definition.autoShutdown, left, cell.significantEnded)) {
      this.#stop(cell, {
        _tag: 'stop',
        mode: 'now',
        withinMs: Number.POSITIVE_INFINITY,
        reason: 'finished',
        failure: undefined,
      });
    }
  }

  #firstEnvelope(cell: Cell): Envelope {
    return makeEnvelope(
      cell.kernel.environment.nextId(),
      cell.path,
      undefined,
      startNotice,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      Number.POSITIVE_INFINITY,
      0,
      noHeaders,
      undefined,
    );
  }
}

/** Whether this message may be handled once more; counts it if so. */
export function mayRetry(cell: Cell, envelope: Envelope): boolean {
  const { attemptsMax } = cell.definition;
  if (attemptsMax === 1) {
    return false;
  }
  const attempts = (cell.attempts?.get(envelope) ?? 1) + 1;
  if (attempts > attemptsMax) {
    return false;
  }
  cell.attempts ??= new Map();
  cell.attempts.set(envelope, attempts);
  cell.redelivered += 1;
  return true;
}

/** Why a message in flight at a restart is not handled again. */
export const restartCause = (cell: Cell): 'Restarted' | 'RedeliveriesSpent' =>
  cell.definition.attemptsMax === 1 ? 'Restarted' : 'RedeliveriesSpent';

/** Whether neither an agent nor any below it has anything to do. */
function isIdle(cell: Cell): boolean {
  if (cell.open > 0 || cell.blocked || cell.mailbox.size > 0 || cell.mailbox.spilled > 0) {
    return false;
  }
  for (const child of cell.children?.values() ?? []) {
    if (!isIdle(child)) {
      return false;
    }
  }
  return true;
}
