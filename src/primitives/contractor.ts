/**
 * A contractor: the handlers with which an ordinary agent bids for tasks, and performs
 * those it is awarded.
 *
 *     cfp ──> bid ──> propose ──> accept ──> perform ──> inform
 *                        └──────> reject, cancel, or too long a silence ──> lost
 *
 * Its memory of what it has bid is a `contract-book`, one for each agent, as old as its
 * state. What comes twice changes nothing the second time: the same call gets the same
 * bid, the same award the same result, and the task is performed once.
 *
 * Source: the participant of FIPA's Contract Net Interaction Protocol (SC00029).
 */

import type { Effect } from 'effect/Effect';
import type { Cell } from '../actors/cell.ts';
import type { Context, Procedure } from '../actors/context.ts';
import { type Handler, on } from '../actors/define-agent.ts';
import { Interrupted } from '../actors/request-failures.ts';
import { senderOf } from '../actors/sender-of.ts';
import { isThenable } from '../actors/thenable.ts';
import type {
  AcceptProposal,
  CallForProposals,
  CancelAward,
  Cancellation,
  Contract,
  Performance,
  Proposal,
  RejectProposal,
} from './contract.ts';
import { type BookEntry, ContractBook } from './contract-book.ts';
import { invoke } from './invoke.ts';
import { oneAnswerOf } from './one-answer.ts';

/** Says no to a task, and why. */
export class Refusal {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * What `bid` returns to say why it does not bid.
 *
 * @example
 * refuse('too far').reason // => 'too far'
 */
export const refuse = (reason: string): Refusal => new Refusal(reason);

export interface ContractorOptions<Task, Bid, Result, State = unknown> {
  /**
   * What it offers for a task; nothing, or `refuse(reason)`, when it does not want it.
   * It is interrupted when the bids are closed. What it sets aside for a bid, `lost`
   * or `perform` has to give back.
   */
  readonly bid: (
    task: Task,
    context: Context<State>,
  ) =>
    | Bid
    | Refusal
    | undefined
    | PromiseLike<Bid | Refusal | undefined>
    | Effect<Bid | Refusal | undefined, unknown>;
  /** Does the task; it is interrupted when nobody wants that any more. What it throws is a failure of this agent, as of any handler. */
  readonly perform: (
    task: Task,
    context: Context<State>,
    bid: Bid,
  ) => Result | PromiseLike<Result> | Effect<Result, unknown>;
  /** A bid has come to nothing before its work began: rejected, cancelled, or nothing was heard for too long. Once for each bid. */
  readonly lost?: (task: Task, reason: string, context: Context<State>) => void;
  /** Most bids and awards that are open at once, and most that are remembered when they are over; 1 024 when not given. It refuses what is beyond. */
  readonly contractsMax?: number;
}

/** The handlers of a contractor. */
export type ContractorHandlers<Task, Bid, Result, State> = readonly [
  Handler<CallForProposals<Task>, Proposal<Bid>, State>,
  Handler<AcceptProposal, Performance<Result>, State>,
  Handler<RejectProposal, never, State>,
  Handler<CancelAward, Cancellation<Result>, State>,
];

/**
 * Makes the handlers by which an agent takes part in the contract nets of a contract:
 * `defineAgent({ name, on: [...contractor(Delivery, { bid, perform }), on(Other, …)] })`.
 *
 * An agent that is busy hears calls when it has a free slot: with the usual
 * `concurrency` of 1 it does not bid while it works.
 *
 * Guarantees: a task is performed at most once for each award, and never for a bid that
 * was rejected, cancelled or has lapsed. Each bid that was made ends once: performed,
 * lost, or forgotten by a restart together with the state.
 *
 * Errors: `RangeError`, at once, for a limit that cannot be.
 *
 * @example
 * const Sum = defineContract('sum', { task: type<number[]>(), bid: type<number>(), result: type<number>() })
 * const adder = defineAgent({ name: 'adder', on: contractor(Sum, { bid: (task) => task.length, perform: (task) => task.reduce((a, b) => a + b) }) })
 * const system = createSystem({ agents: [adder] })
 * const sum = contractNet(Sum, { score: (steps) => steps, bidWithinMs: 100, workWithinMs: 1_000 })
 * const { result } = await system.request(sum, [1, 2, 3])
 * result // => 6
 * await system.stop()
 */
export function contractor<Task, Bid, Result, State = unknown>(
  contract: Contract<Task, Bid, Result>,
  options: ContractorOptions<Task, Bid, Result, State>,
): ContractorHandlers<Task, Bid, Result, State> {
  const { contractsMax = 1_024 } = options;
  if (!Number.isInteger(contractsMax) || contractsMax < 1) {
    throw new RangeError(`contractsMax is a whole number, at least 1; got ${contractsMax}`);
  }
  const desk = new Desk(options as ContractorOptions<unknown, unknown, unknown>, contractsMax);
  return [
    on(
      contract.cfp,
      (cfp, context: Context<State, Proposal<Bid>>) => desk.called(cfp, context as Context) as Proposal<Bid>,
    ),
    on(
      contract.accept,
      (accept, context: Context<State, Performance<Result>>) =>
        desk.accepted(accept, context as Context) as Performance<Result>,
    ),
    on(contract.reject, (reject, context: Context<State, never>) => {
      desk.rejected(reject, context as Context);
    }),
    on(
      contract.cancel,
      (cancel, context: Context<State, Cancellation<Result>>) =>
        desk.cancelled(cancel, context as Context) as Cancellation<Result>,
    ),
  ];
}

/** Works through what a contractor hears; one for all agents of a definition, each with a book of its own. */
class Desk {
  readonly #options: ContractorOptions<unknown, unknown, unknown>;
  readonly #contractsMax: number;
  /** By agent, and by which of its lives. */
  readonly #books = new WeakMap<Cell, { readonly life: number; readonly book: ContractBook }>();

