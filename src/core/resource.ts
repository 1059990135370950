/**
 * Resources: what work uses up, and how the ledger counts it.
 *
 * Amounts are counted in whole units, because sums of fractions do not come out
 * even: `0.1 + 0.2` dollars are more than `0.3`. A unit is a billionth of a
 * dollar, a millionth of a piece of work, a thousandth of everything else. Sums
 * of whole units are exact up to 2^53, and no limit or amount may be larger than
 * that: 9 million dollars, 9 trillion tokens.
 *
 * Guarantees: what is reserved and returned adds up to exactly zero. A positive
 * amount never counts as nothing: it is rounded to the nearest unit, but to no
 * less than one.
 */

/** What a budget can limit. `work` is whatever the user counts. */
export type Resource = 'tokens' | 'costUsd' | 'timeMs' | 'steps' | 'toolCalls' | 'work';

/** What is spent piece by piece. Time is not: it passes, for everybody at once. */
export type Spendable = Exclude<Resource, 'timeMs'>;

/** Most of each resource, at least 0. What is absent, or `Infinity`, is not limited here. */
export type Limits = Readonly<Partial<Record<Resource, number>>>;

/** All of them; the place of each is its slot in the arrays of a ledger. */
export const resources: readonly Resource[] = ['tokens', 'costUsd', 'timeMs', 'steps', 'toolCalls', 'work'];

const unitsPerOne: readonly number[] = [1e3, 1e9, 1e3, 1e3, 1e3, 1e6];

/**
 * The slot of a resource.
 *
 * Errors: `RangeError` for what is no resource.
 *
 * @example
 * slotOf('tokens') // => 0
 */
export function slotOf(resource: Resource): number {
  // Comparisons of known names cost a nanosecond; looking a name up in an object costs ten.
  switch (resource) {
    case 'tokens':
      return 0;
    case 'costUsd':
      return 1;
    case 'timeMs':
      return 2;
    case 'steps':
      return 3;
    case 'toolCalls':
      return 4;
    case 'work':
      return 5;
    default:
      throw new RangeError(`a resource is one of ${resources.join(', ')}; got ${String(resource)}`);
  }
}

/**
 * Counts an amount in units.
 *
 * Errors: `RangeError` when it is no number, below 0 or too large to be counted.
 *
 * @example
 * unitsOf(slotOf('tokens'), 2) // => 2_000
 * unitsOf(slotOf('costUsd'), 0.1) + unitsOf(slotOf('costUsd'), 0.2) // => unitsOf(slotOf('costUsd'), 0.3)
 * unitsOf(slotOf('costUsd'), 1e-15) // => 1
 */
export function unitsOf(slot: number, amount: number): number {
  const units = Math.round(amount * unitsPerOne[slot]!);
  if (!(amount >= 0 && units <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`an amount of ${resources[slot]} is from 0 to ${amountMax(slot)}; got ${amount}`);
  }
  return units === 0 && amount > 0 ? 1 : units;
}

/**
 * Gives an amount back as people write it.
 *
 * @example
 * amountOf(slotOf('costUsd'), unitsOf(slotOf('costUsd'), 0.3)) // => 0.3
 */
export function amountOf(slot: number, units: number): number {
  return units / unitsPerOne[slot]!;
}

/**
 * Checks limits and counts them in units, by slot, with `Infinity` where there is none.
 *
 * Errors: `RangeError`, naming what is wrong.
 *
 * @example
 * limitsInUnits({ tokens: 5 })[slotOf('tokens')] // => 5_000
 * limitsInUnits({ tokens: 5 })[slotOf('steps')] // => Infinity
 */
export function limitsInUnits(limits: Limits): number[] {
  for (const name of Object.keys(limits)) {
    slotOf(name as Resource);
  }
  return resources.map((resource, slot) => {
    const limit = limits[resource] ?? Number.POSITIVE_INFINITY;
    return limit === Number.POSITIVE_INFINITY ? limit : unitsOf(slot, limit);
  });
}

function amountMax(slot: number): number {
  return Math.floor(amountOf(slot, Number.MAX_SAFE_INTEGER));
}
