import { describe, expect, it } from 'vitest';
import { DocumentIndex } from '../../../src/adapters/minisearch/document-index.ts';

const mail = {
  path: 'docs/mail.md',
  text: '# Mailbox\n\nIt is bounded.\n\n## Overflow\n\nWhen it is full, the publisher waits.\n',
};
const trees = {
  path: 'docs/trees.md',
  text: 'A parent restarts what failed.\n\nA dead letter tells the cause.\n',
};

describe('a document index', () => {
  it('finds the passage that speaks of something, with what a citation needs', () => {
    const index = indexOf(mail, trees);

    const [hit] = index.search('full mailboxes');

    expect(hit?.passage).toEqual({
      path: 'docs/mail.md',
      line: 7,
      headings: ['Mailbox', 'Overflow'],
      kind: 'prose',
      text: 'When it is full, the publisher waits.',
    });
    expect(hit?.terms).toEqual(['full', 'mailbox']);
  });

  it.each([
    ['the beginning of a word', 'publish'],
    ['another form of it', 'publishers'],
    ['a slip of the pen', 'publischer'],
  ])('finds by %s', (_, query) => {
    expect(indexOf(mail).search(query)[0]?.passage.line).toBe(7);
  });

  it.each(['', 'the of and', 'zebra', '?!'])('finds nothing for %j', (query) => {
    expect(indexOf(mail, trees).search(query)).toEqual([]);
  });

  it('gives as many hits as it is asked for, ties in the order of places', () => {
    const same = { path: 'b.md', text: 'one word\n\none word\n' };
    const index = indexOf(same, { ...same, path: 'a.md' });

    const places = index.search('word', { limit: 3 }).map(({ passage }) => `${passage.path}:${passage.line}`);

    expect(places).toEqual(['a.md:1', 'a.md:3', 'b.md:1']);
  });

  it('counts what it holds', () => {
    const index = indexOf(mail, trees);

    expect([index.documents, index.passages, index.chars]).toEqual([2, 4, 111]);
  });

  it.each([
    [{ passagesMax: 3 }, { _tag: 'Full', limit: 'passagesMax', max: 3 }],
    [{ charsMax: 60 }, { _tag: 'Full', limit: 'charsMax', max: 60 }],
  ] as const)('refuses a document that does not fit, whole, at %j', (limits, refusal) => {
    const index = new DocumentIndex(limits);

    const additions = [index.add(mail), index.add(trees)];

    expect(additions).toEqual([{ _tag: 'Added', passages: 2 }, refusal]);
    expect([index.documents, index.passages]).toEqual([1, 2]);
    expect(index.search('parent')).toEqual([]);
  });

  it.each([{ passagesMax: 0 }, { charsMax: 0.5 }, { charsMax: Number.NaN }])(
    'refuses %j at once',
    (limits) => {
      expect(() => new DocumentIndex(limits)).toThrow(RangeError);
    },
  );

  it('refuses a limit of hits that cannot be', () => {
    expect(() => indexOf(mail).search('mail', { limit: 0 })).toThrow(RangeError);
  });
});

function indexOf(...documents: readonly { path: string; text: string }[]): DocumentIndex {
  const index = new DocumentIndex();
  for (const document of documents) {
    index.add(document);
  }
  return index;
}
