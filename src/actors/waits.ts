/**
 * The waits of a system, as `wait-cycle` asks about them.
 *
 * Nothing is kept for it on the way of a message that goes well: who waits for
 * whom is read from the requests and mailboxes when somebody is about to wait.
 */
import type { TopicEntry } from '../core/topic-board.ts';
import { Cell, type OpenHandling } from './cell.ts';
import type { PendingReply } from './pending-reply.ts';
import { findWaitCycle, takesNow, type Wait, WaitCycle, type Waiter, type WaitGraph } from './wait-cycle.ts';

type CellWait = Wait<Cell, OpenHandling>;

const graph: WaitGraph<Cell, OpenHandling> = {
  path: (cell) => cell.path,
  isMovedOn: (cell) =>
    cell.phase === 'suspended' || cell.ending || (cell.phase === 'starting' && cell.open === 0),
  hasFreeSlot: (cell) => cell.phase !== 'starting' && cell.open < cell.definition.concurrency,
  handlings: (cell) => handlingsOf(cell),
  blockedAt: (cell) => blockedAt(cell),
  agentOf: (handling) => handling.cell,
  waits: (handling) => waitsOf(handling),
};

/** Whether the request that is about to be sent to `target` would close a cycle. */
export function waitCycleOfRequest(request: PendingReply, target: Cell): WaitCycle | undefined {
  return cycleFrom({ _tag: 'handling', of: request.madeBy as OpenHandling }, target);
}

/** Whether the effect that is about to stand in line at `target` would close a cycle. */
export function waitCycleOfEffect(sender: Cell, target: Cell): WaitCycle | undefined {
  return cycleFrom({ _tag: 'outbox', of: sender }, target);
}

/** Whether a handling that is going to wait for room at a target would close a cycle. */
export function waitCycleOfRoom(handling: OpenHandling, target: Cell | TopicEntry): WaitCycle | undefined {
  for (const receiver of target instanceof Cell ? [target] : target.receivers) {
    if (receiver instanceof Cell && receiver.mustWait && !takesNow(graph, receiver)) {
      handling.rooms ??= [];
      handling.rooms.push({ cell: receiver, room: receiver.room() });
      const cycle = cycleFrom({ _tag: 'handling', of: handling }, receiver);
      if (cycle !== undefined) {
        handling.rooms.pop();
        return cycle;
      }
    }
  }
  return undefined;
}

function cycleFrom(start: Waiter<Cell, OpenHandling>, target: Cell): WaitCycle | undefined {
  const path = findWaitCycle(graph, start, target);
  return path === undefined ? undefined : new WaitCycle({ path });
}

function handlingsOf(cell: Cell): readonly OpenHandling[] {
  const open = [...(cell.openHandlings ?? [])];
  return cell.current === undefined || open.includes(cell.current) ? open : [...open, cell.current];
}

/** Its effects that stand in line, by the agents at whose mailboxes they do; readers outside are not in the graph. */
function blockedAt(cell: Cell): readonly Cell[] {
  const at: Cell[] = [];
  for (const { receiver } of cell.parked ?? []) {
    if (receiver instanceof Cell) {
      at.push(receiver);
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
  for (const { cell: at, room } of handling.rooms ?? []) {
    if (at.mailbox.openRoom === room) {
      waits.push({ _tag: 'turn', of: at });
    }
  }
  return waits;
}

/** A request to one agent is in the hands of a handling of it, or waits for its turn. */
function whereIs(request: PendingReply): CellWait | undefined {
  const { askedAlone } = request;
  if (!(askedAlone instanceof Cell)) {
    return undefined;
  }
  const working = request.workers.find(
    (work): work is OpenHandling => 'cell' in work && !(work as OpenHandling).over,
  );
  return working === undefined ? { _tag: 'turn', of: askedAlone } : { _tag: 'handling', of: working };
}
