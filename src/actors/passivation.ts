/**
 * Passivation: whether an agent of a keyed group may be put away until somebody
 * wants its key again.
 *
 * An idle agent has nothing in hand and nothing to come: no message waits or is laid
 * aside, nothing it began is under way, and it has neither timers, children nor
 * watches. So nothing is lost by putting it away but its state.
 *
 * Source: virtual actors (Orleans, 2014); passivation of entities in Akka.
 */
import type { Cell } from './cell.ts';

/** Whether nothing would be lost by putting this agent away, but its state. */
export function isIdle(cell: Cell): boolean {
  const { mailbox } = cell;
  return (
    cell.phase === 'running' &&
    cell.open === 0 &&
    mailbox.size === 0 &&
    mailbox.stashed === 0 &&
    mailbox.hasRoom &&
    !cell.blocked &&
    !cell.drains &&
    cell.signals === undefined &&
    isNone(cell.notices) &&
    isNone(cell.timers) &&
    isNone(cell.requests) &&
    isNone(cell.children) &&
    isNone(cell.watching) &&
    cell.behaviour?.rests !== false
  );
}

/** Whether it can be put away at once: then no code of the user runs for it, and no stream or machine is to be left. */
export const endsInSilence = (cell: Cell): boolean =>
  cell.definition.onStop === undefined && cell.pipeline === undefined && cell.behaviour === undefined;

const isNone = (some: { readonly size: number } | undefined): boolean =>
  some === undefined || some.size === 0;
