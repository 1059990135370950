/**
 * The outbox: where committed effects wait while one before them waits for room.
 *
 * The effects of a step are released in order. One that meets a full `suspend`
 * mailbox stands in line there, and the rest stay here until it is in; until
 * then the agent takes no message. So an agent that sends too fast is slowed
 * down, and nothing grows.
 *
 * Bound: `effectsMax` effects, and one entry for each handling that waits to be
 * concluded behind them; one that is interrupted meanwhile leaves its entry there.
 */
import type { Envelope, ReplyPort } from '../core/envelope.ts';
import { MailboxFull } from '../core/mailbox.ts';
import { Ring } from '../core/ring.ts';
import type { Receiver, TopicEntry } from '../core/topic-board.ts';
import { Cell, type OpenHandling, type StandingInLine, type Waiting } from './cell.ts';
import { PendingReply, type PlaceInLine } from './pending-reply.ts';
import { PendingStream } from './pending-stream.ts';
import { type Stage, StagedAct, type StagedTarget } from './stage.ts';
import { agentAt, waitCycleOfEffect, waitCycleOfRequest } from './waits.ts';

/** One envelope of an agent that stands in line at somebody's full mailbox. */
class ParkedEffect implements StandingInLine, PlaceInLine {
  readonly envelope: Envelope;
  readonly sender: Cell;
  readonly receiver: Receiver;

  constructor(sender: Cell, receiver: Receiver, envelope: Envelope) {
    this.sender = sender;
    this.receiver = receiver;
    this.envelope = envelope;
  }

  admitted(): void {
    const { sender, receiver, envelope } = this;
    if (receiver.responds) {
      sender.kernel.inFlight += 1;
      // Of those who respond only agents let anybody wait.
      sender.kernel.witness?.accepted(agentAt(receiver)!, envelope);
    }
    if (envelope.replyTo instanceof PendingReply) {
      envelope.replyTo.leftLine(this);
    }
    this.#leave();
  }

  /** The request it is has been settled: its sender is not held up by it any more. */
  giveUp(): void {
    this.receiver.unpark(this);
    this.#leave();
  }

  #leave(): void {
    const { sender } = this;
    const parked = sender.parked!;
    const place = parked.indexOf(this);
    /* v8 ignore if -- @preserve An outbox is discarded when the requests in it have been interrupted. */
    if (place < 0) {
      return;
    }
    parked.splice(place, 1);
    if (parked.length === 0) {
      openRoomWhenEmpty(sender);
      sender.wake();
    }
  }
}

/**
 * Releases what a step staged, in order; what must wait, waits in the outbox.
 *
 * @param handling Whose step it was, if it was one of a handling.
 */
export function release(cell: Cell, stage: Stage, handling: OpenHandling | undefined): void {
  for (let n = 0; n < stage.size; n += 1) {
    const target = stage.target(n);
    const envelope = stage.envelope(n);
    if (cell.blocked) {
      enqueue(cell, new WaitingEffect(cell, target, envelope));
    } else if (cell.kernel.witness !== undefined || !handedOver(target, envelope)) {
      // A witness looks whose step it is; so does whoever looks for a wait cycle.
      cell.current = handling;
      releaseOne(cell, target, envelope);
      cell.current = undefined;
    }
  }
  stage.clear();
}

/** Hands over what most effects are: a message to one agent that has room, to which nobody waits for an answer. */
function handedOver(target: StagedTarget, envelope: Envelope | undefined): boolean {
  if (!(target instanceof Cell) || envelope!.replyTo !== undefined) {
    return false;
  }
  const receiver = target.receiverFor(envelope!);
  if (receiver.mustWait) {
    return false;
  }
  const { kernel } = target;
  kernel.sent(envelope!);
  if (kernel.offer(receiver, envelope!) === 'rejected') {
    kernel.deadLetter(envelope!, receiver.path, 'Rejected', fullAt(receiver, envelope!));
  }
  return true;
}

