/** Nothing is linked that is not there: each relative link of the documentation leads to a file, and to a heading in it. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pages } from '../../tools/docs-blocks.ts';

describe('links of the documentation', () => {
  it.each([...pages(), 'CONTRIBUTING.md'])('%s links only to what is there', (page) => {
    expect(linksIn(readFileSync(page, 'utf8')).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it.each([
    ['README.md', 'docs/NOWHERE.md'],
    ['README.md', 'CONTRIBUTING.md#no-such-heading'],
    ['docs/ARCHITECTURE.md', 'README.md'],
  ])('in %s the link %s leads nowhere', (page, link) => {
    expect(leadsSomewhere(page, link)).toBe(false);
  });

  it('links are read without those to other places, and without code', () => {
    const page = '[a](b.md#c) [d](https://e.org)\n\n```ts\nf[g](h);\n```\n`[i](j)`\n';

    expect(linksIn(page)).toEqual(['b.md#c']);
  });
});

function linksIn(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(target)) return false;
  return heading === undefined || (statSync(target).isFile() && headingsOf(target).includes(heading));
}

/** As the usual renderers name them: lower case, without marks, with dashes for spaces. */
function headingsOf(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^#{1,6} (.*)$/gm)].map(([, text]) =>
    text!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}
