/**
 * Policies that count answers, whatever these say: `all`, `any`, `firstK`, `quorum`.
 *
 *     a ──●───────────►      any()      ●
 *     b ──────●───────►      firstK(2)  ──●
 *     c ──────────●───►      all()      ──────●
 *
 * Source: scatter-gather and aggregator of Hohpe & Woolf, "Enterprise Integration
 * Patterns" (2003); `quorum` is Gifford's, "Weighted voting" (1979), with a vote each.
 */
import { answersOf, type BallotKey } from './ballot.ts';
import type { Outcome } from './outcome.ts';
import { failureRule, type OnFailure, tooFew } from './partial-failure.ts';
import { checkCount, checkFits, decided, impossible, type Policy, undecided } from './policy.ts';
import { votesFor } from './voting-policies.ts';

/**
 * Waits for everybody. Its value is the answers, in the order of responders.
 *
 * With `fail-fast`, the default, the first failure ends it. With `collect` it waits for
 * all to answer or fail, and its value is the answers there are, perhaps none; with
 * `quorum` it does so while that many may still answer.
 *
 * Errors: `RangeError` for a rule that is not one of these.
 */
export function all<A>(options: OnFailure = {}): Policy<A, readonly A[]> {
  const rule = failureRule(options, 'fail-fast');
  return {
    name: 'all',
    needsEach: true,
    checkSize: (size) => rule.checkSize('all', size),
    decide: (ballot) =>
      rule.brokenBy(ballot.failed, ballot.size) ??
      (ballot.open === 0 ? decided(ballot.answers()) : undecided),
  };
}

/**
 * Waits for the first answer; it is the value. Failures end it when nobody is left who
 * could answer, or at once with `fail-fast`.
 */
export function any<A>(options: OnFailure = {}): Policy<A, A> {
  const one = firstK<A>(1, options);
  return {
    ...one,
    name: 'any',
    decide: (ballot) => {
      const verdict = one.decide(ballot);
      return verdict._tag === 'Decided' ? decided(verdict.value[0] as A) : verdict;
    },
  };
}

/**
 * Waits for `k` answers, whosoever. Its value is these, in order of arrival.
 *
 * Errors: `RangeError` for a `k` that is no whole number from 1 up; and for a group that
 * has not so many, before anybody is asked.
 */
export function firstK<A>(k: number, options: OnFailure = {}): Policy<A, readonly A[]> {
  checkCount('firstK', k);
  return enough(`firstK(${k})`, k, options, (outcomes) => answersOf(outcomes));
}

/**
 * Waits for `n` answers. Its value is these, in the order of responders; with `by` it is
 * the answer that `n` of them gave, which is the same one by what `by` makes of it.
 *
 * Where `n` is more than half, no two answers can both have a quorum, so it does not
 * depend on who is faster which one wins. It is over as soon as `n` cannot be had.
 *
 * Errors: as for `firstK`.
 */
export function quorum<A>(n: number): Policy<A, readonly A[]>;
export function quorum<A>(n: number, by: (answer: A) => BallotKey): Policy<A, A>;
export function quorum<A>(n: number, by?: (answer: A) => BallotKey): Policy<A, A | readonly A[]> {
  checkCount('quorum', n);
  const name = `quorum(${n})`;
  return by === undefined
    ? enough(name, n, {}, (outcomes: readonly Outcome<A>[]) =>
        answersOf(outcomes.toSorted((a, b) => a.index - b.index)),
      )
    : votesFor(name, () => n, by);
}

/** @param value What the outcomes that were enough come to, given in order of arrival. */
function enough<A>(
  name: string,
  needed: number,
  options: OnFailure,
  value: (outcomes: readonly Outcome<A>[]) => readonly A[],
): Policy<A, readonly A[]> {
  const rule = failureRule(options, 'collect');
  return {
    name,
    needsEach: (size) => rule.failsFast || size === needed,
    checkSize: (size) => {
      checkFits(name, needed, size);
      rule.checkSize(name, size);
    },
    decide: ({ answered, failed, open, outcomes, size }) => {
      if (answered < needed) {
        const cannot = answered + open < needed;
        return (
          rule.brokenBy(failed, size) ?? (cannot ? impossible(tooFew(needed, answered + open)) : undecided)
        );
      }
      const enough = outcomes.filter(({ _tag }) => _tag === 'Replied').slice(0, needed);
      // What failed after the last of these changes nothing any more.
      const failedBefore = outcomes.indexOf(enough.at(-1)!) + 1 - needed;
      return rule.brokenBy(failedBefore, size) ?? decided(value(enough));
    },
  };
}
