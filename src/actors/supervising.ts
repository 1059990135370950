/**
 * Supervising: carries out what `supervision` decides.
 *
 * A failure goes up until somebody decides: each supervisor resumes, restarts or
 * stops its child, or fails itself. The system is the last: what reaches it stops
 * the agent at the top, and the system's health says so.
 */

import type { Envelope } from '../core/envelope.ts';
import { Failure, failureClass } from '../core/failure.ts';
import type { DirectiveTag } from '../core/system-event.ts';
import type { Cell, RestartedTogether } from './cell.ts';
import { affected, type Directive, decide, decideFinished, prune } from './supervision.ts';

/** A permanent agent finished, and was begun again, more often than its supervisor's intensity allows. */
export class FinishedTooOften extends Failure {
  readonly _tag = 'FinishedTooOften';
  readonly code = 'DEFECT';
  readonly class = 'defect';
  readonly agent: string;

  constructor(facts: { agent: string }) {
    super();
    this.agent = facts.agent;
  }

  override get message(): string {
    return `'${this.agent}' is permanent and finished again; an agent that is meant to finish is transient or temporary`;
  }
}

/** What a supervisor can do to an agent. */
export interface Measures {
  /** It takes no more messages until one of the others is called. */
  suspend(cell: Cell): void;
  resume(cell: Cell): void;
  /** Restarts agents together, in their order, when `afterMs` have passed: that is at `dueMs`. */
  restart(members: readonly Cell[], afterMs: number, dueMs: number, failure: unknown): void;
  stop(cell: Cell, failure: unknown): void;
  /** A failure has reached the top. */
  degrade(cell: Cell): void;
}

/**
 * Decides about a failure and acts on it; says what happens to the agent that failed.
 *
 * @param decided What its own supervisor has decided already.
 */
export function supervise(
  measures: Measures,
  cell: Cell,
  failure: unknown,
  envelope: Envelope | undefined,
  decided?: 'escalate',
): DirectiveTag {
  const passedOn: Cell[] = [];
  let child = cell;
  let supervisor = cell.parent;
  let directive: DirectiveTag = 'stop';
  if (cell.ending) {
    report(cell, supervisor, failure, envelope, directive);
    return directive;
  }
  while (supervisor !== undefined) {
    directive = (child === cell ? decided : undefined) ?? act(measures, supervisor, child, failure);
    if (directive === 'escalate' && supervisor.givesUp(child)) {
      measures.stop(child, failure);
      directive = 'stop';
    }
    if (directive !== 'escalate') {
      break;
    }
    if (supervisor.parent === undefined) {
      measures.degrade(child);
      measures.stop(child, failure);
      break;
    }
    measures.suspend(child);
    passedOn.push(child);
    child = supervisor;
    supervisor = supervisor.parent;
  }
  if (child !== cell && directive === 'resume') {
    // Its own supervisor has given it up, and the one above sees no reason to restart that one.
    measures.stop(cell, failure);
    for (const one of passedOn.slice(1)) {
      measures.resume(one);
    }
  }
  report(cell, supervisor, failure, envelope, directive);
  return child === cell ? directive : 'stop';
}

/** Decides about a child that has finished: says whether it begins again. */
export function superviseFinished(measures: Measures, cell: Cell): 'restart' | 'stop' {
  const supervisor = cell.parent;
  if (cell.kind !== 'permanent' || supervisor === undefined || supervisor.ending) {
    return 'stop';
  }
  const { kernel } = cell;
  const nowMs = kernel.nowMs();
  countOverdue(supervisor, cell, () => [cell]);
  const directive = decideFinished(
    supervisor.definition.supervision,
    cell.kind,
    historyOf(supervisor, cell),
    nowMs,
    kernel.environment.random(),
  );
  if (directive._tag !== 'restart') {
    supervise(measures, cell, new FinishedTooOften({ agent: cell.path }), undefined, 'escalate');
    return 'stop';
  }
  const dueMs = nowMs + directive.afterMs;
  remember(supervisor, cell, dueMs);
  measures.restart([cell], directive.afterMs, dueMs, undefined);
  return 'restart';
}

