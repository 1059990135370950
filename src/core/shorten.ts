/**
 * Shortens a text to at most `charsMax` UTF-16 units; what was cut away is shown as `…`.
 *
 * A character that would be cut in two is replaced whole, so the result can always be encoded.
 *
 * @example
 * shorten('abcdef', 4) // => 'abc…'
 * shorten('abcd', 4) // => 'abcd'
 */
export function shorten(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, Math.max(0, charsMax - 1)).toWellFormed()}…`;
}
