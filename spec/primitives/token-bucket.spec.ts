import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/primitives/token-bucket.ts';
import { lawParameters } from '../support/law-runs.ts';

const aRate = fc.record({
  count: fc.integer({ min: 1, max: 50 }),
  perMs: fc.integer({ min: 1, max: 1_000 }),
  burst: fc.integer({ min: 1, max: 20 }),
});
/** Pauses between tries, whole ones and such as a real clock gives. */
const someTries = (pause: fc.Arbitrary<number>) => fc.array(pause, { minLength: 1, maxLength: 60 });
const wholeMs = fc.integer({ min: 0, max: 400 });
const anyMs = fc.double({ min: 0, max: 400, noNaN: true });

describe('a token bucket', () => {
  it('law: gives a token whenever no window that ends now would see too many, and only then', () => {
    fc.assert(
      fc.property(
        aRate,
        someTries(wholeMs),
        fc.integer({ min: 0, max: 10 ** 12 }),
        (rate, pauses, startMs) => {
          const bucket = new TokenBucket(rate, startMs);
          const taken: number[] = [];
          let nowMs = startMs;
          for (const pauseMs of pauses) {
            nowMs += pauseMs;
            const allowed = taken.every(
              (atMs, index) =>
                (taken.length - index + 1 - rate.burst) * rate.perMs <= (nowMs - atMs) * rate.count,
            );
            const got = bucket.tryTake(nowMs);
            expect(got).toBe(allowed);
            if (got) {
              taken.push(nowMs);
            }
          }
        },
      ),
      lawParameters,
    );
  });

  it('law: sees no window with too many on a clock of fractions either, but for its last bits', () => {
    fc.assert(
      fc.property(aRate, someTries(anyMs), (rate, pauses) => {
        const bucket = new TokenBucket(rate, 0.5);
        const taken: number[] = [];
        let nowMs = 0.5;
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          if (bucket.tryTake(nowMs)) {
            taken.push(nowMs);
            for (const [index, atMs] of taken.entries()) {
              const over = (taken.length - index - rate.burst) * rate.perMs - (nowMs - atMs) * rate.count;
              expect(over).toBeLessThanOrEqual(1e-6);
            }
          }
        }
      }),
      lawParameters,
    );
  });

  it('law: there is a token when it said there would be, and it is full when it said it would be', () => {
    fc.assert(
      fc.property(aRate, someTries(wholeMs), (rate, pauses) => {
        const bucket = new TokenBucket(rate, 0);
        let nowMs = 0;
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          const waitMs = bucket.readyInMs(nowMs, 0);
          expect(bucket.tryTake(nowMs)).toBe(waitMs === 0);
          nowMs += bucket.readyInMs(nowMs, 0);
          expect(bucket.tryTake(nowMs)).toBe(true);
          const fullMs = nowMs + bucket.fullInMs(nowMs);
          expect([bucket.isFull(fullMs - 1), bucket.isFull(fullMs)]).toEqual([false, true]);
        }
      }),
      lawParameters,
    );
  });

  it('does not drift in a hundred million milliseconds', () => {
    const bucket = new TokenBucket({ count: 3, perMs: 1_000, burst: 2 }, 0);
    let taken = 0;
    for (let nowMs = 0; nowMs < 100_000_000; nowMs += Math.max(1, bucket.readyInMs(nowMs, 0))) {
      taken += bucket.tryTake(nowMs) ? 1 : 0;
    }

    expect(taken).toBe(300_001);
  });
});
