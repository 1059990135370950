/**
 * The quietest tape that breaks a property, by brute force: all tapes are tried, those
 * with fewer deviations first.
 *
 * Each question of a run is a place where a run can deviate. A tape with one deviation
 * more than another is that one with another answer to a question after its last
 * deviation; so each tape is run once.
 */
import { isQuieter, trimTape, withAnswer } from './tape.ts';

/** What came of running a tape. */
export interface Played {
  /** Whether it broke the property. */
  readonly broken: boolean;
  /** The answers that were really given, quiet ones at the end included. */
  readonly answers: readonly number[];
  /** Among how many each of them was chosen. */
  readonly counts: readonly number[];
}

/** Runs a tape. */
export type Play = (tape: readonly number[]) => Promise<Played>;

export interface Quietest {
  /** `undefined` when none was found. */
  readonly tape: readonly number[] | undefined;
  /** Whether the runs sufficed: then there is none that is quieter. */
  readonly all: boolean;
  readonly runs: number;
}

/**
 * Tries all tapes with at most `deviationsMax` answers that are not quiet.
 *
 * Cost: about (q · (c - 1)) ** n / n! runs for n deviations among q questions of c answers.
 */
export async function quietestTape(play: Play, deviationsMax: number, runsMax: number): Promise<Quietest> {
  let runs = 0;
  let level: Iterable<readonly number[]> = deviationsMax < 0 ? [] : [[]];
  for (let deviations = 0; deviations <= deviationsMax; deviations += 1) {
    let best: readonly number[] | undefined;
    const parents: Parent[] = [];
    for (const tape of level) {
      if (runs >= runsMax) {
        return { tape: best, all: false, runs };
      }
      runs += 1;
      const { broken, answers, counts } = await play(tape);
      if (broken) {
        const taken = trimTape(answers);
        best = best === undefined || isQuieter(taken, best) ? taken : best;
      } else if (best === undefined && deviations < deviationsMax) {
        parents.push({ tape, counts });
      }
    }
    if (best !== undefined) {
      return { tape: best, all: true, runs };
    }
    level = childrenOf(parents);
  }
  return { tape: undefined, all: true, runs };
}

interface Parent {
  readonly tape: readonly number[];
  readonly counts: readonly number[];
}

/** Every tape with one deviation more, made when its turn comes: there may be millions. */
function* childrenOf(parents: readonly Parent[]): Generator<readonly number[]> {
  for (const { tape, counts } of parents) {
    for (let place = tape.length; place < counts.length; place += 1) {
      for (let answer = 1; answer < counts[place]!; answer += 1) {
        yield withAnswer(tape, place, answer);
      }
    }
  }
}
