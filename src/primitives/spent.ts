/**
 * What was spent, by resource, as it is said of whoever spent it.
 */
import type { Lease } from '../core/budget.ts';
import { resources, type Spendable } from '../core/resource.ts';

/** What was spent, by resource; what was not spent is not there. Time is not spent, it passes. */
export type Spent = Readonly<Partial<Record<Spendable, number>>>;

const nothing: Spent = Object.freeze({});

/** What was spent on all these leases together. */
export function spentOn(leases: readonly Lease[]): Spent {
  let spent: Partial<Record<Spendable, number>> | undefined;
  for (const lease of leases) {
    for (const resource of resources) {
      const amount = resource === 'timeMs' ? 0 : lease.spent(resource);
      if (amount > 0) {
        spent ??= {};
        spent[resource as Spendable] = (spent[resource as Spendable] ?? 0) + amount;
      }
    }
  }
  return spent ?? nothing;
}
