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
import { BudgetExceeded } from '../core/budget.ts';
import type { DeadLetterCause } from '../core/dead-letter.ts';
import { type Cell, finishNow, type RestartedTogether, type Signal } from './cell.ts';
import type { Handle } from './handlers.ts';
import type { Handling } from './handling.ts';
import { afterOutbox } from './outbox.ts';
import { ownStep } from './own-step.ts';
import { RestartGroup } from './restart-group.ts';
import { beginRestart } from './restarting.ts';
import type { Stepping } from './stepping.ts';
import { Stopping } from './stopping.ts';
import { type Measures, restarted, supervise, superviseFinished } from './supervising.ts';
import { shutsDown } from './supervision.ts';
import { isThenable, refuseThenable } from './thenable.ts';
import type { Works } from './works.ts';

type Stop = Extract<Signal, { readonly _tag: 'stop' }>;

export class Lifecycle implements Measures {
  readonly #works: Works;
  readonly #stepping: Stepping;
  readonly #stopping: Stopping;
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
    this.#stopping = new Stopping(works, stepping, told.onRootEnded);
    this.#onDegraded = told.onDegraded;
  }

  /** Acts on the signals that wait, in order. */
  actOnSignals(cell: Cell): void {
    const signals = cell.signals!;
    cell.signals = undefined;
    for (let n = 0; n < signals.length; n += 1) {
      this.#act(cell, signals[n]!);
    }
  }

  /** A draining agent ends when it and all below it have nothing more to do. */
  mayHaveDrained(cell: Cell): void {
    if (cell.phase === 'draining' && isIdle(cell)) {
      this.#stopping.begin(cell);
    }
  }

  /** The agent goes on with its next message. */
  resume(cell: Cell): void {
    if (cell.phase === 'suspended' && !cell.restarting) {
      this.#run(cell);
    }
  }

  suspend(cell: Cell): void {
    cell.phase = 'suspended';
  }

  restart(members: readonly Cell[], afterMs: number, dueMs: number, failure: unknown): void {
    const alive = members.filter((member) => !member.ending);
    for (const member of alive) {
      this.suspend(member);
    }
    /* v8 ignore else -- @preserve Whoever failed is alive, or nobody would have decided. */
    if (alive.length > 0) {
      new RestartGroup({ members: alive, afterMs, dueMs, failure }).begin();
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

  /** The step that spawned this agent failed. */
  discard(cell: Cell): void {
    this.#stopping.discard(cell);
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
        beginRestart(this.#stepping, cell, signal.group);
        break;
      case 'backoffOver':
        this.#resurrect(cell, signal.group);
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
    /* v8 ignore if -- @preserve It is the first signal an agent gets; kept should that change. */
    if (cell.ending) {
      return;
    }
    const { kernel, definition } = cell;
    if (kernel.listening && !cell.isOneOfMany) {
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
      const state = cell.definition.initialState(cell.input);
      if (isThenable(state)) {
        refuseThenable(state, `state of '${cell.path}'`);
      }
      cell.state = state;
    } catch (thrown) {
      if (supervise(this, cell, thrown, undefined) === 'resume') {
        // Without a state there is nothing to resume.
        this.stop(cell, thrown);
      }
      return;
    }
    cell.begun = true;
    if (onStart === undefined) {
      this.#run(cell);
      return;
    }
    const handling = ownStep(cell, this.#works);
    this.#stepping.step(handling, callOnStart, undefined);
    if (handling.over) {
      this.#hasStarted(cell);
    } else {
      this.#runWhenOver(cell, handling);
    }
  }

  /** Its first step lasts. */
  #runWhenOver(cell: Cell, handling: Handling): void {
    const before = handling.whenOver;
    handling.whenOver = () => {
      this.#hasStarted(cell);
      before?.();
    };
  }

  #hasStarted(cell: Cell): void {
    if (cell.phase === 'starting') {
      this.#run(cell);
    }
  }

  #run(cell: Cell): void {
    cell.phase = cell.drains ? 'draining' : 'running';
    cell.wake();
    cell.restartGroup?.began(cell);
    this.mayHaveDrained(cell);
  }

  #interrupt(cell: Cell, handling: Handling | undefined, failure: unknown): void {
    const open = handling === undefined ? [...(cell.openHandlings ?? [])] : [handling];
    for (const one of open) {
      this.#stepping.endEarly(one as Handling, failure, causeOf(failure));
    }
    if (handling === undefined) {
      for (const child of cell.children?.values() ?? []) {
        child.signal({ _tag: 'interrupt', handling: undefined, failure });
      }
    }
  }

  #resurrect(cell: Cell, group: RestartedTogether): void {
    if (cell.restartGroup !== group) {
      return;
    }
    cell.restarting = false;
    restarted(cell, group);
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
    if (cell.behaviour === undefined) {
      // A machine tells of its first step itself.
      cell.observers?.changed(cell);
    }
  }

  #stop(cell: Cell, signal: Stop): void {
    if (cell.ending) {
      return;
    }
    if (signal.reason === 'finished' && cell.blocked) {
      this.#finishBehind(cell, signal);
      return;
    }
    cell.finishes = false;
    if (signal.reason === 'finished' && superviseFinished(this, cell) === 'restart') {
      return;
    }
    cell.stopReason = signal.reason;
    cell.failedOf = signal.failure;
    if (signal.mode === 'now') {
      this.#stopping.begin(cell);
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
      stopAtLatest(cell, signal);
    }
    this.mayHaveDrained(cell);
  }

  /** It has finished, but what it sent has not all left. */
  #finishBehind(cell: Cell, signal: Stop): void {
    this.suspend(cell);
    cell.finishes = true;
    /* v8 ignore next -- @preserve A handling ends behind what it sent, so this is for effects sent detached meanwhile. */
    afterOutbox(cell, () => cell.signal(signal));
  }

  #childEnded(cell: Cell, child: Cell): void {
    const children = cell.children!;
    children.delete(child);
    if (cell.whenChildrenEnded !== undefined) {
      if (children.size === 0) {
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
    /* v8 ignore next -- @preserve One of its children has just ended, so it has had some. */
    for (const child of cell.children?.values() ?? []) {
      left += child.significant ? 1 : 0;
    }
    if (shutsDown(cell.definition.autoShutdown, left, cell.significantEnded)) {
      this.#stop(cell, finishNow as Stop);
    }
  }
}

function stopAtLatest(cell: Cell, signal: Stop): void {
  cell.stopTimer = cell.kernel.environment.schedule(signal.withinMs, () =>
    cell.signal({ ...signal, mode: 'now', withinMs: Number.POSITIVE_INFINITY }),
  );
}

const callOnStart: Handle = (_, context) => {
  const { onStart } = (context as Handling).cell.definition;
  return onStart!(context);
};

/** Whether neither an agent nor any below it has anything to do. */
function isIdle(cell: Cell): boolean {
  if (cell.open > 0 || cell.blocked || cell.toRedeliver !== undefined) {
    return false;
  }
  if (cell.mailbox.size > 0 || cell.mailbox.spilled > 0) {
    return false;
  }
  if (cell.holdsMessages || cell.behaviour?.isIdle === false) {
    return false;
  }
  for (const child of cell.children?.values() ?? []) {
    if (!isIdle(child)) {
      return false;
    }
  }
  return true;
}

/** Why a message is lost whose work this failure ended. */
const causeOf = (failure: unknown): DeadLetterCause =>
  failure instanceof BudgetExceeded ? 'BudgetExceeded' : 'Interrupted';
