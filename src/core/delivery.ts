/**
 * Delivery: who carries an envelope from its sender to a mailbox, and an answer to
 * whoever asked.
 *
 * In a live system nobody does: it is simply put there. A simulated environment
 * may have a delivery of its own, which can lose it, double it, bring it later, or
 * keep it to look at.
 */
import type { AnswerKind, Asker } from './asker.ts';
import type { DeadLetterCause } from './dead-letter.ts';
import type { Envelope } from './envelope.ts';
import type { Environment } from './environment.ts';
import type { Receiver, Reception } from './topic-board.ts';
import type { Witness } from './witness.ts';

export interface Delivery {
  /**
   * Carries an envelope to a receiver: calls `receiver.receive(envelope)` now,
   * later, several times or never, and says what became of it. What is on its way
   * is `taken`. Called once for each receiver of a publish. Must not throw.
   */
  carry(receiver: Receiver, envelope: Envelope, office: PostOffice): Reception;
  /**
   * Carries an answer to whoever asked: calls `asker.hear` now, later, several
   * times or never. Replies of a stream are envelopes, and are carried as such.
   */
  answer(asker: Asker, kind: AnswerKind, content: unknown, from: string): void;
  /** Calls `act` behind everything that one agent has on its way to a receiver: at once, when there is nothing. */
  behind(sender: string, receiver: Receiver, act: () => void): void;
  /** Whether something of this sender is on its way to this receiver that the next message must not overtake. */
  holds(receiver: Receiver, envelope: Envelope): boolean;
  /** The system has ended: nothing stays on its way. */
  close(): void;
}

/** What a carrier needs of the system it carries for. */
export interface PostOffice {
  /** Messages accepted by agents whose handling is not over. */
  inFlight: number;
  readonly witness: Witness | undefined;
  deadLetter(envelope: Envelope, to: string | undefined, cause: DeadLetterCause, failure?: unknown): void;
}

/** An environment with a delivery of its own. */
export interface Delivering extends Environment {
  readonly delivery: Delivery | undefined;
}

/** Who carries messages in an environment; `undefined` where nobody needs to. */
export function deliveryOf(environment: Environment): Delivery | undefined {
  return (environment as Partial<Delivering>).delivery;
}
