/**
 * What a system still holds of work, by agent and kind; empty when nothing is open.
 *
 * It looks where users cannot: into the cells, and at the requests from outside.
 */
import type { Cell } from '../../src/actors/cell.ts';
import { LocalRef } from '../../src/actors/local-ref.ts';
import { Outside } from '../../src/actors/outside.ts';
import type { System } from '../../src/actors/system.ts';

export function leftoversOf(system: System): Record<string, number> {
  if (!(system instanceof Outside)) {
    throw new RangeError('expected a system made by createSystem');
  }
  const held: [string, number][] = [['requests from outside', system.requestCount]];
  for (const { path, ref } of system.agents.list()) {
    held.push(
      ...heldBy(LocalRef.cellOf(ref)!).map(([what, count]): [string, number] => [`${path} ${what}`, count]),
    );
  }
  return Object.fromEntries(held.filter(([, count]) => count > 0));
}

function heldBy(cell: Cell): [string, number][] {
  return [
    ['open handlings', cell.open],
    ['tasks', cell.openHandlings?.size ?? 0],
    ['requests', cell.requests?.size ?? 0],
    ['timers', cell.timers?.size ?? 0],
    ['notices', cell.notices?.size ?? 0],
    ['signals', cell.signals?.length ?? 0],
    ['waiting', cell.mailbox.size + cell.mailbox.spilled],
    ['stashed', cell.stashed?.length ?? 0],
    ['effects in line', cell.parked?.length ?? 0],
    ['effects in the outbox', cell.outbox?.size ?? 0],
    ['attempts', cell.attempts?.size ?? 0],
  ];
}
