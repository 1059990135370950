/**
 * The waits of a system, as `wait-cycle` asks about them.
 *
 * Nothing is kept for it on the way of a message that goes well: who waits for
 * whom is read from the requests and mailboxes when somebody is about to wait.
 */
import type { Envelope } from '../core/envelope.ts';
import type { Receiver, TopicEntry } from '../core/topic-board.ts';
import { Cell, type OpenHandling } from './cell.ts';
import { Door } from './door.ts';
import type { PendingReply } from './pending-reply.ts';
import { findWaitCycle, takesNow, type Wait, WaitCycle, type Waiter, type WaitGraph } from './wait-cycle.ts';

/** Who holds a slot: a handling one of its agent's, an agent of a keyed group one of the group's places. */
type Holder = OpenHandling | Cell;
type CellWait = Wait<Cell, Holder>;

const graph: WaitGraph<Cell, Holder> = {
  path: (cell) => cell.path,
  isMovedOn: (cell) => isMovedOn(cell),
  hasFreeSlot: (cell) => cell.hasFreeSlot,
  handlings: (cell) => (cell.definition.keyed === undefined ? handlingsOf(cell) : holdersOf(cell)),
  blockedAt: (cell) => blockedAt(cell),
  agentOf: (holder) => (holder instanceof Cell ? holder : holder.cell),
  waits: (holder) => (holder instanceof Cell ? waitsOfHolder(holder) : waitsOf(holder)),
};

/** One that has finished waits for its outbox; a keyed group has places before it has begun, and they are all it is waited for. */
function isMovedOn(cell: Cell): boolean {
  const begins = cell.phase === 'starting' && cell.open === 0 && cell.definition.keyed === undefined;
  return (cell.phase === 'suspended' && !cell.finishes) || cell.ending || begins;
}

/** The agent that somebody waits for who stands in line at a receiver; readers outside are none. */
export function agentAt(receiver: Receiver): Cell | undefined {
  return receiver instanceof Cell ? receiver : receiver instanceof Door ? receiver.agent : undefined;
}

/** Whether the request that is about to be sent to `target` would close a cycle. */
export function waitCycleOfRequest(request: PendingReply, target: Cell): WaitCycle | undefined {
  return cycleFrom({ _tag: 'handling', of: request.madeBy as OpenHandling }, target);
}

/** Whether the effect that is about to stand in line at `target` would close a cycle. */
export function waitCycleOfEffect(sender: Cell, target: Cell): WaitCycle | undefined {
  return cycleFrom({ _tag: 'outbox', of: sender }, target);
}

/** Whether a handling that is going to wait for room at a target would close a cycle. */
export function waitCycleOfRoom(
  handling: OpenHandling,
  target: Cell | TopicEntry,
  envelope: Envelope,
): WaitCycle | undefined {
  const whom: readonly Receiver[] = target instanceof Cell ? [target] : target.receivers;
  if (!whom.some((one) => one.receiverFor(envelope).mustWait)) {
    return undefined;
  }
  const receivers = whom.map((one) => one.receiverFor(envelope));
  if (receivers.some((receiver) => receiver.saturated)) {
    // Whoever is refused waits for nothing.
    return undefined;
  }
  const full = receivers.filter(isFull);
  const before = (handling.rooms ?? []).filter(isOpen);
  handling.rooms = before;
  for (const receiver of full) {
    const cell = agentAt(receiver)!;
    // It is remembered also where the next message is taken at once: that one may turn out to wait for this handling.
    const room = { cell, receiver, room: receiver.room() };
    handling.rooms = [...handling.rooms.filter((one) => one.receiver !== receiver), room];
    const cycle = takesNow(graph, cell) ? undefined : cycleFrom({ _tag: 'handling', of: handling }, cell);
    if (cycle !== undefined) {
      handling.rooms = before;
      return cycle;
    }
  }
  return undefined;
}

function cycleFrom(start: Waiter<Cell, Holder>, target: Cell): WaitCycle | undefined {
  const path = findWaitCycle(graph, start, target);
  return path === undefined ? undefined : new WaitCycle({ path });
}

function handlingsOf(cell: Cell): readonly OpenHandling[] {
  const open = [...(cell.openHandlings ?? [])];
  return cell.current === undefined || open.includes(cell.current) ? open : [...open, cell.current];
}

/**
 * The agents of a keyed group that keep others from coming in. When one of them waits
 * for nothing, a place will be free in the end, and the others do not matter. It is
 * asked for where no place is free, so there are some.
 */
function holdersOf(group: Cell): readonly Cell[] {
  const holders: Cell[] = [];
  for (const cell of group.children!.values()) {
    if (waitsOfHolder(cell).length === 0) {
      return [cell];
    }
    holders.push(cell);
  }
  return holders;
}

/** What an agent of a keyed group waits for before it can be idle: all it has in hand, and what it has sent. */
function waitsOfHolder(cell: Cell): readonly CellWait[] {
  if (isMovedOn(cell)) {
    return [];
  }
  const waits: CellWait[] = blockedAt(cell).length > 0 ? [{ _tag: 'outbox', of: cell }] : [];
  for (const of of handlingsOf(cell)) {
    if (waitsOf(of).length > 0) {
      waits.push({ _tag: 'handling', of });
    }
  }
  return waits;
}

/** Its effects that stand in line, by the agents at whose mailboxes they do; readers outside are not in the graph. */
function blockedAt(cell: Cell): readonly Cell[] {
  const at: Cell[] = [];
  for (const { receiver } of cell.parked ?? []) {
    const agent = agentAt(receiver);
    if (agent !== undefined) {
      at.push(agent);
    }
  }
  return at;
}

function waitsOf(handling: OpenHandling): readonly CellWait[] {
  const { cell } = handling;
  const waits: CellWait[] = [];
  if (blockedAt(cell).length > 0) {
    // Whatever it has to say goes behind the effects that wait.
    waits.push({ _tag: 'outbox', of: cell });
  }
  for (const request of cell.requests ?? []) {
    if (request.madeBy === handling && request.awaited && !request.settled) {
      const wait = whereIs(request);
      if (wait !== undefined) {
        waits.push(wait);
      }
    }
  }
  for (const room of handling.rooms ?? []) {
    if (isOpen(room)) {
      waits.push({ _tag: 'turn', of: room.cell });
    }
  }
  return waits;
}

/** Whether it is an agent at which room must be waited for; readers outside are not in the graph. */
const isFull = (receiver: Receiver): boolean => agentAt(receiver) !== undefined && receiver.mustWait;

/** Whether that promise of room has not been kept yet. */
function isOpen({ receiver, room }: NonNullable<OpenHandling['rooms']>[number]): boolean {
  return (receiver as Cell | Door).openRoom === room;
}

/** A request to one agent is in the hands of a handling of it, or waits for its turn. */
function whereIs(request: PendingReply): CellWait | undefined {
  const { askedAlone } = request;
  if (!(askedAlone instanceof Cell)) {
    return undefined;
  }
  for (const work of request.workers) {
    /* v8 ignore else -- @preserve Only handlings work for requests, and one that is over works no more. */
    if ('cell' in work && !(work as OpenHandling).over) {
      return { _tag: 'handling', of: work as OpenHandling };
    }
  }
  return { _tag: 'turn', of: askedAlone };
}
