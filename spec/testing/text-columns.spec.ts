import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, cutToColumns, wrapToColumns } from '../../src/testing/text-columns.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });

describe('columns', () => {
  it.each([
    ['', 0],
    ['plain', 5],
    ['na\u0308ive', 5],
    ['漢字', 4],
    ['한글 かな', 9],
    ['🙂', 2],
    ['│●▶', 3],
  ])('of %j are %i', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it('are not exceeded by a text that is cut, not even by half a wide character', () => {
    expect(cutToColumns('漢字漢字', 6)).toBe('漢字…');
    expect(cutToColumns('🙂🙂🙂', 4)).toBe('🙂…');
    expect(cutToColumns('abc', 3)).toBe('abc');
  });

  it('law: no text that is cut is wider than it may be, and what is not too wide is not cut', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 40 }), (text, columns) => {
        const cut = cutToColumns(text, columns);

        expect(columnsOf(cut)).toBeLessThanOrEqual(columns);
        expect(cut === text).toBe(columnsOf(text) <= columns);
      }),
    );
  });
});

describe('wrapping', () => {
  it('breaks between words', () => {
    expect(wrapToColumns('one two three four', 9, 5)).toEqual(['one two', 'three', 'four']);
  });

  it('breaks within a word that is wider than a line', () => {
    expect(wrapToColumns('a incomprehensibilities', 8, 5)).toEqual(['a incomp', 'rehensib', 'ilities']);
    expect(wrapToColumns('漢字漢字漢字', 4, 5)).toEqual(['漢字', '漢字', '漢字']);
  });

  it('cuts the last line there may be', () => {
    expect(wrapToColumns('one two three four', 8, 2)).toEqual(['one two', 'three f…']);
  });

  it('law: no line is too wide, there are not too many, and nothing is lost when there is room', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 30 }), (text, columns) => {
        const lines = wrapToColumns(text, columns, 1_000);

        expect(lines.every((line) => columnsOf(line) <= columns)).toBe(true);
        expect(wrapToColumns(text, columns, 2).length).toBeLessThanOrEqual(2);
        expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
      }),
    );
  });
});
