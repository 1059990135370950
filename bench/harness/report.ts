/** The table of one benchmark: what was measured, beside what, and which goals are met. */
import type { Benchmark, Goal } from './benchmark.ts';
import type { Timed, Weighing } from './session.ts';

interface Row {
  readonly variant: string;
  readonly cpuNs: number;
  /** Half the distance between the quartiles of the CPU times, as a part of the median. */
  readonly spread: number;
  readonly wallNs: number;
  readonly allocatedBytes: number;
  readonly keptBytes: number;
}

export interface Report {
  readonly name: string;
  readonly question: string;
  readonly unit: string;
  readonly size: number;
  readonly rounds: number;
  readonly checksum: number;
  readonly rows: readonly Row[];
  readonly goals: readonly { readonly goal: string; readonly is: number; readonly met: boolean }[];
}

export function reportOf(
  name: string,
  { question, unit, variants, goals }: Benchmark,
  run: {
    readonly size: number;
    readonly rounds: number;
    readonly timed: Timed;
    readonly weighed: Weighing;
  },
): Report {
  const { size, rounds, timed, weighed } = run;
  if (weighed.checksum !== timed.checksum) {
    throw new Error(`${name} did different work when weighed: ${weighed.checksum}, not ${timed.checksum}`);
  }
  const rows = Object.keys(variants).map((variant): Row => {
    const cpuNs = sorted(timed.readings[variant]!.map((took) => took.cpuNs));
    const wallNs = sorted(timed.readings[variant]!.map((took) => took.wallNs));
    const weights = weighed.readings[variant]!;
    return {
      variant,
      cpuNs: quantile(cpuNs, 0.5),
      spread: (quantile(cpuNs, 0.75) - quantile(cpuNs, 0.25)) / 2 / quantile(cpuNs, 0.5),
      wallNs: quantile(wallNs, 0.5),
      allocatedBytes: quantile(sorted(weights.map((weight) => weight.allocatedBytes)), 0.5),
      keptBytes: quantile(sorted(weights.map((weight) => weight.keptBytes)), 0.5),
    };
  });
  return {
    name,
    question,
    unit,
    size,
    rounds,
    checksum: timed.checksum,
    rows,
    goals: goals.map((goal) => judge(goal, rows)),
  };
}

export function printed(report: Report, baseline: string): string {
  const { name, question, unit, size, rounds, checksum, rows, goals } = report;
  const beside = rows.find(({ variant }) => variant === baseline)!;
  const width = Math.max(...rows.map(({ variant }) => variant.length));
  const lines = rows.map((row) =>
    [
      `  ${row.variant.padEnd(width)}`,
      amount(row.cpuNs, 9),
      `±${(row.spread * 100).toFixed(0)} %`.padStart(7),
      amount(row.wallNs, 9),
      amount(row.allocatedBytes, 9),
      amount(row.keptBytes, 9),
      `${(row.cpuNs / beside.cpuNs).toFixed(2)} ×`.padStart(10),
    ].join(''),
  );
  return [
    `${name}: ${question}`,
    `  1 ${unit}, from the medians of ${rounds} interleaved rounds of ${grouped(size)}; checksum ${checksum}`,
    `  ${''.padEnd(width)}   cpu ns        ±  wall ns  alloc B   kept B    × ${baseline}`,
    ...lines,
    ...goals.map(({ goal, is, met }) => `  ${met ? 'met   ' : 'missed'} ${goal}: ${shown(is)}`),
    '',
  ].join('\n');
}

function judge(goal: Goal, rows: readonly Row[]): Report['goals'][number] {
  const row = (name: string): Row => rows.find(({ variant }) => variant === name)!;
  const { variant } = goal;
  if ('beside' in goal) {
    const is = row(variant).cpuNs / row(goal.beside).cpuNs;
    return { goal: `${variant} ≤ ${shown(goal.timesMax)} × ${goal.beside}`, is, met: is <= goal.timesMax };
  }
  if ('cpuNsMax' in goal) {
    const is = row(variant).cpuNs;
    return { goal: `${variant} ≤ ${grouped(goal.cpuNsMax)} ns`, is, met: is <= goal.cpuNsMax };
  }
  const is = row(variant).keptBytes;
  return { goal: `${variant} keeps ≤ ${grouped(goal.keptBytesMax)} B`, is, met: is <= goal.keptBytesMax };
}

const sorted = (numbers: readonly number[]): readonly number[] => numbers.toSorted((a, b) => a - b);

function quantile(ascending: readonly number[], part: number): number {
  const at = (ascending.length - 1) * part;
  const below = ascending[Math.floor(at)]!;
  const above = ascending[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}

const grouped = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ');
const shown = (value: number): string => (Math.abs(value) < 100 ? value.toFixed(2) : grouped(value));
const amount = (value: number, width: number): string =>
  (Math.abs(value) < 100 ? value.toFixed(1) : grouped(value)).padStart(width);
