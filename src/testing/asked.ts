/** What a model was asked, in words for an expectation or a message. */

import { describeValue } from '../core/describe-value.ts';
import { oneLine } from '../core/one-line.ts';
import { shorten } from '../core/shorten.ts';
import type { ModelCall, ModelMessage } from '../models/language-model.ts';

/**
 * The text of a message: its text parts and what its tools gave, a line each.
 *
 * @example
 * textOf({ role: 'user', content: [{ type: 'text', text: 'Hello' }] }) // => 'Hello'
 * textOf({ role: 'system', content: 'Be brief.' }) // => 'Be brief.'
 */
export function textOf({ content }: ModelMessage): string {
  if (typeof content === 'string') {
    return content;
  }
  return content.flatMap((part) => textOfPart(part)).join('\n');
}

/** The text of the last message: what the model is asked now. */
export function lastText(call: ModelCall): string {
  const last = call.prompt.at(-1);
  return last === undefined ? '' : textOf(last);
}

/** One line for a failure: who said the last message, what it says, and which tools are offered. */
export function describeCall(call: ModelCall): string {
  const last = call.prompt.at(-1);
  const tools = call.tools?.map(({ name }) => name).join(', ');
  const said = last === undefined ? 'nothing' : `${last.role}: ${oneLine(shorten(textOf(last), charsMax))}`;
  return `${said} (message ${call.prompt.length}${tools ? `; tools ${tools}` : ''})`;
}

const charsMax = 300;

function textOfPart(part: Exclude<ModelMessage['content'], string>[number]): string[] {
  if (part.text !== undefined) {
    return [part.text];
  }
  if (part.output === undefined) {
    return [];
  }
  const { value } = part.output as { value?: unknown };
  return [typeof value === 'string' ? value : describeValue(value, 10_000)];
}
