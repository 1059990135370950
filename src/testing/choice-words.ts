/**
 * Words for a choice: how a run was decided where the quiet run is decided otherwise.
 */
import { isFault, timerQuestion, turnQuestion } from '../core/simulated-environment.ts';

/** One answer that is not the quiet one. */
export interface Choice {
  /** Name of the question. */
  readonly what: string;
  readonly answer: number;
  /** How many answers there were. */
  readonly count: number;
  /** Those who could take a turn, where that was asked, in the order in which they asked. */
  readonly ready: readonly string[] | undefined;
  /** When the next timer was due, in milliseconds, if there was one. */
  readonly dueMs: number | undefined;
}

const namesMax = 5;

/**
 * Says a choice in words.
 *
 * @example
 * choiceWords({ what: 'whose turn', answer: 1, count: 2, ready: ['/ada', '/grace'], dueMs: undefined }) // => 'instead of /ada, /grace goes first'
 */
export function choiceWords({ what, answer, count, ready, dueMs }: Choice): string {
  if (what === turnQuestion && ready !== undefined) {
    if (answer < ready.length) {
      return turnWords(ready[0]!, ready[answer]!, ready);
    }
    return `time passes until ${dueMs} ms, although ${named(ready)} could go on`;
  }
  if (what === timerQuestion) {
    return `of ${count} timers that are due at the same time, number ${answer + 1} rings first`;
  }
  if (isFault(what) && count === 2) {
    return what;
  }
  return `${what}: ${answer} (of 0 to ${count - 1}; quiet is 0)`;
}

function turnWords(quiet: string, chosen: string, ready: readonly string[]): string {
  return quiet === chosen
    ? `of what ${named([...new Set(ready)])} could do, something later goes first`
    : `instead of ${quiet}, ${chosen} goes first`;
}

function named(names: readonly string[]): string {
  const more = names.length - namesMax;
  return more > 0 ? `${names.slice(0, namesMax).join(', ')} and ${more} more` : names.join(', ');
}
