/**
 * Payers: the leases that a step or a call is charged to.
 *
 * An agent works on a message with the message's budget, and lives on its own.
 * Each pays, and none pays twice: what is charged to a lease is charged to all
 * above it already.
 */
import type { Lease } from '../core/budget.ts';

const nobody: readonly Lease[] = [];

/**
 * @param ofWork What the message may spend.
 * @param ofLife What the agent may spend over its whole life.
 */
export function payers(ofWork: Lease | undefined, ofLife: Lease | undefined): readonly Lease[] {
  if (ofWork === undefined) {
    return ofLife === undefined ? nobody : [ofLife];
  }
  if (ofLife === undefined || ofWork.isPartOf(ofLife)) {
    return [ofWork];
  }
  return ofLife.isPartOf(ofWork) ? [ofLife] : [ofWork, ofLife];
}