/**
 * Puts an effect behind those that wait.
 *
 * Errors: `MailboxFull` when there are `effectsMax` already.
 *
 * @returns A promise that resolves when the outbox is empty.
 */
export function sendBehind(cell: Cell, target: StagedTarget, envelope: Envelope): Promise<void> {
  return waitBehind(cell, new WaitingEffect(cell, target, envelope), envelope.payload);
}

/** Puts a reply behind the effects that wait. Errors and result: as for `sendBehind`. */
export function replyBehind(cell: Cell, port: ReplyPort, reply: unknown): Promise<void> {
  const release = (): void => releaseReply(cell, port, reply);
  return waitBehind(cell, { release, discard: () => {} }, reply);
}

/** Answers. Where the reader of a stream is behind, the reply stands in line there like any other effect. */
export function releaseReply(cell: Cell, port: ReplyPort, reply: unknown): void {
  if (port instanceof PendingStream && !port.settled) {
    handOver(cell, port.reader, port.replyFrom(reply, cell.path));
  } else {
    port.reply(reply, cell.path);
  }
}

function waitBehind(cell: Cell, effect: Waiting, payload: unknown): Promise<void> {
  const most = cell.definition.effectsMax;
  if ((cell.outbox?.size ?? 0) >= most) {
    throw new MailboxFull({
      receiver: `the outbox of ${cell.path}`,
      payload,
      capacity: most,
    });
  }
  enqueue(cell, effect);
  cell.outboxRoom ??= Promise.withResolvers<void>();
  return cell.outboxRoom.promise;
}

/** Does something when everything that waits has been released. */
export function afterOutbox(cell: Cell, act: () => void): void {
  enqueue(cell, { release: act, discard: () => {} });
}

/** Releases what waits, until it must wait again. */
export function releaseOutbox(cell: Cell): void {
  const outbox = cell.outbox!;
  while (outbox.size > 0 && (cell.parked === undefined || cell.parked.length === 0)) {
    outbox.shift()!.release();
  }
  openRoomWhenEmpty(cell);
}

/** Takes everything back that has not left: the agent ends, or begins anew. */
export function discardOutbox(cell: Cell): void {
  for (const parked of cell.parked?.splice(0) ?? []) {
    const { receiver } = parked;
    receiver.unpark(parked);
    cell.kernel.deadLetter(parked.envelope, receiver.path, 'Stopped');
  }
  for (let waiting = cell.outbox?.shift(); waiting !== undefined; waiting = cell.outbox?.shift()) {
    waiting.discard();
  }
  openRoomWhenEmpty(cell);
}

/**
 * Sends to whom it is for; where there is no room, it stands in line there.
 *
 * A request whose reply could never come fails instead (`WaitCycle`).
 */
function releaseOne(cell: Cell, target: StagedTarget, envelope: Envelope | undefined): void {
  if (target instanceof StagedAct) {
    target.act();
  } else if (target instanceof Cell) {
    toOne(cell, target, envelope!);
  } else {
    toAll(cell, target, envelope!);
  }
}

function toOne(cell: Cell, target: Cell, envelope: Envelope): void {
  const request = envelope.replyTo;
  if (request instanceof PendingReply) {
    if (request.settled) {
      return;
    }
    request.askedAlone = target;
    if (closesCycle(request, envelope)) {
      return;
    }
  }
  cell.kernel.sent(envelope);
  handOver(cell, target, envelope);
}

function toAll(cell: Cell, staged: TopicEntry, envelope: Envelope): void {
  const entry = cell.kernel.board.upToDate(staged);
  const { receivers } = entry;
  const request = envelope.replyTo;
  if (request instanceof PendingReply) {
    if (request.settled) {
      return;
    }
    request.asked(responders(receivers));
    request.askedAlone = onlyResponder(receivers);
    if (closesCycle(request, envelope)) {
      return;
    }
  }
  cell.kernel.sent(envelope);
  entry.published += 1;
  for (const receiver of receivers) {
    handOver(cell, receiver, envelope);
    entry.delivered += 1;
  }
}

