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
import { Interrupted, NoResponder } from '../actors/request-failures.ts';
import type { Sender } from '../actors/sender.ts';
import { senderOf } from '../actors/sender-of.ts';
import { refuseThenable } from '../actors/thenable.ts';
import { Tie } from '../actors/tie.ts';
import type { Lease, Limits } from '../core/budget.ts';
import { describeThrown, type Failure, reasonOf } from '../core/failure.ts';
import { limitsInUnits } from '../core/resource.ts';
import { check, InvalidParams } from '../core/schema.ts';
import type { AnyTopic, Topic } from '../core/topic.ts';
import { AwardLog } from './award-log.ts';
import type { AwardEntry, AwardRecord, AwardStore, MemoryAwards, Offer } from './award-store.ts';
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
import type { PerSystem } from './per-system.ts';
import { spentOn } from './spent.ts';

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
  readonly awards: AwardStore | undefined;
  /** Where they are written when `awards` is not given; `undefined` where nobody could ever read them. */
  readonly memories: PerSystem<MemoryAwards> | undefined;
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
  readonly #members: Member[];
  readonly #answer = Promise.withResolvers<Fulfilled<Bid, Result>>();
  readonly #ending = new Ending((failure) => {
    this.#interrupted(failure);
    this.#happened({ _tag: 'Interrupted' });
  });
  /** What has happened and is not decided yet: deciding is one thing after the other. */
  readonly #events: NegotiationEvent[] = [];
  #deciding = false;
  /** `undefined` until it is known what is recorded. */
  #now: Negotiation | undefined;
  #over = false;
  /** Lets the next manager of this contract begin. */
  #leave: (() => void) | undefined;
  #callId = '';
  readonly #awards: AwardStore | undefined;
  readonly #log: AwardLog;

  constructor(plan: Plan<Task, Bid, Result>, task: Task, scope: Scope) {
    this.#plan = plan;
    this.#task = task;
    this.#scope = scope;
    this.#sender = senderOf(scope);
    this.#contractId = plan.contractId === undefined ? this.#newId() : idIn(plan.contractId(task));
    this.#members = this.#group();
    const { kernel } = this.#sender;
    this.#awards = plan.awards ?? plan.memories?.ofKernel(kernel);
    this.#log = new AwardLog({
      store: this.#awards,
      contractId: this.#contractId,
      systemId: kernel.id,
      mayComeAgain: plan.contractId !== undefined,
      environment: kernel.environment,
      broke: (failure) => this.#happened({ _tag: 'Broke', failure }),
    });
  }

  /** Errors: those of `contractNet`, as a rejection. */
  manage(): Promise<Fulfilled<Bid, Result>> {
    const { contractId } = this.#plan;
    const awards = this.#awards;
    if (!this.#sender.tie(this.#ending)) {
      throw this.#sender.revoked;
    }
    if (contractId === undefined || awards === undefined) {
      this.#log.read((record) => this.#begin(this.#known(record)));
    } else {
      this.#leave = turnsOf(this.#sender.kernel, awards).take(this.#contractId, this.#plan.waitingMax, () =>
        this.#log.read((record) => this.#begin(this.#known(record))),
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
    const { best, awardsMax } = this.#plan;
    this.#deciding = true;
    this.#carryOut(begin({ best, awardsMax }, known));
    this.#decideAll();
  }

  #happened(event: NegotiationEvent): void {
    if (this.#over) {
      return;
    }
    if (this.#now === undefined) {
      // It ends before it has begun.
      this.#end();
      if (event._tag === 'Broke') {
        this.#fail(event.failure);
      }
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
          systemId: this.#sender.kernel.id,
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
      // What came of an award that was recorded before is no part of this call.
      member.bid = undefined;
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
    throw invalid(`proposal of '${path}'`, proposal, 'expected what the handlers of contractor answer');
  }

  #accept(contractor: number): void {
    const { contract, workWithinMs, workBudget } = this.#plan;
    const member = this.#members[contractor]!;
    let budget: Limits | undefined;
    try {
      budget = workBudget && budgetIn(workBudget(member.bid as Bid, this.#task));
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
    this.#log.append(
      this.#now!.version,
      entry,
      () => this.#happened({ _tag: 'Recorded' }),
      (record) => this.#happened({ _tag: 'Overtaken', known: this.#known(record) }),
    );
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

  /** Whoever awaits it goes on; whoever asked may not look at it any more. */
  #interrupted(failure: unknown): void {
    this.#answer.promise.catch(() => {});
    const agent = `contractNet ${this.#plan.contract.name}`;
    this.#fail(failure ?? new Interrupted({ agent, reason: 'the work that asked for it is over' }));
  }

  #report(): ContractorReport<Bid>[] {
    const { fates } = this.#now!;
    return this.#members.map(({ path, bid, failure, leases }, place) => ({
      agent: path,
      fate: fates[place]!,
      bid: bid as Bid | undefined,
      failure: fates[place] === 'fulfilled' ? undefined : failure,
      spent: spentOn(leases),
    }));
  }

  #end(): void {
    this.#over = true;
    this.#log.end();
    if (this.#sender.revoked === undefined) {
      this.#ending.untie();
    }
    // Otherwise it is about to be cut, and told of what.
    this.#leave?.();
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

/** Errors: `InvalidParams` for what is no string. */
function idIn(contractId: unknown): string {
  if (typeof contractId === 'string') {
    return contractId;
  }
  refuseThenable(contractId, 'contractId of a contract net');
  throw invalid('contractId of a contract net', contractId, 'expected a string');
}

/** Errors: `InvalidParams` for what does not compare. */
function scoreIn(score: unknown, path: string): number {
  const what = `score of the bid of '${path}'`;
  if (typeof score === 'number' && Math.abs(score) !== Number.POSITIVE_INFINITY) {
    return score;
  }
  refuseThenable(score, what);
  throw invalid(what, score, 'expected a finite number, or NaN for a bid that is not acceptable');
}

/** Errors: `InvalidParams` or `RangeError` for what limits nothing. */
function budgetIn(limits: Limits | undefined): Limits | undefined {
  if (limits !== undefined) {
    refuseThenable(limits, 'workBudget of a contract net');
    limitsInUnits(limits);
  }
  return limits;
}

const invalid = (what: string, value: unknown, message: string): InvalidParams =>
  new InvalidParams({ what, value, issues: [{ path: '', message }] });
