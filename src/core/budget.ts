/**
 * A budget: a lease on resources, part of a larger lease, down from a root.
 *
 *     root      100 tokens    60 reserved   0 spent
 *      ├─ a      40 tokens     0 reserved   0 spent
 *      └─ b      20 tokens     0 reserved   0 spent
 *          └─ c  no limit of its own: it spends from b's
 *
 * A child reserves what it may spend from the nearest lease above that limits
 * it. What is spent is charged to the lease and to all above, at once; as much
 * of the reservation is used up. `settle` returns the rest. A settled lease still
 * counts and still limits, but has nothing reserved: work that goes on under it
 * draws on the nearest open lease above. Open leases under it keep what they have.
 *
 * Two sorts of resources. Steps and tool calls are taken before they happen
 * (`tryTake`): exactly, never over. Tokens, money and work are metered after they
 * happened (`spend`): over by at most one chunk for each concurrent holder,
 * because whoever spends too much learns it by the throw, all others in the same
 * call by `interrupt`, and each of them may have one chunk under way. That chunk
 * is counted before its `spend` throws: the ledger never says less than the bill.
 *
 * Time is neither: it passes for everybody at once, so nothing of it is reserved.
 * A child has at most the time its parent has left, and a timer at its limit.
 *
 * Guarantees
 *   - Bound: spent + reserved <= limit at every lease, plus the chunks whose
 *     `spend` threw.
 *   - Bound: a limit never exceeds one above it.
 *   - Conservation: what a lease has spent is what was spent on it and on all
 *     under it. When all under it is settled, exactly 0 is reserved: amounts are
 *     counted in whole units (resource.ts), so their sums leave no rest.
 *   - Fails closed: once a limit is passed, everything under that lease throws.
 *   - Of each limit that is passed, each holder concerned hears once, and once
 *     that it came near; who comes later hears of what was passed.
 *   - Nothing is left behind: `settle` cancels the timer, and a lease is
 *     known to the one above only while somebody holds it or one under it.
 *
 * Source: hierarchical token buckets and cgroups for limits that nest; leases,
 * Gray & Cheriton (1989), for what has to be given back.
 */
import { BudgetAccount } from './budget-account.ts';
import { BudgetHolders } from './budget-holders.ts';
import { BudgetTime } from './budget-time.ts';
import type { Environment } from './environment.ts';
import { Failure } from './failure.ts';
import type { Limits, Resource, Spendable } from './resource.ts';
import { amountOf, limitsInUnits, resources, slotOf, unitsOf } from './resource.ts';

export type { Limits, Resource, Spendable };

/** A limit has come near: the soft part of it is spent. */
export interface BudgetLow {
  readonly _tag: 'BudgetLow';
  readonly resource: Resource;
  readonly limit: number;
  readonly spent: number;
}

/** What is known of a lease that has no room. */
export interface BudgetFacts {
  readonly resource: Resource;
  /** The limit of that lease. */
  readonly limit: number;
  /** What it has spent. */
  readonly spent: number;
  /** What it holds back for leases under it; 0 when not given. */
  readonly reserved?: number;
  /** What was refused, and is not in `spent`; 0 when not given, as when the limit was passed. */
  readonly wanted?: number;
  /** What the work that was interrupted had so far. */
  readonly partial?: unknown;
}

/** A limit was passed, or would have been. Its code is `BUDGET_EXCEEDED`. */
export class BudgetExceeded extends Failure {
  readonly _tag = 'BudgetExceeded';
  readonly code = 'BUDGET_EXCEEDED';
  readonly class = 'permanent';
  readonly resource: Resource;
  readonly limit: number;
  readonly spent: number;
  readonly reserved: number;
  readonly wanted: number;
  readonly partial: unknown;

  constructor(facts: BudgetFacts) {
    super();
    this.resource = facts.resource;
    this.limit = facts.limit;
    this.spent = facts.spent;
    this.reserved = facts.reserved ?? 0;
    this.wanted = facts.wanted ?? 0;
    this.partial = facts.partial;
  }

  override get message(): string {
    const reserved = this.reserved > 0 ? `, ${this.reserved} reserved` : '';
    const wanted = this.wanted > 0 ? `, ${this.wanted} more wanted` : '';
    return `${this.spent} of ${this.limit} ${this.resource} spent${reserved}${wanted}`;
  }

