/**
 * A counterexample: a schedule that breaks the property, told so that a reader
 * sees what happened, where it parts from the quiet run, and how to run it again.
 *
 * What was thrown is its `cause`, as it was: whoever shows causes shows the
 * difference that an assertion found, too.
 */
import { reasonOf } from '../core/failure.ts';
import { shorten } from '../core/shorten.ts';
import { linesText, withoutColours } from './fact-texts.ts';
import { LawBroken } from './law.ts';
import { type RegressionTestOptions, regressionTest } from './regression-test.ts';
import { runDifference, type TracedRun } from './run-difference.ts';
import { type Story, storyOf } from './story.ts';
import type { StoryRecorder } from './story-recorder.ts';
import { thrownAs } from './thrown.ts';

/** What is known of a schedule that broke the property. */
export interface Finding {
  readonly tape: readonly number[];
  /** What was thrown. */
  readonly cause: unknown;
  readonly trace: readonly string[];
  /** What was written down while it ran. */
  readonly recorder: StoryRecorder;
  /** The seed it was found with; when it is replayed, the one given. */
  readonly seed: number;
  /** By which strategy it has just been found, after how many runs, and what the quiet run was like; `undefined` when it was replayed. */
  readonly found:
    | { readonly strategy: string; readonly runs: number; readonly quiet: TracedRun | undefined }
    | undefined;
  /** The options it was explored with. */
  readonly options: object;
}

const whyLinesMax = 60;
const whyCharsMax = 8_000;

/** A schedule was found that breaks the property. */
export class CounterexampleFound extends Error {
  override readonly name = 'CounterexampleFound';
  /** The quietest schedule found that breaks it: give it to `explore` as `tape`. */
  readonly tape: readonly number[];
  readonly seed: number;
  /** How many runs it took to find; 1 when it was replayed. */
  readonly runs: number;
  /** What was broken: the message of what was thrown, or what was thrown, in JSON. Of any length; the message shows its beginning. */
  readonly why: string;
  /** Name of the law that was broken, if it was a law. */
  readonly law: string | undefined;
  /** What happened in it, a line each. */
  readonly trace: readonly string[];
  /** What happened in it, as a sequence diagram: `story.text`, `story.mermaid`. */
  readonly story: Story;
  /** What differs from the quiet run, in lines. */
  readonly difference: readonly string[];
  readonly #options: object;

  constructor(finding: Finding) {
    const { tape, cause, trace, recorder, seed, found, options } = finding;
    const why = reasonOf(cause);
    const story = storyOf(recorder, inOneLine(shown(why)));
    const difference = runDifference(
      { trace, choices: recorder.choices, quiet: tape.length === 0, broken: true },
      found?.quiet,
    );
    const [run, how] =
      found === undefined
        ? ['', '']
        : [` (run ${found.runs})`, `; found with seed ${seed} by ${found.strategy}`];
    super(
      [
        `a schedule breaks the property${run}: ${shown(why)}`,
        '',
        story.text,
        '',
        ...difference,
        `replay it with explore(setup, { …, tape: ${JSON.stringify(tape)} }, atQuiet)${how}`,
      ].join('\n'),
      { cause },
    );
    this.tape = tape;
    this.seed = seed;
    this.runs = found?.runs ?? 1;
    this.why = why;
    this.law = thrownAs(cause, LawBroken)?.law;
    this.trace = trace;
    this.story = story;
    this.difference = difference;
    this.#options = options;
    // Test runners print every property that they can enumerate; the message has these already.
    for (const name of ['name', 'runs', 'why', 'law', 'trace', 'story', 'difference'] as const) {
      Object.defineProperty(this, name, { enumerable: false });
    }
    this.stack = `${this.name}: ${this.message}${theirs(String(this.stack))}`;
  }

  /**
   * The source of a test that replays this schedule: red while the bug is there, green when it is mended.
   *
   * The setup and the property come from a module of yours. Options that are data, such as
   * `faults`, are written into the test; those that are code it imports.
   *
   * Errors: `RangeError` for the name of an export that cannot be one.
   */
  regressionTest(options: RegressionTestOptions): string {
    const { tape, why, story, difference } = this;
    const plain = shown(withoutColours(why));
    const told = [...plain.split('\n'), '', ...story.text.split('\n'), '', ...difference];
    return regressionTest({ tape, why: plain, told, options: { ...this.#options } }, options);
  }
}

/** The lines of a stack that are not of these rooms: where `explore` was called, where that can be known. */
function theirs(stack: string): string {
  const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
  return frames
    .filter((frame) => !ourRooms.some((folder) => frame.includes(folder)))
    .map((frame) => `\n${frame}`)
    .join('');
}

/** This folder, as stacks write it: as a path, or as a URL. */
const ourRooms: readonly string[] = [import.meta.dirname, new URL('.', import.meta.url).href];

const inOneLine = (text: string): string =>
  withoutColours(text)
    .trim()
    .replace(/\s*\n\s*/g, ' ');

/** The message of what was thrown, which may be a difference of many lines. */
function shown(why: string): string {
  const text = linesText(shorten(why, whyCharsMax));
  const lines = text.split('\n');
  return lines.length <= whyLinesMax ? text : [...lines.slice(0, whyLinesMax), '…'].join('\n');
}
