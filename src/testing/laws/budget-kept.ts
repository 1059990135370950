/**
 * Budget kept: what is spent on a lease is at most its limit and one chunk for each
 * holder, and what was reserved comes back.
 *
 * Steps and tool calls are taken before they happen, so they are never over.
 * Tokens, money and work are metered after they happened: whoever passes the limit
 * learns it by a throw, and each of the others may have one chunk under way. Whoever
 * catches `BudgetExceeded` and goes on spending breaks this law.
 *
 * Cost: what is spent is looked at when nothing is left to do.
 */
import type { System } from '../../actors/system.ts';
import type { Lease } from '../../core/budget.ts';
import type { Envelope } from '../../core/envelope.ts';
import { resources } from '../../core/resource.ts';
import type { HandlingOutcome } from '../../core/system-event.ts';
import type { Receiver } from '../../core/topic-board.ts';
import type { Law, LawCheck } from '../law.ts';
import { type Sight, witness } from './witnesses.ts';

/** @returns The law that no lease is overspent by more than is stated, and that reservations return. */
export function budgetKept(): Law {
  return { name: 'budget kept', of: 'system', begin: (_world, system) => new Leases(system) };
}

class Leases implements LawCheck, Sight {
  #leases: Map<Lease, string> | undefined;
  /** Handlings whose code may go on although they are over: each of them may spend one more chunk, and then knows. */
  #disowned = 0;

  constructor(system: System) {
    witness(system, this);
  }

  leased(lease: Lease, what: string): void {
    this.#leases ??= new Map();
    this.#leases.set(lease, what);
  }

  ended(_agent: Receiver, _envelope: Envelope, outcome: HandlingOutcome): void {
    this.#disowned += outcome === 'handled' ? 0 : 1;
  }

  atQuiet(): void {
    for (const [lease, what] of this.#leases ?? []) {
      checkLease(lease, what, this.#disowned);
    }
  }

  afterStop(): void {
    for (const [lease, what] of this.#leases ?? []) {
      checkLease(lease, what, this.#disowned);
      checkReturned(lease, what);
    }
  }
}

function checkLease(lease: Lease, what: string, disowned: number): void {
  for (const resource of resources) {
    const [spent, limit, reserved] = [lease.spent(resource), lease.limit(resource), lease.reserved(resource)];
    const isExact = resource === 'steps' || resource === 'toolCalls';
    if (reserved < 0 || (isExact && spent + reserved > limit)) {
      const held = reserved === 0 ? '' : ` and ${reserved} reserved`;
      throw new Error(`of ${limit} ${resource} for ${what}, ${spent} are spent${held}`);
    }
  }
  // Whoever takes a step without waiting need not hold what it spends from.
  const most = lease.holdersToldOver + disowned + 1;
  if (lease.chunksOver > most) {
    const { resource, limit } = lease.exceeded!;
    throw new Error(
      `of ${limit} ${resource} for ${what}, ${lease.spent(resource)} are spent: ${lease.chunksOver} chunks came after the limit, and at most ${most} may`,
    );
  }
}

function checkReturned(lease: Lease, what: string): void {
  for (const resource of resources) {
    const reserved = lease.reserved(resource);
    if (reserved !== 0) {
      throw new Error(`${reserved} ${resource} of those for ${what} are still reserved`);
    }
  }
}
