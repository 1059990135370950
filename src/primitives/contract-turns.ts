/**
 * Contract turns: of those who manage one contract in a system, one is at it at a time.
 *
 * The store keeps two managers from awarding a contract twice. But one that follows the
 * other's award does not know when that one takes it back, and would have the work begun
 * again; so it waits, and goes on from what is recorded then.
 *
 * Guarantees: first come, first served; whoever leaves, in whatever way, lets the next one
 * begin. Nothing is kept of a contract that nobody manages, and no more wait than may.
 */
import { QueueFull } from './queue-full.ts';

export class ContractTurns {
  readonly #lines = new Map<string, (() => void)[]>();
  #waiting = 0;

  /**
   * Stands in line.
   *
   * Errors: `QueueFull` when `waitingMax` wait already, of all contracts together.
   *
   * @param begin Called when it is this one's turn, later than this returns.
   * @returns how to leave: called any number of times, also while it waits.
   */
  take(contractId: string, waitingMax: number, begin: () => void): () => void {
    const line = this.#lines.get(contractId) ?? [];
    if (line.length > 0 && this.#waiting >= waitingMax) {
      throw new QueueFull({ primitive: 'contractNet', option: 'waitingMax', limit: waitingMax });
    }
    this.#lines.set(contractId, line);
    line.push(begin);
    if (line.length === 1) {
      soon(line);
    } else {
      this.#waiting += 1;
    }
    return () => {
      const place = line.indexOf(begin);
      if (place < 0) {
        return;
      }
      line.splice(place, 1);
      if (line.length === 0) {
        this.#lines.delete(contractId);
      } else {
        this.#waiting -= 1;
        if (place === 0) {
          soon(line);
        }
      }
    };
  }
}

/** Not within the turn of whoever leaves. */
function soon(line: readonly (() => void)[]): void {
  const first = line[0];
  Promise.resolve().then(() => {
    if (line[0] === first) {
      first?.();
    }
  });
}