  /**
   * The same failure, with what the interrupted work had so far.
   *
   * @example
   * new BudgetExceeded({ resource: 'tokens', limit: 5, spent: 6 }).withPartial('Once upon').partial // => 'Once upon'
   */
  withPartial(partial: unknown): BudgetExceeded {
    return new BudgetExceeded({ ...this, partial });
  }
}

/** Somebody whose work a lease pays for. */
export interface LeaseHolder {
  /** A limit of the lease, or of one above, was passed: stop. Called in the midst of whatever passed it. */
  interrupt(failure: BudgetExceeded): void;
  /** A limit has come near. */
  budgetLow?(notice: BudgetLow): void;
}

export interface LeaseOptions {
  /** The part of a limit at which its holders get `BudgetLow`, above 0 and at most 1; 0.8 when not given. */
  readonly soft?: number;
  /** Told what a holder threw, which stops nobody else from being told. Must not throw itself. */
  readonly onHolderThrew?: (thrown: unknown) => void;
}

const unlimited = Number.POSITIVE_INFINITY;
const time = slotOf('timeMs');

export class Lease {
  readonly #parent: Lease | undefined;
  readonly #options: LeaseOptions;
  readonly #soft: number;
  readonly #account: BudgetAccount;
  readonly #time: BudgetTime;
  readonly #holders: BudgetHolders<LeaseHolder>;
  #exceeded: BudgetExceeded | undefined;
  /** How often a spend was answered by a throw since a limit of this lease was passed, here or under here. */
  chunksOver = 0;
  /** How many holders have heard that a limit of this lease was passed. Each may have had one chunk under way. */
  holdersToldOver = 0;

  /** Use `Lease.root` or `child`. */
  constructor(limits: Limits, options: LeaseOptions, parent: Lease | undefined) {
    const { soft = 0.8, onHolderThrew } = options;
    if (!(soft > 0 && soft <= 1)) {
      throw new RangeError(`soft is above 0 and at most 1; got ${soft}`);
    }
    const units = limitsInUnits(limits);
    const limitMs = amountOf(time, units[time]!);
    units[time] = unlimited;
    if (parent !== undefined) {
      parent.#refuse(units);
    }
    this.#parent = parent;
    this.#options = options;
    this.#soft = soft;
    this.#account = new BudgetAccount(units, soft, parent === undefined ? parent : parent.#account);
    this.#time = new BudgetTime(limitMs, parent === undefined ? parent : parent.#time);
    this.#holders = new BudgetHolders(onHolderThrew, parent === undefined ? parent : parent.#holders);
  }

  /**
   * Makes a lease that is part of no other.
   *
   * Errors: `RangeError` for a limit that is no number from 0 up, or `soft` out of range.
   *
   * @example
   * const root = Lease.root({ tokens: 100 })
   * const a = root.child({ tokens: 40 })
   * a.spend('tokens', 30)
   * root.remaining('tokens') // => 60
   * a.settle()
   * root.remaining('tokens') // => 70
   */
  static root(limits: Limits = {}, options: LeaseOptions = {}): Lease {
    return new Lease(limits, options, undefined);
  }

