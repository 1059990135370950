import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wholeRate } from '../../src/primitives/whole-rate.ts';
import { lawParameters } from '../support/law-runs.ts';

const room = 1_025;

describe('a rate in whole numbers', () => {
  it.each([
    [10, 10, 1_000],
    [2.5, 5, 2_000],
    [0.4, 2, 5_000],
    [100 / 3, 100, 3_000],
    [1_000 / 3, 1_000, 3_000],
    [1 / 3, 1, 3_000],
    [9.123456, 142_554, 15_625_000],
  ])('says %d exactly where it can', (perSecond, count, perMs) => {
    expect(wholeRate(perSecond, room)).toEqual({ count, perMs });
  });

  it('law: is never faster, hardly slower, and can be counted', () => {
    const anyRate = fc.double({ min: 1e-8, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(anyRate, fc.integer({ min: 1, max: 100_000 }), (perSecond, others) => {
        const rate = wholeRate(perSecond, others);
        if (rate === undefined) {
          expect(perSecond).toBeLessThan(1e-3);
          return;
        }
        const { count, perMs } = rate;
        const told = count / (perMs / 1_000);
        expect(told).toBeLessThanOrEqual(perSecond * (1 + 1e-15));
        expect(told).toBeGreaterThan(perSecond / 2);
        expect((count + others) * perMs).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
        expect(Number.isSafeInteger(count) && Number.isSafeInteger(perMs)).toBe(true);
      }),
      lawParameters,
    );
  });

  it('rounds down what is too fast or too odd, and says what is too slow', () => {
    expect(wholeRate(1e300, room)).toEqual({ count: Number.MAX_SAFE_INTEGER - room, perMs: 1 });
    expect(wholeRate(1e13, room)).toEqual({ count: 1e10, perMs: 1 });
    expect(wholeRate(0.3 + 1e-9, 1e12)).toEqual({ count: 1, perMs: 3_334 });
    expect(wholeRate(1e-13, room)).toBe(undefined);
    expect(wholeRate(10, Number.MAX_SAFE_INTEGER)).toBe(undefined);
  });
});
