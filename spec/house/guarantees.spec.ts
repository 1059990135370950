/** Each law has its line in docs/GUARANTEES.md, which leads to its file; and each law that has a line has its number. */
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';

const page = readFileSync('docs/GUARANTEES.md', 'utf8');
const laws = globSync('spec/laws/L*.spec.ts').toSorted();

describe('guarantees', () => {
  it.each(laws)('%s has its line', (law) => {
    const number = Number(/^L(\d+)/.exec(basename(law))?.[1]);

    expect(lineOf(`L${number}`)).toContain(`(../${law})`);
  });

  it('the laws are numbered from L1 to L26', () => {
    const numbered = [...page.matchAll(/^\| L(\d+) \|/gm)].map(([, number]) => Number(number));

    expect(numbered).toEqual(Array.from({ length: 26 }, (_, at) => at + 1));
  });
});

const lineOf = (law: string): string => page.split('\n').find((line) => line.startsWith(`| ${law} |`)) ?? '';
