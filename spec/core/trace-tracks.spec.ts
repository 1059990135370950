import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Slice, TraceTracks, ticksOf } from '../../src/core/trace-tracks.ts';

const aTrace = () => {
  const names: string[] = [];
  const tracks = new TraceTracks({ firstId: 2, opened: (track, name) => names.push(`${track} ${name}`) });
  return { tracks, names };
};

describe('TraceTracks', () => {
  it('draws a handling from its start to its end', () => {
    const { tracks, names } = aTrace();

    expect(tracks.slice('/a', 1, 3)).toEqual({ track: 2, fromTicks: 8_000, toTicks: 24_000 });
    expect(names).toEqual(['2 /a']);
  });

  it('draws handlings that follow each other on one track', () => {
    const { tracks, names } = aTrace();

    [tracks.slice('/a', 0, 1), tracks.slice('/a', 1, 2)].forEach(({ track }) => {
      expect(track).toBe(2);
    });
    expect(names).toEqual(['2 /a']);
  });

  it('draws handlings that overlap on tracks of their own', () => {
    const { tracks, names } = aTrace();

    const drawn = [tracks.slice('/a', 0, 2), tracks.slice('/a', 1, 3), tracks.slice('/a', 2, 4)];

    expect(drawn.map(({ track }) => track)).toEqual([2, 3, 2]);
    expect(names).toEqual(['2 /a', '3 /a (2)']);
  });

  it('keeps the track that has been free for longer for a handling that began earlier', () => {
    const { tracks, names } = aTrace();

    const drawn = [
      tracks.slice('/a', 0, 1),
      tracks.slice('/a', 0.5, 2),
      tracks.slice('/a', 2, 3),
      tracks.slice('/a', 1, 4),
    ];

    expect(drawn.map(({ track }) => track)).toEqual([2, 3, 3, 2]);
    expect(names).toHaveLength(2);
  });

  it('draws the handlings of one turn in sequence, whoever had them', () => {
    const { tracks } = aTrace();

    const drawn = [tracks.slice('/a', 1, 1), tracks.slice('/b', 1, 1), tracks.slice('/a', 1, 1)];

    expect(drawn.map(({ fromTicks, toTicks }) => [fromTicks, toTicks])).toEqual([
      [8_000, 8_001],
      [8_001, 8_002],
      [8_002, 8_003],
    ]);
    expect(drawn.map(({ track }) => track)).toEqual([2, 3, 2]);
  });

  it('gives an agent that was forgotten new tracks', () => {
    const { tracks, names } = aTrace();
    const before = tracks.first('/a');

    tracks.forget('/a');

    expect([before, tracks.first('/a'), tracks.first('/a')]).toEqual([2, 3, 3]);
    expect(names).toEqual(['2 /a', '3 /a']);
  });

  it('law: slices on one track never overlap, and hold the time of their handlings but for a tick each', () => {
    fc.assert(
      fc.property(aLife, (steps) => {
        const { drawn } = live(steps);

        for (const [index, { slice, startMs, endMs }] of drawn.entries()) {
          const others = drawn.slice(0, index).filter((other) => other.slice.track === slice.track);

          expect(others.filter((other) => overlap(other.slice, slice))).toEqual([]);
          expect(slice.fromTicks).toBeGreaterThanOrEqual(ticksOf(startMs));
          expect(slice.toTicks).toBeGreaterThanOrEqual(ticksOf(endMs));
          expect(slice.toTicks - ticksOf(endMs)).toBeLessThanOrEqual(drawn.length);
        }
      }),
    );
  });

  it('law: an agent has no more tracks than handlings of it were ever open at once', () => {
    fc.assert(
      fc.property(aLife, fc.integer({ min: 1, max: 3 }), (steps, window) => {
        const { names } = live(steps, window);

        expect(names.length).toBeLessThanOrEqual(window);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** What happens to an agent: a handling starts, one of those that are open ends, or a millisecond passes. */
const aLife = fc.array(fc.constantFrom('start', 'start', 'end first', 'end last', 'pass'), { maxLength: 60 });

const overlap = (a: Slice, b: Slice) => a.fromTicks < b.toTicks && b.fromTicks < a.toTicks;

function live(steps: readonly string[], window = 3) {
  const { tracks, names } = aTrace();
  const drawn: { slice: Slice; startMs: number; endMs: number }[] = [];
  const open: number[] = [];
  let nowMs = 0;

  for (const step of steps) {
    if (step === 'pass') nowMs += 1;
    if (step === 'start' && open.length < window) open.push(nowMs);
    const startMs = step === 'end first' ? open.shift() : step === 'end last' ? open.pop() : undefined;
    if (startMs !== undefined) {
      drawn.push({ slice: tracks.slice('/a', startMs, nowMs), startMs, endMs: nowMs });
    }
  }
  return { drawn, names };
}
