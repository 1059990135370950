/**
 * An outcome: what became of one of those who were asked together.
 */
import type { CallOutcome } from '../actors/pending-call.ts';
import type { Lease } from '../core/budget.ts';
import { failureClass } from '../core/failure.ts';
import { type Spent, spentOn } from './spent.ts';

/** Whose outcome it is, and what it cost. */
export interface Attribution {
  /** Path of the agent, or name of the topic, capability or procedure that was asked. */
  readonly agent: string;
  /** Its place among those who were asked, from 0. */
  readonly index: number;
  /**
   * What it spent, as far as is known when this is read: whoever is interrupted may
   * have a chunk under way. Nothing is known where nobody named a budget; `{}` is one.
   */
  readonly spent: Spent;
  /** How long it took, in milliseconds; 0 for who was never asked. */
  readonly tookMs: number;
}

/**
 * What became of one of those who were asked.
 *
 *   Replied       it answered with `value`
 *   Failed        it failed, of `failure`
 *   Interrupted   its work was ended: the others were enough, or somebody ended it
 */
export type Outcome<A> = Attribution &
  (
    | { readonly _tag: 'Replied'; readonly value: A }
    | { readonly _tag: 'Failed'; readonly failure: unknown }
    | { readonly _tag: 'Interrupted'; readonly failure: unknown }
  );

/** The outcome of one who was asked; what it spent is read from its lease, when it is looked at. */
export function outcomeOf<A>(
  agent: string,
  index: number,
  tookMs: number,
  ended: CallOutcome,
  lease: Lease | undefined,
): Outcome<A> {
  const outcome = withoutSpending<A>(agent, index, tookMs, ended);
  if (lease !== undefined) {
    const leases = [lease];
    Object.defineProperty(outcome, 'spent', { get: () => spentOn(leases), enumerable: true });
  }
  return outcome;
}

function withoutSpending<A>(agent: string, index: number, tookMs: number, ended: CallOutcome): Outcome<A> {
  if ('value' in ended) {
    return { _tag: 'Replied', agent, index, tookMs, value: ended.value as A, spent: nothing };
  }
  const { failure } = ended;
  const _tag = failureClass(failure) === 'interrupted' ? 'Interrupted' : 'Failed';
  return { _tag, agent, index, tookMs, failure, spent: nothing };
}

const nothing = spentOn([]);
