/**
 * Bounded names: a metric has one series for each combination of its attributes,
 * so attributes must not take values without end. The first `namesMax` names are
 * kept as they are; every other one is `other`.
 *
 * Bound: `namesMax` names. Cost: one look into a set.
 */
export class BoundedNames {
  readonly #namesMax: number;
  readonly #known = new Set<string>();

  /** @param namesMax A whole number, at least 1. */
  constructor(namesMax: number) {
    checkNamesMax(namesMax);
    this.#namesMax = namesMax;
  }

  of(name: string | undefined): string {
    if (name === undefined) {
      return otherName;
    }
    if (this.#known.has(name)) {
      return name;
    }
    if (this.#known.size >= this.#namesMax) {
      return otherName;
    }
    this.#known.add(name);
    return name;
  }
}

export function checkNamesMax(namesMax: number): void {
  if (!Number.isInteger(namesMax) || namesMax < 1) {
    throw new RangeError(`namesMax is a whole number, at least 1; got ${namesMax}`);
  }
}

const otherName = 'other';
