/**
 * The stash: messages an agent has laid aside until it can handle them.
 *
 * They keep their room in the mailbox, so that mailbox and stash together never
 * hold more than `capacity`; they give back their credit.
 *
 * Source: Akka, stash.
 */
import type { Cell, OpenHandling } from './cell.ts';

/** The handling is over, and its message is laid aside. */
export function layAside(handling: OpenHandling): void {
  const { cell, envelope } = handling;
  cell.stashed ??= [];
  cell.stashed.push(envelope);
  cell.kernel.settled();
}

/** The handling failed: its message is not laid aside. */
export function forgetStashing(handling: OpenHandling): void {
  if (handling.stashing) {
    handling.stashing = false;
    handling.cell.mailbox.forgetStashed();
  }
}

/** Puts all that is stashed back at the front, in order. */
export function unstashAll(cell: Cell): void {
  const stashed = cell.stashed ?? [];
  cell.stashed = undefined;
  for (const envelope of stashed.reverse()) {
    cell.mailbox.unstash(envelope);
    cell.kernel.inFlight += 1;
  }
}
