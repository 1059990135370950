/**
 * The fault budget of one run: how many faults may still happen.
 *
 * Guarantee: never more than `total` happen, nor more of a kind than that kind may.
 */
import type { CountedFault, Fault, FaultLimits } from './fault.ts';

/** Faults of a run that does not say: enough for most bugs, few enough for a story. */
const faultsMaxOtherwise = 3;

const counted: readonly CountedFault[] = ['crash', 'drop', 'duplicate', 'delay', 'partition'];

export class FaultBudget {
  #total: number;
  readonly #left: Record<CountedFault, number> = { crash: 0, drop: 0, duplicate: 0, delay: 0, partition: 0 };

  /** Errors: `RangeError` for a fault that there is not, and for a limit that is no whole number from 0 on. */
  constructor(faults: readonly Fault[], limits: number | FaultLimits | undefined) {
    for (const fault of faults) {
      if (fault !== 'slow' && !counted.includes(fault)) {
        throw new RangeError(`faults are ${[...counted, 'slow'].join(', ')}; got ${String(fault)}`);
      }
    }
    const given = typeof limits === 'number' ? { total: limits } : (limits ?? {});
    this.#total = checked('total', given.total ?? faultsMaxOtherwise);
    for (const fault of counted) {
      this.#left[fault] = faults.includes(fault)
        ? checked(fault, given[fault] ?? Number.MAX_SAFE_INTEGER)
        : 0;
    }
  }

  /** Whether a fault of this kind may still happen. */
  allows(fault: CountedFault): boolean {
    return this.#total > 0 && this.#left[fault] > 0;
  }

  /** One has happened. */
  spend(fault: CountedFault): void {
    this.#total -= 1;
    this.#left[fault] -= 1;
  }
}

function checked(name: string, limit: number): number {
  if (!Number.isInteger(limit) || limit < 0) {
    throw new RangeError(`faultsMax.${name} is a whole number, at least 0; got ${limit}`);
  }
  return limit;
}
