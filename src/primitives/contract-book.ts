/**
 * A contract book: what one contractor has bid, for whom it works, and what it has done.
 *
 *     bidding ──> standing ──> performing ──> done
 *        │           │             │
 *        v           v             v
 *      closed: refused, rejected, cancelled, lapsed, interrupted
 *
 * It is as old as its agent's state: a restart begins with an empty one.
 *
 * Guarantees: one entry a contract, so a call, an award or a rejection that comes twice
 * changes nothing the second time. At most `contractsMax` entries are open and as many
 * are over; of those that are over the oldest is forgotten first.
 */
import type { Timer } from '../core/environment.ts';

/** What is known of one contract. */
export interface BookEntry {
  readonly contractId: string;
  /** The latest call for proposals it is about. */
  callId: string;
  phase: 'bidding' | 'standing' | 'performing' | 'done' | 'closed';
  /** Why it is closed. */
  reason: string;
  task: unknown;
  bid: unknown;
  result: unknown;
  /** The bid, while it is being made; the work, while it is being done. */
  work: PromiseLike<unknown> | undefined;
  /** Whether the handling that makes the bid, or does the work, is over without having ended it. */
  isCutOff: (() => boolean) | undefined;
  /** Ends the work, while it is being done. */
  stop: (() => void) | undefined;
  /** Closes it when nothing has been heard for too long. */
  lapses: Timer | undefined;
}

export class ContractBook {
  readonly contractsMax: number;
  readonly #open = new Map<string, BookEntry>();
  readonly #over = new Map<string, BookEntry>();

  constructor(contractsMax: number) {
    this.contractsMax = contractsMax;
  }

  /** What is known of a contract. Work that was cut off is no work any more. */
  find(contractId: string): BookEntry | undefined {
    const entry = this.#open.get(contractId);
    if (entry?.isCutOff?.() === true) {
      // Not open to another award: two managers of one contract might not agree who does the work.
      this.close(entry, entry.phase === 'bidding' ? 'its bid was interrupted' : 'its work was interrupted');
    }
    return entry ?? this.#over.get(contractId);
  }

  /** Opens an entry for a bid; `undefined` where there is no room for another. */
  bidding(contractId: string, callId: string, task: unknown): BookEntry | undefined {
    if (this.#open.size >= this.contractsMax) {
      return undefined;
    }
    const entry: BookEntry = { ...blank, contractId, callId, task, phase: 'bidding' };
    this.#over.delete(contractId);
    this.#open.set(contractId, entry);
    return entry;
  }

  /** Nothing is owed any more for it. */
  close(entry: BookEntry, reason: string): void {
    entry.phase = 'closed';
    entry.reason = reason;
    this.#settle(entry);
  }

  /** The task was performed. */
  done(entry: BookEntry, result: unknown): void {
    entry.phase = 'done';
    entry.result = result;
    this.#settle(entry);
  }

  /** Remembers that a call is over of which nothing was known. */
  closeUnknown(contractId: string, callId: string, reason: string): void {
    this.close({ ...blank, contractId, callId }, reason);
  }

  #settle(entry: BookEntry): void {
    const { stop } = entry;
    entry.work = undefined;
    entry.isCutOff = undefined;
    entry.stop = undefined;
    entry.lapses?.cancel();
    entry.lapses = undefined;
    entry.task = undefined;
    this.#open.delete(entry.contractId);
    this.#over.delete(entry.contractId);
    this.#over.set(entry.contractId, entry);
    if (this.#over.size > this.contractsMax) {
      this.#over.delete(this.#over.keys().next().value!);
    }
    stop?.();
  }
}

const blank: Omit<BookEntry, 'contractId' | 'callId'> = {
  phase: 'bidding',
  reason: '',
  task: undefined,
  bid: undefined,
  result: undefined,
  work: undefined,
  isCutOff: undefined,
  stop: undefined,
  lapses: undefined,
};
