/**
 * What a shared call spent, charged to those it was made for.
 *
 * Guarantees: the shares add up to what was spent, to the last unit (resource.ts).
 */
import type { Lease, Spendable } from '../core/budget.ts';
import { amountOf, slotOf, unitsOf } from '../core/resource.ts';

const spendables: readonly Spendable[] = ['tokens', 'costUsd', 'steps', 'toolCalls', 'work'];

/**
 * Charges each an even share; the first also what cannot be divided. Whoever has no
 * budget is there all the same, so that nobody else pays for them.
 *
 * A budget that is passed by it tells its own holders, as any spending does: one caller's
 * is no failure of the others.
 */
export function charge(payers: readonly (Lease | undefined)[], spent: Lease | undefined): void {
  if (spent === undefined) {
    return;
  }
  for (const resource of spendables) {
    const slot = slotOf(resource);
    const units = unitsOf(slot, spent.spent(resource));
    const share = Math.floor(units / payers.length);
    let owed = units - share * (payers.length - 1);
    for (const payer of payers) {
      if (payer !== undefined && owed > 0) {
        spend(payer, resource, amountOf(slot, owed));
      }
      owed = share;
    }
  }
}

function spend(payer: Lease, resource: Spendable, amount: number): void {
  try {
    payer.spend(resource, amount);
  } catch {
    // It has been counted, and whoever the budget is of was told.
  }
}
