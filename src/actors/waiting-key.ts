/**
 * A waiting key: what stands at the door of a keyed group for one key, because all
 * places in the group are taken and none of those who have one is idle.
 *
 * Senders that can wait stand here with one message each; of those that cannot, the
 * group lets `spillMax` messages in all stand here. When there is a place, all of
 * them go to the mailbox of the key's agent at once, in their order, so no later
 * message overtakes them.
 */
import type { Link } from '../core/chain.ts';
import type { Envelope } from '../core/envelope.ts';
import type { Parked } from '../core/mailbox.ts';
import { Ring } from '../core/ring.ts';
import type { Reception } from '../core/topic-board.ts';
import type { Cell } from './cell.ts';
import { Door } from './door.ts';
import type { KeyedInstance } from './keyed-instance.ts';
import { PendingReply } from './pending-reply.ts';

/** Whose door it is. */
export interface Doorkeeper extends Cell {
  /** Whether as many messages stand at the door as may. */
  readonly doorIsFull: boolean;
  /** Somebody stands here: from now on it is in the line for a place. */
  standsInLine(waiting: WaitingKey): void;
  /** Nobody stands here any more. */
  leftTheLine(waiting: WaitingKey): void;
  /** So many messages more, or fewer, are at the door without their senders. */
  spilledAtDoor(count: number): void;
}

export class WaitingKey extends Door implements Link<WaitingKey> {
  declare readonly group: Doorkeeper;
  readonly key: string;
  before: WaitingKey | undefined = undefined;
  after: WaitingKey | undefined = undefined;
  chained = false;
  readonly #line = new Ring<Envelope | Parked>();
  #room: PromiseWithResolvers<void> | undefined;
  /** Who has taken over what stood here. */
  #instance: KeyedInstance | undefined;

  constructor(group: Doorkeeper, key: string) {
    super(group);
    this.key = key;
  }

  get path(): string {
    return this.group.path;
  }

  /** Whether what stood here has found its place. */
  get isOver(): boolean {
    return this.#instance !== undefined;
  }

  get agent(): Cell {
    return this.#instance ?? this.group;
  }

  get saturated(): boolean {
    return this.group.doorIsFull;
  }

  get mustWait(): boolean {
    return this.#instance === undefined || this.#instance.mustWait;
  }

  get openRoom(): Promise<void> | undefined {
    return this.#room?.promise;
  }

  receive(envelope: Envelope): Reception {
    const { group } = this;
    if (envelope.hops > group.kernel.hopsMax) {
      group.kernel.deadLetter(envelope, group.path, 'HopLimit');
      return 'taken';
    }
    if (group.doorIsFull) {
      return 'rejected';
    }
    group.spilledAtDoor(1);
    group.kernel.inFlight += 1;
    this.#append(envelope);
    return 'waiting';
  }

  park(parked: Parked): void {
    this.#append(parked);
  }

  unpark(parked: Parked): void {
    if (this.#instance !== undefined) {
      this.#instance.unpark(parked);
    } else if (this.#line.remove(parked) && this.#line.size === 0) {
      this.group.leftTheLine(this);
    }
  }

  room(): Promise<void> {
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /** There is a place: everything goes to the mailbox of the key's agent, in order. */
  goTo(instance: KeyedInstance): void {
    const { kernel } = this.group;
    this.#instance = instance;
    for (let entry = this.#line.shift(); entry !== undefined; entry = this.#line.shift()) {
      if ('admitted' in entry) {
        if (instance.mailbox.hasRoom) {
          instance.mailbox.offer(entry.envelope);
          entry.admitted();
        } else {
          instance.park(entry);
        }
        askedOf(entry.envelope, instance);
      } else {
        this.group.spilledAtDoor(-1);
        // Taken over into the mailbox, where it is counted anew; there is room in its line, since it is empty.
        kernel.inFlight -= 1;
        instance.receive(entry);
        askedOf(entry, instance);
      }
    }
    instance.wake();
    if (instance.mailbox.hasRoom) {
      this.#openRoom();
    } else if (this.#room !== undefined) {
      void instance.room().then(() => this.#openRoom());
    }
  }

  /** There will be no place any more: hands back what stood here, in order. */
  close(): Envelope[] {
    const left: Envelope[] = [];
    const parked: Parked[] = [];
    for (let entry = this.#line.shift(); entry !== undefined; entry = this.#line.shift()) {
      if ('admitted' in entry) {
        parked.push(entry);
        left.push(entry.envelope);
      } else {
        this.group.spilledAtDoor(-1);
        left.push(entry);
      }
    }
    this.#openRoom();
    for (const sender of parked) {
      sender.admitted();
    }
    return left;
  }

  #openRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  #append(entry: Envelope | Parked): void {
    this.#line.push(entry);
    if (this.#line.size === 1) {
      this.group.standsInLine(this);
    }
  }
}

/** A request that waited for a place waits for this agent's turn now. */
function askedOf({ replyTo }: Envelope, instance: Cell): void {
  if (replyTo instanceof PendingReply && replyTo.askedAlone === instance.parent) {
    replyTo.askedAlone = instance;
  }
}