  constructor(options: ContractorOptions<unknown, unknown, unknown>, contractsMax: number) {
    this.#options = options;
    this.#contractsMax = contractsMax;
  }

  called(
    cfp: CallForProposals<unknown>,
    context: Context,
  ): Proposal<unknown> | PromiseLike<Proposal<unknown>> {
    const { contractId, callId, task } = cfp;
    const book = this.#bookOf(context);
    const known = book.find(contractId);
    switch (known?.phase) {
      case 'bidding':
        known.callId = callId;
        this.#holds(known, cfp.holdMs, context);
        return known.work as PromiseLike<Proposal<unknown>>;
      case 'standing':
        known.callId = callId;
        this.#holds(known, cfp.holdMs, context);
        return { _tag: 'Propose', bid: known.bid };
      case 'performing':
        return { _tag: 'Refuse', reason: 'it does this task already' };
      case 'done':
        // Whoever awards it to this one has the result at once.
        known.callId = callId;
        return { _tag: 'Propose', bid: known.bid };
      case 'closed':
        if (known.callId === callId) {
          return { _tag: 'Refuse', reason: known.reason };
        }
    }
    const entry = book.bidding(contractId, callId, task);
    if (entry === undefined) {
      return { _tag: 'Refuse', reason: `it has ${book.contractsMax} bids and awards open` };
    }
    this.#holds(entry, cfp.holdMs, context);
    const bid = this.#options.bid as Procedure<unknown, unknown>;
    return propose(book, entry, context, () => invoke(bid, task, context), {
      lost: () => this.#options.lost?.(task, entry.reason, context),
    });
  }

  accepted(
    { contractId, callId }: AcceptProposal,
    context: Context,
  ): Performance<unknown> | PromiseLike<Performance<unknown>> {
    const book = this.#bookOf(context);
    const entry = ofCall(callId, book.find(contractId));
    switch (entry?.phase) {
      case 'standing':
        break;
      case 'performing':
        return entry.work as PromiseLike<Performance<unknown>>;
      case 'done':
        return { _tag: 'Inform', result: entry.result };
      default:
        return { _tag: 'Failure', reason: entry?.reason || 'no bid of it stands' };
    }
    return this.#perform(book, entry, context);
  }

  /** Works in a branch, so that a cancelled award ends it, whoever's message began it. */
  #perform(book: ContractBook, entry: BookEntry, context: Context): PromiseLike<Performance<unknown>> {
    const { bid } = entry;
    const sender = senderOf(context);
    const { promise, resolve, reject } = Promise.withResolvers<Performance<unknown>>();
    const perform: Procedure<unknown, unknown> = (task, scope) =>
      oneAnswerOf(this.#options.perform(task, scope as Context, bid), sender.cell!.path);
    entry.phase = 'performing';
    entry.work = promise;
    entry.isCutOff = () => sender.revoked !== undefined;
    const call = sender.call(perform, entry.task, { timeoutMs: Number.POSITIVE_INFINITY }, (outcome) => {
      if (entry.work !== promise) {
        resolve({ _tag: 'Failure', reason: entry.reason });
      } else if (sender.revoked !== undefined) {
        resolve({ _tag: 'Failure', reason: 'its work was interrupted' });
      } else if ('failure' in outcome) {
        book.close(entry, 'its work failed');
        reject(outcome.failure);
      } else {
        book.done(entry, outcome.value);
        resolve({ _tag: 'Inform', result: outcome.value });
      }
    });
    entry.stop = () =>
      call?.interrupt(new Interrupted({ agent: sender.cell!.path, reason: 'the award was taken back' }));
    return promise;
  }