  /**
   * Makes a lease under this one and reserves each limit it has, all or nothing.
   *
   * A resource without a limit passes through to this lease. Its time is cut to
   * what is left here. It need not be settled before this one.
   *
   * Errors: `BudgetExceeded` when some limit cannot be spared, with `wanted`;
   * nothing was reserved, nobody is told, and this lease goes on. `RangeError` as for `root`.
   *
   * @example
   * const root = Lease.root({ tokens: 100 })
   * root.child({ tokens: 40, steps: 5 }).limit('tokens') // => 40
   * root.remaining('tokens') // => 60
   */
  child(limits: Limits): Lease {
    return new Lease(limits, this.#options, this);
  }

  /**
   * Charges what was used to this lease and to all above it.
   *
   * Errors: `BudgetExceeded` when that passes a limit of this lease or of one
   * above, or one was passed before. The amount has been counted all the same.
   * When it passes several, each lease's holders hear of theirs and the nearest
   * is thrown. `RangeError` for an amount that is no number from 0 up.
   *
   * Cost: a few nanoseconds for each lease up to the root; allocates nothing unless a limit is near.
   */
  spend(resource: Spendable, amount: number): void {
    const slot = spendableSlot(resource);
    if (this.#account.charge(slot, unitsOf(slot, amount))) {
      this.#raise(slot);
      const exceeded = this.exceeded;
      if (exceeded !== undefined) {
        this.#countOver('chunksOver');
        throw exceeded;
      }
    }
  }

  /**
   * Takes what is about to be used, if there is room for all of it, and says whether it did.
   *
   * Exact: what is taken never passes a limit, here or above. A refusal changes
   * nothing, and the lease goes on: a smaller amount may still be taken.
   *
   * @example
   * const lease = Lease.root({ toolCalls: 1 })
   * lease.tryTake('toolCalls', 1) // => true
   * lease.tryTake('toolCalls', 1) // => false
   */
  tryTake(resource: Spendable, amount: number): boolean {
    const slot = spendableSlot(resource);
    const units = unitsOf(slot, amount);
    if (this.exceeded !== undefined || this.#account.fullFor(slot, units) !== undefined) {
      return false;
    }
    if (this.#account.charge(slot, units)) {
      this.#raise(slot);
    }
    return true;
  }

  /**
   * The failure that stands in the way of taking so much; `undefined` when nothing does.
   *
   * @example
   * Lease.root({ steps: 3 }).refusal('steps', 4)?.message // => '0 of 3 steps spent, 4 more wanted'
   */
  refusal(resource: Spendable, amount: number): BudgetExceeded | undefined {
    const slot = spendableSlot(resource);
    return this.#refusal(slot, unitsOf(slot, amount));
  }

  /**
   * Corrects what was spent on this lease, when somebody reports what it really was.
   *
   * A positive `delta` is spent, and throws like it. Any other is given back, at most as much as was spent on this lease itself; it never throws, and
   * does not open again what is closed.
   *
   * Errors: `BudgetExceeded`; `RangeError` for a delta that is no finite number.
   */
  correct(resource: Spendable, delta: number): void {
    if (delta <= 0) {
      const slot = spendableSlot(resource);
      this.#account.refund(slot, unitsOf(slot, -delta));
    } else {
      this.spend(resource, delta);
    }
  }

  /**
   * Returns what is unspent to the lease above, and stops its time. Idempotent.
   *
   * What is spent here afterwards is charged to the nearest open lease above,
   * and still checked against every limit on the way, this one's included. Open
   * leases under this one keep what they have reserved. Holders are still told.
   */
  settle(): void {
    this.#account.settle();
    this.#time.stop();
  }

  /**
   * Starts the time of this lease: from now on `remaining('timeMs')` falls, and
   * when it is used up the lease is exceeded, as by a spend. Does nothing when
   * time was started before, or the lease is settled or exceeded.
   *
   * Cost: one timer, if this lease limits time; those above have theirs.
   */
  startTime(environment: Pick<Environment, 'nowMs' | 'schedule'>): void {
    if (this.exceeded === undefined) {
      const facts = (): BudgetFacts => ({
        resource: 'timeMs',
        limit: this.#time.limitMs,
        spent: this.#time.ranMs,
      });
      this.#time.start(
        environment,
        this.#soft,
        () => this.#tellLow(facts()),
        () => {
          this.#close(facts());
          this.#tellExceeded();
        },
      );
    }
  }

  /**
   * Says who has to be told about limits, here or above; returns how to stop that, which may be called
   * again without harm. Whoever comes when a limit was passed already is interrupted before this returns.
   */
  hold(holder: LeaseHolder): () => void {
    const release = this.#holders.add(holder);
    const exceeded = this.exceeded;
    if (exceeded !== undefined) {
      this.#countOver('holdersToldOver');
      this.#holders.tellOne(holder, (late) => late.interrupt(exceeded));
    }
    return release;
  }

  /** What can still be taken or spent before a limit is passed, here or above; `Infinity` without any. */
  remaining(resource: Resource): number {
    const slot = slotOf(resource);
    if (this.exceeded !== undefined) {
      return 0;
    }
    return slot === time ? this.#time.leftMs : amountOf(slot, this.#account.remaining(slot));
  }

  /** The lease that this one is a part of in the end: itself, when it is a root. */
  get root(): Lease {
    return this.#parent?.root ?? this;
  }

