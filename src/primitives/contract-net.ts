/**
 * Contract net: a manager calls for proposals, awards the task to the best, and sees it
 * done.
 *
 *     manager                      contractors
 *        |---- cfp ------------------->|  all
 *        |<--- propose, or refuse -----|  within `bidWithinMs`
 *        |                             |
 *        |  the award is recorded      |
 *        |---- reject ---------------->|  those who cannot win any more
 *        |---- accept ---------------->|  the best
 *        |<--- inform ----------------|  within `workWithinMs`; otherwise
 *        |---- cancel ---------------->|  it is told so, the award is withdrawn,
 *        |---- accept ---------------->|  and the next best of the reserve has it
 *        |  the result is recorded     |
 *        |---- reject ---------------->|  the rest of the reserve
 *
 * What follows from what is decided in `negotiation`; here it is only carried out.
 *
 * Guarantees, for contractors made by `contractor` (L15)
 *   - At most one award of a contract stands, and it has at most one result, also when
 *     the manager crashes and begins anew with the same store.
 *   - Late bids never win, and arrival order decides nothing.
 *   - Every bidder hears its fate; where that word is lost, its bid lapses by itself.
 *   - When the manager is interrupted, all bids and work for it end.
 *
 * Source: FIPA Contract Net Interaction Protocol (SC00029); Smith, "The Contract Net
 * Protocol", IEEE Trans. Computers C-29 (1980). There a manager may award a task to
 * several and whoever is not awarded is rejected at once; here it is one, and a few are
 * kept in reserve until it has done the work.
 */
import type { Procedure } from '../actors/context.ts';
import type { Limits } from '../core/budget.ts';
import { describeThrown } from '../core/failure.ts';
import { check } from '../core/schema.ts';
import { type AwardStore, memoryAwards } from './award-store.ts';
import type { Contract } from './contract.ts';
import { type ContractorRef, Manager, type Plan } from './contract-manager.ts';
import type { Fulfilled } from './contract-report.ts';
import { PerSystem } from './per-system.ts';
import { queueMaxDefault } from './queue-full.ts';

export interface ContractNetOptions<Task, Bid> {
  /** Who is called, in the order that decides between equal scores. Without it, every agent that hears `contract.cfp`, by path. */
  readonly contractors?: readonly ContractorRef<Task>[] | ((task: Task) => readonly ContractorRef<Task>[]);
  /** How a bid compares with others: a finite number, or `NaN` for a bid that is not acceptable; not a promise. */
  readonly score: (bid: Bid, contractor: string, task: Task) => number;
  /** Which score wins: `lowest` when not given, as of a price. */
  readonly best?: 'lowest' | 'highest';
  /** How long a contractor may take to bid, in milliseconds. The bids are closed earlier when all have spoken. */
  readonly bidWithinMs: number;
  /** How long the one who is awarded may take to do the work, in milliseconds; `Infinity` must be written. */
  readonly workWithinMs: number;
  /** How long one whose award is taken back may take to answer, in milliseconds; 1 000 when not given. */
  readonly cancelWithinMs?: number;
  /** How many awards are made, one after the other, before it is given up; 3 when not given. With 1 nobody is kept in reserve. */
  readonly awardsMax?: number;
  /** What makes two calls the same contract. Without it each call is a contract of its own, and nothing of it survives the call. */
  readonly contractId?: (task: Task) => string;
  /** Where awards are written down. When not given, with `contractId` in a memory of this contract net in each system; without it, nowhere. */
  readonly awards?: AwardStore;
  /** Most calls that wait, because another call is at the same contract; 1 024 when not given. What is beyond is refused. */
  readonly waitingMax?: number;
  /** What the work for a bid may spend at most. */
  readonly workBudget?: (bid: Bid, task: Task) => Limits;
}

