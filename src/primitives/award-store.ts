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
import { InvalidParams } from '../core/schema.ts';

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
}

/** A store has no room for another contract, because an award stands in all it holds. Its code is `MAILBOX_FULL`. */
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

/**
 * A store would not write an entry, since somebody else had been first, and then knew
 * nothing of that. One that reads from a copy that lags behind catches up: then calling again
 * goes on. Its code is `DEFECT`.
 */
export class AwardsInconsistent extends Failure {
  readonly _tag = 'AwardsInconsistent';
  readonly code = 'DEFECT';
  readonly class = 'transient';
  readonly contractId: string;
  /** The number of the entry it did not write. */
  readonly version: number;

  constructor(facts: { contractId: string; version: number }) {
    super();
    this.contractId = facts.contractId;
    this.version = facts.version;
  }

  override get message(): string {
    return `the store did not write entry ${this.version} of contract '${this.contractId}', and when read had none in its place: append answers false only where read then has more`;
  }
}

/** What a store was read, checked. Errors: `InvalidParams`. */
export function recordIn(answer: unknown, contractId: string): AwardRecord {
  const { version, last } = (answer ?? {}) as Partial<AwardRecord>;
  if (!Number.isInteger(version) || version! < 0 || !(last === undefined || isEntry(last))) {
    throw refused(
      'read',
      contractId,
      answer,
      '{ version, last }, of what it knows nothing { version: 0, last: undefined }',
    );
  }
  return answer as AwardRecord;
}

/** Whether it was written, checked. Errors: `InvalidParams`. */
export function wasWritten(answer: unknown, contractId: string): boolean {
  if (typeof answer !== 'boolean') {
    throw refused('append', contractId, answer, 'true, or false where somebody else was first');
  }
  return answer;
}

function isEntry(last: Partial<AwardEntry> | null): boolean {
  switch (last?._tag) {
    case 'Awarded':
      return isOffer(last.to) && Array.isArray(last.reserve) && last.reserve.every(isOffer);
    case 'Fulfilled':
      return isOffer(last.by);
    default:
      return last?._tag === 'Withdrawn';
  }
}

const isOffer = (offer: Partial<Offer> | null | undefined): boolean => typeof offer?.contractor === 'string';

function refused(verb: string, contractId: string, value: unknown, expected: string): InvalidParams {
  const issues = [{ path: '', message: `expected ${expected}` }];
  return new InvalidParams({ what: `answer of ${verb}('${contractId}') of the awards`, value, issues });
}

export interface MemoryAwardsOptions {
  /** Most contracts that are remembered; a whole number, 1 024 when not given. */
  readonly contractsMax?: number;
}

/** An award store that answers at once. */
export interface MemoryAwards extends AwardStore {
  read(contractId: string): AwardRecord;
  append(contractId: string, version: number, entry: AwardEntry): boolean;
  /** Forgets a contract that nobody will call again, and with it an award that stands; says whether there was one. */
  forget(contractId: string): boolean;
}

/**
 * Remembers awards as long as the process lives.
 *
 * Bound: at most `contractsMax` contracts. For another one, that is forgotten whose
 * last entry is the oldest among those without an award that stands: called with its
 * id again, it would begin anew.
 *
 * Errors: `RangeError` for a limit that cannot be; from `append`, `AwardsFull` when an
 * award stands in each of them.
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
  // Contracts with an award that stands, and those without; both in the order of their last entries.
  const standing = new Map<string, AwardRecord>();
  const resting = new Map<string, AwardRecord>();
  const read = (contractId: string): AwardRecord =>
    standing.get(contractId) ?? resting.get(contractId) ?? unknownContract;

  return {
    read,
    append(contractId, version, entry) {
      if (read(contractId).version !== version) {
        return false;
      }
      if (version === 0 && standing.size + resting.size >= contractsMax) {
        const oldest = resting.keys().next();
        if (oldest.done === true) {
          throw new AwardsFull({ contractId, contractsMax });
        }
        resting.delete(oldest.value);
      }
      standing.delete(contractId);
      resting.delete(contractId);
      (entry._tag === 'Awarded' ? standing : resting).set(contractId, { version: version + 1, last: entry });
      return true;
    },
    forget: (contractId) => standing.delete(contractId) || resting.delete(contractId),
  };
}

/** What is known of a contract of which nothing was written. */
const unknownContract: AwardRecord = Object.freeze({ version: 0, last: undefined });
