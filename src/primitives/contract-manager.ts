/**
 * The manager of one call of a contract net: carries out what its negotiation decides,
 * and tells it what comes of that.
 */
import type { AgentRef } from '../actors/agent-ref.ts';
import { Cell } from '../actors/cell.ts';
import type { RequestOptions, Scope } from '../actors/context.ts';
import type { Kernel } from '../actors/kernel.ts';
import { LocalRef, refOf } from '../actors/local-ref.ts';
import type { CallOutcome } from '../actors/pending-call.ts';
import { NoResponder } from '../actors/request-failures.ts';
import type { Sender } from '../actors/sender.ts';
import { senderOf } from '../actors/sender-of.ts';
import { isThenable, refuseThenable } from '../actors/thenable.ts';
import { Tie } from '../actors/tie.ts';
import { Lease, type Limits } from '../core/budget.ts';
import { describeThrown, type Failure, reasonOf } from '../core/failure.ts';
import { check, InvalidParams } from '../core/schema.ts';
import type { AnyTopic, Topic } from '../core/topic.ts';
import {
  type AwardEntry,
  type AwardRecord,
  type AwardStore,
  AwardsInconsistent,
  memoryAwards,
  type Offer,
  recordIn,
  wasWritten,
} from './award-store.ts';
import type {
  AcceptProposal,
  CallForProposals,
  CancelAward,
  Cancellation,
  Contract,
  Performance,
  Proposal,
  RejectProposal,
  RejectReason,
} from './contract.ts';
import { AwardDeclined, ContractFailed, NoProposals } from './contract-failures.ts';
import type { ContractorReport, Fulfilled } from './contract-report.ts';
import { ContractTurns } from './contract-turns.ts';
import {
  begin,
  type Command,
  type Decision,
  decide,
  type Known,
  type Negotiation,
  type NegotiationEvent,
  type Ranked,
  type Terms,
} from './negotiation.ts';
import { spentOn } from './spent.ts';
import { overWhileWaiting } from './still-wanted.ts';

/** An agent that can be called for proposals: its handlers are those `contractor` makes. */
export type ContractorRef<Task> = AgentRef<CallForProposals<Task>, unknown>;

/** How a contract net is conducted: see `ContractNetOptions`. */
export interface Plan<Task, Bid, Result> {
  readonly contract: Contract<Task, Bid, Result>;
  readonly contractors:
    | readonly ContractorRef<Task>[]
    | ((task: Task) => readonly ContractorRef<Task>[])
    | undefined;
  readonly score: (bid: Bid, contractor: string, task: Task) => number;
  readonly best: Terms['best'];
  readonly bidWithinMs: number;
  readonly workWithinMs: number;
  readonly cancelWithinMs: number;
  readonly awardsMax: number;
  readonly contractId: ((task: Task) => string) | undefined;
  /** Memory of each call where not given. */
  readonly awards: AwardStore | undefined;
  readonly waitingMax: number;
  readonly workBudget: ((bid: Bid, task: Task) => Limits) | undefined;
}

/** A contractor, as its manager knows it. */
interface Member {
  readonly path: string;
  /** `undefined` where an award is recorded for somebody who is not there. */
  readonly ref: AgentRef<never, unknown> | undefined;
  bid: unknown;
  failure: unknown;
  readonly leases: Lease[];
}

/** Told when the work ends in which a manager works. */
class Ending extends Tie {
  readonly #tell: (failure: unknown) => void;

  constructor(tell: (failure: unknown) => void) {
    super();
    this.#tell = tell;
  }

  cut(failure: unknown): void {
    this.#tell(failure);
  }
}

