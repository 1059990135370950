import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../../src/core/histogram.ts';

const nineteenHoursMs = 2 ** 36 / 1_000;

describe('Histogram', () => {
  it('knows nothing while it is empty', () => {
    expect(new Histogram().snapshot()).toEqual({
      count: 0,
      min: undefined,
      max: undefined,
      mean: undefined,
      p50: undefined,
      p90: undefined,
      p99: undefined,
      p999: undefined,
    });
  });

  it('tells how many there were, the shortest, the longest and the mean, exactly', () => {
    const histogram = histogramOf([3, 0.25, 8.75]);

    expect(histogram).toMatchObject({ count: 3, min: 0.25, max: 8.75, mean: 4 });
  });

  it('tells percentiles to about 6 %', () => {
    const histogram = histogramOf(Array.from({ length: 1_000 }, (_, n) => n + 1));

    const { p50, p90, p99, p999 } = histogram.snapshot();

    expect([p50! / 500, p90! / 900, p99! / 990, p999! / 999]).toSatisfy((shares: number[]) =>
      shares.every((share) => share > 0.94 && share < 1.06),
    );
  });

  it('tells a length that enough others do not exceed, and not a longer one', () => {
    const histogram = histogramOf([1, 10, 100, 1_000]);

    expect(histogram.percentile(50)).toSatisfy((ms: number) => ms > 9.4 && ms < 10.6);
    expect(histogram.percentile(50.1)).toSatisfy((ms: number) => ms > 94 && ms < 106);
  });

  it('is not misled by how 99.9 is written in binary', () => {
    const histogram = histogramOf([...Array.from({ length: 999 }, () => 1), 1_000]);

    expect(histogram.percentile(99.9)).toBeLessThan(1.06);
  });

  it('tells the shortest and the longest as the percentiles 0 and 100, and beyond', () => {
    const histogram = histogramOf([1.111, 2.222, 3.333]);

    expect([-5, 0, 100, 250].map((p) => histogram.percentile(p))).toEqual([1.111, 1.111, 3.333, 3.333]);
  });

  it('tells no percentile outside of what was recorded', () => {
    const histogram = histogramOf([7.4, 7.4, 7.4]);

    expect(histogram.percentile(50)).toBe(7.4);
  });

  it.each([NaN, -1, -Infinity, -0])('counts %d as no time at all', (ms) => {
    expect(histogramOf([ms, 5])).toMatchObject({ count: 2, min: 0, max: 5, mean: 2.5 });
  });

  it.each([Infinity, Number.MAX_VALUE, 1e9])('counts %d as nineteen hours', (ms) => {
    const histogram = histogramOf([1, ms, ms]);

    expect(histogram).toMatchObject({ count: 3, max: nineteenHoursMs });
    expect(histogram.percentile(60)).toBe(nineteenHoursMs);
  });

  it('tells less than a microsecond as about a microsecond', () => {
    const histogram = histogramOf([0, 0.000_1, 0.000_9, 5]);

    expect(Math.abs(histogram.percentile(50)! - 0.000_1)).toBeLessThanOrEqual(0.001_1);
  });

  it('takes what another has counted, and leaves it as it was', () => {
    const histogram = histogramOf([1, 2]);
    const other = histogramOf([50_000, 0.5]);

    histogram.merge(other);

    expect(histogram.snapshot()).toEqual(histogramOf([1, 2, 50_000, 0.5]).snapshot());
    expect(other.snapshot()).toEqual(histogramOf([50_000, 0.5]).snapshot());
  });

  it('counts all twice when merged with itself', () => {
    const histogram = histogramOf([1, 2, 3]);

    histogram.merge(histogram);

    expect(histogram.snapshot()).toEqual(histogramOf([1, 2, 3, 1, 2, 3]).snapshot());
  });

  it('law: a percentile is within 6 % (below a microsecond, within 1.1 microseconds) of the exact one', () => {
    fc.assert(
      fc.property(fc.array(aLength, { minLength: 3, size: 'medium' }), fc.nat(), (lengths, pick) => {
        const rank = 1 + (pick % lengths.length);
        const exact = lengths.toSorted((a, b) => a - b)[rank - 1]!;

        const told = histogramOf(lengths).percentile((100 * (rank - 0.5)) / lengths.length)!;

        expect(Math.abs(told - exact)).toBeLessThanOrEqual(exact < 0.001 ? 0.001_1 : exact * 0.06);
      }),
      { numRuns: 1_000 },
    );
  });

  it('law: the percentiles 0 and 100 are the shortest and the longest, exactly', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1 }), (lengths) => {
        const histogram = histogramOf(lengths);

        expect(histogram.percentile(0)).toBe(Math.min(...lengths));
        expect(histogram.percentile(100)).toBe(Math.max(...lengths));
      }),
    );
  });

  it('law: percentiles never fall as p grows', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(aLength, fc.double()), { minLength: 1 }), (lengths) => {
        const histogram = histogramOf(lengths);

        const told = Array.from({ length: 101 }, (_, p) => histogram.percentile(p)!);

        expect(told).toEqual(told.toSorted((a, b) => a - b));
      }),
    );
  });

  it('law: merging two is as recording everything in one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60_000)), fc.array(fc.nat(60_000)), (some, others) => {
        const merged = histogramOf(some);

        merged.merge(histogramOf(others));

        expect(merged.snapshot()).toEqual(histogramOf([...some, ...others]).snapshot());
      }),
    );
  });

  it('law: whatever is recorded is counted, and kept within no time and nineteen hours', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: 1 }), (lengths) => {
        const histogram = histogramOf(lengths);

        expect(histogram.count).toBe(lengths.length);
        expect(histogram.min).toBeGreaterThanOrEqual(0);
        expect(histogram.max).toBeLessThanOrEqual(nineteenHoursMs);
      }),
    );
  });
});

/** From nothing to 19 hours, evenly over the orders of magnitude. */
const aLength = fc.oneof(
  fc.integer({ min: -1_000, max: 36_000 }).map((thousandths) => 2 ** (thousandths / 1_000) / 1_000),
  fc.integer({ min: 0, max: 36 }).map((power) => 2 ** power / 1_000),
  fc.constant(0),
);

function histogramOf(lengths: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const ms of lengths) {
    histogram.record(ms);
  }
  return histogram;
}
