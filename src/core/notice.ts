/**
 * Notices: what the runtime itself has to say to an agent, as a step of its own.
 *
 * A notice stands in the mailbox in its place, like a message, but in a slot
 * reserved when the timer, the watch or the lease was made. So it never meets a
 * full mailbox, is never dropped, and is not counted as a message.
 *
 * Their topics begin with `$`, which no topic of a user can.
 */
import type { Envelope } from './envelope.ts';

export const timerNotice = '$timer';
export const terminatedNotice = '$terminated';
export const budgetLowNotice = '$budget-low';
export const startNotice = '$start';

const dollar = 36;

/** Whether this is a notice rather than a message. */
export function isNotice(envelope: Envelope): boolean {
  return envelope.topic !== undefined && envelope.topic.charCodeAt(0) === dollar;
}
