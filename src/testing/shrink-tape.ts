/**
 * Shrinking a tape: from one that breaks a property to the quietest that still does.
 *
 * What can be quieter: the end of the tape is cut off, pieces of it are answered
 * quietly (0), pieces are taken out, single answers become smaller. Long pieces are
 * tried first. An answer made quiet leaves the meaning of all later ones as it was,
 * which taking elements out of a list does not; so this needs far fewer runs than
 * the shrinking of lists does, and ends at shorter stories.
 *
 * Guarantees: the result breaks the property, and is no longer than the given tape.
 *
 * Source: Zeller & Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
 * IEEE TSE 28(2), 2002 (delta debugging), for trying long pieces first.
 */

/** A run of a tape that broke the property, as the answers that were really taken; otherwise `undefined`. */
export type Breaks = (tape: readonly number[]) => Promise<readonly number[] | undefined>;

/**
 * @param tape One that breaks the property.
 * @param runsMax Most runs to spend on it.
 */
export async function shrinkTape(
  tape: readonly number[],
  breaks: Breaks,
  runsMax: number,
): Promise<readonly number[]> {
  const shrinking = new Shrinking(tape, breaks, runsMax);
  let before: readonly number[];
  do {
    before = shrinking.tape;
    await shrinking.inPieces((start, length) => shrinking.without(start, before.length - start || length));
    await shrinking.inPieces((start, length) => shrinking.quiet(start, length));
    await shrinking.inPieces((start, length) => shrinking.without(start, length));
    await shrinking.smaller();
  } while (shrinking.tape !== before && !shrinking.spent);
  return shrinking.tape;
}

class Shrinking {
  tape: readonly number[];
  readonly #breaks: Breaks;
  #runsLeft: number;

  constructor(tape: readonly number[], breaks: Breaks, runsMax: number) {
    this.tape = tape;
    this.#breaks = breaks;
    this.#runsLeft = runsMax;
  }

  get spent(): boolean {
    return this.#runsLeft <= 0;
  }

  /** Makes a quieter tape at every place, for pieces of half the tape, a quarter, and so on; the end first. */
  async inPieces(quieter: (start: number, length: number) => readonly number[]): Promise<void> {
    for (let length = this.tape.length >> 1; length >= 1; length >>= 1) {
      for (let start = this.tape.length - length; start > -length; start -= length) {
        await this.#try(quieter(Math.max(0, start), length));
      }
    }
  }

  without(start: number, length: number): readonly number[] {
    return [...this.tape.slice(0, start), ...this.tape.slice(start + length)];
  }

  quiet(start: number, length: number): readonly number[] {
    return this.tape.map((answer, n) => (n >= start && n < start + length ? 0 : answer));
  }

  async smaller(): Promise<void> {
    for (let n = 0; n < this.tape.length; n += 1) {
      for (const answer of [1, this.tape[n]! >> 1, this.tape[n]! - 1]) {
        if (n < this.tape.length && answer < this.tape[n]! && answer > 0) {
          await this.#try(this.tape.with(n, answer));
        }
      }
    }
  }

  /** Keeps a tape if it is quieter and breaks the property. */
  async #try(tape: readonly number[]): Promise<void> {
    if (this.spent || !isQuieter(tape, this.tape)) {
      return;
    }
    this.#runsLeft -= 1;
    const taken = await this.#breaks(tape);
    if (taken !== undefined && isQuieter(taken, this.tape)) {
      this.tape = taken;
    }
  }
}

/** Shorter; or of the same length, with fewer answers that are not quiet, or else smaller ones. */
function isQuieter(tape: readonly number[], than: readonly number[]): boolean {
  const quietness = (one: readonly number[]): readonly number[] => [
    one.length,
    one.filter((answer) => answer !== 0).length,
    one.reduce((sum, answer) => sum + answer, 0),
  ];
  const [a, b] = [quietness(tape), quietness(than)];
  const differs = a.findIndex((value, n) => value !== b[n]);
  return differs >= 0 && a[differs]! < b[differs]!;
}
