import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateOf, spreadOf, uncertaintyOf } from '../../bench/harness/order-statistics.ts';

describe('order statistics', () => {
  it('are the median, the quartiles between neighbours, and nine figures without one at each end', () => {
    const estimate = estimateOf([9, 1, 8, 2, 7, 3, 6, 4, 5]);

    expect(estimate).toEqual({ count: 9, median: 5, quartiles: [3, 7], interval: [2, 8] });
  });

  it.each([
    [5, [1, 5]],
    [6, [1, 6]],
    [8, [1, 8]],
    [9, [2, 8]],
    [15, [4, 12]],
    [33, [11, 23]],
  ])(
    'of %i figures, where the true median lies is %j: as the tables of the sign test say',
    (count, interval) => {
      const figures = Array.from({ length: count }, (_, n) => n + 1);

      expect(estimateOf(figures).interval).toEqual(interval);
    },
  );

  it('of one figure are that figure', () => {
    expect(estimateOf([3])).toEqual({ count: 1, median: 3, quartiles: [3, 3], interval: [3, 3] });
  });

  it('say how far the median may be wrong, and how far rounds lie apart, as parts of it', () => {
    const estimate = { count: 9, median: 10, quartiles: [9, 12], interval: [8, 11] } as const;

    expect(uncertaintyOf(estimate)).toBe(0.2);
    expect(spreadOf(estimate)).toBe(0.15);
  });

  it('law: the median lies between the quartiles, and these between the smallest and the largest, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 40 }), (figures) => {
        const { median, quartiles, interval } = estimateOf(figures);
        const inOrder = [Math.min(...figures), quartiles[0], median, quartiles[1], Math.max(...figures)];

        expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
        expect(interval[0]).toBeLessThanOrEqual(median);
        expect(interval[1]).toBeGreaterThanOrEqual(median);
        expect(estimateOf(figures.toReversed())).toEqual(estimateOf(figures));
      }),
    );
  });
});
