/**
 * The chance of a simulated disk: what goes wrong, drawn from the choices of a run.
 *
 * 0 is always the answer with which nothing goes wrong, so that a run shrinks
 * towards a healthy disk. What goes wrong is charged to a budget; when that is spent,
 * nothing is asked any more.
 */
import type { Choose } from '../core/simulated-environment.ts';

/**
 * What a disk may do to those who use it.
 *
 *   lose   at a loss of power, what was not synced is lost: all of it, or any part
 *   tear   at a loss of power, a page that was being written is half new, half old
 *   flip   at a loss of power, a bit of any file is another one afterwards
 *   sync   a sync fails, and what was to be synced may be forgotten
 *   full   there is no more room, now or after a part of a write
 *   short  a read or a write does less than it was asked to
 *   read   a read fails
 */
export type DiskFault = 'lose' | 'tear' | 'flip' | 'sync' | 'full' | 'short' | 'read';

/** Answers of one question: the elements of a tape are smaller than this. */
const answersMax = 256;

export class DiskChance {
  readonly #choose: Choose;
  readonly #faults: ReadonlySet<DiskFault>;
  #left: number;

  constructor(choose: Choose, faults: readonly DiskFault[], faultsMax: number) {
    this.#choose = choose;
    this.#faults = new Set(faults);
    this.#left = faultsMax;
  }

  /** Whether this goes wrong now. `what` begins with `fault:`, so that chance lets it happen rarely. */
  strikes(fault: DiskFault, what: string): boolean {
    if (!this.may(fault) || this.#choose(2, what) === 0) {
      return false;
    }
    this.charge();
    return true;
  }

  /** Whether this could go wrong. */
  may(fault: DiskFault): boolean {
    return this.#left > 0 && this.#faults.has(fault);
  }

  charge(): void {
    this.#left -= 1;
  }

  /** How something that goes wrong does so, from 0 up to, not including, `count`; more than a tape's element can say, too. */
  which(count: number, what: string): number {
    if (count <= answersMax) {
      return this.#choose(count, what);
    }
    const high = this.which(Math.ceil(count / answersMax), what);
    return Math.min(high * answersMax + this.#choose(answersMax, what), count - 1);
  }
}
