import { describe, expect, it } from 'vitest';
import { termsOf, wordsOf } from '../../../src/adapters/minisearch/terms.ts';

describe('terms', () => {
  it.each([
    ['mailbox', 'Mailboxes', "mailbox's"],
    ['policy', 'policies'],
    ['drop', 'dropped', 'dropping', 'drops'],
    ['handle', 'handled', 'handling', 'handles'],
    ['crash', 'crashes', 'crashed'],
    ['time', 'times', 'timed'],
  ])('%s is found by its other forms', (word, ...forms) => {
    expect(forms.map(termsOf)).toEqual(forms.map(() => termsOf(word)));
  });

  it.each(['bus', 'status', 'process', 'string', 'ring'])('%s loses no ending that belongs to it', (word) => {
    expect(termsOf(word)).toEqual([word]);
  });

  it('a name in camel case is found whole and by its parts', () => {
    expect(termsOf('drainWithinMs')).toEqual(['drainwithinms', 'drain', 'within', 'ms']);
  });

  it('words that every text has are no terms', () => {
    expect(['The', 'what', "it's", 'happens'].flatMap(termsOf)).toEqual([]);
  });

  it('words are letters and digits of any script, with what an apostrophe joins', () => {
    expect(wordsOf("`drop-oldest`, don't: Straße 1 024")).toEqual([
      'drop',
      'oldest',
      "don't",
      'Straße',
      '1',
      '024',
    ]);
  });
});
