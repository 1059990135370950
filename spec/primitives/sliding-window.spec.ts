import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slices, slidingWindow } from '../../src/primitives/sliding-window.ts';
import { lawParameters } from '../support/law-runs.ts';

describe('a sliding window', () => {
  it('of the last calls counts just those', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.boolean(), { maxLength: 40 }),
        (calls, ends) => {
          const window = slidingWindow({ calls });

          ends.forEach((failed, index) => {
            window.record(failed, 0);
            const last = ends.slice(0, index + 1).slice(-calls);
            expect([window.calls, window.failures]).toEqual([last.length, last.filter(Boolean).length]);
          });
        },
      ),
      lawParameters,
    );
  });

  it('of time counts those in this slice and in the nine before it', () => {
    const call = fc.record({ failed: fc.boolean(), afterMs: fc.nat(300) });
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 500 }), fc.nat(1_000), fc.array(call), (ms, startMs, calls) => {
        const window = slidingWindow({ ms });
        const seen: { failed: boolean; slice: number }[] = [];
        let nowMs = startMs;

        for (const { failed, afterMs } of calls) {
          nowMs += afterMs;
          window.record(failed, nowMs);
          seen.push({ failed, slice: Math.floor(nowMs / (ms / slices)) });
          const { slice: now } = seen.at(-1)!;
          const recent = seen.filter(({ slice }) => slice > now - slices);
          expect([window.calls, window.failures]).toEqual([
            recent.length,
            recent.filter((one) => one.failed).length,
          ]);
        }
      }),
      lawParameters,
    );
  });

  it.each([{ calls: 3 }, { ms: 1_000 }])('forgets all when it is told to: %o', (size) => {
    const window = slidingWindow(size);
    window.record(true, 10);
    window.record(false, 20);

    window.clear();
    expect([window.calls, window.failures]).toEqual([0, 0]);
    window.record(true, 30);
    expect([window.calls, window.failures]).toEqual([1, 1]);
  });

  it('counts times before zero, where a clock has such', () => {
    const window = slidingWindow({ ms: 100 });

    window.record(true, -205);
    window.record(false, -195);
    window.record(false, -101);

    expect([window.calls, window.failures]).toEqual([2, 0]);
  });

  it.each([
    [{ calls: 0 }, 'calls of a window is a whole number from 1 to 100,000; got 0'],
    [{ calls: 1.5 }, 'got 1.5'],
    [{ calls: 1e9 }, 'got 1000000000'],
    [{ ms: 0 }, 'ms of a window is a number of milliseconds, above 0; got 0'],
    [{ ms: Number.NaN }, 'got NaN'],
    [{ ms: Number.POSITIVE_INFINITY }, 'got Infinity'],
  ])('refuses a size that cannot be: %o', (size, message) => {
    expect(() => slidingWindow(size)).toThrow(message);
  });
});
