/**
 * `batched`: many callers' requests become one call, by number or by age.
 *
 *     a ──1──▶ ┐                          ┌──▶ a: 'one'
 *     b ──2──▶ ├─ [1, 2, 4] ──▶ one call ─┼──▶ b: failed
 *     c ─ ✗    │                          └──▶ d: 'four'
 *     d ──4──▶ ┘                               c had left: it is not in it
 *
 * (`batch` is the operator that gathers the values of a stream.)
 *
 * Guarantees (L25): no batch has more than `max` inputs; none is held back longer than
 * `withinMs` after its first caller came; each output, and each failure among them, goes to
 * its own caller, whoever else has left.
 *
 * Bounds: `queueMax` callers who wait.
 *
 * Source: `DataLoader` of Facebook (2015).
 */
import type { Procedure, Responder, Scope, Verbs } from '../actors/context.ts';
import { type BatchedStatistics, Batching, type BatchingPolicy } from './batching.ts';
import type { Work } from './called.ts';
import { PerSystem } from './per-system.ts';
import { queueMaxDefault } from './queue-full.ts';
import { checkTimeout, type SharedCallOptions } from './shared-call.ts';

/** Outputs in the order of their inputs, or by key. An error in the place of an output is the failure of that one caller. */
export type BatchOutputs<O> = readonly (O | Error)[] | ReadonlyMap<unknown, O | Error>;

export interface BatchedOptions<I, O> extends SharedCallOptions {
  /** Most inputs of a batch; a whole number, at least 1. */
  readonly max: number;
  /** How long the first caller of a batch waits for others, in milliseconds, at least 0. */
  readonly withinMs: number;
  /** Who is asked for a whole batch: a procedure, an agent, a topic or a capability. */
  readonly call: Responder<readonly I[], BatchOutputs<O>>;
  /** Under which key of a map of outputs that of an input is found. */
  readonly key?: (input: I) => unknown;
  /** Most callers that wait, for their batch to go or for its answer; 1 024 when not given. */
  readonly queueMax?: number;
}

/** Called with one input at a time. */
export interface Batched<in I, out O> {
  (input: I, scope: Scope): Promise<O>;
  /** What it has done in the system that these verbs are of. */
  statistics(verbs: Verbs): BatchedStatistics;
}

/**
 * Makes one call of several.
 *
 * The call is made by the system, on behalf of all who are in the batch: it has a deadline
 * of its own (`timeoutMs`, 30 s when neither says otherwise), and each caller keeps
 * theirs. What it spent is charged in even shares to those who were in it, also to who
 * has left since, when it is over.
 *
 * Cancellation: who is interrupted before the batch goes is not in it; after that it
 * stops waiting. The last to leave interrupts the call.
 *
 * Errors: what the call fails of, for all; an `Error` among the outputs, for its caller;
 * `BatchMismatch` for all when there are not as many outputs as inputs, or for whose key
 * is missing; `QueueFull`. `RangeError`, when it is made, for options that cannot be.
 *
 * @example
 * const system = createSystem()
 * const calls: (readonly number[])[] = []
 * const square = batched({ max: 10, withinMs: 5, call: async (numbers: readonly number[]) => { calls.push(numbers); return numbers.map((n) => n * n) } })
 * await Promise.all([system.request(square, 2), system.request(square, 3)]) // => [4, 9]
 * calls // => [[2, 3]]
 * await system.stop()
 */
export function batched<I, O>(options: BatchedOptions<I, O>): Batched<I, O> {
  const policy = policyOf(options);
  const systems = new PerSystem((kernel) => new Batching(policy, kernel));
  const procedure: Procedure<I, O> = function batched(input, scope) {
    return systems.of(scope).call(input, scope) as Promise<O>;
  };
  return Object.assign(procedure as (input: I, scope: Scope) => Promise<O>, {
    statistics: (verbs: Verbs) => systems.of(verbs).statistics,
  });
}

function policyOf<I, O>(options: BatchedOptions<I, O>): BatchingPolicy {
  const { max, withinMs, call, key, queueMax = queueMaxDefault, timeoutMs, budget } = options;
  if (!Number.isSafeInteger(max) || max < 1) {
    throw new RangeError(`max of batched is a whole number, at least 1; got ${max}`);
  }
  if (typeof withinMs !== 'number' || !(withinMs >= 0 && withinMs < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`withinMs of batched is a number of milliseconds, at least 0; got ${withinMs}`);
  }
  if (!Number.isSafeInteger(queueMax) || queueMax < 1) {
    throw new RangeError(`queueMax of batched is a whole number, at least 1; got ${queueMax}`);
  }
  checkTimeout('batched', timeoutMs);
  return {
    max,
    withinMs,
    queueMax,
    work: call as Work,
    keyOf: key as ((input: unknown) => unknown) | undefined,
    call: { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(budget === undefined ? {} : { budget }) },
  };
}
