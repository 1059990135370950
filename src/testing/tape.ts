/**
 * A tape: the choices of one run, written down before it begins.
 *
 * It is a list of small whole numbers. Each question takes the next one, modulo
 * the number of answers; a tape that has run out answers 0, the quietest answer.
 * So any list is a valid tape, and a shorter or smaller one is a quieter run:
 * that is what lets a failing schedule shrink.
 */
import type { Choose } from '../core/simulated-environment.ts';

/**
 * Reads a tape from its beginning.
 *
 * @param taken Gets each answer that was given, in order: itself a tape of the same run.
 */
export function readTape(tape: readonly number[], taken?: number[]): Choose {
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

/**
 * Writes down what somebody answers.
 *
 * @param taken Gets each answer, in order: a tape of the run.
 * @param tapeMax Most answers to ask for; all later ones are quiet.
 */
export function writeTape(choose: Choose, taken: number[], tapeMax: number): Choose {
  return (count, what, ready) => {
    if (count <= 1 || taken.length >= tapeMax) {
      return 0;
    }
    const answer = choose(count, what, ready);
    taken.push(answer);
    return answer;
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
