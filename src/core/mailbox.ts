/**
 * A mailbox: the bounded FIFO queue of envelopes waiting for one receiver.
 *
 * The mailbox is the only thing between a sender and a receiver, so it is the
 * only place where the system can say "slow down". What becomes of the envelope
 * that does not fit is decided once, by name, by whoever made the receiver:
 *
 *   suspend      it waits in line outside (the spill) and the sender is told so
 *   drop-oldest  the oldest message that waits gives way to it
 *   drop-newest  it is refused
 *   reject       it is refused, and its sender gets it back
 *   fail         it is refused, and the receiver fails
 *   conflate     it takes the place of the one that waits with the same key;
 *                with a new key, the oldest gives way as under `drop-oldest`
 *
 * In line outside stand envelopes whose senders could not be held up (at most
 * `spillMax`) and senders that are held up themselves, each with one envelope.
 * They come in strictly in the order of their arrival.
 *
 * Guarantees
 *   - Order: envelopes leave in the order they were offered; under `conflate`
 *     that holds per key.
 *   - Conservation: offered = accepted + refused; every envelope accepted is
 *     waiting, stashed, was taken, displaced or conflated once.
 *   - Bound: messages waiting and stashed are never more than `capacity`, those
 *     spilled never more than `spillMax`. Notices have slots of their own, and those
 *     put back after a restart come on top: at most what the receiver had in hand.
 *
 * Source: Agha, "Actors" (MIT Press, 1986), the mail queue. Agha's is unbounded;
 * ours is not, because an agent that calls a language model is thousands of
 * times slower than the agents that send to it.
 */
import { Conflation } from './conflation.ts';
import type { Envelope } from './envelope.ts';
import { Failure } from './failure.ts';
import { isNotice, terminatedNotice } from './notice.ts';
import { Ring } from './ring.ts';

/** What a full mailbox does with one more envelope. */
export type Overflow = 'suspend' | 'drop-oldest' | 'drop-newest' | 'conflate' | 'fail' | 'reject';

export const overflows: readonly Overflow[] = [
  'suspend',
  'drop-oldest',
  'drop-newest',
  'conflate',
  'fail',
  'reject',
];

/**
 * What became of an offer. `waiting`: it stands in line outside, its sender
 * should wait for room. `displaced` and `conflated`: it is in, and the mailbox's
 * `handedBack` is the one that lost its place.
 */
export type Offer = 'accepted' | 'waiting' | 'displaced' | 'conflated' | 'refused';

/** A sender held up at a full mailbox, with the one envelope it wants to hand over. */
export interface Parked {
  readonly envelope: Envelope;
  /** The envelope is in, or the mailbox has closed. Must not send from within this call. */
  admitted(): void;
}

/** The receiver's mailbox was full and nothing of this was sent. Its code is `MAILBOX_FULL`. */
export class MailboxFull extends Failure {
  readonly _tag = 'MailboxFull';
  readonly code = 'MAILBOX_FULL';
  readonly class = 'overload';
  /** Path of the receiver, or the name of the topic. */
  readonly receiver: string;
  /** The message that was not sent. */
  readonly payload: unknown;
  /** Most that may wait there. */
  readonly capacity: number;

  constructor(facts: { receiver: string; payload: unknown; capacity: number }) {
    super();
    this.receiver = facts.receiver;
    this.payload = facts.payload;
    this.capacity = facts.capacity;
  }

  override get message(): string {
    return `no room at '${this.receiver}': ${this.capacity} waiting already; await what publish or tell returns, or choose another overflow`;
  }
}

export interface MailboxOptions {
  /** Most messages that may wait at once; a whole number, at least 1. */
  readonly capacity: number;
  readonly overflow: Overflow;
  /** Most that may stand in line outside without their senders waiting; a whole number, at least 0. */
  readonly spillMax: number;
  /** What `conflate` tells messages apart by. Without it, all are one. */
  readonly keyOf?: ((envelope: Envelope) => unknown) | undefined;
  /** Told what `keyOf` threw: that message is like no other. Must not throw. */
  readonly onKeyThrew?: ((thrown: unknown) => void) | undefined;
}

export class Mailbox {
  readonly capacity: number;
  readonly overflow: Overflow;
  readonly spillMax: number;
  /** The envelope that lost its place in the last offer that was `displaced` or `conflated`. */
  handedBack: Envelope | undefined;

  offered = 0;
  /** Of these, how many were not taken in. */
  refused = 0;
  displaced = 0;
  conflated = 0;

  readonly #ring = new Ring<Envelope>();
  /** Only under `conflate`. */
  readonly #conflation: Conflation | undefined;
  #line: Ring<Envelope | Parked> | undefined;
  #spilled = 0;
  #notices = 0;
  #stashed = 0;
  #room: PromiseWithResolvers<void> | undefined;

