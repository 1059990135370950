/**
 * A lost event: one that an actor of a machine agent is not given, because it has
 * ended or too many wait already. It is a dead letter, addressed to that very actor.
 *
 * XState's own events to one that has ended are no loss: nobody sent them.
 */
import type { DeadLetterCause } from '../core/dead-letter.ts';
import { type Envelope, ownEnvelope } from '../core/envelope.ts';
import { MailboxFull } from '../core/mailbox.ts';
import type { Cell } from './cell.ts';
import { type InnerEvent, innerEvents } from './xstate-inner.ts';

/** `receiver` is the path of the actor; `during` is the message that was being handled, if one was. */
export function loseEvent(
  cell: Cell,
  receiver: string,
  event: InnerEvent,
  cause: DeadLetterCause,
  during: Envelope | undefined,
): void {
  if (event.type.startsWith(innerEvents.prefix) && cause === 'Stopped') {
    return;
  }
  const { kernel, mailbox } = cell;
  const letter = ownEnvelope(kernel.environment.nextId(), receiver, cell.path, undefined, event, during);
  const full =
    cause === 'Dropped'
      ? new MailboxFull({ receiver, payload: event, capacity: mailbox.capacity })
      : undefined;
  kernel.deadLetter(letter, receiver, cause, full);
}
