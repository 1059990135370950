/**
 * A witness: whoever sees for themselves what passes in a system, instead of
 * believing the counts the system keeps about it.
 *
 * Laws of `troupe/testing` are checked against what a witness has seen. A system
 * that nobody witnesses asks nobody: that is one branch where a message is
 * accepted, one where a handling ends, and none on the way between.
 *
 * Whoever implements this must not throw and must not act: it is called in the
 * middle of sending and stepping.
 */
import type { Lease } from './budget.ts';
import type { DeadLetterCause } from './dead-letter.ts';
import type { Envelope, ReplyPort } from './envelope.ts';
import type { HandlingOutcome } from './system-event.ts';
import type { Receiver } from './topic-board.ts';

/** A request, as a witness knows it. */
export interface WitnessedRequest extends ReplyPort {
  readonly id: number;
  /** Path or topic it was made to. */
  readonly target: string;
  /** Who waits; its path is `undefined` outside of agents. */
  readonly requester: { readonly path: string | undefined };
}

export interface Witness {
  /** An agent has its place in the tree. */
  spawned(agent: Receiver): void;
  /** A message leaves its sender for one receiver. */
  left(receiver: Receiver, envelope: Envelope): void;
  /** A message is in an agent's mailbox, or in line before it. */
  accepted(agent: Receiver, envelope: Envelope): void;
  /** A message in a mailbox gave way to a newer one of its key. */
  gaveWay(agent: Receiver, envelope: Envelope): void;
  /** A handling of a message is over, and the message is done with. */
  ended(agent: Receiver, envelope: Envelope, outcome: HandlingOutcome): void;
  /** A message became a dead letter. */
  lost(envelope: Envelope, to: string | undefined, cause: DeadLetterCause): void;
  /** Somebody begins to wait for a reply, at the latest until `deadlineMs`. */
  asked(request: WitnessedRequest, deadlineMs: number): void;
  /** An agent gives a reply to a request; whether it still counts is known by `settled`. */
  replied(request: WitnessedRequest, from: string): void;
  /** A request has its outcome. */
  settled(request: WitnessedRequest): void;
  /** Whoever waited for a request has been told, or has left. */
  delivered(request: WitnessedRequest): void;
  /** A capability is called; the promise settles with its result or its failure. */
  called(call: Promise<unknown>, capability: string, caller: string | undefined): void;
  /** A lease is made for a request, or for the life of an agent. */
  leased(lease: Lease, what: string): void;
}
