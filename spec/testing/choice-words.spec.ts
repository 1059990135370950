import { describe, expect, it } from 'vitest';
import { type Choice, choiceWords } from '../../src/testing/choice-words.ts';

const turn: Choice = { what: 'whose turn', answer: 1, count: 2, ready: ['/ada', '/grace'], dueMs: undefined };

describe('the words for a choice', () => {
  it('say who went first instead of whom', () => {
    expect(choiceWords(turn)).toBe('instead of /ada, /grace goes first');
  });

  it('do not say that somebody went instead of themselves', () => {
    expect(choiceWords({ ...turn, count: 3, answer: 2, ready: ['deferred', '/ada', 'deferred'] })).toBe(
      'of what deferred, /ada could do, something later goes first',
    );
  });

  it('say that time passed, and who was ready', () => {
    expect(choiceWords({ ...turn, answer: 2, count: 3, dueMs: 100 })).toBe(
      'time passes until 100 ms, although /ada, /grace could go on',
    );
    expect(
      choiceWords({
        ...turn,
        answer: 7,
        count: 8,
        dueMs: 5,
        ready: ['/a', '/b', '/c', '/d', '/e', '/f', '/g'],
      }),
    ).toBe('time passes until 5 ms, although /a, /b, /c, /d, /e and 2 more could go on');
  });

  it('say which timer rang', () => {
    expect(choiceWords({ ...turn, what: 'which timer', ready: undefined })).toBe(
      'of 2 timers that are due at the same time, number 2 rings first',
    );
  });

  it('say of any other question what was answered', () => {
    expect(choiceWords({ ...turn, what: 'heads or tails', ready: undefined })).toBe(
      'heads or tails: 1 (of 0 to 1; quiet is 0)',
    );
    expect(choiceWords({ ...turn, ready: undefined })).toBe('whose turn: 1 (of 0 to 1; quiet is 0)');
  });
});