function handOver(cell: Cell, addressee: Receiver, envelope: Envelope): void {
  const receiver = addressee.receiverFor(envelope);
  if (!receiver.mustWait || cell.kernel.delivery?.holds(receiver, envelope) === true) {
    if (cell.kernel.offer(receiver, envelope) === 'rejected') {
      cell.kernel.deadLetter(envelope, receiver.path, 'Rejected', fullAt(receiver, envelope));
    }
    return;
  }
  cell.kernel.witness?.left(receiver, envelope);
  const parked = new ParkedEffect(cell, receiver, envelope);
  cell.parked ??= [];
  cell.parked.push(parked);
  const agent = agentAt(receiver);
  const cycle = agent === undefined ? undefined : waitCycleOfEffect(cell, agent);
  if (cycle === undefined) {
    if (envelope.replyTo instanceof PendingReply) {
      envelope.replyTo.standsInLine(parked);
    }
    receiver.park(parked);
    return;
  }
  cell.parked.pop();
  cell.kernel.deadLetter(envelope, receiver.path, 'WaitCycle', cycle);
  cell.conduct.fail(cell, cycle, undefined);
}

/** How many of them can answer. */
export function responders(receivers: readonly Receiver[]): number {
  let count = 0;
  for (const receiver of receivers) {
    count += receiver.responds ? 1 : 0;
  }
  return count;
}

/** The one that can answer, if there is just one. */
export function onlyResponder(receivers: readonly Receiver[]): Receiver | undefined {
  return responders(receivers) === 1 ? receivers.find((receiver) => receiver.responds) : undefined;
}

/** Fails a request that goes to one agent at once, when it closes a wait cycle. */
export function closesCycle(request: PendingReply, envelope: Envelope): boolean {
  if (!(request.askedAlone instanceof Cell)) {
    return false;
  }
  const receiver = request.askedAlone.receiverFor(envelope);
  const target = agentAt(receiver);
  request.askedAlone = target;
  if (!request.awaited || request.madeBy === undefined || target === undefined) {
    return false;
  }
  if (target.mayTake && !receiver.mustWait) {
    return false;
  }
  const cycle = waitCycleOfRequest(request, target);
  if (cycle === undefined) {
    return false;
  }
  request.interrupt(cycle);
  return true;
}

/** What a sender is told when a mailbox has refused its message. */
export function fullAt(receiver: Receiver, envelope: Envelope): MailboxFull {
  return new MailboxFull({
    receiver: receiver.path,
    payload: envelope.payload,
    capacity: receiver.mailboxCapacity,
  });
}

/** An effect of a step that waits. */
class WaitingEffect implements Waiting {
  readonly #cell: Cell;
  readonly #target: StagedTarget;
  readonly #envelope: Envelope | undefined;

  constructor(cell: Cell, target: StagedTarget, envelope: Envelope | undefined) {
    this.#cell = cell;
    this.#target = target;
    this.#envelope = envelope;
  }

  release(): void {
    releaseOne(this.#cell, this.#target, this.#envelope);
  }

  discard(): void {
    const target = this.#target;
    if (target instanceof StagedAct) {
      target.discard();
    } else {
      const to = target instanceof Cell ? target.path : target.name;
      this.#cell.kernel.deadLetter(this.#envelope!, to, 'Stopped');
    }
  }
}

function enqueue(cell: Cell, effect: Waiting): void {
  cell.outbox ??= new Ring();
  cell.outbox.push(effect);
}

function openRoomWhenEmpty(cell: Cell): void {
  if (!cell.blocked) {
    cell.outboxRoom?.resolve();
    cell.outboxRoom = undefined;
  }
}
