/**
 * The award log of one contract: how its manager reads and writes it in a store, whatever
 * the store answers.
 *
 *     append ──true──> written
 *        └────false──> read ──> overtaken ──> append …      the first time at once,
 *                                                           then after a pause
 *
 * Guarantees
 *   - What a store answers is looked at before it is believed: anything but a record and
 *     a `boolean` is a failure at once, and so is what it throws, now or later.
 *   - A store that refuses `refusalsMax` times running is not asked again; from the second
 *     time on it is asked in a later turn, so that it keeps nobody else from theirs.
 *   - An award that another system made is nobody's here: it is refused, not followed.
 *   - Nothing is told after `end`. An award that stands then, or comes to stand since its
 *     writing was under way, is withdrawn where nobody could ever ask for it again;
 *     otherwise the store is told that nobody is at it.
 */

import { heed, isThenable } from '../actors/thenable.ts';
import type { Environment, Timer } from '../core/environment.ts';
import { Failure } from '../core/failure.ts';
import { InvalidParams } from '../core/schema.ts';
import { type AwardEntry, type AwardRecord, type AwardStore, unknownContract } from './award-store.ts';

/** How often running a store may refuse an entry of one call. */
export const refusalsMax = 8;

/** A store refused, again and again, what was appended behind the entries that it says it has. Its code is `DEFECT`. */
export class AwardNotWritten extends Failure {
  readonly _tag = 'AwardNotWritten';
  readonly code = 'DEFECT';
  readonly class = 'transient';
  readonly contractId: string;
  /** How many times running it refused. */
  readonly attempts: number;
  /** How many entries it said there are, the last time it was asked. */
  readonly version: number;

  constructor(facts: { contractId: string; attempts: number; version: number }) {
    super();
    this.contractId = facts.contractId;
    this.attempts = facts.attempts;
    this.version = facts.version;
  }

  override get message(): string {
    return `the store of awards refused ${this.attempts} times running to append to contract '${this.contractId}', last behind the ${this.version} entries that it says are there; see that append answers true when it has written, and that read does not lag behind it`;
  }
}

/**
 * An award stands that another system made: its contractors are others, and whether they work is not
 * known here. Its code is `NO_RESPONDER`.
 */
export class AwardedElsewhere extends Failure {
  readonly _tag = 'AwardedElsewhere';
  readonly code = 'NO_RESPONDER';
  readonly class = 'transient';
  readonly contractId: string;
  /** Which system made it. */
  readonly systemId: string;
  /** Path of the contractor there. */
  readonly contractor: string;

  constructor(facts: { contractId: string; systemId: string; contractor: string }) {
    super();
    this.contractId = facts.contractId;
    this.systemId = facts.systemId;
    this.contractor = facts.contractor;
  }

  override get message(): string {
    return `contract '${this.contractId}' is awarded to '${this.contractor}' of system '${this.systemId}'; ask again when it is fulfilled, or, where this system has taken the place of that one, give it the same id`;
  }
}

/** What an award log is of. */
export interface AwardLogFacts {
  /** Where it is written; nowhere when `undefined`, and then everything is at once. */
  readonly store: AwardStore | undefined;
  readonly contractId: string;
  /** Whose contractors the awards are given to. */
  readonly systemId: string;
  /** Whether anybody could ask for this contract when this call is over. */
  readonly mayComeAgain: boolean;
  readonly environment: Environment;
  /** Told, at most once, why the store cannot be used. */
  readonly broke: (failure: unknown) => void;
}

export class AwardLog {
  readonly #store: AwardStore | undefined;
  readonly #contractId: string;
  readonly #systemId: string;
  readonly #mayComeAgain: boolean;
  readonly #environment: Environment;
  readonly #broke: (failure: unknown) => void;
  #refusals = 0;
  #pause: Timer | undefined;
  #over = false;
  /** How many entries there are when the last of them is an award that stands. */
  #standsAt: number | undefined;

  constructor(facts: AwardLogFacts) {
    this.#store = facts.store;
    this.#contractId = facts.contractId;
    this.#systemId = facts.systemId;
    this.#mayComeAgain = facts.mayComeAgain;
    this.#environment = facts.environment;
    this.#broke = facts.broke;
  }

