/** An envelope that a spec can speak of, with what matters to it given and everything else at rest. */
import { type Envelope, noHeaders } from '../../src/core/envelope.ts';

export function anEnvelope<M = unknown>(facts: Partial<Envelope<M>> = {}): Envelope<M> {
  return {
    id: 1,
    to: undefined,
    sender: undefined,
    topic: undefined,
    payload: undefined as M,
    replyTo: undefined,
    correlationId: undefined,
    causationId: undefined,
    threadId: undefined,
    deadlineMs: Number.POSITIVE_INFINITY,
    hops: 0,
    headers: noHeaders,
    budget: undefined,
    ...facts,
  };
}
