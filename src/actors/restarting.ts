/**
 * Restarting: how an agent begins anew and stays the same to everybody else.
 *
 * It keeps ref, mailbox, watchers, subscriptions and lease. Its children are
 * stopped, its timers cancelled, its work and requests interrupted, its stash put
 * back. What was in flight becomes a dead letter, or, with `redeliver`, goes back
 * to the front of the mailbox in its order.
 */
import type { Envelope } from '../core/envelope.ts';
import { isNotice } from '../core/notice.ts';
import type { Cell, RestartedTogether } from './cell.ts';
import type { Handling } from './handling.ts';
import { Interrupted } from './request-failures.ts';
import { unstashAll } from './stash.ts';
import type { Stepping } from './stepping.ts';
import { endChildren, endPipeline, quiet } from './stopping.ts';

/** Begins a restart: when its children have ended, its group hears of it and says when it begins again. */
export function beginRestart(stepping: Stepping, cell: Cell, group: RestartedTogether): void {
  if (cell.ending || cell.restartGroup !== group) {
    return;
  }
  if (!cell.restarting) {
    cell.phase = 'suspended';
    cell.restarting = true;
    cell.finishes = false;
    cell.restarts += 1;
    const { failure } = group;
    endPipeline(cell);
    const again = withdrawWork(stepping, cell, failure);
    quiet(cell, new Interrupted({ agent: cell.path, reason: 'it was restarted', cause: failure }));
    unstashAll(cell);
    for (const envelope of again.reverse()) {
      cell.mailbox.putBack(envelope);
    }
  }
  endChildren(cell, () => {
    forgetChildren(cell);
    group.ended(cell);
  });
}

/** It begins with empty histories, and its new children get the names of the old ones. */
function forgetChildren(cell: Cell): void {
  cell.childrenRestartedAtMs = [];
  cell.significantEnded = 0;
  cell.children?.forgetNames();
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

/** Ends the work in flight; what may be handled again is returned, oldest first. */
function withdrawWork(stepping: Stepping, cell: Cell, failure: unknown): Envelope[] {
  const again = cell.toRedeliver ?? [];
  cell.toRedeliver = undefined;
  const interrupted = new Interrupted({ agent: cell.path, reason: 'it was restarted', cause: failure });
  for (const one of [...(cell.openHandlings ?? [])] as Handling[]) {
    if (isNotice(one.envelope)) {
      stepping.interrupt(one, interrupted);
    } else if (mayRetry(cell, one.envelope)) {
      stepping.withdraw(one, interrupted);
      again.push(one.envelope);
    } else {
      const attempts = cell.attempts?.get(one.envelope) ?? 1;
      stepping.interrupt(one, interrupted);
      cell.kernel.lose(one.envelope, cell.path, restartCause(cell), interrupted, attempts);
    }
  }
  return again.sort((a, b) => a.id - b.id);
}
