import { describe, expect, it } from 'vitest';
import { backoffAfter } from '../../src/primitives/backoff.ts';

const backoff = { backoffMs: 100, backoffMsMax: 1_000, jitter: 0 };

describe('a backoff', () => {
  it('doubles with each try, up to its maximum', () => {
    const waits = [1, 2, 3, 4, 5, 6, 1_000_000].map((tries) => backoffAfter(backoff, tries, 0.9));

    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  it('has a part taken off by chance', () => {
    const some = { ...backoff, jitter: 0.5 };

    expect([0, 0.5, 0.999].map((chance) => backoffAfter(some, 1, chance))).toEqual([100, 75, 50.05]);
    expect(backoffAfter({ ...backoff, jitter: 1 }, 1, 0.5)).toBe(50);
  });

  it('is none where it is none', () => {
    expect(backoffAfter({ backoffMs: 0, backoffMsMax: 0, jitter: 1 }, 2_000, 0.5)).toBe(0);
  });
});
