import { describe, expect, it } from 'vitest';
import type { Goal } from '../../bench/harness/benchmark.ts';
import { ratioOf, verdictOf } from '../../bench/harness/verdict.ts';

const took = (...cpuNs: number[]) => cpuNs.map((ns) => ({ cpuNs: ns, wallNs: ns }));
const kept = (...bytes: number[]) => bytes.map((keptBytes) => ({ keptBytes, allocatedBytes: 2 * keptBytes }));

/** A busy neighbour came in the second round, and took as much from both. */
const times = { ours: took(100, 200, 100), bare: took(50, 100, 50), nact: took(2_000, 4_000, 2_000) };
const weights = { ours: kept(700, 702, 701), bare: kept(1_000, 1_002, 1_001) };
const verdict = (goal: Goal) => verdictOf(goal, times, weights);

describe('a verdict', () => {
  it('compares within each round, so that a busy neighbour does not count', () => {
    expect(ratioOf(times, 'ours', 'bare')).toMatchObject({ median: 2, interval: [2, 2] });
  });

  it.each([
    [{ variant: 'ours', beside: 'bare', timesMax: 2 }, 'ours ≤ 2.00 × bare', true],
    [{ variant: 'ours', beside: 'bare', timesMax: 1.9 }, 'ours ≤ 1.90 × bare', false],
    [{ variant: 'ours', beside: 'nact', timesFasterMin: 20 }, 'ours ≥ 20.00 × as fast as nact', true],
    [{ variant: 'ours', beside: 'nact', timesFasterMin: 21 }, 'ours ≥ 21.00 × as fast as nact', false],
    [{ variant: 'ours', beside: 'bare', keptTimesMax: 0.7 }, 'ours keeps ≤ 0.70 × bare', false],
    [{ variant: 'ours', beside: 'bare', keptTimesMax: 0.71 }, 'ours keeps ≤ 0.71 × bare', true],
    [{ variant: 'ours', cpuNsMax: 2_000 }, 'ours ≤ 2 000 ns', true],
    [{ variant: 'ours', cpuNsMax: 99 }, 'ours ≤ 99 ns', false],
    [{ variant: 'ours', keptBytesMax: 701 }, 'ours keeps ≤ 701 B', true],
    [{ variant: 'ours', keptBytesMax: 700 }, 'ours keeps ≤ 700 B', false],
  ] as const)('on %j reads "%s": %j', (goal, words, met) => {
    expect(verdict(goal)).toMatchObject({ goal: words, met });
  });

  it('on any other figure asks for the times of each round', () => {
    const figure = (cpuNsOf: (variant: string) => number) =>
      (cpuNsOf('ours') - cpuNsOf('bare')) / cpuNsOf('bare');

    const { goal, is, met } = verdict({
      variant: 'ours',
      claim: 'what is added is as much again',
      figure,
      max: 1,
    });

    expect([goal, is?.median, met]).toEqual(['what is added is as much again', 1, true]);
  });

  it('on what is not installed is neither met nor too noisy', () => {
    expect(verdict({ variant: 'ours', beside: 'comedy', timesMax: 1 })).toMatchObject({
      is: undefined,
      met: false,
      known: true,
    });
  });

  it('is not known where rounds disagree about it', () => {
    const restless = { ours: took(100, 150, 100, 60, 100, 100), bare: took(50, 50, 50, 50, 50, 50) };

    expect(verdictOf({ variant: 'ours', beside: 'bare', timesMax: 2 }, restless, {}).known).toBe(false);
  });
});
