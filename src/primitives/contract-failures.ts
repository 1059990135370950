/**
 * What a contract net can fail of.
 */
import { Failure, type FailureClass, failureClass, reasonOf } from '../core/failure.ts';
import type { ContractorReport } from './contract-report.ts';

/** Nobody made a proposal that could be accepted; nothing was awarded. Its code is `NO_RESPONDER`. */
export class NoProposals extends Failure {
  readonly _tag = 'NoProposals';
  readonly code = 'NO_RESPONDER';
  readonly class = 'transient';
  readonly contract: string;
  readonly contractId: string;
  /** Everybody who was called, in the order of the group, and what became of each. */
  readonly contractors: readonly ContractorReport[];

  constructor(facts: {
    contract: string;
    contractId: string;
    contractors: readonly ContractorReport[];
  }) {
    super();
    this.contract = facts.contract;
    this.contractId = facts.contractId;
    this.contractors = facts.contractors;
  }

  override get message(): string {
    const { length } = this.contractors;
    if (length === 0) {
      return `there is nobody to call for proposals of '${this.contract}'`;
    }
    const having = (fate: string): number =>
      this.contractors.filter((contractor) => contractor.fate === fate).length;
    return `nobody proposed to do '${this.contract}': of ${length} called, ${having('refused')} refused, ${having('silent')} said nothing in time, ${having('rejected')} made a bid that is not acceptable`;
  }
}

/** The task was awarded, and nobody it was awarded to performed it. Its code is `NO_RESPONDER`. */
export class ContractFailed extends Failure {
  readonly _tag = 'ContractFailed';
  readonly code = 'NO_RESPONDER';
  /** That of the last award's failure; of a defect, `permanent`, and of an interrupt, `transient`: neither was the caller's. */
  readonly class: FailureClass;
  readonly contract: string;
  readonly contractId: string;
  /** How many awards this call made, one after the other; 0 when it only went on with one that stood. */
  readonly awards: number;
  readonly contractors: readonly ContractorReport[];

  /** @param facts `cause` is what the last award failed of. */
  constructor(facts: {
    contract: string;
    contractId: string;
    awards: number;
    contractors: readonly ContractorReport[];
    cause: unknown;
  }) {
    super({ cause: facts.cause });
    const of = failureClass(facts.cause);
    this.class = of === 'defect' ? 'permanent' : of === 'interrupted' ? 'transient' : of;
    this.contract = facts.contract;
    this.contractId = facts.contractId;
    this.awards = facts.awards;
    this.contractors = facts.contractors;
  }

  override get message(): string {
    return `nobody did '${this.contract}' (${this.awards} awards); the last award failed: ${reasonOf(this.cause)}`;
  }
}

/** A contractor does not perform what it was awarded: its bid does not stand any more. Its code is `NO_RESPONDER`. */
export class AwardDeclined extends Failure {
  readonly _tag = 'AwardDeclined';
  readonly code = 'NO_RESPONDER';
  readonly class = 'transient';
  /** Its path. */
  readonly contractor: string;
  readonly reason: string;

  constructor(facts: { contractor: string; reason: string }) {
    super();
    this.contractor = facts.contractor;
    this.reason = facts.reason;
  }

  override get message(): string {
    return `'${this.contractor}' does not do what it was awarded: ${this.reason}`;
  }
}