  /** What was spent on this lease and on those under it. Of time: how long it has run since `startTime`. */
  spent(resource: Resource): number {
    const slot = slotOf(resource);
    return slot === time ? this.#time.ranMs : amountOf(slot, this.#account.spent(slot));
  }

  /** The limit that holds here: its own, otherwise the nearest above; `Infinity` without any. Of time: the least. */
  limit(resource: Resource): number {
    const slot = slotOf(resource);
    if (slot === time) {
      return this.#time.limitMs;
    }
    const nearest = this.#chain().find((lease) => lease.#account.limit(slot) !== unlimited) ?? this;
    return amountOf(slot, nearest.#account.limit(slot));
  }

  /** What open leases under this one may still spend; 0 where this one has no limit, as they reserved above it. */
  reserved(resource: Resource): number {
    const slot = slotOf(resource);
    return amountOf(slot, this.#account.reserved(slot));
  }

  /** Whether what is spent here is charged to `other` too: it is this lease, or one above. */
  isPartOf(other: Lease): boolean {
    return this.#chain().includes(other);
  }

  /** The failure of the nearest lease, from this one up, whose limit was passed. It is never taken back. */
  get exceeded(): BudgetExceeded | undefined {
    for (let lease: Lease | undefined = this; lease !== undefined; lease = lease.#parent) {
      if (lease.#exceeded !== undefined) {
        return lease.#exceeded;
      }
    }
    return undefined;
  }

  /** Closes every lease from here up of which a limit was passed, and tells whoever has to know. */
  #raise(slot: number): void {
    const chain = this.#chain();
    const passed = chain.filter((lease) => lease.#exceeded === undefined && lease.#account.isOver(slot));
    for (const lease of passed) {
      lease.#close(factsOf(lease.#account, slot));
    }
    const low = chain.filter((lease) => lease.#account.becomesLow(slot));
    // All is written down by now: those who are told may spend, settle and let go as they like.
    for (const lease of passed) {
      lease.#tellExceeded();
    }
    for (const lease of low) {
      lease.#tellLow(factsOf(lease.#account, slot));
    }
  }

  #countOver(what: 'chunksOver' | 'holdersToldOver'): void {
    for (const lease of this.#chain()) {
      lease[what] += lease.#exceeded === undefined ? 0 : 1;
    }
  }

  #close(facts: BudgetFacts): void {
    this.#exceeded = new BudgetExceeded(facts);
    this.#account.close();
    this.#time.stop();
  }

  #tellExceeded(): void {
    const failure = this.#exceeded!;
    this.holdersToldOver += this.#holders.tell((holder) => holder.interrupt(failure));
  }

  #tellLow({ resource, limit, spent }: BudgetFacts): void {
    if (this.exceeded === undefined) {
      const notice: BudgetLow = { _tag: 'BudgetLow', resource, limit, spent };
      this.#holders.tell((holder) => holder.budgetLow?.(notice));
    }
  }

  #refusal(slot: number, units: number): BudgetExceeded | undefined {
    const full = this.#account.fullFor(slot, units);
    return (
      this.exceeded ?? (full && new BudgetExceeded({ ...factsOf(full, slot), wanted: amountOf(slot, units) }))
    );
  }

  /** Throws when a lease with such limits cannot be had from this one. */
  #refuse(limits: readonly number[]): void {
    for (const [slot, units] of limits.entries()) {
      // What is not limited there passes through and needs no room, only that this one is open.
      const refusal = this.#refusal(slot, units === unlimited ? 0 : units);
      if (refusal !== undefined) {
        throw refusal;
      }
    }
  }

  /** This lease and all above, the nearest first. */
  #chain(): Lease[] {
    const chain: Lease[] = [];
    for (let lease: Lease | undefined = this; lease !== undefined; lease = lease.#parent) {
      chain.push(lease);
    }
    return chain;
  }
}

function factsOf(account: BudgetAccount, slot: number): BudgetFacts {
  return {
    resource: resources[slot]!,
    limit: amountOf(slot, account.limit(slot)),
    spent: amountOf(slot, account.spent(slot)),
    reserved: amountOf(slot, account.reserved(slot)),
  };
}

function spendableSlot(resource: Spendable): number {
  const slot = slotOf(resource);
  if (slot === time) {
    throw new RangeError('timeMs is not spent, it passes: use startTime');
  }
  return slot;
}
