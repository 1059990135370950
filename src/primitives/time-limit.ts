/**
 * `withinMs`: what there is when the time is up.
 *
 *     a ──●───────│       withinMs(500):  the answers of a and b, at 500 ms
 *     b ──────●───│       c is interrupted
 *     c ──────────│──●
 */
import type { Ballot } from './ballot.ts';
import { all } from './counting-policies.ts';
import { decided, type Policy, undecided, type Verdict, waitsForEach } from './policy.ts';

/** What came of a policy with a time limit. */
export type Within<A, V> =
  /** It was decided in time. */
  | { readonly _tag: 'InTime'; readonly value: V }
  /** It was not; `answers` are those that came, in the order of responders. */
  | { readonly _tag: 'Partial'; readonly answers: readonly A[] };

/**
 * Waits for so long at most. Alone, its value is the answers that came by then, in the
 * order of responders; it does not wait for those who failed. Around another policy it
 * is that one's value as `InTime`, or what came until then as `Partial`.
 *
 * It never turns into a failure what the time runs out for; but a policy that cannot be
 * decided any more fails at once, not when the time is up.
 *
 * Errors: `RangeError` for a time that is no number of milliseconds from 0 up.
 *
 * @param limitMs Milliseconds from when they were asked; `Infinity` for no limit.
 */
export function withinMs<A>(limitMs: number): Policy<A, readonly A[]>;
export function withinMs<A, V>(limitMs: number, policy: Policy<A, V>): Policy<A, Within<A, V>>;
export function withinMs<A, V>(
  limitMs: number,
  policy?: Policy<A, V>,
): Policy<A, Within<A, V> | readonly A[]> {
  if (typeof limitMs !== 'number' || !(limitMs >= 0)) {
    throw new RangeError(
      `withinMs takes a number of milliseconds, at least 0, or Infinity; got ${String(limitMs)}`,
    );
  }
  if (policy === undefined) {
    const everyone = all<A>({ onFailure: 'collect' });
    return limited(
      limitMs,
      everyone,
      (answers) => answers,
      (answers) => answers,
    );
  }
  return limited<A, V, Within<A, V>>(
    limitMs,
    policy,
    (value) => ({ _tag: 'InTime', value }),
    (answers) => ({ _tag: 'Partial', answers }),
  );
}

function limited<A, V, W>(
  limitMs: number,
  policy: Policy<A, V>,
  inTime: (value: V) => W,
  partial: (answers: readonly A[]) => W,
): Policy<A, W> {
  const { limitsMs = [] } = policy;
  return {
    name: `withinMs(${limitMs}, ${policy.name})`,
    limitsMs: limitMs === Number.POSITIVE_INFINITY ? limitsMs : [...limitsMs, limitMs],
    // The time runs out also in a wait cycle.
    needsEach: (size) => limitMs === Number.POSITIVE_INFINITY && waitsForEach(policy, size),
    checkSize: (size) => policy.checkSize?.(size),
    decide: (ballot: Ballot<A>): Verdict<W> => {
      const verdict = policy.decide(ballot);
      switch (verdict._tag) {
        case 'Decided':
          return decided(inTime(verdict.value));
        case 'Impossible':
          return verdict;
        default:
          return ballot.elapsedMs >= limitMs ? decided(partial(ballot.answers())) : undecided;
      }
    },
  };
}
