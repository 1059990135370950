/**
 * Terms: what a word is found by.
 *
 * `Mailboxes`, `mailbox` and `mailbox's` are one term, `dropped` and `dropping`
 * are, and `restartsMax` is found by `restarts` and by `max`. Words that are in
 * every text are no terms.
 *
 * Source: Harman, "How effective is suffixing?" (JASIS, 1991), who found that
 * taking off plurals helps and that much more does not; `-ed` and `-ing` are
 * taken off too, because questions are asked in another tense than texts are
 * written in. English only: other languages are found by whole words.
 */

const stopWords: ReadonlySet<string> = new Set(
  (
    'a about after all also am an and any are as at be been before being but by can could did do does done each ' +
    'else ever every for from get gets give gives given had has have he her here his how i if in into is it its ' +
    'itself just let like may me might more most much must my no nor not of on one only or other our out over own ' +
    'per shall she should so some such than that the their them then there these they this those through to too ' +
    'under until up upon us very was we were what when where which while who whom whose why will with would yes ' +
    'yet you your happen happens happened'
  ).split(' '),
);

/**
 * The terms of a word, without doubles; none for a word that is in every text.
 *
 * @example
 * termsOf('Mailboxes') // => ['mailbox']
 * termsOf('restartsMax') // => ['restartsmax', 'restart', 'max']
 * termsOf('the') // => []
 */
export function termsOf(word: string): string[] {
  const owned = word.replace(/'s?$/, '');
  const whole = owned.toLowerCase();
  if (stopWords.has(whole)) {
    return [];
  }
  const parts = owned.split(/(?<=\p{Ll})(?=\p{Lu})/u);
  const terms =
    parts.length === 1 ? [stem(whole)] : [whole, ...parts.map((part) => stem(part.toLowerCase()))];
  return [...new Set(terms.filter((term) => term !== ''))];
}

/** The words of a text, as they stand there. */
export const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*/gu) ?? [];

function stem(word: string): string {
  const singular = withoutPlural(word);
  const [, root] = /^(.{3,}?)(?:ed|ing)$/.exec(singular) ?? [];
  const plain =
    root === undefined || !/[aeiouy]/.test(root) ? singular : root.replace(/([^aeiouylsz])\1$/, '$1');
  return plain.length > 3 ? plain.replace(/e$/, '') : plain;
}

function withoutPlural(word: string): string {
  if (word.length < 4 || /(ss|us|is)$/.test(word)) return word;
  if (/ies$/.test(word)) return word.length > 4 ? `${word.slice(0, -3)}y` : word;
  if (/(ss|x|ch|sh|zz)es$/.test(word)) return word.slice(0, -2);
  return word.replace(/s$/, '');
}
