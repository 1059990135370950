/** The table of a comparison of two trees, what it comes to, and the exit code that says so. */

import { inColumns } from './columns.ts';
import type { Compared, Comparison } from './comparing.ts';
import { mostToHide } from './paired-change.ts';
import { nanoseconds } from './wording.ts';

export function comparisonTable({ compared, leftOut }: Comparison): string {
  const lines = compared.map((one) => [
    `${one.benchmark}: ${one.variant}`,
    nanoseconds(one.baseNs),
    nanoseconds(one.headNs),
    signed(one.change),
    `(${signed(one.interval[0])} – ${signed(one.interval[1])})`,
    String(one.pairs),
    one.outcome,
    one.ownQuestions ? 'each asked by its own benchmark' : '',
  ]);
  const head = ['', 'before ns', 'after ns', 'change', '99 %', 'pairs', '', ''];
  const table = inColumns([head, ...lines], [1, 2, 3, 4, 5]);
  return [table, ...leftOut.map((line) => `left out: ${line}`)].join('\n');
}

export interface FinalVerdict {
  readonly words: string;
  readonly exitCode: 0 | 1 | 2;
}

export function verdictOn({ compared }: Pick<Comparison, 'compared'>): FinalVerdict {
  const that = (outcome: Compared['outcome']): string[] =>
    compared
      .filter((one) => one.outcome === outcome)
      .map(({ benchmark, variant }) => `${benchmark}, ${variant}`);
  const slower = that('slower');
  if (slower.length > 0) {
    return { words: `slower: ${slower.join('; ')}`, exitCode: 1 };
  }
  const noisy = that('noisy');
  if (noisy.length > 0) {
    return {
      words: [
        `too noisy: a change of ${signed(mostToHide)} could hide in ${noisy.join('; ')}.`,
        'Close what else runs, or pin this to a core that is idle (taskset -c 1), and try again.',
      ].join('\n'),
      exitCode: 2,
    };
  }
  if (compared.length === 0) {
    return { words: 'nothing was compared', exitCode: 2 };
  }
  return { words: 'nothing got slower', exitCode: 0 };
}

const signed = (part: number): string => `${part < 0 ? '−' : '+'}${Math.abs(part * 100).toFixed(1)} %`;
