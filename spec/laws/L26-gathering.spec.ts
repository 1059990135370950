/**
 * L26, of gathering: the algebra of policies that users will assume.
 *
 * Two policies are the same when they say the same of any outcomes, in any order, at any
 * time: so that is asked of the pure functions. That what gathers does as they say is L13.
 */
import fc from 'fast-check';
import {
  all,
  any,
  both,
  either,
  firstK,
  gather,
  majority,
  type Outcome,
  type Policy,
  type Procedure,
  plurality,
  quorum,
  race,
  type Verdict,
  withinMs,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { OpenBallot } from '../../src/primitives/ballot.ts';
import { decided } from '../../src/primitives/policy.ts';
import { aWorld } from '../support/a-world.ts';
import { lawParameters, lawTimeoutMs } from '../support/law-runs.ts';

const by = (answer: number): number => answer;

/** What arrived of how many, and how long that took. */
const ballots = fc
  .tuple(
    fc.integer({ min: 1, max: 6 }),
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6 }),
    fc.nat(20),
  )
  .chain(([size, fates, elapsedMs]) =>
    fc
      .shuffledSubarray(
        Array.from({ length: size }, (_, index) => index),
        { minLength: 0 },
      )
      .map((order) => {
        const outcomes = order.slice(0, fates.length).map((index, at): Outcome<number> => {
          const whose = { agent: `/${index}`, index, spent: {}, tookMs: 0 };
          const fate = fates[at]!;
          return fate === 0
            ? { ...whose, _tag: 'Failed', failure: 'fails' }
            : { ...whose, _tag: 'Replied', value: fate };
        });
        return Object.assign(new OpenBallot(size, outcomes), { elapsedMs });
      }),
  );

/** Some policy that takes groups of that size. */
const policies = (size: number): readonly Policy<number, unknown>[] => [
  all(),
  all({ onFailure: 'collect' }),
  all({ onFailure: 'quorum', quorum: 1 + (size >> 1) }),
  any(),
  any({ onFailure: 'fail-fast' }),
  firstK(1 + (size >> 1)),
  quorum(size),
  quorum(1 + (size >> 1), by),
  majority(by),
  plurality(by),
  withinMs(10),
];

const mapped = <V, W>(verdict: Verdict<V>, map: (value: V) => W): Verdict<W> =>
  verdict._tag === 'Decided' ? decided(map(verdict.value)) : verdict;
/** What it says, but for the words in which it says what is missing. */
const told = (verdict: Verdict<unknown>): unknown => (verdict._tag === 'Impossible' ? verdict._tag : verdict);

function same(
  sides: (
    some: readonly Policy<number, unknown>[],
    size: number,
  ) => readonly [Policy<number, unknown>, Policy<number, unknown>],
): void {
  fc.assert(
    fc.property(ballots, fc.array(fc.nat(), { minLength: 3, maxLength: 3 }), (ballot, picks) => {
      const from = policies(ballot.size);
      const some = picks.map((pick) => from[pick % from.length]!);
      const [left, right] = sides(some, ballot.size);

      expect(told(left.decide(ballot))).toEqual(told(right.decide(ballot)));
    }),
    lawParameters,
  );
}

/** The same policy, with its value made into another. */
const withValue = (
  policy: Policy<number, unknown>,
  map: (value: never) => unknown,
): Policy<number, unknown> => ({
  name: policy.name,
  decide: (ballot) => mapped(policy.decide(ballot), map as (value: unknown) => unknown),
});

describe('policies', () => {
  it('law: firstK(1) is any, quorum(n of n) is all, and quorum(1) is firstK(1)', {
    timeout: lawTimeoutMs,
  }, () => {
    same(() => [withValue(firstK<number>(1), ([one]: readonly number[]) => one), any()]);
    same((_, size) => [quorum(size), all()]);
    same(() => [quorum(1), firstK(1)]);
  });

  it('law: a quorum of more than half that agrees is a majority', { timeout: lawTimeoutMs }, () => {
    same((_, size) => [quorum(Math.floor(size / 2) + 1, by), majority(by)]);
  });

  it('law: either and both are idempotent and associative, and what fails fast fails either way', {
    timeout: lawTimeoutMs,
  }, () => {
    same(([a]) => [either(a!, a!), a!]);
    same(([a]) => [withValue(both(a!, a!), ([one]: readonly [unknown, unknown]) => one), a!]);
    same(([a, b, c]) => [either(either(a!, b!), c!), either(a!, either(b!, c!))]);
    same(([a, b, c]) => [
      withValue(both(both(a!, b!), c!), ([[x, y], z]: [[unknown, unknown], unknown]) => [x, y, z]),
      withValue(both(a!, both(b!, c!)), ([x, [y, z]]: [unknown, [unknown, unknown]]) => [x, y, z]),
    ]);
  });

  it('law: without a limit withinMs changes nothing, and of two limits the earlier counts', {
    timeout: lawTimeoutMs,
  }, () => {
    same(([a]) => [
      withValue(withinMs(Number.POSITIVE_INFINITY, a!), ({ value }: { value: unknown }) => value),
      a!,
    ]);
    same(() => [either(withinMs(5), withinMs(15)), withinMs(5)]);
  });

  it('law: however deep they are nested, they say the same', { timeout: lawTimeoutMs }, () => {
    same(([a]) => {
      let nested = a!;
      for (let depth = 0; depth < 5; depth += 1) {
        const inner = nested;
        nested = withValue(both(either(inner, inner), inner), ([one]: readonly [unknown, unknown]) => one);
      }
      return [nested, a!];
    });
  });
});

describe('gatherings', () => {
  it('law: five deep, gathering all of one is that one, and so is a race of it', async () => {
    const world = aWorld();
    let gathered: Procedure<number, unknown> = (n) => n + 1;
    let raced: Procedure<number, unknown> = (n) => n + 1;
    for (let depth = 0; depth < 5; depth += 1) {
      const inner = gathered;
      gathered = async (n, scope) => {
        const { value } = await scope.request(gather([inner], all()), n);
        return value[0];
      };
      raced = race([raced]);
    }

    const answers: unknown[] = [];
    await world.run(async () => {
      answers.push(await world.system.request(gathered, 1), await world.system.request(raced, 1));
    });
    expect(answers).toEqual([2, 2]);
  });
});
