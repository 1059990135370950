import { describe, expect, it } from 'vitest';
import { codeOf, longestRetryAfterMs, retryAfterMsOf } from '../../src/primitives/failure-facts.ts';

const hostile = new Proxy(
  {},
  {
    get: () => {
      throw new TypeError('do not look');
    },
  },
);

describe('what a failure says of itself', () => {
  it('is its code, or that it is a defect', () => {
    expect(codeOf({ code: 'SOLD_OUT' })).toBe('SOLD_OUT');
    expect([codeOf({ code: 7 }), codeOf(hostile), codeOf(undefined), codeOf(null), codeOf('no')]).toEqual(
      Array.from({ length: 5 }, () => 'DEFECT'),
    );
  });

  it('is how long to wait, where that makes sense', () => {
    expect(retryAfterMsOf({ retryAfterMs: 250 })).toBe(250);
    for (const silent of [
      { retryAfterMs: -1 },
      { retryAfterMs: Number.NaN },
      { retryAfterMs: '5' },
      hostile,
      7,
    ]) {
      expect(retryAfterMsOf(silent)).toBe(0);
    }
  });

  it('is of several the longest wait, or none', () => {
    expect(longestRetryAfterMs([{ retryAfterMs: 5 }, 'no', { retryAfterMs: 30 }, hostile])).toBe(30);
    expect(longestRetryAfterMs(['no'])).toBeUndefined();
    expect(longestRetryAfterMs([])).toBeUndefined();
  });
});
