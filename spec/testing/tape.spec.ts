import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTape, trimTape } from '../../src/testing/tape.ts';

const aTape = fc.array(fc.nat({ max: 20 }), { maxLength: 20 });
const questions = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 30 });

const answersOf = (tape: readonly number[], counts: readonly number[], taken?: number[]) => {
  const choose = readTape(tape, taken);
  return counts.map((count) => choose(count, 'a choice'));
};

describe('a tape', () => {
  it('answers each question with its next number, modulo the answers there are', () => {
    expect(answersOf([5, 1, 7], [4, 2, 3])).toEqual([1, 1, 1]);
  });

  it('answers 0, the quietest answer, when it has run out', () => {
    expect(answersOf([3], [4, 4, 4])).toEqual([3, 0, 0]);
  });

  it('is not used up by a question with one answer', () => {
    expect(answersOf([1, 2], [1, 3, 1, 3])).toEqual([0, 1, 0, 2]);
  });

  it('may be written down as it is read', () => {
    const taken: number[] = [];

    answersOf([5, 9], [3, 1, 4, 2], taken);

    expect(taken).toEqual([2, 1]);
  });

  it('is trimmed of the quiet answers at its end', () => {
    expect(trimTape([0, 2, 0, 0])).toEqual([0, 2]);
    expect(trimTape([0, 0])).toEqual([]);
  });

  it('law: whatever it says, each answer is one there is', () => {
    fc.assert(
      fc.property(aTape, questions, (tape, counts) => {
        const answers = answersOf(tape, counts);

        expect(answers.every((answer, n) => answer >= 0 && answer < counts[n]!)).toBe(true);
      }),
    );
  });

  it('law: what was taken of it, trimmed, is a tape of the same run', () => {
    fc.assert(
      fc.property(aTape, questions, (tape, counts) => {
        const taken: number[] = [];
        const answers = answersOf(tape, counts, taken);

        expect(answersOf(trimTape(taken), counts)).toEqual(answers);
      }),
    );
  });
});
