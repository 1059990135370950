/**
 * Delivery: who carries an envelope from its sender to a mailbox.
 *
 * In a live system nobody does: it is simply put there. A simulated environment
 * may have a delivery of its own, which can lose it, double it, bring it later, or
 * keep it to look at.
 */
import type { Envelope } from './envelope.ts';
import type { Environment } from './environment.ts';
import type { Receiver, Reception } from './topic-board.ts';

export interface Delivery {
  /**
   * Carries an envelope to a receiver: calls `receiver.receive(envelope)` now,
   * later, several times or never, and says what became of it. What is on its way
   * is `taken`. Called once for each receiver of a publish. Must not throw.
   */
  carry(receiver: Receiver, envelope: Envelope): Reception;
}

/** An environment with a delivery of its own. */
export interface Delivering extends Environment {
  readonly delivery: Delivery | undefined;
}

/** Who carries messages in an environment; `undefined` where nobody needs to. */
export function deliveryOf(environment: Environment): Delivery | undefined {
  return (environment as Partial<Delivering>).delivery;
}
