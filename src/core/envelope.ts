/**
 * An envelope: what travels. The message is what it says; the rest is how it got here.
 *
 * Envelopes are immutable and all of one shape, made field by field, so that the
 * path of a message that goes well stays fast. One envelope is shared by all
 * receivers of a publish. Ids are numbers, counted in the order of creation;
 * they become text (`system-id/number`) only when somebody reads them.
 *
 * Source: Hohpe & Woolf, "Enterprise Integration Patterns" (2003), Envelope
 * Wrapper, Return Address, Correlation Identifier.
 */
import type { Lease } from './budget.ts';

/** What rides along beside the message: `traceparent`, `tenant`, tags. Never changed, only replaced. */
export type Headers = Readonly<Record<string, string>>;

/** The shared empty headers. */
export const noHeaders: Headers = Object.freeze({});

/** Work that somebody may end early. */
export interface Work {
  interrupt(failure: unknown): void;
}

/** Where answers go. Every call after the one that settles it is a late one, and becomes a dead letter. */
export interface ReplyPort {
  /** Nobody waits any more: the request was answered, failed, timed out or was interrupted. */
  readonly settled: boolean;
  /**
   * One reply, from the agent at the path `from`. Returns a promise of room when
   * the reader is behind; throws `MailboxFull` when that was ignored for too long.
   */
  reply(payload: unknown, from: string): Promise<void> | undefined;
  /** The request is being worked on, and this ends it. */
  working(work: Work): void;
  /** The agent at `from` failed while it handled the request. */
  fail(failure: unknown, from: string): void;
  /** The agent at `from` is done with the request; whether it has answered is known here. */
  finished(from: string): void;
}

export interface Envelope<M = unknown> {
  readonly id: number;
  /** Path of the one agent this was sent to; `undefined` when it was published. */
  readonly to: string | undefined;
  /** Path of the agent that sent it; `undefined` when it came from outside the system. */
  readonly sender: string | undefined;
  /** Name of the topic, if it has one. */
  readonly topic: string | undefined;
  readonly payload: M;
  readonly replyTo: ReplyPort | undefined;
  /** Id of the request this belongs to. */
  readonly correlationId: number | undefined;
  /** Id of the envelope whose handling sent this one. */
  readonly causationId: number | undefined;
  /** The conversation this belongs to. */
  readonly threadId: string | undefined;
  /** The point in time after which nobody wants it, in milliseconds of the environment's clock; `Infinity` for never. Only what asks for a reply has one. */
  readonly deadlineMs: number;
  /** How many envelopes came before it in its chain of causes; 0 from outside. */
  readonly hops: number;
  readonly headers: Headers;
  /** The lease its handling spends from. */
  readonly budget: Lease | undefined;
}

// The first has no number there: so the field holds a reference, and `Infinity` is not boxed anew in each envelope.
makeEnvelope(
  0,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined as unknown as number,
  0,
  noHeaders,
  undefined,
);

/** Makes an envelope. All are made here, so that all have one shape. */
export function makeEnvelope(
  id: number,
  to: string | undefined,
  sender: string | undefined,
  topic: string | undefined,
  payload: unknown,
  replyTo: ReplyPort | undefined,
  correlationId: number | undefined,
  causationId: number | undefined,
  threadId: string | undefined,
  deadlineMs: number,
  hops: number,
  headers: Headers,
  budget: Lease | undefined,
): Envelope {
  return {
    id,
    to,
    sender,
    topic,
    payload,
    replyTo,
    correlationId,
    causationId,
    threadId,
    deadlineMs,
    hops,
    headers,
    budget,
  };
}

/**
 * Makes an envelope of the runtime's own: a notice, a late reply, a value on its
 * way out. It inherits from `cause` what every envelope inherits.
 */
export function ownEnvelope(
  id: number,
  to: string | undefined,
  sender: string | undefined,
  topic: string | undefined,
  payload: unknown,
  cause?: Envelope,
  correlationId?: number,
): Envelope {
  return makeEnvelope(
    id,
    to,
    sender,
    topic,
    payload,
    undefined,
    correlationId,
    cause?.id,
    cause?.threadId,
    Number.POSITIVE_INFINITY,
    cause === undefined ? 0 : cause.hops,
    cause === undefined ? noHeaders : cause.headers,
    cause?.budget,
  );
}
