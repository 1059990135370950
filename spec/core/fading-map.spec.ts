import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FadingMap } from '../../src/core/fading-map.ts';

describe('FadingMap', () => {
  it('gives back what was set last', () => {
    const map = new FadingMap<string, number>({ keysMax: 4 });
    map.set('a', 1);
    map.set('a', 2);

    expect(map.get('a')).toBe(2);
    expect(map.get('b')).toBeUndefined();
  });

  it('forgets what was set long ago', () => {
    const map = new FadingMap<string, number>({ keysMax: 2 });

    ['a', 'b', 'c'].forEach((key, index) => {
      map.set(key, index);
    });

    expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([undefined, 1, 2]);
  });

  it('counts the old among what it remembers', () => {
    const map = new FadingMap<string, number>({ keysMax: 4 });

    ['a', 'b', 'c'].forEach((key, index) => {
      map.set(key, index);
    });

    expect(map.size).toBe(3);
  });

  it.each([0, 1, 3, 2.5])('refuses a bound of %d keys', (keysMax) => {
    expect(() => new FadingMap({ keysMax })).toThrow(
      new RangeError(`keysMax of a fading map is an even number, at least 2; got ${keysMax}`),
    );
  });

  it('law: it never holds more than its bound, and always what was set last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat({ max: 12 })), (half, keys) => {
        const map = new FadingMap<number, number>({ keysMax: 2 * half });

        const sizes = keys.map((key, index) => {
          map.set(key, index);
          return map.size;
        });
        const lately = keys.slice(-half);

        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(2 * half);
        expect(lately.map((key) => map.get(key))).toEqual(lately.map((key) => keys.lastIndexOf(key)));
      }),
    );
  });
});
