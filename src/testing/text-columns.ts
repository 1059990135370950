/**
 * Columns: how wide a text is in a terminal, and how to cut it to a width.
 *
 * Han, kana, hangul and emoji take two columns, combining marks none. A sequence of
 * emoji that is drawn as one may be counted as more than it takes, never as less.
 *
 * Source: Unicode Standard Annex 11, East Asian Width.
 */

const none = /[\p{M}\p{Cf}]/u;
const two =
  /[\u1100-\u115f\u231a\u231b\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const plain = /^[ -~]*$/;

/**
 * How many columns a text takes.
 *
 * @example
 * columnsOf('naïve') // => 5
 * columnsOf('漢字') // => 4
 */
export function columnsOf(text: string): number {
  return plain.test(text) ? text.length : [...text].reduce((sum, character) => sum + widthOf(character), 0);
}

/**
 * Cuts a text to at most `columns`, at least 1; what was cut away is shown as `…`.
 *
 * @example
 * cutToColumns('abcdef', 4) // => 'abc…'
 * cutToColumns('漢字漢字', 4) // => '漢…'
 */
export function cutToColumns(text: string, columns: number): string {
  return columnsOf(text) <= columns ? text : `${beginning(text, columns - 1)}…`;
}

/**
 * Breaks a text into lines of at most `columns`, between words where it can; the
 * last of at most `linesMax` lines is cut. `columns` are at least 2.
 *
 * @example
 * wrapToColumns('one two three', 8, 3) // => ['one two', 'three']
 */
export function wrapToColumns(text: string, columns: number, linesMax: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (columnsOf(rest) > columns && lines.length < linesMax - 1) {
    const most = beginning(rest, columns);
    const space = rest.startsWith(' ', most.length) ? most.length : most.lastIndexOf(' ');
    const end = space > most.length / 3 ? space : most.length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  lines.push(cutToColumns(rest, columns));
  return lines;
}

/** As much of a text as fits. */
function beginning(text: string, columns: number): string {
  let end = 0;
  let left = columns;
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) {
      break;
    }
    end += character.length;
  }
  return text.slice(0, end);
}

function widthOf(character: string): number {
  return none.test(character) ? 0 : two.test(character) ? 2 : 1;
}
