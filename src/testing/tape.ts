/**
 * A tape: the choices of one run, written down before it begins.
 *
 * It is a list of small whole numbers. Each question takes the next one, modulo
 * the number of answers; a tape that has run out answers 0, the quietest answer.
 * So any list is a valid tape, and a shorter or smaller one is a quieter run:
 * that is what lets a failing schedule shrink.
 */
import type { Runnable } from '../core/environment.ts';
import type { Choose } from '../core/simulated-environment.ts';

/**
 * Reads a tape from its beginning.
 *
 * Errors: `RangeError` for a tape that is no list of whole numbers from 0 on.
 *
 * @param taken Gets each answer that was given, in order: itself a tape of the same run.
 */
export function readTape(tape: readonly number[], taken?: number[]): Choose {
  for (let place = 0; place < tape.length; place += 1) {
    if (!Number.isInteger(tape[place]) || tape[place]! < 0) {
      throw new RangeError(
        `a tape is a list of whole numbers, at least 0; got ${String(tape[place])} at place ${place}`,
      );
    }
  }
  let next = 0;
  return (count) => {
    if (count <= 1 || next >= tape.length) {
      return 0;
    }
    const answer = tape[next]! % count;
    next += 1;
    taken?.push(answer);
    return answer;
  };
}

/** Is told what goes wrong while a tape is written. */
export interface TapeTrouble {
  /** A question was asked that the tape has no room for. */
  full(): void;
  /** Whoever answers threw this, or gave an answer that there is not; the quiet one was taken. */
  misled(failure: unknown): void;
}

/**
 * Writes down what somebody answers.
 *
 * @param taken Gets each answer, in order: a tape of the run.
 * @param tapeMax Most answers to ask for; all later ones are quiet.
 */
export function writeTape(choose: Choose, taken: number[], tapeMax: number, trouble?: TapeTrouble): Choose {
  return (count, what, ready) => {
    if (count <= 1) {
      return 0;
    }
    if (taken.length >= tapeMax) {
      trouble?.full();
      return 0;
    }
    const answer =
      trouble === undefined ? choose(count, what, ready) : soundly(choose, trouble, count, what, ready);
    taken.push(answer);
    return answer;
  };
}

/** The answer, if it is one. What is wrong with it is told beside: code of the user may stand between here and the run. */
function soundly(
  choose: Choose,
  trouble: TapeTrouble,
  count: number,
  what: string,
  ready?: readonly Runnable[],
): number {
  try {
    const answer = choose(count, what, ready);
    if (Number.isInteger(answer) && answer >= 0 && answer < count) {
      return answer;
    }
    trouble.misled(
      new RangeError(
        `'${what}' is answered with a whole number from 0 up to, not including, ${count}; the strategy answered ${answer}`,
      ),
    );
  } catch (thrown) {
    trouble.misled(thrown);
  }
  return 0;
}

/** Adds what is asked to a list: among how many answers each one is chosen. */
export function countAnswers(choose: Choose, counts: number[]): Choose {
  return (count, what, ready) => {
    counts.push(count);
    return choose(count, what, ready);
  };
}

/**
 * The shortest tape of the same run: one without the quiet answers at its end.
 *
 * @example
 * trimTape([0, 2, 0, 0]) // => [0, 2]
 */
export function trimTape(tape: readonly number[]): readonly number[] {
  return tape.slice(0, tape.findLastIndex((answer) => answer !== 0) + 1);
}

/** How many answers of a tape are not quiet: as many things as a reader has to know of. */
export function deviationsOf(tape: readonly number[]): number {
  return tape.reduce((sum, answer) => sum + Number(answer !== 0), 0);
}

/**
 * Whether a tape is quieter than another: it has fewer deviations; or as many and is
 * shorter; or is as long and its answers are smaller.
 *
 * @example
 * isQuieter([0, 0, 2], [1, 1]) // => true
 */
export function isQuieter(tape: readonly number[], than: readonly number[]): boolean {
  return (
    (deviationsOf(tape) - deviationsOf(than) ||
      trimTape(tape).length - trimTape(than).length ||
      sumOf(tape) - sumOf(than)) < 0
  );
}

const sumOf = (tape: readonly number[]): number => tape.reduce((sum, answer) => sum + answer, 0);

/** The same tape with another answer at one place, which may be behind its end. */
export function withAnswer(tape: readonly number[], place: number, answer: number): readonly number[] {
  const longer = [...tape];
  while (longer.length < place) {
    longer.push(0);
  }
  longer[place] = answer;
  return longer;
}
