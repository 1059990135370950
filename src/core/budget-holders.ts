/**
 * Who is told about a lease: its holders, and those of the leases under it.
 *
 * Guarantees
 *   - Who is told something is told once, however many of the leases he holds.
 *   - Who has let go is told nothing more, not even when letting go is what
 *     somebody did who was told before him.
 *   - A holder that throws keeps nobody else from being told.
 *   - Nothing is left behind: holders are known to those above only while there
 *     are any, so leases that are forgotten without a word do not add up.
 */

interface Hold<H> {
  readonly holder: H;
  released: boolean;
}

export class BudgetHolders<H> {
  readonly #onHolderThrew: ((thrown: unknown) => void) | undefined;
  readonly #above: BudgetHolders<H> | undefined;
  readonly #holds = new Set<Hold<H>>();
  /** Those under these, where there is anybody. */
  readonly #under = new Set<BudgetHolders<H>>();

  constructor(onHolderThrew: ((thrown: unknown) => void) | undefined, above: BudgetHolders<H> | undefined) {
    this.#onHolderThrew = onHolderThrew;
    this.#above = above;
  }

  /** Whether there is nobody to be told. */
  get isEmpty(): boolean {
    return this.#holds.size + this.#under.size === 0;
  }

  /** Adds a holder; returns how to remove it, which may be called again without harm. */
  add(holder: H): () => void {
    const hold = { holder, released: false };
    this.#holds.add(hold);
    for (let holders: BudgetHolders<H> = this; holders.#above !== undefined; holders = holders.#above) {
      holders.#above.#under.add(holders);
    }
    return () => {
      hold.released = true;
      this.#holds.delete(hold);
      for (
        let holders: BudgetHolders<H> = this;
        holders.isEmpty && holders.#above !== undefined;
        holders = holders.#above
      ) {
        holders.#above.#under.delete(holders);
      }
    };
  }

  /** Tells all holders, here and under here; returns how many there were. */
  tell(say: (holder: H) => void): number {
    const told = new Set<H>();
    for (const hold of this.#everyHold()) {
      if (!hold.released && !told.has(hold.holder)) {
        told.add(hold.holder);
        this.tellOne(hold.holder, say);
      }
    }
    return told.size;
  }

  /** Tells one holder. */
  tellOne(holder: H, say: (holder: H) => void): void {
    try {
      say(holder);
    } catch (thrown) {
      this.#onHolderThrew?.(thrown);
    }
  }

  /** A list of its own: those who are told may come and go meanwhile. */
  #everyHold(): Hold<H>[] {
    const holds: Hold<H>[] = [];
    const branches: BudgetHolders<H>[] = [this];
    // Grows while it is walked.
    for (const holders of branches) {
      for (const hold of holders.#holds) {
        holds.push(hold);
      }
      for (const under of holders.#under) {
        branches.push(under);
      }
    }
    return holds;
  }
}