export class Manager<Task, Bid, Result> {
  readonly #plan: Plan<Task, Bid, Result>;
  readonly #task: Task;
  readonly #scope: Scope;
  readonly #sender: Sender;
  readonly #contractId: string;
  readonly #awards: AwardStore;
  readonly #members: Member[];
  readonly #answer = Promise.withResolvers<Fulfilled<Bid, Result>>();
  readonly #ending = new Ending((failure) => {
    this.#cutBy = failure;
    this.#happened({ _tag: 'Interrupted' });
  });
  /** Why the work has ended in which this is done, if it has and says so. */
  #cutBy: unknown;
  /** What has happened and is not decided yet: deciding is one thing after the other. */
  readonly #events: NegotiationEvent[] = [];
  #deciding = false;
  /** `undefined` until it is known what is recorded. */
  #now: Negotiation | undefined;
  #over = false;
  /** Where the store has an award of this call that was neither withdrawn nor fulfilled: the number of its next entry. */
  #standsAt: number | undefined;
  /** How often in a row the store would not write what it had not. */
  #refusals = 0;
  /** Lets the next manager of this contract begin. */
  #leave: (() => void) | undefined;
  #callId = '';

  constructor(plan: Plan<Task, Bid, Result>, task: Task, scope: Scope) {
    this.#plan = plan;
    this.#task = task;
    this.#scope = scope;
    this.#sender = senderOf(scope);
    this.#contractId = plan.contractId?.(task) ?? this.#newId();
    // Nobody ever looks up a contract that has no id of its own: its memory ends with the call.
    this.#awards = plan.awards ?? memoryAwards({ contractsMax: 1 });
    this.#members = this.#group();
    // Whoever was interrupted may not look at it any more.
    this.#answer.promise.catch(() => {});
  }

  /** Errors: those of `contractNet`, as a rejection. */
  manage(): Promise<Fulfilled<Bid, Result>> {
    this.#sender.tie(this.#ending);
    if (this.#plan.contractId === undefined) {
      this.#read((known) => this.#begin(known));
    } else {
      this.#leave = turnsOf(this.#sender.kernel, this.#awards).take(
        this.#contractId,
        this.#plan.waitingMax,
        () => this.#read((known) => this.#begin(known)),
      );
    }
    return this.#answer.promise;
  }

  #newId(): string {
    const { kernel } = this.#sender;
    return `${kernel.id}/${kernel.environment.nextId()}`;
  }

  #group(): Member[] {
    const { contractors, contract } = this.#plan;
    const listed = typeof contractors === 'function' ? contractors(this.#task) : contractors;
    const refs =
      listed ??
      this.#sender.kernel.board
        .entry(contract.cfp.name)
        .receivers.filter((receiver) => receiver instanceof Cell)
        .map(refOf)
        .toSorted((a, b) => (a.path < b.path ? -1 : 1));
    const members = new Map<string, Member>();
    for (const ref of refs) {
      if (LocalRef.cellOf(ref) === undefined) {
        throw new RangeError(`contractors are refs of agents; got ${describeThrown(ref)}`);
      }
      members.set(ref.path, memberAt(ref.path, ref));
    }
    return [...members.values()];
  }

  #begin(known: Known): void {
    if (!this.#over) {
      const { best, awardsMax } = this.#plan;
      this.#deciding = true;
      this.#carryOut(begin({ best, awardsMax }, known));
      this.#decideAll();
    }
  }

  #happened(event: NegotiationEvent): void {
    if (this.#over) {
      return;
    }
    if (this.#now === undefined) {
      // It ends before it has begun.
      if (event._tag === 'Broke') {
        this.#fail(event.failure);
      }
      this.#end();
      return;
    }
    // What is told after the end of this work is no news, but part of the end.
    this.#events.push(this.#sender.revoked === undefined ? event : { _tag: 'Interrupted' });
    if (!this.#deciding) {
      this.#deciding = true;
      this.#decideAll();
    }
  }

  #decideAll(): void {
    for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
      this.#carryOut(decide(this.#now!, event));
    }
    this.#deciding = false;
  }

  #carryOut({ negotiation, commands }: Decision): void {
    this.#now = negotiation;
    for (const command of commands) {
      this.#do(command);
    }
    if (negotiation.phase === 'over') {
      this.#end();
    }
  }

  #do(command: Command): void {
    switch (command._tag) {
      case 'Call':
        this.#call();
        break;
      case 'RecordAward': {
        const { to, reserve } = command;
        this.#record({
          _tag: 'Awarded',
          callId: this.#callId,
          to: this.#offerOf(to),
          reserve: reserve.map((one) => this.#offerOf(one)),
        });
        break;
      }
      case 'RecordWithdrawal':
        this.#record({ _tag: 'Withdrawn', reason: reasonOf(command.failure) });
        break;
      case 'RecordResult':
        this.#record({ _tag: 'Fulfilled', by: this.#offerOf(command.by), result: command.result });
        break;
      case 'Accept':
        this.#accept(command.contractor);
        break;
      case 'Cancel':
        this.#cancel(command.contractor);
        break;
      case 'Reject':
        this.#reject(command.contractor, command.reason);
        break;
      case 'Answer':
        this.#fulfilled(this.#offerOf(command.by), command.result);
        break;
      case 'AnswerAgain':
        this.#fulfilled(command.record.by, command.record.result);
        break;
      case 'GiveUp':
        this.#fail(this.#whyGivenUp());
        break;
      case 'Fail':
        this.#fail(command.failure);
    }
  }

  #call(): void {
    const { contract, bidWithinMs, workWithinMs, cancelWithinMs, awardsMax } = this.#plan;
    this.#callId = this.#newId();
    for (const member of this.#members) {
      // Of an earlier call, or an award of it.
      member.failure = undefined;
    }
    const atMostMs = bidWithinMs + awardsMax * (workWithinMs + cancelWithinMs);
    const leftMs = this.#scope.deadlineMs - this.#sender.kernel.environment.nowMs();
    const cfp: CallForProposals<Task> = {
      contractId: this.#contractId,
      callId: this.#callId,
      task: this.#task,
      // A bid lapses by itself only when the word that was due by then has had its time to arrive.
      holdMs: Math.min(atMostMs, leftMs) + cancelWithinMs,
    };
    for (const contractor of this.#members.keys()) {
      const how = { timeoutMs: bidWithinMs, awaited: false };
      this.#ask(contractor, contract.cfp, cfp, how, (outcome) => this.#spoke(contractor, outcome));
    }
  }

  /** A contractor has bid, or refused, or said nothing in time. */
  #spoke(contractor: number, outcome: CallOutcome): void {
    const member = this.#members[contractor]!;
    if ('failure' in outcome) {
      member.failure = outcome.failure;
      this.#happened({ _tag: 'Silent', contractor });
      return;
    }
    const proposal = outcome.value as Proposal<Bid> | undefined;
    if (proposal?._tag === 'Refuse') {
      this.#happened({ _tag: 'Refused', contractor });
      return;
    }
    let bid: Bid;
    try {
      bid = this.#bidIn(proposal, member.path);
    } catch (failure) {
      member.failure = failure;
      this.#happened({ _tag: 'Proposed', contractor, bid: undefined, score: Number.NaN });
      return;
    }
    member.bid = bid;
    let score: number;
    try {
      score = scoreIn(this.#plan.score(bid, member.path, this.#task), member.path);
    } catch (failure) {
      this.#happened({ _tag: 'Broke', failure });
      return;
    }
    this.#happened({ _tag: 'Proposed', contractor, bid, score });
  }

  /** Errors: `InvalidParams` for what is no proposal. */
  #bidIn(proposal: Proposal<Bid> | undefined, path: string): Bid {
    if (proposal?._tag === 'Propose') {
      return check(this.#plan.contract.options.bid, proposal.bid, 'bid of', path);
    }
    const issues = [{ path: '', message: 'expected what the handlers of contractor answer' }];
    throw new InvalidParams({ what: `proposal of '${path}'`, value: proposal, issues });
  }

  #accept(contractor: number): void {
    const { contract, workWithinMs, workBudget } = this.#plan;
    const member = this.#members[contractor]!;
    let budget: Limits | undefined;
    try {
      budget = workBudget?.(member.bid as Bid, this.#task);
      checkLimits(budget);
    } catch (failure) {
      this.#happened({ _tag: 'Broke', failure });
      return;
    }
    const accept: AcceptProposal = { contractId: this.#contractId, callId: this.#callId };
    const how = { timeoutMs: workWithinMs, ...(budget === undefined ? {} : { budget }) };
    this.#ask(contractor, contract.accept, accept, how, (outcome) => {
      const done = this.#resultIn(outcome, member.path);
      if ('result' in done) {
        this.#happened({ _tag: 'Informed', contractor, result: done.result });
      } else {
        member.failure = done.failure;
        this.#happened({ _tag: 'Failed', contractor, failure: done.failure });
      }
    });
  }

  /** Takes an award back. Whatever is answered, or not, it stands no more, unless the work is done. */
  #cancel(contractor: number): void {
    const { contract, cancelWithinMs } = this.#plan;
    const { path } = this.#members[contractor]!;
    const cancel: CancelAward = { contractId: this.#contractId, callId: this.#callId };
    this.#ask(contractor, contract.cancel, cancel, { timeoutMs: cancelWithinMs }, (outcome) => {
      const done = this.#resultIn(outcome, path);
      this.#happened(
        'result' in done
          ? { _tag: 'Informed', contractor, result: done.result }
          : { _tag: 'Cancelled', contractor },
      );
    });
  }

  #resultIn(outcome: CallOutcome, path: string): { readonly result: Result } | { readonly failure: unknown } {
    if ('failure' in outcome) {
      return outcome;
    }
    const answer = outcome.value as Performance<Result> | Cancellation<Result> | undefined;
    if (answer?._tag !== 'Inform') {
      const reason = answer?._tag === 'Failure' ? answer.reason : 'it does not say why';
      return { failure: new AwardDeclined({ contractor: path, reason }) };
    }
    try {
      return { result: check(this.#plan.contract.options.result, answer.result, 'result of', path) };
    } catch (failure) {
      return { failure };
    }
  }

  /** Asks a contractor; what is spent on it is known afterwards. */
  #ask<M, R>(
    contractor: number,
    topic: Topic<M, R>,
    message: M,
    how: RequestOptions,
    told: (outcome: CallOutcome) => void,
  ): void {
    const { ref, path, leases } = this.#members[contractor]!;
    if (ref === undefined) {
      told({ failure: new NoResponder({ target: path, asked: 0 }) });
      return;
    }
    const to = ref as AgentRef<M, R>;
    // A lease of its own only under one of the caller: without, the contractor's own budget pays.
    const metered = this.#sender.lease === undefined ? how : { budget: {}, ...how };
    const call = this.#sender.call(to, message, { ...metered, topic: topic as AnyTopic }, told);
    if (call?.lease !== undefined) {
      leases.push(call.lease);
    }
  }

  /** Tells a contractor that its bid does not win. It need not hear it: unheard, its bid lapses. */
  #reject(contractor: number, reason: RejectReason): void {
    const { ref } = this.#members[contractor]!;
    if (ref === undefined) {
      return;
    }
    // When this work has been ended, nothing can be said in it; whoever bid is to be told all the same.
    const sender = this.#sender.revoked === undefined ? this.#sender : senderOf(this.#sender.kernel.verbs);
    const topic = this.#plan.contract.reject;
    const word = { contractId: this.#contractId, callId: this.#callId, reason };
    try {
      sender.tell(ref as AgentRef<RejectProposal, unknown>, word, { topic: topic as AnyTopic });
    } catch {
      // Its mailbox takes nothing more, or it is no agent of this system.
    }
  }

  #record(entry: AwardEntry): void {
    const { version } = this.#now!;
    this.#answered(
      () => this.#awards.append(this.#contractId, version, entry),
      (answer) => wasWritten(answer, this.#contractId),
      (written) => {
        if (written) {
          this.#refusals = 0;
          this.#written(entry, version + 1);
          this.#happened({ _tag: 'Recorded' });
        } else {
          this.#refused(version);
        }
      },
    );
  }

  #written({ _tag }: AwardEntry, version: number): void {
    this.#standsAt = _tag === 'Awarded' ? version : undefined;
    if (this.#over) {
      this.#letGo();
    }
  }

  /** Somebody else was first, or so the store says. */
  #refused(version: number): void {
    this.#refusals += 1;
    this.#read((known) => {
      if (('version' in known && known.version === version) || this.#refusals > refusalsMax) {
        const failure = new AwardsInconsistent({ contractId: this.#contractId, version });
        this.#happened({ _tag: 'Broke', failure });
      } else {
        this.#happened({ _tag: 'Overtaken', known });
      }
    });
  }

  #read(then: (known: Known) => void): void {
    this.#answered(
      () => this.#awards.read(this.#contractId),
      (answer) => recordIn(answer, this.#contractId),
      (record) => then(this.#known(record)),
    );
  }

  /** An award that nobody can come back to would stand for ever. Nobody waits for what the store says to that. */
  #letGo(): void {
    const version = this.#standsAt;
    if (this.#plan.contractId === undefined && version !== undefined) {
      this.#standsAt = undefined;
      this.#answered(
        () =>
          this.#awards.append(this.#contractId, version, { _tag: 'Withdrawn', reason: 'its call is over' }),
        () => undefined,
        () => {},
      );
    }
  }

  /** Asks the store, and goes on at once where it answers at once. What it answers with is looked at before it is believed. */
  #answered<T>(ask: () => unknown, checked: (answer: unknown) => T, then: (answer: T) => void): void {
    const broke = (failure: unknown): void => this.#happened({ _tag: 'Broke', failure });
    let answer: T;
    try {
      const given = ask();
      if (isThenable(given)) {
        Promise.resolve(given)
          .then((settled) => then(checked(settled)))
          .catch(broke);
        return;
      }
      answer = checked(given);
    } catch (thrown) {
      broke(thrown);
      return;
    }
    then(answer);
  }

  #known({ version, last }: AwardRecord): Known {
    switch (last?._tag) {
      case 'Awarded': {
        const [to, ...reserve] = [last.to, ...last.reserve].map((offer) => this.#rankOf(offer));
        if (!this.#now?.hasCalled) {
          this.#callId = last.callId;
        }
        return { _tag: 'Standing', version, to: to!, reserve, size: this.#members.length };
      }
      case 'Fulfilled':
        return { _tag: 'Fulfilled', record: last, size: this.#members.length };
      default:
        return { _tag: 'Nothing', version, size: this.#members.length };
    }
  }

  /** The place of somebody with an offer on record, who need not be of the group any more. */
  #rankOf({ contractor, bid }: Offer): Ranked {
    let place = this.#members.findIndex(({ path }) => path === contractor);
    if (place < 0) {
      place = this.#members.push(memberAt(contractor, undefined)) - 1;
    }
    this.#members[place]!.bid = bid;
    return { contractor: place, bid, score: 0 };
  }

  #offerOf({ contractor, bid }: Ranked): Offer {
    return { contractor: this.#members[contractor]!.path, bid };
  }

  #whyGivenUp(): Failure {
    const facts = {
      contract: this.#plan.contract.name,
      contractId: this.#contractId,
      contractors: this.#report(),
    };
    const { awards, lastFailure } = this.#now!;
    return awards === 0 && lastFailure === undefined
      ? new NoProposals(facts)
      : new ContractFailed({ ...facts, awards, cause: lastFailure });
  }

  #fulfilled(by: Offer, result: unknown): void {
    this.#answer.resolve({
      result: result as Result,
      by: by.contractor,
      bid: by.bid as Bid,
      awards: this.#now!.awards,
      contractors: this.#report(),
    });
  }

  #fail(failure: unknown): void {
    this.#answer.reject(failure);
  }

  #report(): ContractorReport<Bid>[] {
    const { fates } = this.#now!;
    return this.#members.map(({ path, bid, failure, leases }, place) => ({
      agent: path,
      fate: fates[place]!,
      bid: bid as Bid | undefined,
      failure,
      spent: spentOn(leases),
    }));
  }

  #end(): void {
    this.#over = true;
    this.#ending.untie();
    this.#letGo();
    this.#leave?.();
    // Unless it was answered, or has failed, it was ended: whoever waits for it is to go on.
    this.#answer.reject(this.#cutBy ?? overWhileWaiting(`contractNet ${this.#plan.contract.name}`));
  }
}

