/**
 * An award store: where a manager writes an award down before it announces it.
 *
 * What is written down of a contract are entries: awarded, withdrawn, awarded again,
 * fulfilled; the last one says what stands. Whoever begins anew with a contract reads it,
 * and goes on from there; of two who write at once one is told that the other was first.
 * So an award that was announced is never forgotten, and never given twice.
 *
 * Guarantees of an implementation
 *   - Order: an entry is appended only as entry number `version` of its contract.
 *   - Durability: when `append` has answered `true`, every later `read` has the entry,
 *     as far as the store reaches: `memoryAwards` as far as the process.
 */
import { Failure } from '../core/failure.ts';

/** A bid, and who made it. */
export interface Offer {
  /** Path of the contractor. */
  readonly contractor: string;
  readonly bid: unknown;
}

/** Something that is written down of a contract. */
export type AwardEntry =
  | {
      /** From here on this award stands. */
      readonly _tag: 'Awarded';
      /** The call for proposals it came of. */
      readonly callId: string;
      /** The id of the system whose contractors they are; of whichever system reads it, when it does not say. */
      readonly systemId?: string;
      readonly to: Offer;
      /** Who comes next should it be withdrawn, the best first. */
      readonly reserve: readonly Offer[];
    }
  | {
      /** The award before it stands no more. */
      readonly _tag: 'Withdrawn';
      readonly reason: string;
    }
  | {
      /** The contract is over. */
      readonly _tag: 'Fulfilled';
      readonly by: Offer;
      readonly result: unknown;
    };

/** What is known of a contract. */
export interface AwardRecord {
  /** How many entries have been appended; 0 when nothing is known of it. */
  readonly version: number;
  readonly last: AwardEntry | undefined;
}

/** Where awards are written down: memory, a journal, a table. */
export interface AwardStore {
  read(contractId: string): AwardRecord | PromiseLike<AwardRecord>;
  /**
   * Appends an entry, if `version` entries have been appended to this contract before.
   *
   * @returns `false` when there were more, or fewer: somebody else was first, and nothing was written.
   */
  append(contractId: string, version: number, entry: AwardEntry): boolean | PromiseLike<boolean>;
  /**
   * Told that nobody is at a contract any more although its award stands, or that
   * somebody goes on with it. A store that has little room may forget what is unattended;
   * called again, it would begin anew. What it throws is ignored.
   */
  attended?(contractId: string, isAttended: boolean): void;
}

/** A store has no room for another contract, because in all it holds an award stands that somebody is at. Its code is `MAILBOX_FULL`. */
export class AwardsFull extends Failure {
  readonly _tag = 'AwardsFull';
  readonly code = 'MAILBOX_FULL';
  readonly class = 'overload';
  readonly contractId: string;
  readonly contractsMax: number;

  constructor(facts: { contractId: string; contractsMax: number }) {
    super();
    this.contractId = facts.contractId;
    this.contractsMax = facts.contractsMax;
  }

  override get message(): string {
    return `no room to award contract '${this.contractId}': an award stands in each of ${this.contractsMax} contracts; forget those that nobody will call again, or give memoryAwards a larger contractsMax`;
  }
}

export interface MemoryAwardsOptions {
  /** Most contracts that are remembered; a whole number, 1 024 when not given. */
  readonly contractsMax?: number;
}

/** An award store that answers at once. */
export interface MemoryAwards extends AwardStore {
  read(contractId: string): AwardRecord;
  append(contractId: string, version: number, entry: AwardEntry): boolean;
  attended(contractId: string, isAttended: boolean): void;
  /** Forgets a contract that nobody will call again, and with it an award that stands; says whether there was one. */
  forget(contractId: string): boolean;
}

/**
 * Remembers awards as long as the process lives.
 *
 * Bound: at most `contractsMax` contracts. For another one, that is forgotten whose
 * last entry is the oldest among those without an award that stands; where there is
 * none, the one whose call has been over for longest, though its award stands. Called
 * with its id again, it would begin anew.
 *
 * Errors: `RangeError` for a limit that cannot be; from `append`, `AwardsFull` when in
 * each of them an award stands that somebody is at.
 *
 * @example
 * const awards = memoryAwards()
 * awards.append('order-1', 0, { _tag: 'Withdrawn', reason: 'a test' }) // => true
 * awards.append('order-1', 0, { _tag: 'Withdrawn', reason: 'too late' }) // => false
 * awards.read('order-1').version // => 1
 */
export function memoryAwards(options: MemoryAwardsOptions = {}): MemoryAwards {
  const { contractsMax = 1_024 } = options;
  if (!Number.isInteger(contractsMax) || contractsMax < 1) {
    throw new RangeError(`contractsMax is a whole number, at least 1; got ${contractsMax}`);
  }
  // Contracts with an award that stands, those of them whose calls are over, and those without an award.
  const standing = new Map<string, AwardRecord>();
  const unattended = new Set<string>();
  const resting = new Map<string, AwardRecord>();
  const read = (contractId: string): AwardRecord =>
    standing.get(contractId) ?? resting.get(contractId) ?? unknownContract;
  const forget = (contractId: string): boolean => {
    unattended.delete(contractId);
    return standing.delete(contractId) || resting.delete(contractId);
  };

  return {
    read,
    append(contractId, version, entry) {
      if (read(contractId).version !== version) {
        return false;
      }
      if (version === 0 && standing.size + resting.size >= contractsMax) {
        const [oldest] = resting.size > 0 ? resting.keys() : unattended;
        if (oldest === undefined) {
          throw new AwardsFull({ contractId, contractsMax });
        }
        forget(oldest);
      }
      forget(contractId);
      (entry._tag === 'Awarded' ? standing : resting).set(contractId, { version: version + 1, last: entry });
      return true;
    },
    attended(contractId, isAttended) {
      if (isAttended) {
        unattended.delete(contractId);
      } else if (standing.has(contractId)) {
        unattended.add(contractId);
      }
    },
    forget,
  };
}

/** What is known of a contract of which nothing was written. */
export const unknownContract: AwardRecord = Object.freeze({ version: 0, last: undefined });
