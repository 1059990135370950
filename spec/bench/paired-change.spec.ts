import { describe, expect, it } from 'vitest';
import {
  type Change,
  changeOf,
  differenceOf,
  falseAlarms,
  type PairedRound,
  pairsAt,
} from '../../bench/harness/paired-change.ts';

describe('a paired change', () => {
  it('of one pair is the middle of the ratios of its rounds', () => {
    const rounds = [1, 1.1, 1.2, 7].map((times) => ({ baseNs: 100, headNs: 100 * times }));

    expect(Math.exp(differenceOf(rounds.slice(0, 3)))).toBeCloseTo(1.1);
    expect(Math.exp(differenceOf([...rounds, { baseNs: 200, headNs: 200 }]))).toBeCloseTo(1.1);
  });

  it('is told of when all pairs agree, and called the same when what they say is near nothing', () => {
    expect(changeOf(Array(12).fill(Math.log(1.1)), 1)).toMatchObject({ outcome: 'slower', pairs: 12 });
    expect(changeOf(Array(12).fill(Math.log(0.9)), 1)).toMatchObject({ outcome: 'faster' });
    expect(changeOf(Array(12).fill(Math.log(1.02)), 1)).toMatchObject({ outcome: 'same' });
  });

  it('is noisy as long as ten percent could hide in it', () => {
    const differences = [-0.3, 0.2, 0.25, -0.1, 0.3, -0.2, 0.15, -0.25, 0.1, -0.05, 0.22, -0.18];

    expect(changeOf(differences, 1).outcome).toBe('noisy');
  });

  it('is said in parts of the time before', () => {
    const { change, interval } = changeOf(Array(12).fill(Math.log(1.25)), 1);

    expect([change, ...interval].map((part) => part.toFixed(6))).toEqual([
      '0.250000',
      '0.250000',
      '0.250000',
    ]);
  });

  it('needs more pairs the more variants there are, so that each can be sure enough', () => {
    expect(pairsAt(1)).toEqual([12, 24, 48]);
    expect(pairsAt(40)).toEqual([14, 28, 56]);
    expect(changeOf(Array(pairsAt(1_000)[0]!).fill(1), 1_000).outcome).toBe('slower');
  });
});

describe('a simulated comparison', () => {
  const runs = 2_000;

  it('law: nothing has changed, and one run in a hundred at most calls something slower', () => {
    const alarms = countOf(runs, (chance) =>
      comparison(chance, { variants: 1, slowerBy: 0 }).includes('slower'),
    );

    expect(alarms / runs).toBeLessThanOrEqual(falseAlarms);
  });

  it('law: ten percent more are found in at least 99 of a hundred runs', () => {
    const found = countOf(
      runs,
      (chance) => comparison(chance, { variants: 1, slowerBy: 0.1 })[0] === 'slower',
    );

    expect(found / runs).toBeGreaterThanOrEqual(0.99);
  });

  it('law: what got faster is never called slower', () => {
    const alarms = countOf(
      runs,
      (chance) => comparison(chance, { variants: 1, slowerBy: -0.1 })[0] === 'slower',
    );

    expect(alarms).toBe(0);
  });
});

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function chanceFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function countOf(runs: number, happens: (chance: () => number) => boolean): number {
  return Array.from({ length: runs }, (_, seed) => happens(chanceFrom(seed + 1))).filter(Boolean).length;
}

/** The outcome of each variant, after as many looks as it takes. */
function comparison(
  chance: () => number,
  { variants, slowerBy }: { readonly variants: number; readonly slowerBy: number },
): Change['outcome'][] {
  return Array.from({ length: variants }, () => {
    const differences: number[] = [];
    let outcome: Change['outcome'] = 'noisy';
    for (const pairs of pairsAt(variants)) {
      while (differences.length < pairs) {
        differences.push(differenceOf(pairOf(chance, slowerBy)));
      }
      outcome = changeOf(differences, variants).outcome;
      if (outcome !== 'noisy') {
        break;
      }
    }
    return outcome;
  });
}

/**
 * Noise as it was seen on two cores with a load of eleven: a process is off by 6 % for all of its
 * life, a round by 4 %, and one round in ten meets a neighbour who makes it up to twice as long.
 */
function pairOf(chance: () => number, slowerBy: number): PairedRound[] {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
  const round = (ns: number): number => ns * Math.exp(0.04 * normal()) * (chance() < 0.1 ? 1 + chance() : 1);
  const baseNs = 100 * Math.exp(0.06 * normal());
  const headNs = 100 * (1 + slowerBy) * Math.exp(0.06 * normal());
  return Array.from({ length: 3 }, () => ({ baseNs: round(baseNs), headNs: round(headNs) }));
}
