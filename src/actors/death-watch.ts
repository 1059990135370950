/**
 * Death watch: an agent asks to be told when another has ended.
 *
 * Guarantees: each watcher gets exactly one `Terminated`, behind everything the
 * other had sent it, whether it asked before or after the end (L8). Restarts end
 * nothing, and a watcher's own restart ends no watch.
 *
 * Source: monitors of Erlang; `watch` of Akka.
 */
import { ownEnvelope } from '../core/envelope.ts';
import { terminatedNotice } from '../core/notice.ts';
import { Cell } from './cell.ts';
import type { Terminated } from './context.ts';
import { refOf } from './local-ref.ts';

export function watch(watcher: Cell, target: Cell): void {
  if (watcher.watching?.has(target) === true) {
    return;
  }
  watcher.watching ??= new Set();
  watcher.watching.add(target);
  if (target.phase === 'stopped') {
    tellTerminated(watcher, target);
  } else {
    target.watchers ??= new Set();
    target.watchers.add(watcher);
  }
}

export function unwatch(watcher: Cell, target: Cell): void {
  target.watchers?.delete(watcher);
  if (watcher.watching?.delete(target) === true && target.phase === 'stopped') {
    watcher.mailbox.withdrawNotice(target);
  }
}

/** This agent has ended: those who watch it are told, and it watches nobody any more. */
export function endWatches(cell: Cell): void {
  const { watchers } = cell;
  cell.watchers = undefined;
  for (const watcher of watchers ?? []) {
    if (watcher instanceof Cell) {
      tellTerminated(watcher, cell);
    } else {
      watcher(cell);
    }
  }
  watchNobody(cell);
}

/** This agent watches nobody any more. */
export function watchNobody(cell: Cell): void {
  for (const target of cell.watching ?? []) {
    target.watchers?.delete(cell);
  }
  cell.watching = undefined;
}

/** What a notice of an agent's end says to this watcher, which watches it no more. */
export function terminatedFor(watcher: Cell, cell: Cell): Terminated {
  watcher.watching?.delete(cell);
  return terminated(cell);
}

/** The end of an agent, as its watchers are told. */
export function terminated(cell: Cell): Terminated {
  return {
    ref: refOf(cell),
    path: cell.path,
    reason: cell.stopReason ?? 'stopped',
    failure: cell.failedOf?.failure,
  };
}

function tellTerminated(watcher: Cell, target: Cell): void {
  const { delivery, environment } = watcher.kernel;
  const notice = ownEnvelope(environment.nextId(), watcher.path, target.path, terminatedNotice, target);
  if (delivery === undefined) {
    watcher.receiveNotice(notice);
  } else {
    delivery.behind(target.path, watcher, () => {
      // While this was on its way it may have ceased to watch, or have asked anew.
      if (watcher.watching?.has(target) === true) {
        watcher.mailbox.withdrawNotice(target);
        watcher.receiveNotice(notice);
      }
    });
  }
}
