/**
 * The figures in bench/BASELINES.md: a region between two marks, which is written by the
 * benchmarks themselves, and never by hand.
 */
import { type Machine, machineIn } from './machine.ts';
import type { Report } from './report.ts';
import { tableOf } from './table.ts';

const begin = '<!-- figures: npm run bench -- --write-baselines -->';
const end = '<!-- end of figures -->';

/** The page with other figures. Throws where the page has not both marks. */
export function withFigures(page: string, reports: readonly Report[], machine: Machine): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) {
    throw new Error(`the page has no region between ${begin} and ${end}`);
  }
  const figures = [machineIn(machine), '', '```text', tableOf(reports), '```'].join('\n');
  return `${page.slice(0, from + begin.length)}\n\n${figures}\n\n${page.slice(to)}`;
}
