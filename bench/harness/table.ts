/**
 * The table of all benchmarks: each row of ours, what stands beside it, and what was to be reached.
 *
 * `÷` is the CPU time of ours as a part of that of the other: the median of the ratios of single
 * rounds, with their quartiles.
 */

import { inColumns } from './columns.ts';
import { uncertaintyOf } from './order-statistics.ts';
import { figureOf, outcomeOf, type Report } from './report.ts';
import { nanoseconds, percent } from './wording.ts';

const head = ['row', 'cpu ns', 'beside', 'cpu ns', '÷', 'goal', 'is', ''];
const numeric = [1, 3];

export function tableOf(reports: readonly Report[]): string {
  return inColumns([head, ...reports.flatMap(linesOf)], numeric);
}

function linesOf(report: Report): string[][] {
  const nsOf = (name: string): string => {
    const figures = report.variants.find(({ variant }) => variant === name);
    return figures === undefined ? '' : nanoseconds(figures.cpuNs.median);
  };
  const judged = new Set<unknown>();
  return report.rows.flatMap((row) => {
    const of = (beside: string | undefined): string[][] => {
      const goals = report.goals.filter(
        (verdict) => !judged.has(verdict) && verdict.variant === row.variant && verdict.beside === beside,
      );
      for (const goal of goals) {
        judged.add(goal);
      }
      return goals.map((verdict) => [verdict.short, figureOf(verdict.is), outcomeOf(verdict)]);
    };
    const alone = of(undefined).map((goal) => ['', '', '', ...goal]);
    const beside = row.beside.flatMap(({ variant, ratio }) => {
      const goals = of(variant);
      return (goals.length === 0 ? [['', '', '']] : goals).map((goal, nth) =>
        nth === 0 ? [variant, nsOf(variant), figureOf(ratio), ...goal] : ['', '', '', ...goal],
      );
    });
    const lines = [...beside, ...alone];
    return (lines.length === 0 ? [['', '', '', '', '', '']] : lines).map((line, nth) =>
      nth === 0 ? [row.name, nsOf(row.variant), ...line] : ['', '', ...line],
    );
  });
}

/** What the machine was too noisy for, and what to do about it; nothing when all is known. */
export function complaintOf(reports: readonly Report[]): string | undefined {
  const unknown = reports.flatMap(({ name, rounds, unknown: figures }) =>
    figures.map(
      ({ figure, is }) =>
        `  ${name}: ${figure} is ${figureOf(is)}, wrong by up to ${percent(uncertaintyOf(is))} after ${rounds} rounds`,
    ),
  );
  if (unknown.length === 0) {
    return undefined;
  }
  return [
    `This machine is too noisy to say what it measured: of ${unknown.length} figures the median is not known to within 5 %,`,
    'or to within 15 % where nothing hangs on it.',
    ...unknown,
    'Close what else runs, plug the machine in, fix the clock rate of its cores, or pin this to one that is idle',
    '(taskset -c 1 npm run bench). More rounds help as well (--rounds 21), and --noisy prints what there is.',
  ].join('\n');
}
