/**
 * A door: where messages stand whose receiver is not there yet, because all places
 * of its group are taken. See `keyed-group`.
 */
import type { Envelope } from '../core/envelope.ts';
import type { Parked } from '../core/mailbox.ts';
import type { Receiver, Reception } from '../core/topic-board.ts';
import type { Cell } from './cell.ts';

export abstract class Door implements Receiver {
  readonly group: Cell;
  /** Whose turn it is that is waited for here: the group's, for a place, and then that of the one who got it. */
  abstract readonly agent: Cell;
  abstract readonly path: string;
  abstract readonly saturated: boolean;
  abstract readonly mustWait: boolean;
  /** The promise of room that has been given and not kept yet. */
  abstract readonly openRoom: Promise<void> | undefined;

  constructor(group: Cell) {
    this.group = group;
  }

  get responds(): boolean {
    return true;
  }

  get mailboxCapacity(): number {
    return this.group.mailboxCapacity;
  }

  /* v8 ignore start -- @preserve It is itself what was found for a message. */
  receiverFor(): Receiver {
    return this;
  }
  /* v8 ignore stop -- @preserve */

  abstract receive(envelope: Envelope): Reception;
  abstract park(parked: Parked): void;
  abstract unpark(parked: Parked): void;
  abstract room(): Promise<void>;
}
