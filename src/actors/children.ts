/**
 * Children: the agents that one agent has spawned, in the order in which they came.
 *
 * They stand in a chain that goes through themselves, so one more costs no entry in
 * a table. Most children have no name of their own: they are the seventh `worker`,
 * and are called `worker-7` when somebody asks.
 *
 * Guarantees: no two children have the same id at the same time; whoever is taken
 * back leaves the counts as they were before it.
 *
 * Cost: to add and to remove does not depend on how many there are. The first look
 * for one by its id makes a map of all; from then on it is one look into that map.
 * It is also made when two could come to the same id: when an id was chosen, or when
 * definitions are called `a` and `a-2`.
 */

/** What one child has for its place among the others. */
export interface Sibling<S> {
  /** Last part of its path. */
  readonly id: string;
  /** Name of its definition. */
  readonly calledAfter: string;
  /** As the how-manieth it was named after its definition; 0 when its id was chosen. */
  readonly count: number;
  elder: S | undefined;
  younger: S | undefined;
}

/** The id of the child that was counted as the `count`th of its definition. */
export const idOfCounted = (name: string, count: number): string => (count === 1 ? name : `${name}-${count}`);

export class Children<S extends Sibling<S>> {
  size = 0;
  #eldest: S | undefined;
  #youngest: S | undefined;
  /** The definition that was counted first, and how often. */
  #name: string | undefined;
  #count = 0;
  /** The others. */
  #counts: Map<string, number> | undefined;
  /** Where a count could not follow the one before it, because that id was taken: that one. */
  #countedFrom: Map<S, number> | undefined;
  /** All by their ids; kept up to date from when it was first needed. */
  #byId: Map<string, S> | undefined;

  get youngest(): S | undefined {
    return this.#youngest;
  }

  /** How many were named after each definition. */
  get counts(): ReadonlyMap<string, number> {
    const counts = new Map(this.#counts);
    if (this.#name !== undefined) {
      counts.set(this.#name, this.#count);
    }
    return counts;
  }

  get(id: string): S | undefined {
    return this.#index().get(id);
  }

  /** In the order in which they came. */
  values(): readonly S[] {
    const all: S[] = [];
    for (let one = this.#eldest; one !== undefined; one = one.younger) {
      all.push(one);
    }
    return all;
  }

  keys(): readonly string[] {
    return this.values().map(({ id }) => id);
  }

  /** How many were named after this definition. */
  countOf(name: string): number {
    return name === this.#name ? this.#count : (this.#counts?.get(name) ?? 0);
  }

  /** Counts one more that is named after this definition, past the ids that are taken. */
  count(name: string): number {
    if (name !== this.#name) {
      this.#meets(name);
    }
    let count = this.countOf(name) + 1;
    if (this.#byId !== undefined) {
      while (this.#byId.has(idOfCounted(name, count))) {
        count += 1;
      }
    }
    this.#setCount(name, count);
    return count;
  }

  /**
   * Adds the youngest.
   *
   * @param countedFrom How many had been counted before it, if it got its id by counting.
   */
  add(child: S, countedFrom = 0): void {
    if (child.count === 0) {
      this.#index();
    } else if (countedFrom !== child.count - 1) {
      this.#countedFrom ??= new Map();
      this.#countedFrom.set(child, countedFrom);
    }
    child.elder = this.#youngest;
    if (this.#youngest === undefined) {
      this.#eldest = child;
    } else {
      this.#youngest.younger = child;
    }
    this.#youngest = child;
    this.size += 1;
    this.#byId?.set(child.id, child);
  }

  /** Removes one, if it is here. */
  delete(child: S): void {
    const { elder, younger } = child;
    if (elder === undefined && this.#eldest !== child) {
      return;
    }
    if (elder === undefined) {
      this.#eldest = younger;
    } else {
      elder.younger = younger;
    }
    if (younger === undefined) {
      this.#youngest = elder;
    } else {
      younger.elder = elder;
    }
    child.elder = undefined;
    child.younger = undefined;
    this.size -= 1;
    this.#byId?.delete(child.id);
    this.#countedFrom?.delete(child);
  }

  /** Removes one that has never begun: it was not counted either, unless others were counted before it went. */
  takeBack(child: S): void {
    const { calledAfter, count } = child;
    const before = this.#countedFrom?.get(child) ?? count - 1;
    this.delete(child);
    const counted = this.countOf(calledAfter);
    if (count === 0 || before >= counted) {
      return;
    }
    this.#setCount(calledAfter, before);
    if (count !== counted) {
      // Those counted after it are still here, and their ids are met again.
      this.#index();
    }
  }

  /** All have ended: the next ones get the names they had. */
  forgetNames(): void {
    this.#name = undefined;
    this.#count = 0;
    this.#counts = undefined;
    this.#byId = undefined;
  }

  #index(): Map<string, S> {
    if (this.#byId === undefined) {
      this.#byId = new Map();
      for (let one = this.#eldest; one !== undefined; one = one.younger) {
        this.#byId.set(one.id, one);
      }
    }
    return this.#byId;
  }

  /** Another definition is counted beside the first: where a name looks like a count of another one, ids may meet. */
  #meets(name: string): void {
    if (this.#name === undefined) {
      this.#name = name;
    }
    if (looksCounted.test(name)) {
      this.#index();
    }
  }

  #setCount(name: string, count: number): void {
    if (name === this.#name) {
      this.#count = count;
    } else {
      this.#counts ??= new Map();
      this.#counts.set(name, count);
    }
  }
}

const looksCounted = /-\d+$/;
