/**
 * Texts of facts: what was said and what was thrown, made when it happened, in one
 * line each, with secrets redacted by their names.
 */
import { describeValue } from '../core/describe-value.ts';
import type { Envelope } from '../core/envelope.ts';
import { oneLine } from '../core/one-line.ts';
import { shorten } from '../core/shorten.ts';

const contentCharsMax = 160;
const failureCharsMax = 400;

/** The name of a message's topic. */
export const topicOf = (envelope: Envelope): string => envelope.topic ?? 'a message';

/** What is said, in one line; nothing for `undefined`. */
export function contentText(content: unknown): string {
  return content === undefined ? '' : describeValue(content, contentCharsMax);
}

/** What somebody wrote, in one line. */
export const lineText = (text: string): string => shorten(oneLine(text), contentCharsMax);

/** What somebody did in words of their own, in one line: longer than what is said. */
export const wordsText = (text: string): string => shorten(oneLine(text), failureCharsMax);

/** What a message holds; nothing for one that holds nothing. */
export function payloadOf(envelope: Envelope): string {
  return contentText(envelope.payload);
}

/** What was thrown, in one line. */
export function failureText(failure: unknown): string {
  return shorten(oneLine(withoutColours(describeValue(failure, failureCharsMax))), failureCharsMax);
}

/** Lines of a message for a terminal: colours and tabs stay, all else that a terminal would obey is written as an escape. */
export const linesText = (text: string): string =>
  text
    .split(coloursAndBreaks)
    .map((part, n) => (n % 2 === 1 ? part : oneLine(part)))
    .join('');

// biome-ignore lint/suspicious/noControlCharactersInRegex: the character that begins a colour.
const coloursAndBreaks = /(\u001b\[[0-9;]*m|\r?\n|\t)/;

/** Messages of assertions may be coloured for a terminal. */
export function withoutColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the character that begins a colour.
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}
