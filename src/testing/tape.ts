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
 * A number that is an answer is taken as it is. One that is too large for that is
 * spread over the answers, the quiet one as often as the question says: so a tape
 * of large numbers made by chance seldom says that something goes wrong.
 *
 * @param taken Gets each answer that was given, in order: itself a tape of the same run.
 */
export function readTape(tape: readonly number[], taken?: number[]): Choose {
  let next = 0;
  return (count, _what, quiet = 1) => {
    if (count <= 1 || next >= tape.length) {
      return 0;
    }
    const written = tape[next]!;
    const answer = written < count ? written : Math.max(0, (written % (count - 1 + quiet)) - quiet + 1);
    next += 1;
    taken?.push(answer);
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