function act(measures: Measures, supervisor: Cell, child: Cell, failure: unknown): DirectiveTag {
  const { kernel, kind } = child;
  const { supervision } = supervisor.definition;
  const nowMs = kernel.nowMs();
  const together = (): readonly Cell[] =>
    affected(supervision.strategy, [...supervisor.children!.values()], child);
  countOverdue(supervisor, child, together);
  const directive: Directive = supervisor.ending
    ? { _tag: 'stop' }
    : decide(supervision, kind, historyOf(supervisor, child), failure, nowMs, kernel.environment.random());

  switch (directive._tag) {
    case 'resume':
      measures.resume(child);
      break;
    case 'restart': {
      const dueMs = nowMs + directive.afterMs;
      remember(supervisor, child, dueMs);
      const members = together();
      for (const one of members.filter(isTemporary)) {
        measures.stop(one, failure);
      }
      measures.restart(
        members.filter((one) => !isTemporary(one)),
        directive.afterMs,
        dueMs,
        failure,
      );
      break;
    }
    case 'stop':
      measures.stop(child, failure);
      break;
    default:
  }
  return directive._tag;
}

/** A temporary agent is never begun again, whoever failed. */
const isTemporary = (cell: Cell): boolean => cell.kind === 'temporary';

/** Under `one-for-one` each child has its own history; children restarted together share their parent's. */
function historyOf(supervisor: Cell, child: Cell): readonly number[] {
  return supervisor.definition.supervision.strategy === 'one-for-one'
    ? child.restartedAtMs
    : supervisor.childrenRestartedAtMs;
}

function remember(supervisor: Cell, child: Cell, dueMs: number): void {
  const { windowMs } = supervisor.definition.supervision;
  setHistory(supervisor, child, [
    ...prune(historyOf(supervisor, child), windowMs, child.kernel.nowMs()),
    dueMs,
  ]);
}

function setHistory(supervisor: Cell, child: Cell, history: readonly number[]): void {
  if (supervisor.definition.supervision.strategy === 'one-for-one') {
    child.restartedAtMs = history;
  } else {
    supervisor.childrenRestartedAtMs = history;
  }
}

/**
 * An agent begins again, now, with its group. That may have taken longer than planned, because children had to end
 * first: the restart counts from now on.
 */
export function restarted(cell: Cell, group: RestartedTogether): void {
  countFromNow(cell.parent!, cell, group);
}

/**
 * Restarts of siblings that are overdue, and will happen beside the one that is asked for, count as if they happened
 * now: sooner they cannot, and if they were forgotten meanwhile, one window could hold too many.
 *
 * @param together Those whom the one that is asked for takes over.
 */
function countOverdue(supervisor: Cell, child: Cell, together: () => readonly Cell[]): void {
  if (supervisor.definition.supervision.strategy === 'one-for-one') {
    return;
  }
  const takenOver = together();
  for (const { restartGroup: group } of supervisor.children!.values()) {
    if (group !== undefined && group.countsAtMs < child.kernel.nowMs() && group.beginsBeside(takenOver)) {
      countFromNow(supervisor, child, group);
    }
  }
}

function countFromNow(supervisor: Cell, child: Cell, group: RestartedTogether): void {
  const history = historyOf(supervisor, child);
  const own = history.indexOf(group.countsAtMs);
  group.countsAtMs = child.kernel.nowMs();
  setHistory(supervisor, child, [...history.filter((_, n) => n !== own), group.countsAtMs]);
}

function report(
  cell: Cell,
  supervisor: Cell | undefined,
  failure: unknown,
  envelope: Envelope | undefined,
  directive: DirectiveTag,
): void {
  cell.kernel.reportFailure(
    {
      atMs: cell.kernel.nowMs(),
      agent: cell.path,
      supervisor: supervisor?.path || '/',
      failure,
      class: failureClass(failure),
      envelope,
      envelopeId: envelope?.id,
      topic: envelope?.topic,
      directive,
    },
    envelope?.topic,
  );
}
