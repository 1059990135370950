import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryWriter } from '../../src/core/memory-writer.ts';
import type { SystemEvent } from '../../src/core/system-event.ts';

const at = (atMs: number): SystemEvent => ({ _tag: 'SystemStopped', atMs });

describe('memoryWriter', () => {
  it('keeps events in the order they came', () => {
    const writer = memoryWriter({ capacity: 2 });

    [at(1), at(2)].forEach(writer.next);

    expect(writer.events).toEqual([at(1), at(2)]);
    expect(writer.dropped).toBe(0);
  });

  it('lets the oldest go when it is full, and counts it', () => {
    const writer = memoryWriter({ capacity: 2 });

    [at(1), at(2), at(3)].forEach(writer.next);

    expect(writer.events).toEqual([at(2), at(3)]);
    expect(writer.dropped).toBe(1);
  });

  it('gives a copy, which later events do not change', () => {
    const writer = memoryWriter({ capacity: 2 });
    const { events } = writer;

    writer.next(at(1));

    expect(events).toEqual([]);
  });

  it('forgets everything when cleared', () => {
    const writer = memoryWriter({ capacity: 1 });
    [at(1), at(2)].forEach(writer.next);

    writer.clear();

    expect(writer).toMatchObject({ events: [], dropped: 0 });
  });

  it.each([0, 0.5, Number.NaN])('refuses a capacity of %d', (capacity) => {
    expect(() => memoryWriter({ capacity })).toThrow(
      new RangeError(`memory writer capacity is a whole number, at least 1; got ${capacity}`),
    );
  });

  it('law: it keeps the last events, at most its capacity, and counts the others', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat({ max: 40 }), (capacity, count) => {
        const told = Array.from({ length: count }, (_, index) => at(index));
        const writer = memoryWriter({ capacity });

        told.forEach(writer.next);

        expect(writer.events).toEqual(told.slice(-capacity));
        expect(writer.dropped).toBe(Math.max(0, count - capacity));
      }),
    );
  });
});
