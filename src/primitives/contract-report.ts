/**
 * What comes of a contract net: the result, who did it, and what became of everybody.
 */
import type { Fate } from './negotiation.ts';
import type { Spent } from './spent.ts';

/** What became of one contractor. */
export interface ContractorReport<Bid = unknown> {
  /** Its path. */
  readonly agent: string;
  /**
   * `fulfilled`: it did the work; `failed`: it was awarded the task and did not do it;
   * `rejected`: somebody else was better, or its bid not acceptable; `silent`: it made
   * no bid in time; `unheard`: it was not called, since there was an award already.
   */
  readonly fate: Fate;
  /** What it bid, if it did. */
  readonly bid: Bid | undefined;
  /** Why it was silent, or what its award failed of. */
  readonly failure: unknown;
  /** What bidding and working cost, as far as is known when it is over. Nothing is known where nobody named a budget; `{}` is one. */
  readonly spent: Spent;
}

/** A contract that was fulfilled. */
export interface Fulfilled<Bid, Result> {
  readonly result: Result;
  /** Path of the contractor that performed the task. */
  readonly by: string;
  readonly bid: Bid;
  /** How many awards this call made: 1 when all went well, 0 when an earlier call had made it. */
  readonly awards: number;
  /** Everybody, in the order of the group. */
  readonly contractors: readonly ContractorReport<Bid>[];
}