  read(then: (record: AwardRecord) => void): void {
    const store = this.#store;
    if (store === undefined) {
      then(unknownContract);
      return;
    }
    this.#answered(
      () => store.read(this.#contractId),
      (answer) => {
        const record = recordIn(answer, this.#contractId);
        this.#refuseElsewhere(record.last);
        this.#stands(record.version, record.last);
        then(record);
      },
    );
  }

  /**
   * Appends an entry behind `version` others.
   *
   * @param overtaken Told what stands instead, when somebody else was first.
   */
  append(
    version: number,
    entry: AwardEntry,
    written: () => void,
    overtaken: (record: AwardRecord) => void,
  ): void {
    const store = this.#store;
    if (store === undefined) {
      written();
      return;
    }
    this.#answered(
      () => store.append(this.#contractId, version, entry),
      (answer) => {
        if (answerIn(answer, this.#contractId)) {
          this.#refusals = 0;
          this.#stands(version + 1, entry);
          written();
        } else {
          this.#refused(version, overtaken);
        }
      },
      (answer) => {
        if (answer === true) {
          this.#stands(version + 1, entry);
          this.#letGo();
        }
      },
    );
  }

  /** Nobody is told of anything any more. */
  end(): void {
    this.#over = true;
    this.#pause?.cancel();
    this.#letGo();
  }

  /** Errors: `AwardedElsewhere`. */
  #refuseElsewhere(last: AwardEntry | undefined): void {
    if (last?._tag === 'Awarded' && last.systemId !== undefined && last.systemId !== this.#systemId) {
      const { systemId, to } = last;
      throw new AwardedElsewhere({ contractId: this.#contractId, systemId, contractor: to.contractor });
    }
  }

  #stands(version: number, last: AwardEntry | undefined): void {
    this.#standsAt = last?._tag === 'Awarded' ? version : undefined;
    if (this.#standsAt !== undefined && this.#mayComeAgain) {
      this.#attended(true);
    }
  }

  #letGo(): void {
    const version = this.#standsAt;
    if (version === undefined) {
      return;
    }
    if (this.#mayComeAgain) {
      this.#attended(false);
      return;
    }
    const reason = 'the call is over, and nobody can come back to it';
    try {
      heed(this.#store!.append(this.#contractId, version, { _tag: 'Withdrawn', reason }), () => {});
    } catch {
      // It stays on record; whoever asked has gone, and could do nothing about it.
    }
  }

  #attended(isAttended: boolean): void {
    try {
      heed(this.#store!.attended?.(this.#contractId, isAttended), () => {});
    } catch {
      // It was only told so that it could save room.
    }
  }

  #refused(version: number, overtaken: (record: AwardRecord) => void): void {
    this.#refusals += 1;
    const attempts = this.#refusals;
    if (attempts >= refusalsMax) {
      this.#broke(new AwardNotWritten({ contractId: this.#contractId, attempts, version }));
    } else if (attempts === 1) {
      this.read(overtaken);
    } else {
      this.#pause = this.#environment.schedule(2 ** (attempts - 2), () => this.read(overtaken));
    }
  }

  /** Asks the store, and goes on at once where it answers at once. */
  #answered(
    ask: () => unknown,
    then: (answer: unknown) => void,
    late: (answer: unknown) => void = () => {},
  ): void {
    const settled = (answer: unknown): void => {
      if (this.#over) {
        late(answer);
      } else {
        try {
          then(answer);
        } catch (failure) {
          this.#broke(failure);
        }
      }
    };
    const failed = (failure: unknown): void => {
      if (!this.#over) {
        this.#broke(failure);
      }
    };
    try {
      const answer = ask();
      if (isThenable(answer)) {
        Promise.resolve(answer).then(settled, failed);
      } else {
        settled(answer);
      }
    } catch (thrown) {
      failed(thrown);
    }
  }
}

/** Errors: `InvalidParams` for what is no record. */
function recordIn(answer: unknown, contractId: string): AwardRecord {
  if (isObject(answer) && isVersion(answer['version']) && isEntry(answer['last'])) {
    return answer as unknown as AwardRecord;
  }
  const message = 'expected { version, last }: { version: 0, last: undefined } of what nothing is known';
  throw notAsAgreed('read', contractId, answer, message);
}

/** Errors: `InvalidParams` for what is no boolean. */
function answerIn(answer: unknown, contractId: string): boolean {
  if (typeof answer === 'boolean') {
    return answer;
  }
  throw notAsAgreed('append', contractId, answer, 'expected true or false');
}

const notAsAgreed = (verb: string, contractId: string, value: unknown, message: string): InvalidParams =>
  new InvalidParams({
    what: `answer of ${verb}, of the store of awards, to '${contractId}'`,
    value,
    issues: [{ path: '', message }],
  });

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isVersion = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function isEntry(value: unknown): boolean {
  if (value === undefined) {
    return true;
  }
  if (!isObject(value)) {
    return false;
  }
  switch (value['_tag']) {
    case 'Awarded': {
      const { callId, systemId, to, reserve } = value;
      const isNamed = typeof callId === 'string' && (systemId === undefined || typeof systemId === 'string');
      return isNamed && isOffer(to) && Array.isArray(reserve) && reserve.every(isOffer);
    }
    case 'Fulfilled':
      return isOffer(value['by']);
    default:
      return value['_tag'] === 'Withdrawn';
  }
}

const isOffer = (value: unknown): boolean => isObject(value) && typeof value['contractor'] === 'string';
