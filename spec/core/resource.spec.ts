import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  amountOf,
  type Limits,
  limitsInUnits,
  type Resource,
  resources,
  slotOf,
  unitsOf,
} from '../../src/core/resource.ts';

describe('resources', () => {
  it('have a slot each, in order', () => {
    expect(resources.map(slotOf)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('are no others', () => {
    expect(() => slotOf('minutes' as Resource)).toThrow(
      new RangeError('a resource is one of tokens, costUsd, timeMs, steps, toolCalls, work; got minutes'),
    );
  });

  it('are counted so that a tenth and two tenths of a dollar make three', () => {
    const cost = slotOf('costUsd');

    expect(unitsOf(cost, 0.1) + unitsOf(cost, 0.2)).toBe(unitsOf(cost, 0.3));
  });

  it('count nothing as nothing, and the least amount as one unit', () => {
    expect(unitsOf(slotOf('costUsd'), 0)).toBe(0);
    expect(unitsOf(slotOf('costUsd'), Number.MIN_VALUE)).toBe(1);
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 1e13])(
    'are not counted in amounts like %d',
    (amount) => {
      expect(() => unitsOf(slotOf('tokens'), amount)).toThrow(
        new RangeError(`an amount of tokens is from 0 to 9007199254740; got ${amount}`),
      );
    },
  );

  it('are not limited where nothing is said, or Infinity', () => {
    const limits = limitsInUnits({ tokens: 2, steps: Number.POSITIVE_INFINITY });

    expect(limits).toEqual([2_000, Infinity, Infinity, Infinity, Infinity, Infinity]);
  });

  it.each<[Limits, string]>([
    [{ work: Number.NaN }, 'an amount of work is from 0 to 9007199254; got NaN'],
    [{ costUsd: -0.5 }, 'an amount of costUsd is from 0 to 9007199; got -0.5'],
    [
      { token: 5 } as Limits,
      'a resource is one of tokens, costUsd, timeMs, steps, toolCalls, work; got token',
    ],
  ])('refuse limits of %o', (limits, message) => {
    expect(() => limitsInUnits(limits)).toThrow(new RangeError(message));
  });

  it('law: an amount of up to six digits comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...resources),
        fc.nat({ max: 999_999 }),
        fc.nat({ max: 3 }),
        (resource, n, digits) => {
          const amount = n / 10 ** digits;

          expect(amountOf(slotOf(resource), unitsOf(slotOf(resource), amount))).toBe(amount);
        },
      ),
    );
  });

  it('law: a positive amount never counts as nothing', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...resources),
        fc.double({ min: 0, minExcluded: true, max: 9e6, noNaN: true }),
        (resource, amount) => {
          expect(unitsOf(slotOf(resource), amount)).toBeGreaterThan(0);
        },
      ),
    );
  });
});
