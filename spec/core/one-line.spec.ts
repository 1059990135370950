import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oneLine } from '../../src/core/one-line.ts';

describe('oneLine', () => {
  it('leaves a text without control characters as it is', () => {
    expect(oneLine('é 😀 → "quoted"')).toBe('é 😀 → "quoted"');
  });

  it('writes what a terminal would obey as an escape', () => {
    expect(oneLine('\u001b[2J\r\u2028\u009b')).toBe('\\u001b[2J\\u000d\\u2028\\u009b');
  });

  it('writes what turns the direction of a text as an escape, and leaves marks of a direction', () => {
    expect(oneLine('a\u202eb\u2066c')).toBe('a\\u202eb\\u2066c');
    expect(oneLine('\u200fאב')).toBe('\u200fאב');
  });

  it('law: the result is one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(oneLine(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});
