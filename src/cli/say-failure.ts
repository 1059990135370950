/**
 * Saying what went wrong, in one sentence where one is enough.
 */
import { AgentDefect } from '../actors/request-failures.ts';
import { describeThrown, failureClass } from '../core/failure.ts';
import { BadUsage } from './command-line.ts';
import { placeThrown } from './load-program.ts';
import { BadOption } from './program.ts';

/**
 * What a person should read: the message of a failure that says what is wrong; of
 * a defect also what and where it was, for whoever has to mend it.
 */
export function failureText(file: string, failure: unknown, stacks: boolean): string {
  const said = isTagged(failure) ? failure.message : `${file} failed: ${describeThrown(failure)}`;
  const place = placeThrown(defectIn(failure));
  const stack = failure instanceof Error && stacks ? `\n${failure.stack}` : '';
  return `troupe: ${said}${place === undefined ? '' : `\n    at ${place}`}${stack}\n`;
}

/** What was thrown by mistake: the failure itself, or what an agent threw that it stands for. */
function defectIn(failure: unknown): unknown {
  if (failure instanceof AgentDefect) return failure.cause;
  return failureClass(failure) === 'defect' && !isTagged(failure) ? failure : undefined;
}

/** 2 when the command line is what has to change, otherwise 1. */
export const exitCodeOf = (failure: unknown): number =>
  failure instanceof BadUsage || failure instanceof BadOption ? 2 : 1;

const isTagged = (failure: unknown): failure is Error & { readonly _tag: string } =>
  failure instanceof Error && '_tag' in failure && typeof failure._tag === 'string';
