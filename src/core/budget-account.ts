/**
 * An account: what a lease has spent and reserved, in numbers. Nobody is told here.
 *
 * An account lies under another, up to a root. Each has a limit for some
 * resources. Opening one reserves its limits from the nearest account above that
 * limits the same; what is then charged counts here and above, and as much of the
 * reservation is used up. Settling returns the rest.
 *
 * Amounts are in units (resource.ts): whole numbers, whose sums are exact. So what
 * is reserved is, at every moment, exactly the sum of what the open accounts under
 * it may still spend, and exactly 0 when they are settled.
 *
 * Guarantees
 *   - Conservation: `spent` is what was charged here and to all accounts under it.
 *   - Bound: spent + reserved <= limit, unless a charge passed it. What is above the
 *     limit then is at most what was charged since, that charge included.
 *   - A correction never makes more room than was spent here.
 *
 * Cost of a charge: a few nanoseconds for each account up to the root; nothing is allocated.
 */

const unlimited = Number.POSITIVE_INFINITY;

export class BudgetAccount {
  readonly #above: BudgetAccount | undefined;
  readonly #limits: readonly number[];
  /** From where on an account is low; nowhere once that was noticed. */
  readonly #lowAt: number[];
  readonly #spent: number[];
  /** Spent here, and not under here. */
  readonly #direct: number[];
  /** What accounts under this one hold, those that have no other with a limit between but settled ones. */
  readonly #reserved: number[];
  #closed = false;
  #settled = false;
  /** Settled while open: what accounts under this one hold is held above it too. */
  #passesOn = false;

  /** Opens an account. Above there is room for its limits, or it would not be opened. */
  constructor(limits: readonly number[], soft: number, above: BudgetAccount | undefined) {
    this.#above = above;
    this.#limits = limits;
    this.#lowAt = limits.map((limit) => limit * soft);
    this.#spent = limits.map(() => 0);
    this.#direct = limits.map(() => 0);
    this.#reserved = limits.map(() => 0);
    this.#reserveAll(1);
  }

  /** Its own limit; `Infinity` without one. */
  limit(slot: number): number {
    return this.#limits[slot]!;
  }

  /** Charged here and to all accounts under it. */
  spent(slot: number): number {
    return this.#spent[slot]!;
  }

  /** What the accounts under it hold back. */
  reserved(slot: number): number {
    return this.#reserved[slot]!;
  }

  /** What can still be charged before a limit is passed, here or above; less than 0 when one was. */
  remaining(slot: number): number {
    let units = unlimited;
    for (let account: BudgetAccount | undefined = this; account !== undefined; account = account.#above) {
      units = Math.min(units, account.#room(slot));
      if (account.#coversAbove(slot)) {
        break;
      }
    }
    return units;
  }

  /** The nearest account, from this one up, that has no room for so much more. */
  fullFor(slot: number, units: number): BudgetAccount | undefined {
    for (let account: BudgetAccount | undefined = this; account !== undefined; account = account.#above) {
      if (account.#room(slot) < units) {
        return account;
      }
      if (account.#coversAbove(slot)) {
        break;
      }
    }
    return undefined;
  }

  /** Charges this account and all above it; says whether one of them is now low, over, or closed already. */
  charge(slot: number, units: number): boolean {
    let alarm = false;
    // By how much the reservation of the account below has changed.
    let moved = 0;
    this.#direct[slot]! += units;
    for (let account: BudgetAccount | undefined = this; account !== undefined; account = account.#above) {
      const limit = account.#limits[slot]!;
      const spentBefore = account.#spent[slot]!;
      const spent = spentBefore + units;
      account.#spent[slot] = spent;
      if (limit !== unlimited) {
        account.#reserved[slot]! += moved;
        if (!account.#passesOn) {
          moved = account.#settled ? 0 : Math.max(0, limit - spent) - Math.max(0, limit - spentBefore);
        }
        alarm ||= spent + account.#reserved[slot]! > limit || spent >= account.#lowAt[slot]!;
      }
      alarm ||= account.#closed;
    }
    return alarm;
  }

  /** Gives back part of what was charged here: at most all of it. */
  refund(slot: number, units: number): void {
    this.charge(slot, -Math.min(units, this.#direct[slot]!));
  }

  /** Whether the limit was passed, by what was spent together with what is held back. */
  isOver(slot: number): boolean {
    return this.#room(slot) < 0;
  }

  /** Whether so much is spent that somebody should know. Says so once. */
  becomesLow(slot: number): boolean {
    const low = this.#spent[slot]! >= this.#lowAt[slot]!;
    if (low) {
      this.#lowAt[slot] = unlimited;
    }
    return low;
  }

  /** From now on every charge, here and under here, is answered with an alarm. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Returns what is unspent. What open accounts under this one hold is from now on
   * held above it too; under a closed one nobody may spend again, so there it ends.
   */
  settle(): void {
    if (this.#settled) {
      return;
    }
    this.#reserveAll(-1);
    this.#settled = true;
    this.#passesOn = !this.#closed;
    if (this.#passesOn) {
      for (const [slot, units] of this.#reserved.entries()) {
        // Without a limit here it was held above all along, and there is nothing reserved here.
        BudgetAccount.#reserve(this.#above, slot, units);
      }
    }
  }

  /** Reserves what this account holds, or returns it. */
  #reserveAll(sign: 1 | -1): void {
    for (const [slot, limit] of this.#limits.entries()) {
      if (limit !== unlimited) {
        BudgetAccount.#reserve(this.#above, slot, sign * Math.max(0, limit - this.#spent[slot]!));
      }
    }
  }

  /** Adds to what is held back by the nearest account, from `from` up, that limits it and holds its own above. */
  static #reserve(from: BudgetAccount | undefined, slot: number, units: number): void {
    for (let account = from; account !== undefined; account = account.#above) {
      if (account.#limits[slot] !== unlimited) {
        account.#reserved[slot]! += units;
        if (!account.#passesOn) {
          return;
        }
      }
    }
  }

  /** Whether all that there is room for here has been reserved above. */
  #coversAbove(slot: number): boolean {
    return this.#limits[slot] !== unlimited && !this.#settled;
  }

  #room(slot: number): number {
    return this.#limits[slot]! - this.#spent[slot]! - this.#reserved[slot]!;
  }
}
