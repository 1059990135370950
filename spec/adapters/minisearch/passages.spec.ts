import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { passageCharsMax, passagesOf } from '../../../src/adapters/minisearch/passages.ts';

describe('passages of Markdown', () => {
  it('are paragraphs, under the headings they stand under', () => {
    const markdown = '# Mail\n\nOne\nparagraph.\n\n## Overflow ##\n\nAnother.\n\n# Else\n\nThird.';

    expect(cut(markdown)).toEqual([
      '3 [Mail] One paragraph.',
      '8 [Mail > Overflow] Another.',
      '12 [Else] Third.',
    ]);
  });

  it('know headings that are underlined', () => {
    expect(cut('Mail\n====\n\nText.\n\nOverflow\n---\n\nMore.')).toEqual([
      '4 [Mail] Text.',
      '9 [Mail > Overflow] More.',
    ]);
  });

  it('are the items of a list, each with its line', () => {
    expect(cut('- one\n  goes on\n- two\n  1. nested\n\nAfter.')).toEqual([
      '1 [] one goes on',
      '3 [] two',
      '4 [] nested',
      '6 [] After.',
    ]);
  });

  it('are the rows of a table, without its heading', () => {
    expect(
      cut('| word | meaning | source |\n|---|:-:|---|\n| mailbox | where it waits | Agha |\n| ref | | |'),
    ).toEqual(['3 [] mailbox: where it waits; Agha', '4 [] ref']);
  });

  it('are blocks of code, to the letter, fenced or indented', () => {
    const markdown = 'Before.\n```ts\n# no heading\n\n- no item\n```\nAfter.\n\n    indented\n';

    expect(cut(markdown)).toEqual([
      '1 [] Before.',
      '3 [] # no heading\n\n- no item',
      '7 [] After.',
      '9 [] indented',
    ]);
    expect(passagesOf({ path: 'a.md', text: markdown }).map(({ kind }) => kind)).toEqual([
      'prose',
      'code',
      'prose',
      'code',
    ]);
  });

  it('are what a reader sees, without markup', () => {
    const markdown =
      '> **Bold** and *not*, a [link](https://a.b/c), `code*`, <b>html</b>, 1\\. and 2 * 3 * 4';

    expect(cut(markdown)).toEqual(['1 [] Bold and not, a link, `code*`, html, 1. and 2 * 3 * 4']);
  });

  it('are neither comments nor front matter nor lines drawn across', () => {
    const markdown = '---\ntitle: no text\n---\nText.\n\n<!-- region: a\nno text -->\n\n***\n\nMore.';

    expect(cut(markdown)).toEqual(['4 [] Text.', '11 [] More.']);
  });

  it('begin after a line of dashes that nothing closes', () => {
    expect(cut('---\n\nText.')).toEqual(['3 [] Text.']);
  });

  it('have the right line after line breaks of other systems', () => {
    expect(cut('one\r\n\r\ntwo\r\rthree')).toEqual(['1 [] one', '3 [] two', '5 [] three']);
  });
});

describe('passages of other text', () => {
  it('stand between empty lines, whatever they look like', () => {
    const text = '# a comment\n- a dash\n\nsecond';

    expect(passagesOf({ path: 'a.txt', text }).map(({ line, text: shown }) => `${line} ${shown}`)).toEqual([
      '1 # a comment - a dash',
      '4 second',
    ]);
  });

  it('are cut at the end of a sentence when they are too long', () => {
    const sentence = `${'word '.repeat(100)}end. `;

    const passages = passagesOf({ path: 'a.txt', text: sentence.repeat(5) });

    expect(passages.map(({ text }) => text.endsWith('end.'))).toEqual([true, true, true]);
    expect(passages.map(({ line }) => line)).toEqual([1, 1, 1]);
  });

  it('are cut anywhere when there is neither sentence nor space, but not within a character', () => {
    const passages = passagesOf({ path: 'a.txt', text: `x${'\u{1F600}'.repeat(1_000)}` });

    expect(passages.length).toBeGreaterThan(1);
    expect(passages.filter(({ text }) => !text.isWellFormed())).toEqual([]);
  });
});

describe('laws of passages', () => {
  const aLine = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom(
      '',
      '# h',
      '## h',
      '---',
      '===',
      '- item',
      '1. item',
      '| a | b |',
      '|--|--|',
      '```',
      '    code',
    ),
    fc.constantFrom('<!--', '-->', '> quote', '**', '[', '`', '\uD83D'),
    fc.nat({ max: 4_000 }).map((length) => 'word '.repeat(length / 5)),
    fc.nat({ max: 4_000 }).map((length) => '#|*[<'.repeat(length / 5)),
  );
  const aText = fc.array(aLine, { maxLength: 30 }).map((lines) => lines.join('\n'));
  const aPath = fc.constantFrom('a.md', 'a.txt');

  it('law: no passage is empty or longer than its limit', () => {
    fc.assert(
      fc.property(aPath, aText, (path, text) => {
        const lengths = passagesOf({ path, text }).map((passage) => passage.text.length);

        expect(lengths.filter((length) => length === 0 || length > passageCharsMax)).toEqual([]);
      }),
    );
  });

  it('law: passages come in the order of their lines, which the document has', () => {
    fc.assert(
      fc.property(aPath, aText, (path, text) => {
        const lines = passagesOf({ path, text }).map(({ line }) => line);
        const last = text.split(/\r\n|\r|\n/).length;

        expect(lines).toEqual(lines.toSorted((a, b) => a - b));
        expect(lines.filter((line) => line < 1 || line > last)).toEqual([]);
      }),
    );
  });

  it.each(['#', '|', '[', '*', '<a', '> ', '- ', 'word ', '```\n', '!['])(
    'a megabyte of %j takes no more than seconds',
    { timeout: 5_000 },
    (unit) => {
      const text = unit.repeat(1_000_000 / unit.length);

      expect(passagesOf({ path: 'a.md', text }).length).toBeLessThanOrEqual(text.length);
    },
  );
});

const cut = (markdown: string): string[] =>
  passagesOf({ path: 'a.md', text: markdown }).map(
    ({ line, headings, text }) => `${line} [${headings.join(' > ')}] ${text}`,
  );
