import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shrinkTape } from '../../src/testing/shrink-tape.ts';

type Property = (tape: readonly number[]) => boolean;

/** Shrinks with a property that is broken by some tapes, and counts the runs. */
async function shrunk(tape: readonly number[], isBrokenBy: Property, runsMax = 5_000) {
  const {
    tape: result,
    runs,
    fewest,
  } = await shrinkTape(
    tape,
    async (one) => ({
      broken: isBrokenBy(one),
      answers: Array.from({ length: 12 }, (_, n) => one[n] ?? 0),
      counts: Array.from({ length: 12 }, () => 3),
    }),
    runsMax,
  );
  return { result, runs, fewest };
}

/** A tape, and two answers on it that together break the property. */
const aBrokenRun = fc
  .array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 12 })
  .map((tape) => ({ tape: [...tape, 3, 4], culprits: [3, 4] }));

describe('a shrunk tape', () => {
  it('has nothing left that did not matter', async () => {
    const { result } = await shrunk([9, 4, 7, 7, 3, 8, 1, 6], (tape) => tape.includes(7) && tape.includes(3));

    expect(result.toSorted()).toEqual([3, 7]);
  });

  it('leaves later answers in their places when an earlier one becomes quiet', async () => {
    const { result } = await shrunk([5, 5, 5, 2, 5, 5], (tape) => tape[3] === 2);

    expect(result).toEqual([0, 0, 0, 2]);
  });

  it('has answers as small as may be', async () => {
    const { result } = await shrunk([200], (tape) => (tape[0] ?? 0) >= 17);

    expect(result).toEqual([17]);
  });

  it('is empty when the quietest run breaks the property', async () => {
    expect((await shrunk([3, 1, 2], () => true)).result).toEqual([]);
  });

  it('is the tape itself when nothing quieter breaks the property', async () => {
    expect((await shrunk([1, 1], (tape) => tape[0] === 1 && tape[1] === 1)).result).toEqual([1, 1]);
  });

  it('is what was found until the runs were spent', async () => {
    const { runs } = await shrunk(
      Array.from({ length: 64 }, () => 9),
      (tape) => tape.filter((answer) => answer > 0).length > 10,
      5,
    );

    expect(runs).toBe(5);
  });

  it('law: breaks the property and is no longer than it was', async () => {
    await fc.assert(
      fc.asyncProperty(aBrokenRun, async ({ tape, culprits }) => {
        const isBrokenBy: Property = (one) => culprits.every((culprit) => one.includes(culprit));

        const { result } = await shrunk(tape, isBrokenBy);

        expect(isBrokenBy(result)).toBe(true);
        expect(result.length).toBeLessThanOrEqual(tape.length);
      }),
    );
  });
});
