/**
 * Puts a text on one line: line breaks, tabs, control characters, and those that turn
 * the direction of what follows, are written as escapes.
 *
 * Whoever reads a log can then trust its lines, and a terminal obeys nobody but its user.
 *
 * Source for directions: Boucher & Anderson, "Trojan Source" (2021). Marks of a direction, which turn
 * nothing but themselves, stay.
 *
 * @example
 * oneLine('a\nb') // => 'a\\nb'
 * oneLine('\u001b[31mred') // => '\\u001b[31mred'
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (control) =>
    control === '\n' ? '\\n' : `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
