/**
 * Puts a text on one line: line breaks, tabs and control characters are written as escapes.
 *
 * Whoever reads a log can then trust its lines, and a terminal obeys nobody but its user.
 *
 * @example
 * oneLine('a\nb') // => 'a\\nb'
 * oneLine('\u001b[31mred') // => '\\u001b[31mred'
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (control) =>
    control === '\n' ? '\\n' : `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