  constructor({ capacity, overflow, spillMax, keyOf, onKeyThrew }: MailboxOptions) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`mailbox capacity is a whole number, at least 1; got ${capacity}`);
    }
    if (!Number.isInteger(spillMax) || spillMax < 0) {
      throw new RangeError(`mailbox spillMax is a whole number, at least 0; got ${spillMax}`);
    }
    if (!overflows.includes(overflow)) {
      throw new RangeError(`mailbox overflow is one of ${overflows.join(', ')}; got '${overflow}'`);
    }
    this.capacity = capacity;
    this.overflow = overflow;
    this.spillMax = spillMax;
    this.#conflation = overflow === 'conflate' ? new Conflation(keyOf, onKeyThrew) : undefined;
  }

  /** Everything that can be taken now, notices included. */
  get size(): number {
    return this.#ring.size;
  }

  /** Messages that wait, inside and spilled; notices and stashed ones are not among them. */
  get waiting(): number {
    return this.#ring.size - this.#notices + this.#spilled;
  }

  get spilled(): number {
    return this.#spilled;
  }

  get stashed(): number {
    return this.#stashed;
  }

  get accepted(): number {
    return this.offered - this.refused;
  }

  /** Whether the next message would come in at once. */
  get hasRoom(): boolean {
    return (this.#line === undefined || this.#line.size === 0) && this.#inside() < this.capacity;
  }

  /** Whether an offer under `suspend` would be refused, because too many are in line already. */
  get saturated(): boolean {
    return this.#spilled >= this.spillMax && this.overflow === 'suspend' && !this.hasRoom;
  }

  /** Adds a message at the back, or applies the overflow policy. Never waits. */
  offer(envelope: Envelope): Offer {
    this.offered += 1;
    if (this.#conflation === undefined && this.hasRoom) {
      this.#ring.push(envelope);
      return 'accepted';
    }
    return this.#offerFull(envelope);
  }

  /** What is offered meets others of its key, or has no room. */
  #offerFull(envelope: Envelope): Offer {
    const place = this.#conflation?.offered(envelope);
    if (place !== undefined) {
      return this.#replace(place, envelope);
    }
    if (this.hasRoom) {
      this.#accept(envelope);
      return 'accepted';
    }
    switch (this.overflow) {
      case 'suspend':
        return this.#spill(envelope);
      case 'drop-oldest':
      case 'conflate':
        return this.#displace(envelope);
      default:
        this.refused += 1;
        return 'refused';
    }
  }

  /**
   * Adds a notice at the back. There is always a slot for it, so it does not stand in line outside; only
   * `Terminated` does, behind what the agent that ended has there.
   */
  offerNotice(envelope: Envelope): void {
    if (envelope.topic === terminatedNotice && this.#standsInLine(envelope.sender)) {
      this.#line!.push(envelope);
      return;
    }
    this.#notices += 1;
    this.#ring.push(envelope);
  }

  /** Takes a notice back that means nothing any more, found by its payload. */
  withdrawNotice(payload: unknown): void {
    const position = positionOf(this.#ring, payload);
    if (position === undefined) {
      const inLine = this.#line === undefined ? undefined : positionOf(this.#line, payload);
      if (inLine !== undefined) {
        this.#line!.removeAt(inLine);
      }
      return;
    }
    this.#ring.removeAt(position);
    this.#notices -= 1;
    this.#conflation?.removedAt(position);
  }

  /** Puts a sender that will wait in line. Only where `hasRoom` is false. */
  park(parked: Parked): void {
    this.#line ??= new Ring();
    this.#line.push(parked);
  }

  /** Takes a sender out of the line again. */
  unpark(parked: Parked): void {
    this.#line?.remove(parked);
  }

  /**
   * A promise, one for all who ask while it is open, that resolves when the line
   * outside is gone and at most half of the mailbox is taken, not counting what is
   * stashed. It never rejects.
   */
  room(): Promise<void> {
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /** The promise of room that has been given and not kept yet. */
  get openRoom(): Promise<void> | undefined {
    return this.#room?.promise;
  }

  /** Whether what is at the front may be a notice. */
  get holdsNotices(): boolean {
    return this.#notices > 0;
  }

  /** Removes and returns what is at the front, or `undefined` when nothing waits. */
  take(): Envelope | undefined {
    const envelope = this.#ring.shift();
    if (
      envelope !== undefined &&
      (this.#notices > 0 ||
        this.#conflation !== undefined ||
        this.#line !== undefined ||
        this.#room !== undefined)
    ) {
      this.#left(envelope);
    }
    return envelope;
  }

  /** It has just been taken: it is forgotten, and others may come in. */
  #left(envelope: Envelope): void {
    if (this.#notices > 0 && isNotice(envelope)) {
      this.#notices -= 1;
    } else {
      this.#conflation?.left(envelope, this.#ring.first - 1);
    }
    this.#letIn();
  }

  /** Puts one back at the front: a message that was taken and shall be handled again, before all others. */
  putBack(envelope: Envelope): void {
    const position = this.#ring.unshift(envelope);
    if (isNotice(envelope)) {
      this.#notices += 1;
    } else {
      this.#conflation?.putBackAt(envelope, position);
    }
  }

  /** Counts a message that was taken as stashed: it keeps its room here. */
  stash(): void {
    this.#stashed += 1;
  }

  /** Puts a stashed message back at the front, in the room it has kept. */
  unstash(envelope: Envelope): void {
    this.#stashed -= 1;
    this.putBack(envelope);
  }

  /** A message that was taken is not stashed after all: it gives its room up. */
  forgetStashed(): void {
    this.#stashed -= 1;
    this.#letIn();
  }

  /** Whether one more message can be stashed. */
  get canStash(): boolean {
    return this.#inside() < this.capacity;
  }

  /** Lets the senders that stand in line go on, and hands back what they wanted to hand over. */
  turnAway(): Envelope[] {
    const line = this.#line;
    this.#line = undefined;
    const away: Parked[] = [];
    for (let entry = line?.shift(); entry !== undefined; entry = line?.shift()) {
      if ('admitted' in entry) {
        away.push(entry);
      } else {
        this.#line ??= new Ring();
        this.#line.push(entry);
      }
    }
    for (const sender of away) {
      sender.admitted();
    }
    return away.map(({ envelope }) => envelope);
  }

  /** Hands back everything, in order; senders in line are told that they need not wait. */
  close(): Envelope[] {
    const left: Envelope[] = [];
    for (let envelope = this.#ring.shift(); envelope !== undefined; envelope = this.#ring.shift()) {
      left.push(envelope);
    }
    const line = this.#line;
    this.#line = undefined;
    const parked: Parked[] = [];
    for (let entry = line?.shift(); entry !== undefined; entry = line?.shift()) {
      if ('admitted' in entry) {
        this.offered += 1;
        parked.push(entry);
        left.push(entry.envelope);
      } else {
        left.push(entry);
      }
    }
    this.#spilled = 0;
    this.#notices = 0;
    this.#conflation?.clear();
    this.#ring.clear();
    this.#openRoom();
    for (const sender of parked) {
      sender.admitted();
    }
    return left;
  }

  #inside(): number {
    return this.#ring.size - this.#notices + this.#stashed;
  }

  /** Whether at most half of the room that is not stashed is taken, and some of it is free. */
  #isHalfEmpty(): boolean {
    const waiting = this.#ring.size - this.#notices;
    return this.#inside() < this.capacity && waiting <= (this.capacity - this.#stashed) >> 1;
  }

  #accept(envelope: Envelope): void {
    const position = this.#ring.push(envelope);
    this.#conflation?.standsAt(envelope, position);
  }

  #spill(envelope: Envelope): Offer {
    if (this.#spilled >= this.spillMax) {
      this.refused += 1;
      return 'refused';
    }
    this.#spilled += 1;
    this.#line ??= new Ring();
    this.#line.push(envelope);
    return 'waiting';
  }

  #displace(envelope: Envelope): Offer {
    for (let position = this.#ring.first; position < this.#ring.first + this.#ring.size; position += 1) {
      if (this.#notices === 0 || !isNotice(this.#ring.at(position))) {
        this.handedBack = this.#ring.removeAt(position);
        this.#conflation?.left(this.handedBack, position);
        this.displaced += 1;
        this.#accept(envelope);
        return 'displaced';
      }
    }
    // Its whole room is stashed: there is nobody who could give way.
    this.#conflation?.forget(envelope);
    this.refused += 1;
    return 'refused';
  }

  /** Takes the place of the one of its key that waits. */
  #replace(position: number, envelope: Envelope): Offer {
    this.handedBack = this.#ring.replace(position, envelope);
    this.#conflation!.forget(this.handedBack);
    this.conflated += 1;
    return 'conflated';
  }

  #standsInLine(sender: string | undefined): boolean {
    const line = this.#line;
    if (line !== undefined) {
      for (let position = line.first; position < line.first + line.size; position += 1) {
        const entry = line.at(position);
        if (('admitted' in entry ? entry.envelope : entry).sender === sender) {
          return true;
        }
      }
    }
    return false;
  }

  /** Lets in those who stand in line outside, as long as there is room for them. */
  #letIn(): void {
    const line = this.#line;
    while (line !== undefined && line.size > 0) {
      const next = line.at(line.first);
      if ('admitted' in next) {
        if (this.#inside() >= this.capacity) {
          return;
        }
        line.shift();
        this.offered += 1;
        this.#accept(next.envelope);
        next.admitted();
      } else if (isNotice(next)) {
        line.shift();
        this.#notices += 1;
        this.#ring.push(next);
      } else {
        if (this.#inside() >= this.capacity) {
          return;
        }
        // It was counted as accepted when it was spilled.
        line.shift();
        this.#spilled -= 1;
        this.#ring.push(next);
      }
    }
    if (this.#room !== undefined && this.#isHalfEmpty()) {
      this.#openRoom();
    }
  }

  #openRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}

/** Where the notice with this payload stands, if it does. */
function positionOf(ring: Ring<Envelope | Parked>, payload: unknown): number | undefined {
  for (let position = ring.first; position < ring.first + ring.size; position += 1) {
    const entry = ring.at(position);
    if (!('admitted' in entry) && entry.payload === payload && isNotice(entry)) {
      return position;
    }
  }
  return undefined;
}
