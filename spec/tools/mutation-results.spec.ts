import { describe, expect, it } from 'vitest';
import { type MutationReport, resultsOf, withRows } from '../../tools/mutation-results.ts';

const source = 'if (size > 1) {\n  grow(\n    size,\n  );\n}\n';

const report = (...statuses: readonly string[]): MutationReport => ({
  files: {
    'src/core/one.ts': {
      source,
      mutants: statuses.map((status) => ({
        mutatorName: 'EqualityOperator',
        replacement: 'size >= 1',
        status,
        location: { start: { line: 1, column: 5 }, end: { line: 1, column: 13 } },
      })),
    },
  },
});

describe('the results of mutation testing', () => {
  it('count those that ran for ever as noticed, and leave out those that say nothing', () => {
    const [result] = resultsOf(
      report('Killed', 'Timeout', 'Survived', 'NoCoverage', 'Ignored', 'RuntimeError'),
      '',
    );

    expect(result).toMatchObject({
      killed: 1,
      timeout: 1,
      survived: 1,
      notCovered: 1,
      ignored: 2,
      score: 50,
    });
  });

  it('name a survivor by what it was and what it became', () => {
    const [result] = resultsOf(report('Survived'), '');

    expect(result?.unexplained).toEqual(['EqualityOperator `size > 1` → `size >= 1`']);
  });

  it('hold a survivor for explained when the ledger has its line under its room', () => {
    const line = '- EqualityOperator `size > 1` → `size >= 1`: it grows sooner.\n';

    const [explained] = resultsOf(report('Survived'), `## src/core/one.ts\n\n${line}`);
    const [elsewhere] = resultsOf(report('Survived'), `## src/core/one.ts\n\n## src/core/two.ts\n\n${line}`);

    expect(explained).toMatchObject({ explained: 1, unexplained: [], score: 0 });
    expect(elsewhere).toMatchObject({ explained: 0 });
  });

  it('name code of several lines in one', () => {
    const { source, mutants } = report('Survived').files['src/core/one.ts']!;
    const location = { start: { line: 2, column: 3 }, end: { line: 4, column: 4 } };
    const files = { 'src/core/one.ts': { source, mutants: mutants.map((one) => ({ ...one, location })) } };

    const [result] = resultsOf({ files }, '');

    expect(result?.unexplained).toEqual(['EqualityOperator `grow( size, )` → `size >= 1`']);
  });
});

describe('the table of results', () => {
  const head = '# Results\n\n| room | score |\n|---|--:|\n';

  it('keeps the rows of other rooms, in order', () => {
    const old = '| src/core/two.ts | 1 | 0 | 0 | 0 | 0 | 0 | 100.0 % | a |\n';

    const table = withRows(`${head}${old}`, resultsOf(report('Killed'), ''), 'b');

    expect(table).toBe(`${head}| src/core/one.ts | 1 | 0 | 0 | 0 | 0 | 0 | 100.0 % | b |\n${old}`);
  });

  it('has a room once, as it was seen last', () => {
    const once = withRows(head, resultsOf(report('Survived'), ''), 'a');

    const twice = withRows(once, resultsOf(report('Killed'), ''), 'b');

    expect(twice).toBe(`${head}| src/core/one.ts | 1 | 0 | 0 | 0 | 0 | 0 | 100.0 % | b |\n`);
  });
});