/**
 * Makes a procedure that has a task done by whoever bids best for it.
 *
 * It calls all contractors, waits until each has bid or refused, or `bidWithinMs` have
 * passed, and scores the bids. The best is written down, then told; when it fails,
 * crashes or takes longer than `workWithinMs`, it is told so and the next best has its
 * turn, `awardsMax` of them at most.
 *
 * Guarantees: those of this room. With `contractId` and a store that lasts, a manager
 * that begins anew goes on with the award that stands, and a contract that was fulfilled
 * is answered again without any work.
 *
 * Cancellation: bids and work for it are interrupted, and all bidders told. The award
 * stays written down; whoever calls the same contract again goes on from there.
 *
 * Errors: `NoProposals` when there is nobody to award it to; `ContractFailed` when
 * nobody who was awarded did it; what `score` or the store throws; `InvalidParams` for a
 * task its schema refuses, and for a score, an id or an answer of the store that is none;
 * `AwardNotWritten` when the store keeps refusing; `AwardedElsewhere` when an award stands
 * that another system made, which works on it or has crashed; `QueueFull`. `RangeError`, at once, for an option that cannot be.
 *
 * Cost: one request to each contractor and one word to each bidder.
 *
 * @example
 * const Delivery = defineContract('delivery', { task: type<string>(), bid: type<number>(), result: type<string>() })
 * const rider = (name, price) => defineAgent({ name, on: contractor(Delivery, { bid: () => price, perform: (to) => `${name} went to ${to}` }) })
 * const system = createSystem({ agents: [rider('ada', 7), rider('bob', 5)] })
 * const deliver = contractNet(Delivery, { score: (price) => price, bidWithinMs: 100, workWithinMs: 1_000 })
 * const { result, by } = await system.request(deliver, 'Oslo')
 * result // => 'bob went to Oslo'
 * by // => '/bob'
 * await system.stop()
 */
export function contractNet<Task, Bid, Result>(
  contract: Contract<Task, Bid, Result>,
  options: ContractNetOptions<Task, Bid>,
): Procedure<Task, Fulfilled<Bid, Result>> {
  const plan = planOf(contract, options);
  const procedure: Procedure<Task, Fulfilled<Bid, Result>> = (task, scope) =>
    new Manager(plan, check(contract.options.task, task, 'task of', contract.name), scope).manage();
  return Object.defineProperty(procedure, 'name', { value: `contractNet ${contract.name}` });
}

function planOf<Task, Bid, Result>(
  contract: Contract<Task, Bid, Result>,
  options: ContractNetOptions<Task, Bid>,
): Plan<Task, Bid, Result> {
  const {
    best = 'lowest',
    cancelWithinMs = 1_000,
    awardsMax = 3,
    waitingMax = queueMaxDefault,
    contractors,
  } = options;
  atLeastZero('bidWithinMs', options.bidWithinMs, 'finite');
  atLeastZero('workWithinMs', options.workWithinMs);
  atLeastZero('cancelWithinMs', cancelWithinMs, 'finite');
  aFunction('score', options.score, 'needed');
  aFunction('workBudget', options.workBudget);
  aFunction('contractId', options.contractId);
  if (options.awards !== undefined) {
    aFunction('awards.read', options.awards?.read, 'needed');
    aFunction('awards.append', options.awards?.append, 'needed');
  }
  if (!Number.isInteger(awardsMax) || awardsMax < 1) {
    throw new RangeError(`awardsMax is a whole number, at least 1; got ${describeThrown(awardsMax)}`);
  }
  if (!Number.isInteger(waitingMax) || waitingMax < 0) {
    throw new RangeError(`waitingMax is a whole number, at least 0; got ${describeThrown(waitingMax)}`);
  }
  if (best !== 'lowest' && best !== 'highest') {
    throw new RangeError(`best is 'lowest' or 'highest'; got ${describeThrown(best)}`);
  }
  if (Array.isArray(contractors) ? contractors.length === 0 : !isFunctionOrNone(contractors)) {
    throw new RangeError(
      `contractors is a list of at least one ref, or a function; got ${describeThrown(contractors)}`,
    );
  }
  return {
    contract,
    contractors,
    score: options.score,
    best,
    bidWithinMs: options.bidWithinMs,
    workWithinMs: options.workWithinMs,
    cancelWithinMs,
    awardsMax,
    contractId: options.contractId,
    awards: options.awards,
    memories: options.contractId === undefined ? undefined : new PerSystem(() => memoryAwards()),
    waitingMax,
    workBudget: options.workBudget,
  };
}

function atLeastZero(name: string, valueMs: unknown, finite?: 'finite'): void {
  const isTime = typeof valueMs === 'number' && valueMs >= 0;
  if (!isTime || (finite !== undefined && valueMs === Number.POSITIVE_INFINITY)) {
    throw new RangeError(
      `${name} is a ${finite === undefined ? '' : 'finite '}number of milliseconds, at least 0; got ${describeThrown(valueMs)}`,
    );
  }
}

function aFunction(name: string, value: unknown, needed?: 'needed'): void {
  if (needed === undefined ? !isFunctionOrNone(value) : typeof value !== 'function') {
    throw new RangeError(`${name} is a function; got ${describeThrown(value)}`);
  }
}

const isFunctionOrNone = (value: unknown): boolean => value === undefined || typeof value === 'function';
