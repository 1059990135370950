/**
 * Who asks, where a stream does: the agent whose stream it is, with the message whose
 * value is being pushed; otherwise the system of the source, or of whom is asked.
 */
import { LocalRef } from '../actors/local-ref.ts';
import type { Sender } from '../actors/sender.ts';
import { senderOf } from '../actors/sender-of.ts';
import type { HostAsked } from '../actors/stream-host.ts';

/** Errors: `RangeError` where neither the source nor the responder is of a system. */
export function speakerOf(host: HostAsked, responder: unknown, operator: string): Sender {
  const verbs = host.known?.verbs ?? LocalRef.cellOf(responder)?.kernel.verbs;
  if (verbs === undefined) {
    throw new RangeError(
      `${operator} does not know of which system it is: use it on the inbox of a stream agent, on what system.observe and stream give, or ask the ref of an agent`,
    );
  }
  return senderOf(verbs);
}
