import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dice } from '../../src/testing/dice.ts';

const thrown = (seed: number, run: number, count = 8): number[] => {
  const dice = new Dice(seed, run);
  return Array.from({ length: count }, () => dice.bits());
};

describe('dice', () => {
  it('fall the same on every machine', () => {
    expect(thrown(1, 0, 3)).toMatchInlineSnapshot(`
      [
        1863254460,
        761364277,
        435297692,
      ]
    `);
    expect(thrown(1, 1, 3)).toMatchInlineSnapshot(`
      [
        3036779943,
        4188504469,
        487589905,
      ]
    `);
    expect(thrown(-7, 2 ** 31, 3)).toMatchInlineSnapshot(`
      [
        2227234354,
        1035505809,
        516731248,
      ]
    `);
  });

  it('law: fall the same for the same seed and run, whichever were thrown before', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), (seed, run) => {
        expect(thrown(seed, run)).toEqual(thrown(seed, run));
      }),
    );
  });

  it('fall differently for another seed or another run', () => {
    const all = [0, 1, 2, 3].flatMap((seed) => [0, 1, 2, 3].map((run) => thrown(seed, run).join()));

    expect(new Set(all).size).toBe(16);
  });

  it('favour no number', () => {
    const counts = [0, 0, 0, 0, 0];
    for (let run = 0; run < 1_000; run += 1) {
      const dice = new Dice(1, run);
      for (let n = 0; n < 10; n += 1) {
        counts[dice.below(5)]! += 1;
      }
    }

    // 2 000 each; four times the standard deviation of 40.
    expect(counts.every((count) => Math.abs(count - 2_000) < 160)).toBe(true);
  });
});