/** Turns are those of a store in a system: a manager that ended with its host keeps nobody waiting on another. */
const turnsInStores = new WeakMap<Kernel, WeakMap<AwardStore, ContractTurns>>();

function turnsOf(kernel: Kernel, awards: AwardStore): ContractTurns {
  const inSystem = turnsInStores.get(kernel) ?? new WeakMap<AwardStore, ContractTurns>();
  turnsInStores.set(kernel, inSystem);
  const turns = inSystem.get(awards) ?? new ContractTurns();
  inSystem.set(awards, turns);
  return turns;
}

const memberAt = (path: string, ref: AgentRef<never, unknown> | undefined): Member => ({
  path,
  ref,
  bid: undefined,
  failure: undefined,
  leases: [],
});

/** Refusals of a store in a row after which it is not asked again: nobody else writes as often. */
const refusalsMax = 16;

/** Errors: `InvalidParams` for what is no number. `NaN` is one: that of a bid that is not acceptable. */
function scoreIn(score: unknown, path: string): number {
  const what = `score of the bid of '${path}'`;
  refuseThenable(score, what);
  if (typeof score !== 'number') {
    const issues = [{ path: '', message: 'expected a number, NaN for a bid that is not acceptable' }];
    throw new InvalidParams({ what, value: score, issues });
  }
  return score;
}

/** Errors: `RangeError` for limits that cannot be, before a contractor hears of them. */
function checkLimits(budget: Limits | undefined): void {
  if (budget !== undefined) {
    Lease.root(budget).settle();
  }
}
