/**
 * What comes of a contract net: the result, who did it, and what became of everybody.
 */
import type { Lease, Resource } from '../core/budget.ts';
import { resources } from '../core/resource.ts';
import type { Fate } from './negotiation.ts';

/** What was spent, by resource; those of which nothing was spent are left out. */
export type Spent = { readonly [R in Resource]?: number };

/** What became of one contractor. */
export interface ContractorReport<Bid = unknown> {
  /** Its path. */
  readonly contractor: string;
  /**
   * `fulfilled`: it did the work; `failed`: it was awarded the task and did not do it;
   * `rejected`: somebody else was better, or its bid not acceptable; `silent`: it made
   * no bid in time; `unheard`: it was not called, since there was an award already.
   */
  readonly fate: Fate;
  /** What it bid, if it did. */
  readonly bid: Bid | undefined;
  /** Why it was silent, or what its award failed of. */
  readonly failure: unknown;
  /** What bidding and working cost, as far as it was spent within the contract net. */
  readonly spent: Spent;
}

/** A contract that was fulfilled. */
export interface Fulfilled<Bid, Result> {
  readonly result: Result;
  /** Path of the contractor that performed the task. */
  readonly by: string;
  readonly bid: Bid;
  /** How many awards this call made: 1 when all went well, 0 when an earlier call had made it. */
  readonly awards: number;
  /** Everybody, in the order of the group. */
  readonly contractors: readonly ContractorReport<Bid>[];
}

/** What was spent on all these leases together. */
export function spentOn(leases: readonly Lease[]): Spent {
  let spent: { [R in Resource]?: number } | undefined;
  for (const lease of leases) {
    for (const resource of resources) {
      const amount = lease.spent(resource);
      if (amount > 0) {
        spent ??= {};
        spent[resource] = (spent[resource] ?? 0) + amount;
      }
    }
  }
  return spent ?? nothing;
}

const nothing: Spent = Object.freeze({});
