/**
 * `hedge`: a second try where the first is slow; the first answer wins.
 *
 *     first   ├──────────────╳           interrupted
 *     second        ├──────●             the answer
 *              afterMs
 *
 * Source: hedged requests of Dean & Barroso, "The tail at scale" (2013), who wait for
 * the 95th percentile of what such a call takes before they ask again: then one call
 * in twenty is made twice.
 */
import type { Procedure } from '../actors/context.ts';
import { senderOf } from '../actors/sender-of.ts';
import type { Timer } from '../core/environment.ts';
import { any } from './counting-policies.ts';
import { gathered, named, openGroup } from './gather.ts';
import type { GroupMember, GroupOptions } from './group.ts';
import { groupPlan } from './group-plan.ts';
import type { OpenGroup } from './open-group.ts';
import { RecentLatencies } from './recent-latencies.ts';

export interface HedgeOptions extends Omit<GroupOptions, 'concurrency'> {
  /** How long the first try has before the second begins, and the second before the third; milliseconds, at least 0. */
  readonly afterMs: number;
  /**
   * Waits as long as so many in a hundred of the latest first tries took, instead of `afterMs`; above
   * 0 and below 100, as 95. Until so many are known that one of them may exceed it, `afterMs` holds.
   */
  readonly percentile?: number;
  /** Of how many of the latest tries; a whole number from 1 up, 100 when not given. */
  readonly samplesMax?: number;
}

/**
 * Makes a procedure that asks the first of `members`, the next where no answer has come after a
 * while, and so on; the first answer counts, and the other tries are interrupted. One that
 * fails does not end it: the next begins at once. A single responder is tried twice.
 *
 * A try that lost is interrupted, but may have done its work: use it for what may be done
 * twice. To the same agent a second try waits behind the first, unless it has a window
 * for both; ask a topic, a capability or another agent.
 *
 * With a `percentile`, it keeps the latencies of the latest first tries, for each system. One that lost
 * counts as long as it was seen to take: otherwise those that are slow would be forgotten.
 *
 * Errors: `NotGathered` when all tries have failed; `RangeError`, at once, for options that
 * cannot be.
 */
export function hedge<Q, A>(
  members: GroupMember<Q, A> | readonly GroupMember<Q, A>[],
  options: HedgeOptions,
): Procedure<Q, A> {
  const tries = isList(members) ? members : [members, members];
  const { afterMs, percentile, samplesMax = 100, ...shared } = options;
  const plan = groupPlan('hedge', tries, { ...shared, concurrency: 1 });
  checkHedge(afterMs, percentile, samplesMax);
  const policy = any<A>();
  // By system: each has a clock of its own.
  const known = new WeakMap<object, RecentLatencies>();
  const hedged: Procedure<Q, A> = async (question, scope) => {
    const { kernel } = senderOf(scope);
    const latencies = known.get(kernel) ?? new RecentLatencies(samplesMax);
    known.set(kernel, latencies);
    const group = openGroup<Q, A>(question, plan, scope);
    const stop = admitInTurn(group, delayOf(afterMs, percentile, latencies));
    try {
      const { value, outcomes } = await gathered(group, policy);
      const first = outcomes[0]!;
      if (first._tag !== 'Failed') {
        latencies.record(first.tookMs);
      }
      return value;
    } finally {
      stop();
    }
  };
  return named('hedge', hedged);
}

/**
 * How long a try has before the next begins: `afterMs` until enough is known to tell the percentile.
 *
 * @example
 * delayOf(500, 50, { count: 1, percentile: () => 10 }) // => 500
 * delayOf(500, 50, { count: 2, percentile: () => 10 }) // => 10
 */
export function delayOf(
  afterMs: number,
  percentile: number | undefined,
  latencies: Pick<RecentLatencies, 'count' | 'percentile'>,
): number {
  if (percentile === undefined || latencies.count < 100 / (100 - percentile)) {
    return afterMs;
  }
  return latencies.percentile(percentile)!;
}

type Admits = Pick<OpenGroup<unknown, unknown>, 'admitOne' | 'environment' | 'lastAskedMs' | 'size'>;

/** Lets one more be asked at once, again and again; returns how to stop that. */
function admitInTurn(group: Admits, delayMs: number): () => void {
  const { environment, size } = group;
  let timer: Timer | undefined;
  const wait = (left: number, waitMs: number): void => {
    if (left === 0) {
      return;
    }
    timer = environment.schedule(waitMs, () => {
      // One that failed meanwhile let another begin, which has its time, too.
      const restMs = group.lastAskedMs + delayMs - environment.nowMs();
      if (restMs > 0) {
        wait(left, restMs);
      } else {
        group.admitOne();
        wait(left - 1, delayMs);
      }
    });
  };
  wait(size - 1, delayMs);
  return () => timer?.cancel();
}

function checkHedge(afterMs: number, percentile: number | undefined, samplesMax: number): void {
  if (typeof afterMs !== 'number' || !(afterMs >= 0)) {
    throw new RangeError(`afterMs of hedge is a number of milliseconds, at least 0; got ${String(afterMs)}`);
  }
  if (percentile !== undefined && !(percentile > 0 && percentile < 100)) {
    throw new RangeError(`percentile of hedge is above 0 and below 100; got ${String(percentile)}`);
  }
  if (!Number.isInteger(samplesMax) || samplesMax < 1) {
    throw new RangeError(`samplesMax of hedge is a whole number, at least 1; got ${String(samplesMax)}`);
  }
  if (percentile !== undefined && samplesMax < 100 / (100 - percentile)) {
    throw new RangeError(
      `samplesMax of hedge is too small to tell the percentile ${percentile}: at least ${Math.ceil(100 / (100 - percentile))}; got ${samplesMax}`,
    );
  }
}

function isList<T>(members: T | readonly T[]): members is readonly T[] {
  return Array.isArray(members);
}
