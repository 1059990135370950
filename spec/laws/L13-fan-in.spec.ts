/**
 * L13: a fan-in settles once, as soon as its policy is decided and not before; losers are
 * interrupted; where the policy says so, arrival order does not matter.
 *
 * In two parts. A policy decides exactly when nothing that may still come could change
 * it: that is checked against a slow model, which tries all that may come. And whoever
 * gathers does what the policy says, once, in the step in which it says so, under every
 * schedule and fault.
 */
import fc from 'fast-check';
import {
  all,
  any,
  type BallotKey,
  firstK,
  majority,
  type Outcome,
  type Policy,
  plurality,
  quorum,
  type Verdict,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { OpenBallot } from '../../src/primitives/ballot.ts';
import { explore, lawPack, type World } from '../../src/testing/index.ts';
import { Courts } from '../support/courts.ts';
import { lawExploration, lawParameters, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

/** What becomes of one who is asked. */
type Fate = 'x' | 'y' | 'z' | 'fails';
/** In order of arrival: who it is, and what became of it. */
type Arrival = { readonly index: number; readonly fate: Fate };

/** A policy, and what it comes to when all have arrived, said as slowly and plainly as can be. */
interface Modelled {
  readonly policy: (size: number) => Policy<string, unknown>;
  /** `undefined` when it cannot be had. */
  readonly end: (arrivals: readonly Arrival[], size: number) => unknown;
  /** Whether that is the same in whatever order they arrive. */
  readonly ordered?: true;
}

const by = (answer: string): BallotKey => answer;
const replies = (arrivals: readonly Arrival[]): readonly Arrival[] =>
  arrivals.filter(({ fate }) => fate !== 'fails');
const inOrder = (arrivals: readonly Arrival[]): readonly Arrival[] =>
  arrivals.toSorted((a, b) => a.index - b.index);
const fates = (arrivals: readonly Arrival[]): readonly Fate[] => arrivals.map(({ fate }) => fate);
const votesOf = (arrivals: readonly Arrival[], fate: Fate): number =>
  arrivals.filter((one) => one.fate === fate).length;
const half = (size: number): number => Math.floor(size / 2) + 1;
/** The first answer, in order of arrival, that so many have given. */
const firstWith = (arrivals: readonly Arrival[], votes: number): Fate | undefined =>
  arrivals.find(({ fate }, at) => fate !== 'fails' && votesOf(arrivals.slice(0, at + 1), fate) >= votes)
    ?.fate;

const models: Readonly<Record<string, Modelled>> = {
  all: {
    policy: () => all(),
    end: (arrivals, size) => (replies(arrivals).length === size ? fates(inOrder(arrivals)) : undefined),
  },
  'all, which collects': {
    policy: () => all({ onFailure: 'collect' }),
    end: (arrivals) => fates(inOrder(replies(arrivals))),
  },
  'all, of which two have to answer': {
    policy: (size) => all({ onFailure: 'quorum', quorum: Math.min(2, size) }),
    end: (arrivals, size) =>
      replies(arrivals).length >= Math.min(2, size) ? fates(inOrder(replies(arrivals))) : undefined,
  },
  any: { policy: () => any(), end: (arrivals) => replies(arrivals)[0]?.fate, ordered: true },
  'any, which fails fast': {
    policy: () => any({ onFailure: 'fail-fast' }),
    end: ([first]) => (first!.fate === 'fails' ? undefined : first!.fate),
    ordered: true,
  },
  firstK: {
    policy: (size) => firstK(Math.min(2, size)),
    end: (arrivals, size) => enough(replies(arrivals), Math.min(2, size)),
    ordered: true,
  },
  quorum: {
    policy: (size) => quorum(half(size)),
    end: (arrivals, size) => {
      const first = replies(arrivals).slice(0, half(size));
      return enough(inOrder(first), half(size));
    },
    ordered: true,
  },
  'quorum of equal answers': {
    policy: (size) => quorum(Math.min(2, size), by),
    end: (arrivals, size) => firstWith(arrivals, Math.min(2, size)),
    ordered: true,
  },
  majority: {
    policy: () => majority(by),
    end: (arrivals, size) => firstWith(arrivals, half(size)),
  },
  plurality: {
    policy: () => plurality(by),
    end: (arrivals) => {
      const most = Math.max(...(['x', 'y', 'z'] as const).map((fate) => votesOf(arrivals, fate)));
      return inOrder(replies(arrivals)).find(({ fate }) => votesOf(arrivals, fate) === most)?.fate;
    },
  },
};

function enough(arrivals: readonly Arrival[], needed: number): readonly Fate[] | undefined {
  return arrivals.length >= needed ? fates(arrivals.slice(0, needed)) : undefined;
}

const fateOf = fc.constantFrom<Fate>('x', 'y', 'fails', 'z');

/** Up to four are asked; some of them have arrived, in some order. */
const arrivalsSoFar = fc
  .tuple(fc.array(fateOf, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(4))
  .map(([given, shuffle, arrived]) => {
    const orders = permutations(given.map((fate, index) => ({ index, fate })));
    return { size: given.length, arrivals: orders[shuffle % orders.length]!.slice(0, arrived) };
  });

describe.each(Object.entries(models))('the policy %s', (_, { policy, end }) => {
  it(
    'law: it is decided, or impossible, exactly when nothing that may still come changes what it comes to',
    () => {
      fc.assert(
        fc.property(arrivalsSoFar, ({ size, arrivals }) => {
          const verdict = verdictOf(policy(size), size, arrivals);

          const ends = new Set(
            [...completions(arrivals, size)].map((complete) => JSON.stringify(end(complete, size)) ?? 'none'),
          );
          expect(JSON.stringify(said(verdict))).toBe(
            JSON.stringify(ends.size > 1 ? 'undecided' : [...ends][0]),
          );
        }),
        { ...lawParameters, numRuns: Math.min(lawRuns, 400) },
      );
    },
    lawTimeoutMs,
  );
});

const unordered = Object.entries(models).filter(([, { ordered }]) => ordered !== true);

describe.each(unordered)('the policy %s', (_, { policy }) => {
  it(
    'law: it comes to the same in whatever order they arrive',
    () => {
      fc.assert(
        fc.property(fc.array(fateOf, { minLength: 1, maxLength: 5 }), (given) => {
          const arrivals = given.map((fate, index) => ({ index, fate }));
          const ways = permutations(arrivals).map((order) => said(firstVerdict(policy(given.length), order)));

          expect(new Set(ways).size).toBe(1);
        }),
        lawParameters,
      );
    },
    lawTimeoutMs,
  );
});

/** What the policy says when these have arrived, one after the other. */
function verdictOf(
  policy: Policy<string, unknown>,
  size: number,
  arrivals: readonly Arrival[],
): Verdict<unknown> {
  return policy.decide(new OpenBallot(size, arrivals.map(outcomeOf)));
}

/** Its first decision, when they arrive in that order. */
function firstVerdict(policy: Policy<string, unknown>, arrivals: readonly Arrival[]): Verdict<unknown> {
  const ballot = new OpenBallot<string>(arrivals.length);
  for (const arrival of arrivals) {
    ballot.add(outcomeOf(arrival));
    const verdict = policy.decide(ballot);
    if (verdict._tag !== 'Undecided') {
      return verdict;
    }
  }
  throw new Error('all have arrived, and it is not decided');
}

function outcomeOf({ index, fate }: Arrival): Outcome<string> {
  const whose = { agent: `/${index}`, index, spent: {}, tookMs: 0 };
  return fate === 'fails'
    ? { ...whose, _tag: 'Failed', failure: new Error('fails') }
    : { ...whose, _tag: 'Replied', value: fate };
}

function said(verdict: Verdict<unknown>): string {
  switch (verdict._tag) {
    case 'Decided':
      return JSON.stringify(verdict.value);
    case 'Impossible':
      return 'none';
    default:
      return 'undecided';
  }
}

function* completions(arrivals: readonly Arrival[], size: number): Generator<readonly Arrival[]> {
  if (arrivals.length === size) {
    yield arrivals;
    return;
  }
  for (let index = 0; index < size; index += 1) {
    if (!arrivals.some((arrival) => arrival.index === index)) {
      for (const fate of ['x', 'y', 'z', 'fails'] as const) {
        yield* completions([...arrivals, { index, fate }], size);
      }
    }
  }
}

function permutations<T>(of: readonly T[]): readonly (readonly T[])[] {
  return of.length === 0
    ? [[]]
    : of.flatMap((one, at) => permutations(of.toSpliced(at, 1)).map((rest) => [one, ...rest]));
}

describe('a fan-in', () => {
  it(
    'law: it settles once, in the step in which its policy decides, and whoever lost is interrupted then',
    async () => {
      const courts = new WeakMap<World, Courts>();
      let settled = 0;
      const explored = await explore(
        (_, world) => {
          const all = new Courts(world);
          courts.set(world, all);
          return all.sit();
        },
        {
          ...lawExploration,
          faults: ['crash', 'slow', 'drop', 'duplicate', 'delay'],
          tapeMax: 1_024,
          // A copy of a question may be worked on for ever: nobody interrupts it.
          laws: lawPack({ unfinished: 'allow' }),
          always: (world) => courts.get(world)?.audit(),
        },
        (world) => {
          courts.get(world)!.auditAtQuiet();
          settled += courts.get(world)!.settledCount;
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
      expect(settled).toBeGreaterThan(lawRuns);
    },
    lawTimeoutMs,
  );
});
