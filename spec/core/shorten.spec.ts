import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shorten } from '../../src/core/shorten.ts';

describe('shorten', () => {
  it('leaves a text that is short enough as it is', () => {
    expect(shorten('abcd', 4)).toBe('abcd');
  });

  it('replaces a character that it would cut in two', () => {
    expect(shorten('a😀bc', 3)).toBe('a\uFFFD…');
  });

  it('shows an ellipsis alone when there is room for nothing else', () => {
    expect(shorten('abc', 1)).toBe('…');
  });

  it('law: the result is never longer than the bound, and the same when it fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 40 }), (text, charsMax) => {
        const short = shorten(text, charsMax);

        expect(short.length).toBeLessThanOrEqual(charsMax);
        expect(short === text).toBe(text.length <= charsMax);
      }),
    );
  });
});
