/**
 * What differs from the quiet run: how a run was decided otherwise, and what
 * happened in consequence.
 */

import { oneLine } from '../core/one-line.ts';

/** A run that was traced. */
export interface TracedRun {
  /** What happened, a line each. */
  readonly trace: readonly string[];
  /** How it was decided otherwise than the quiet run is, in words. */
  readonly choices: readonly string[];
  /** Whether every answer was the quiet one. */
  readonly quiet: boolean;
  /** Whether it broke the property. */
  readonly broken: boolean;
}

const choicesMax = 20;
const consequencesMax = 8;

/**
 * Says in lines what differs.
 *
 * @param quiet The run in which every answer was the quiet one, if it was run.
 */
export function runDifference(found: TracedRun, quiet: TracedRun | undefined): readonly string[] {
  if (found.quiet) {
    return ['this is the quiet run: first come, first served, and nothing goes wrong'];
  }
  const compared =
    quiet === undefined
      ? 'this run differs from the quiet one:'
      : `the quiet run ${quiet.broken ? 'breaks the property, too' : 'keeps the property'}; this one differs from it:`;
  const choices = without(found.choices, quiet?.choices ?? [], anyTime);
  return [
    compared,
    ...(choices.length === 0
      ? ['  * something was decided otherwise that nobody tells of: the tape says what']
      : atMost(choices, choicesMax).map((words) => `  * ${words}`)),
    ...(quiet === undefined ? [] : consequences(found.trace, quiet.trace)),
  ].map(oneLine);
}

/** What happened in one of them only, or more often, whenever that was. */
function consequences(here: readonly string[], there: readonly string[]): readonly string[] {
  const [only, missing] = [without(here, there, timeless), without(there, here, timeless)].map((lines) =>
    lines.map(timeless),
  ) as [string[], string[]];
  return [
    ...(only.length === 0 ? [] : ['only here:', ...atMost(only, consequencesMax).map((line) => `  ${line}`)]),
    ...(missing.length === 0
      ? []
      : ['only in the quiet run:', ...atMost(missing, consequencesMax).map((line) => `  ${line}`)]),
  ];
}

/** Lines that the others have not, or not as often; `key` is what counts of a line. */
function without(
  lines: readonly string[],
  others: readonly string[],
  key: (line: string) => string,
): readonly string[] {
  const counts = new Map<string, number>();
  for (const line of others.map(key)) {
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return lines.filter((line) => {
    const left = counts.get(key(line)) ?? 0;
    counts.set(key(line), left - 1);
    return left <= 0;
  });
}

/** A line of a trace begins with its time. */
const timeless = (line: string): string => line.replace(/^\S+ ms {2}/, '');

/** What was decided ends with its time. What a test itself does is done in the quiet run, too. */
const anyTime = (line: string): string => line.replace(/ \(at \S+ ms\)$/, '');

function atMost(lines: readonly string[], count: number): readonly string[] {
  return lines.length <= count ? lines : [...lines.slice(0, count), `… and ${lines.length - count} more`];
}
