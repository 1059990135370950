/**
 * A table of text: the first column to the left, figures to the right.
 */

/**
 * Lays out rows under their heading.
 *
 * @example
 * tableOf(['agent', 'handled'], [['/a', '12'], ['/other', '3']]) // => 'agent   handled\n/a           12\n/other        3'
 */
export function tableOf(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * Milliseconds in three digits or so.
 *
 * @example
 * [0, 0.004, 0.1234, 1.234, 12.34, 1234.5].map(milliseconds) // => ['0', '0.00', '0.12', '1.23', '12.3', '1235']
 */
export function milliseconds(ms: number): string {
  if (ms === 0) return '0';
  return ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0);
}
