/**
 * Tapes as an arbitrary of fast-check: for properties of your own, in which the
 * schedule is one input among others, and all of them shrink together.
 *
 * A tape shrinks towards the quiet schedule: its end is cut off, pieces of it
 * are answered quietly or taken out, long ones first, and single answers become smaller. What
 * is left when nothing of that fails any more has no deviation that could be left out alone.
 *
 * Entry point: `troupe/fast-check`. Source: as `src/testing/shrink-tape.ts`.
 */
import type { Arbitrary, Random, Stream, Value } from 'fast-check';
import { peerOf } from '../optional-peer.ts';

const fc = await peerOf('troupe/fast-check', 'fast-check', import('fast-check'));

export interface TapeOptions {
  /** Most answers on a tape; 256 when not given. */
  readonly tapeMax?: number;
}

/** Answers are taken modulo what there is to choose from, so this is enough for any question that is likely to be asked. */
const answerMax = 255;

/**
 * A tape: give it to `explore` as `tape`, with which it runs just that schedule.
 *
 * One tape in two is all chance, the others have at most three answers that are not quiet.
 *
 * Errors: `RangeError` when `tapeMax` is not a whole number, at least 0.
 *
 * @example
 * import fc from 'fast-check'
 * const [tape] = fc.sample(aTape({ tapeMax: 8 }), { numRuns: 1, seed: 1 })
 * tape.length <= 8 // => true
 */
export function aTape({ tapeMax = 256 }: TapeOptions = {}): Arbitrary<readonly number[]> {
  if (!Number.isInteger(tapeMax) || tapeMax < 0) {
    throw new RangeError(`tapeMax is a whole number, at least 0; got ${tapeMax}`);
  }
  return new Tapes(tapeMax);
}

class Tapes extends fc.Arbitrary<readonly number[]> {
  readonly #tapeMax: number;

  constructor(tapeMax: number) {
    super();
    this.#tapeMax = tapeMax;
  }

  override generate(random: Random): Value<readonly number[]> {
    const length = random.nextInt(0, this.#tapeMax);
    const isDense = random.nextInt(0, 1) === 0;
    const tape = Array.from({ length }, () => (isDense ? random.nextInt(0, answerMax) : 0));
    if (!isDense && length > 0) {
      for (let left = random.nextInt(0, 3); left > 0; left -= 1) {
        tape[random.nextInt(0, length - 1)] = random.nextInt(1, answerMax);
      }
    }
    return new fc.Value(tape, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is readonly number[] {
    return Array.isArray(value) && value.length <= this.#tapeMax && value.every(isAnswer);
  }

  override shrink(tape: readonly number[]): Stream<Value<readonly number[]>> {
    return fc.stream(quieterTapes(tape)).map((quieter) => new fc.Value(quieter, undefined));
  }
}

const isAnswer = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= answerMax;

/** Tapes that are quieter, those that are much quieter first. No tape comes back to itself this way, so it ends. */
function* quieterTapes(tape: readonly number[]): Generator<readonly number[]> {
  if (tape.length === 0) {
    return;
  }
  yield [];
  if (tape.at(-1) === 0) {
    yield tape.slice(0, tape.findLastIndex((answer) => answer !== 0) + 1);
  }
  for (let length = tape.length >> 1; length >= 1; length >>= 1) {
    for (let start = tape.length - length; start > -length; start -= length) {
      const from = Math.max(0, start);
      yield tape.slice(0, from);
      if (tape.slice(from, from + length).some((answer) => answer !== 0)) {
        yield tape.map((answer, n) => (n >= from && n < from + length ? 0 : answer));
      }
      yield tape.toSpliced(from, length);
    }
  }
  for (const [n, answer] of tape.entries()) {
    for (const smaller of new Set([0, 1, answer >> 1, answer - 1])) {
      if (smaller >= 0 && smaller < answer) {
        yield tape.with(n, smaller);
      }
    }
  }
}
