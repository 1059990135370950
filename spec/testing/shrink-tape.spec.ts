import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Play, quietestTape } from '../../src/testing/quietest-tape.ts';
import { shrinkTape } from '../../src/testing/shrink-tape.ts';
import { deviationsOf } from '../../src/testing/tape.ts';

type Property = (tape: readonly number[]) => boolean;

/** A run of so many questions, each with three answers, that breaks a property by its tape alone. */
const played =
  (isBrokenBy: Property, questions = 14): Play =>
  async (tape) => ({
    broken: isBrokenBy(tape),
    answers: Array.from({ length: questions }, (_, n) => tape[n] ?? 0),
    counts: Array.from({ length: questions }, () => 3),
  });

/** Shrinks with a property that is broken by some tapes. */
async function shrunk(tape: readonly number[], isBrokenBy: Property, runsMax = 20_000) {
  const { tape: result, runs, fewest } = await shrinkTape(tape, played(isBrokenBy), runsMax);
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

  it('says whether no tape with fewer deviations breaks the property', async () => {
    const isBrokenBy: Property = (tape) => tape.filter((answer) => answer > 0).length >= 2;

    expect(await shrunk([2, 2, 2, 2], isBrokenBy)).toMatchObject({ result: [1, 1], fewest: true });
    expect(await shrunk([2, 2, 2, 2], isBrokenBy, 20)).toMatchObject({ fewest: false });
  });

  it('has one deviation for two, wherever that may be', async () => {
    const isBrokenBy: Property = (tape) => (tape[1] === 2 && tape[2] === 2) || tape[9] === 2;

    expect((await shrunk([0, 2, 2], isBrokenBy)).result).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
  });

  it('finds an answer again that has moved, because an earlier one became quiet', async () => {
    // With a first answer that is not quiet there is one question less before the one that matters.
    const isBrokenBy: Property = (tape) =>
      tape[0] === 0 ? tape[4] === 2 && tape[5] === 2 : tape[3] === 2 && tape[4] === 2;

    expect((await shrunk([1, 0, 0, 2, 2], isBrokenBy)).result).toEqual([0, 0, 0, 0, 2, 2]);
  });

  it('law: breaks the property and has no more deviations than it had', async () => {
    await fc.assert(
      fc.asyncProperty(aBrokenRun, async ({ tape, culprits }) => {
        const isBrokenBy: Property = (one) => culprits.every((culprit) => one.includes(culprit));

        const { result } = await shrunk(tape, isBrokenBy, 300);

        expect(isBrokenBy(result)).toBe(true);
        expect(deviationsOf(result)).toBeLessThanOrEqual(deviationsOf(tape));
      }),
    );
  });

  it('law: has as few deviations as the quietest that brute force finds, where few are needed', async () => {
    const aNeed = fc.array(fc.record({ place: fc.nat(11), answer: fc.integer({ min: 1, max: 2 }) }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(aNeed, { minLength: 1, maxLength: 3 }), async (needs) => {
        const isBrokenBy: Property = (one) =>
          needs.some((need) => need.every(({ place, answer }) => one[place] === answer));
        const anyTape = fc.sample(fc.array(fc.nat(2), { minLength: 12, maxLength: 12 }), {
          numRuns: 1,
          seed: 1,
        })[0]!;
        const tape = needs[0]!.reduce((one, { place, answer }) => one.with(place, answer), anyTape);
        fc.pre(isBrokenBy(tape));

        const { result, fewest } = await shrunk(tape, isBrokenBy);
        const best = await quietestTape(played(isBrokenBy), 4, 100_000);

        expect(fewest).toBe(true);
        expect(deviationsOf(result)).toBe(deviationsOf(best.tape!));
      }),
      { numRuns: 40, seed: 1 },
    );
  });
});

describe('the quietest tape', () => {
  it('is found by trying those with fewer deviations first', async () => {
    const tried: string[] = [];
    const play = played((tape) => {
      tried.push(tape.join(''));
      return tape[0] === 1 && tape[1] === 1;
    }, 2);

    const { tape, all, runs } = await quietestTape(play, 2, 100);

    expect(tape).toEqual([1, 1]);
    expect(all).toBe(true);
    expect(runs).toBe(9);
    expect(tried).toEqual(['', '1', '2', '01', '02', '11', '12', '21', '22']);
  });

  it('is the shortest of those with equally few deviations, and has the smallest answers', async () => {
    expect(
      (
        await quietestTape(
          played((tape) => tape.includes(2)),
          3,
          100,
        )
      ).tape,
    ).toEqual([2]);
    expect(
      (
        await quietestTape(
          played((tape) => tape.some((answer) => answer > 0)),
          3,
          100,
        )
      ).tape,
    ).toEqual([1]);
  });

  it('is not found when it has more deviations than were asked for, or takes more runs', async () => {
    const two = played((tape) => tape.includes(1) && tape.includes(2));

    expect(await quietestTape(two, 1, 100)).toEqual({ tape: undefined, all: true, runs: 29 });
    expect(await quietestTape(two, 2, 10)).toEqual({ tape: undefined, all: false, runs: 10 });
    expect(await quietestTape(two, -1, 10)).toEqual({ tape: undefined, all: true, runs: 0 });
  });
});