  rejected({ contractId, callId, reason }: RejectProposal, context: Context): void {
    const book = this.#bookOf(context);
    const entry = book.find(contractId);
    if (entry === undefined) {
      book.closeUnknown(contractId, callId, reason);
    } else if (entry.phase === 'closed') {
      entry.callId = callId;
    } else if (entry.callId === callId && (entry.phase === 'bidding' || entry.phase === 'standing')) {
      this.#lose(book, entry, reason, context);
    }
  }

  cancelled({ contractId, callId }: CancelAward, context: Context): Cancellation<unknown> {
    const book = this.#bookOf(context);
    const entry = ofCall(callId, book.find(contractId));
    if (entry?.phase === 'done') {
      return { _tag: 'Inform', result: entry.result };
    }
    if (entry !== undefined && entry.phase !== 'closed') {
      this.#lose(book, entry, 'the award was cancelled', context);
    }
    return { _tag: 'Cancelled' };
  }

  #bookOf(context: Context): ContractBook {
    const cell = senderOf(context).cell!;
    let kept = this.#books.get(cell);
    if (kept?.life !== cell.restarts) {
      kept = { life: cell.restarts, book: new ContractBook(this.#contractsMax) };
      this.#books.set(cell, kept);
    }
    return kept.book;
  }

  /** A bid stands for so long; whoever is not heard of by then has crashed, or its word was lost. */
  #holds(entry: BookEntry, holdMs: number, context: Context): void {
    entry.lapses?.cancel();
    entry.lapses = undefined;
    if (holdMs >= 0 && holdMs < Number.POSITIVE_INFINITY) {
      entry.lapses = context.schedule(holdMs, (later) => this.#lapse(entry, later));
    }
  }

  #lapse(entry: BookEntry, context: Context): void {
    const book = this.#bookOf(context);
    book.find(entry.contractId);
    if (entry.phase === 'bidding' || entry.phase === 'standing') {
      this.#lose(book, entry, 'the bid has lapsed', context);
    }
  }

  #lose(book: ContractBook, entry: BookEntry, reason: string, context: Context): void {
    const { task, phase } = entry;
    book.close(entry, reason);
    if (phase === 'standing') {
      this.#options.lost?.(task, reason, context);
    }
  }
}

const ofCall = (callId: string, entry: BookEntry | undefined): BookEntry | undefined =>
  entry?.callId === callId ? entry : undefined;

/** Why there is no bid, if there is none. */
const refusalIn = (bid: unknown): string | undefined =>
  bid instanceof Refusal ? bid.reason : bid === undefined ? 'it does not bid' : undefined;

function proposed(book: ContractBook, entry: BookEntry, bid: unknown): Proposal<unknown> {
  const refusal = refusalIn(bid);
  if (refusal !== undefined) {
    book.close(entry, refusal);
    return { _tag: 'Refuse', reason: refusal };
  }
  entry.phase = 'standing';
  entry.work = undefined;
  entry.isCutOff = undefined;
  entry.bid = bid;
  return { _tag: 'Propose', bid };
}

/** Makes a bid, at once or with a promise. What comes after its handling is over changes nothing. */
function propose(
  book: ContractBook,
  entry: BookEntry,
  context: Context,
  bid: () => unknown,
  { lost }: { readonly lost: () => void },
): Proposal<unknown> | PromiseLike<Proposal<unknown>> {
  let made: unknown;
  let isLater: boolean;
  try {
    made = bid();
    isLater = isThenable(made);
  } catch (thrown) {
    book.close(entry, 'its bid failed');
    throw thrown;
  }
  if (!isLater) {
    return proposed(book, entry, made);
  }
  const sender = senderOf(context);
  const isMine = (): boolean => entry.work === bidding && sender.revoked === undefined;
  const bidding: Promise<Proposal<unknown>> = Promise.resolve(made as PromiseLike<unknown>).then(
    (offer) => {
      if (isMine()) {
        return proposed(book, entry, offer);
      }
      if (sender.revoked === undefined && refusalIn(offer) === undefined) {
        // It was rejected while it was made; whatever was set aside for it can be given back now.
        lost();
      }
      return { _tag: 'Refuse', reason: entry.reason || 'its bid was interrupted' };
    },
    (failure) => {
      if (isMine()) {
        book.close(entry, 'its bid failed');
      }
      throw failure;
    },
  );
  entry.isCutOff = () => sender.revoked !== undefined;
  entry.work = bidding;
  return bidding;
}
