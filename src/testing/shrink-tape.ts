/**
 * Shrinking a tape: from one that breaks a property to the quietest that still does.
 *
 * The quietest is the one with the fewest deviations, which are the answers that are
 * not quiet: each is something a reader has to know of. Of those with equally many
 * it is the shortest, and then the one with the smaller answers.
 *
 * First much is taken away at once: the end of the tape, long pieces, shorter ones,
 * single answers. An answer made quiet leaves the meaning of all later ones as it was
 * more often than one taken out of the list does; both are tried. Then each two
 * deviations are replaced by one, wherever it may be. What is left of the runs is spent on all
 * tapes with fewer deviations, one after the other.
 *
 * Guarantees: the result breaks the property and is no less quiet than the given tape. Where
 * `fewest` says so, no tape with fewer deviations breaks it.
 *
 * Source: Zeller & Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
 * IEEE TSE 28(2), 2002 (delta debugging), for trying long pieces first.
 */
import { type Play, type Played, quietestTape } from './quietest-tape.ts';
import { deviationsOf, isQuieter, trimTape, withAnswer } from './tape.ts';

export interface Shrunk {
  readonly tape: readonly number[];
  /** Whether every tape with fewer deviations was tried: then there is none that breaks the property. */
  readonly fewest: boolean;
  readonly runs: number;
}

/**
 * @param tape One that breaks the property.
 * @param runsMax Most runs to spend on it.
 */
export async function shrinkTape(tape: readonly number[], play: Play, runsMax: number): Promise<Shrunk> {
  const shrinking = new Shrinking(trimTape(tape), play, runsMax);
  await shrinking.try([]);
  let before: readonly number[];
  do {
    before = shrinking.tape;
    await shrinking.takeAway();
    await shrinking.twoForOne();
  } while (shrinking.tape !== before && !shrinking.spent);
  const fewest = await shrinking.fewer();
  return { tape: shrinking.tape, fewest, runs: shrinking.runs };
}

class Shrinking {
  tape: readonly number[];
  runs = 0;
  readonly #play: Play;
  readonly #runsMax: number;

  constructor(tape: readonly number[], play: Play, runsMax: number) {
    this.tape = tape;
    this.#play = play;
    this.#runsMax = runsMax;
  }

  get spent(): boolean {
    return this.runs >= this.#runsMax;
  }

  /** Keeps a tape if it is quieter and breaks the property. */
  async try(tape: readonly number[]): Promise<boolean> {
    if (this.spent || !isQuieter(tape, this.tape)) {
      return false;
    }
    const { broken, answers } = await this.#run(tape);
    const taken = trimTape(answers);
    if (!broken || !isQuieter(taken, this.tape)) {
      return false;
    }
    this.tape = taken;
    return true;
  }

  /** Takes away and makes smaller, until nothing more can be. */
  async takeAway(): Promise<void> {
    let before: readonly number[];
    do {
      before = this.tape;
      await this.#inPieces((start) => this.tape.slice(0, start));
      await this.#inPieces((start, length) => this.#quiet(start, length));
      await this.#inPieces((start, length) => this.tape.toSpliced(start, length));
      await this.#later();
      await this.#smaller();
    } while (this.tape !== before && !this.spent);
  }

  /** Replaces two deviations by one. */
  async twoForOne(): Promise<void> {
    for (let first = 0; first < this.tape.length; first += 1) {
      for (let second = first + 1; second < this.tape.length && !this.spent; second += 1) {
        const { tape } = this;
        if (tape[first] !== 0 && tape[second] !== 0) {
          const { counts } = await this.#run(tape.with(first, 0).with(second, 0));
          await this.#oneFor(tape.with(first, 0).with(second, 0), counts);
        }
      }
    }
  }

  /** Tries all tapes with fewer deviations, and says whether the runs sufficed. */
  async fewer(): Promise<boolean> {
    const fewer = deviationsOf(this.tape) - 1;
    const { tape, all, runs } = await quietestTape(this.#play, fewer, this.#runsMax - this.runs);
    this.runs += runs;
    this.tape = tape ?? this.tape;
    return all;
  }

  #run(tape: readonly number[]): Promise<Played> {
    this.runs += 1;
    return this.#play(tape);
  }

  /** Tries a tape at every place, for pieces of half the tape, a quarter, and so on; the end first. */
  async #inPieces(quieter: (start: number, length: number) => readonly number[]): Promise<void> {
    for (let length = Math.max(1, this.tape.length >> 1); length >= 1; length >>= 1) {
      for (let start = this.tape.length - length; start > -length; start -= length) {
        await this.try(quieter(Math.max(0, start), length));
      }
    }
  }

  #quiet(start: number, length: number): readonly number[] {
    return this.tape.map((answer, n) => (n >= start && n < start + length ? 0 : answer));
  }

  /** Makes one answer quiet where that brings one question more, or one less. */
  async #later(): Promise<void> {
    for (let n = this.tape.length - 1; n >= 0; n -= 1) {
      if (n < this.tape.length && this.tape[n] !== 0) {
        const quiet = this.tape.with(n, 0);
        (await this.try(quiet.toSpliced(n, 0, 0))) || (await this.try(quiet.toSpliced(n + 1, 1)));
      }
    }
  }

  async #smaller(): Promise<void> {
    for (let n = 0; n < this.tape.length; n += 1) {
      for (const answer of [1, this.tape[n]! >> 1, this.tape[n]! - 1]) {
        if (n < this.tape.length && answer < this.tape[n]! && answer > 0) {
          await this.try(this.tape.with(n, answer));
        }
      }
    }
  }

  /** Tries a tape with one more deviation, wherever it may be. */
  async #oneFor(tape: readonly number[], counts: readonly number[]): Promise<void> {
    for (let n = 0; n < counts.length && !this.spent; n += 1) {
      for (let answer = 1; answer < counts[n]!; answer += 1) {
        if ((tape[n] ?? 0) === 0 && (await this.try(withAnswer(tape, n, answer)))) {
          return;
        }
      }
    }
  }
}
