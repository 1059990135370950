import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shiftOf } from '../../bench/harness/signed-ranks.ts';

describe('signed ranks', () => {
  it('give what the tables of the test give', () => {
    const differences = [1.1, 2.3, -0.4, 3.2, 0.9, 2.2, 1.4, -0.2, 2.0, 1.7, 0.6, 1.9];

    const { chanceOfMore, chanceOfLess } = shiftOf(differences);

    // Of 4 096 ways to throw twelve coins, 5 leave out ranks of no more than 3.
    expect(chanceOfMore).toBe(5 / 4096);
    expect(chanceOfLess).toBeGreaterThan(0.999);
  });

  it('know no surer answer than that all differences point one way', () => {
    expect(shiftOf([1, 2, 3, 4, 5]).chanceOfMore).toBe(1 / 32);
    expect(shiftOf([-1, -2, -3, -4, -5]).chanceOfLess).toBe(1 / 32);
  });

  it('give equals the mean of their ranks, and nothing to what did not differ', () => {
    expect(shiftOf([1, 1, 1, -1]).chanceOfMore).toBe(5 / 16);
    expect(shiftOf([0, 0])).toEqual({ estimate: 0, interval: [0, 0], chanceOfMore: 1, chanceOfLess: 1 });
  });

  it('are moved little by one wild pair', () => {
    expect(shiftOf([1, 2, 3, 2, 1, 2, 3, 2, 1_000]).estimate).toBeLessThan(3);
  });

  it('law: the same differences the other way round give the same shift the other way round', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 20 }),
        (differences) => {
          const { estimate, interval, chanceOfMore, chanceOfLess } = shiftOf(differences);

          const other = shiftOf(differences.map((difference) => -difference));

          expect(other.estimate + estimate).toBe(0);
          expect(other.interval[0] + interval[1]).toBe(0);
          expect([other.chanceOfMore, other.chanceOfLess]).toEqual([chanceOfLess, chanceOfMore]);
        },
      ),
    );
  });

  it('law: what is added to every difference is added to their shift', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: -99, max: 99 }),
        (differences, added) => {
          const { estimate, interval } = shiftOf(differences);

          const moved = shiftOf(differences.map((difference) => difference + added));

          expect(moved.estimate).toBe(estimate + added);
          expect(moved.interval).toEqual([interval[0] + added, interval[1] + added]);
        },
      ),
    );
  });
});
