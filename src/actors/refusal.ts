/**
 * A refusal: who takes a message that a keyed group cannot give to anybody. It is a
 * dead letter at once, and its requester is told why.
 */
import type { Envelope } from '../core/envelope.ts';
import type { Parked } from '../core/mailbox.ts';
import type { Receiver, Reception } from '../core/topic-board.ts';

export class Refusal implements Receiver {
  readonly path: string;
  readonly mailboxCapacity: number;
  readonly responds = true;
  readonly saturated = false;
  readonly mustWait = false;
  readonly #refuse: (envelope: Envelope) => Reception;

  constructor(path: string, refuse: (envelope: Envelope) => Reception, mailboxCapacity = 0) {
    this.path = path;
    this.mailboxCapacity = mailboxCapacity;
    this.#refuse = refuse;
  }

  /* v8 ignore start -- @preserve It is itself what was found for a message. */
  receiverFor(): Receiver {
    return this;
  }
  /* v8 ignore stop -- @preserve */

  receive(envelope: Envelope): Reception {
    return this.#refuse(envelope);
  }

  /* v8 ignore start -- @preserve Nobody waits here. */
  park(_parked: Parked): void {}

  unpark(_parked: Parked): void {}

  room(): Promise<void> {
    return Promise.resolve();
  }
  /* v8 ignore stop -- @preserve */
}
