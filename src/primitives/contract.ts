/**
 * A contract: what manager and contractors say to each other about one sort of task.
 *
 *     manager                contractor
 *        |---- cfp --------------->|
 *        |<--- Propose | Refuse ---|   the reply
 *        |---- accept ------------>|
 *        |<--- Inform | Failure ---|   the reply
 *        |---- reject ------------>|
 *        |---- cancel ------------>|
 *        |<--- Cancelled | Inform -|   the reply
 *
 * Source: FIPA Contract Net Interaction Protocol (SC00029), with its cancel
 * meta-protocol; Smith, "The Contract Net Protocol" (1980).
 */
import type { StandardSchema } from '../core/schema.ts';
import { type } from '../core/schema.ts';
import { defineTopic, type Topic } from '../core/topic.ts';

/** Asks for proposals. */
export interface CallForProposals<out Task> {
  /** Which contract it is: the same whenever a manager begins anew with it. */
  readonly contractId: string;
  /** Which call for proposals: of one contract there may have been several. */
  readonly callId: string;
  readonly task: Task;
  /** How long a proposal is to stand, in milliseconds from now. Whoever has heard nothing by then is free. */
  readonly holdMs: number;
}

/** What a contractor answers to a call. */
export type Proposal<Bid> =
  | { readonly _tag: 'Propose'; readonly bid: Bid }
  | { readonly _tag: 'Refuse'; readonly reason: string };

/** The award: this proposal is accepted, and the task is to be performed. */
export interface AcceptProposal {
  readonly contractId: string;
  /** The call that was bid for: a copy that comes when there has been another is nothing. */
  readonly callId: string;
}

/** What a contractor answers to the award. */
export type Performance<Result> =
  | { readonly _tag: 'Inform'; readonly result: Result }
  | { readonly _tag: 'Failure'; readonly reason: string };

/** Why a proposal is not accepted. */
export type RejectReason = 'outbid' | 'too late' | 'not acceptable' | 'call cancelled' | 'call over';

/** This proposal is not accepted, or will not be should it still come. */
export interface RejectProposal {
  readonly contractId: string;
  readonly callId: string;
  readonly reason: RejectReason;
}

/** The award is taken back, unless the task has been performed. */
export interface CancelAward {
  readonly contractId: string;
  readonly callId: string;
}

export type Cancellation<Result> =
  | { readonly _tag: 'Cancelled' }
  | { readonly _tag: 'Inform'; readonly result: Result };

export interface ContractOptions<Task, Bid, Result> {
  /** What is to be done; any Standard Schema. It is checked when a contract net is called. */
  readonly task: StandardSchema<Task>;
  /** What a contractor offers; a bid that is none counts as a refusal. */
  readonly bid: StandardSchema<Bid>;
  /** What comes of the task. */
  readonly result: StandardSchema<Result>;
}

/** One sort of task that can be awarded: its name, the shapes of it, and the topics. */
export interface Contract<in out Task, in out Bid, in out Result> {
  readonly name: string;
  readonly options: ContractOptions<Task, Bid, Result>;
  readonly cfp: Topic<CallForProposals<Task>, Proposal<Bid>>;
  readonly accept: Topic<AcceptProposal, Performance<Result>>;
  readonly reject: Topic<RejectProposal>;
  readonly cancel: Topic<CancelAward, Cancellation<Result>>;
}

/**
 * Defines a sort of task that contractors can bid for. A definition is a value and
 * holds nothing; `contractNet` calls for proposals under it, `contractor` answers.
 *
 * Errors: `InvalidTopicName` for a name that cannot begin the name of a topic.
 *
 * @example
 * const Delivery = defineContract('delivery', { task: type<string>(), bid: type<number>(), result: type<string>() })
 * Delivery.cfp.name // => 'delivery.cfp'
 */
export function defineContract<Task, Bid, Result>(
  name: string,
  options: ContractOptions<Task, Bid, Result>,
): Contract<Task, Bid, Result> {
  return Object.freeze({
    name,
    options,
    cfp: defineTopic(`${name}.cfp`, {
      schema: type<CallForProposals<Task>>(),
      reply: type<Proposal<Bid>>(),
    }),
    accept: defineTopic(`${name}.accept`, {
      schema: type<AcceptProposal>(),
      reply: type<Performance<Result>>(),
    }),
    reject: defineTopic(`${name}.reject`, { schema: type<RejectProposal>() }),
    cancel: defineTopic(`${name}.cancel`, {
      schema: type<CancelAward>(),
      reply: type<Cancellation<Result>>(),
    }),
  });
}
