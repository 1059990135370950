/** Nothing is shown that is not run: each ts block of the documentation repeats a region of a file that runs. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { blocksIn, languages, pages, regionOf, synced } from '../../tools/docs-blocks.ts';

const fence = '```';

describe('code blocks of the documentation', () => {
  it('README.md is among the pages', () => {
    expect(pages()).toContain('README.md');
  });

  it.each(pages())('%s names the language of each block, and it is one of ours', (page) => {
    const strangers = blocksIn(readFileSync(page, 'utf8')).filter(
      ({ language }) => !languages.includes(language),
    );

    expect(strangers.map(({ line, language }) => `${page}:${line} ${language}`)).toEqual([]);
  });

  it.each(pages())('%s repeats its regions to the letter', (page) => {
    const shown = blocksIn(readFileSync(page, 'utf8')).filter(({ language }) => language === 'ts');

    expect(shown.map(({ code }) => code)).toEqual(shown.map(({ region }) => regionOf(region)));
  });

  it('a block is read with its language, its region and its line', () => {
    const page = `Text.\n\n<!-- region: examples/a.ts#b -->\n\n${fence}ts\nf();\n${fence}\n\n${fence}\nplain\n${fence}\n`;

    expect(blocksIn(page)).toEqual([
      { language: 'ts', region: 'examples/a.ts#b', code: 'f();\n', line: 5 },
      { language: '', region: undefined, code: 'plain\n', line: 9 },
    ]);
  });

  it.each([
    [undefined, 'needs <!-- region'],
    ['examples/a.ts', 'needs <!-- region'],
    ['src/index.ts#all', 'is taken from examples/'],
    ['examples/no-such-file.ts#all', 'no such file'],
  ])('the region %s is refused', (reference, reason) => {
    expect(() => regionOf(reference)).toThrow(reason);
  });

  it('syncing leaves sh and text blocks alone', () => {
    const page = `${fence}sh\nnpm cit\n${fence}\n\n${fence}text\nHello\n${fence}\n`;

    expect(synced(page)).toBe(page);
  });
});
