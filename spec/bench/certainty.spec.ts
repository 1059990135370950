import { describe, expect, it } from 'vitest';
import { goesOn, isKnown } from '../../bench/harness/certainty.ts';

const between = (low: number, high: number) => ({
  count: 9,
  median: 1,
  quartiles: [low, high] as const,
  interval: [low, high] as const,
});

describe('certainty', () => {
  it.each([
    ['within 5 %, with the limit inside', between(0.96, 1.04), 1, true],
    ['6 % off, with the limit inside', between(0.94, 1.02), 1, false],
    ['6 % off, and all below the limit', between(0.94, 1.02), 1.02, true],
    ['14 % off, and all above the limit', between(0.9, 1.14), 0.89, true],
    ['14 % off, and just at the limit from above', between(0.9, 1.14), 0.9, false],
    ['14 % off, where nothing is judged', between(0.9, 1.14), undefined, true],
    ['16 % off, though far from the limit', between(0.9, 1.16), 20, false],
    ['16 % off, where nothing is judged', between(0.84, 1), undefined, false],
  ])('of a figure that is %s', (_, estimate, limit, known) => {
    expect(isKnown(estimate, limit)).toBe(known);
  });

  it.each([
    [0, true, true],
    [6, true, true],
    [9, true, false],
    [9, false, true],
    [33, false, true],
    [36, false, false],
  ])('after %i rounds, with all known: %j, there are more: %j', (done, known, more) => {
    expect(goesOn(done, known, { rounds: 9, roundsMax: 36 })).toBe(more);
  });
});
