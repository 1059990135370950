/**
 * What a mutation report says of each room, and the table that keeps it.
 */

interface Place {
  readonly line: number;
  readonly column: number;
}

/** The part of the report's schema (mutation-testing-report-schema) that is read here. */
export interface MutationReport {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: string;
        readonly mutants: readonly {
          readonly mutatorName: string;
          readonly replacement?: string;
          readonly status: string;
          readonly location: { readonly start: Place; readonly end: Place };
        }[];
      }
    >
  >;
}

export interface RoomResult {
  readonly room: string;
  readonly killed: number;
  readonly timeout: number;
  readonly survived: number;
  readonly notCovered: number;
  readonly explained: number;
  /** Run while a module loads, or broken code: not counted. */
  readonly ignored: number;
  /** Of those that count, how many were noticed, in percent; 100 when none counts. */
  readonly score: number;
  /** Each survivor without a line in the ledger, as the ledger wants it. */
  readonly unexplained: readonly string[];
}

export function resultsOf(report: MutationReport, ledger: string): RoomResult[] {
  return Object.entries(report.files).map(([room, { source, mutants }]) => {
    const section = sectionOf(ledger, room);
    const count = (...statuses: string[]) => mutants.filter(({ status }) => statuses.includes(status)).length;
    const left = mutants
      .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
      .map(
        ({ location, mutatorName, replacement }) =>
          `${mutatorName} ${code(textAt(source, location))} → ${code(replacement ?? '')}`,
      );
    const unexplained = left.filter((line) => !section.includes(line));
    const killed = count('Killed');
    const timeout = count('Timeout');
    return {
      room,
      killed,
      timeout,
      survived: count('Survived'),
      notCovered: count('NoCoverage'),
      explained: left.length - unexplained.length,
      ignored: count('Ignored', 'RuntimeError', 'CompileError'),
      score: left.length === 0 ? 100 : (100 * (killed + timeout)) / (killed + timeout + left.length),
      unexplained,
    };
  });
}

/** The table with the rows of these rooms replaced or added; the others stay as they are. */
export function withRows(table: string, results: readonly RoomResult[], commit: string): string {
  const rows = new Map(
    table
      .split('\n')
      .filter((line) => line.startsWith('| src/'))
      .map((line) => [line.split(' | ')[0]!.slice(2), line]),
  );
  for (const result of results) {
    rows.set(result.room, rowOf(result, commit));
  }
  const before = table.slice(0, table.indexOf('\n', table.indexOf('\n|-') + 1) + 1);
  return `${before}${[...rows.values()].toSorted().join('\n')}\n`;
}

function rowOf(result: RoomResult, commit: string): string {
  const { room, killed, timeout, survived, notCovered, explained, ignored, score } = result;
  return `| ${[room, killed, timeout, survived, notCovered, explained, ignored, `${score.toFixed(1)} %`, commit].join(' | ')} |`;
}

function sectionOf(ledger: string, room: string): string {
  const heading = `## ${room}\n`;
  const from = ledger.indexOf(heading);
  if (from < 0) {
    return '';
  }
  const to = ledger.indexOf('\n## ', from);
  return ledger.slice(from, to < 0 ? undefined : to);
}

function textAt(source: string, { start, end }: { readonly start: Place; readonly end: Place }): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1)!.slice(0, end.column - 1);
  lines[0] = lines[0]!.slice(start.column - 1);
  return lines.join('\n');
}

/** In one line and short, so that it can stand in a ledger and be found again. */
function code(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return `\`${line.length > 90 ? `${line.slice(0, 60)} … ${line.slice(-25)}` : line}\``;
}
