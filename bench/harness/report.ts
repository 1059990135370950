/** The report of one benchmark: what was measured, beside what, which goals are met, and what is not known. */
import type { Benchmark } from './benchmark.ts';
import { isKnown } from './certainty.ts';
import type { Took } from './gauge.ts';
import type { Measured, Readings } from './measuring.ts';
import { type Estimate, estimateOf, spreadOf } from './order-statistics.ts';
import { rowsOf } from './rows.ts';
import { ratioOf, type Verdict, verdictOf } from './verdict.ts';
import { grouped, nanoseconds, percent, shown } from './wording.ts';

interface VariantFigures {
  readonly variant: string;
  readonly cpuNs: Estimate;
  readonly wallNs: Estimate;
  readonly allocatedBytes: number;
  readonly keptBytes: number;
}

interface RowFigures {
  readonly name: string;
  readonly variant: string;
  /** CPU time of the variant as a part of that of another; `undefined` where that is not installed. */
  readonly beside: readonly { readonly variant: string; readonly ratio: Estimate | undefined }[];
}

export interface Report {
  readonly name: string;
  readonly question: string;
  readonly unit: string;
  readonly size: number;
  readonly rounds: number;
  readonly checksum: number;
  readonly variants: readonly VariantFigures[];
  readonly rows: readonly RowFigures[];
  readonly goals: readonly Verdict[];
  /** What the machine was too noisy for: each with how far its median may be wrong. */
  readonly unknown: readonly Unknown[];
}

export interface Unknown {
  readonly figure: string;
  readonly is: Estimate;
}

export function reportOf(
  name: string,
  benchmark: Benchmark,
  { size, measured }: { readonly size: number; readonly measured: Measured },
): Report {
  const { question, unit, variants, goals } = benchmark;
  const { rounds, checksum, took, weighed } = measured;
  const middle = (figures: readonly number[]): number => estimateOf(figures).median;
  return {
    name,
    question,
    unit,
    size,
    rounds,
    checksum,
    variants: Object.keys(variants).map((variant) => ({
      variant,
      cpuNs: estimateOf(took[variant]!.map(({ cpuNs }) => cpuNs)),
      wallNs: estimateOf(took[variant]!.map(({ wallNs }) => wallNs)),
      allocatedBytes: middle(weighed[variant]!.map(({ allocatedBytes }) => allocatedBytes)),
      keptBytes: middle(weighed[variant]!.map(({ keptBytes }) => keptBytes)),
    })),
    rows: rowFiguresOf(name, benchmark, took),
    goals: goals.map((goal) => verdictOf(goal, took, weighed)),
    unknown: unknownOf(name, benchmark, took),
  };
}

/** What of the goals and the rows of a benchmark these rounds do not tell well enough. */
export function unknownOf(name: string, benchmark: Benchmark, took: Readings<Took>): Unknown[] {
  const timed = benchmark.goals.filter((goal) => !('keptTimesMax' in goal || 'keptBytesMax' in goal));
  const verdicts = timed.map((goal) => verdictOf(goal, took, {}));
  const goals = verdicts.flatMap(({ goal, is, known }) =>
    is === undefined || known ? [] : [{ figure: goal, is }],
  );
  const ratios = rowFiguresOf(name, benchmark, took).flatMap((row) =>
    row.beside
      .filter(
        (other) => !verdicts.some((goal) => goal.variant === row.variant && goal.beside === other.variant),
      )
      .flatMap(({ variant, ratio }) =>
        ratio === undefined || isKnown(ratio, undefined)
          ? []
          : [{ figure: `${row.variant} ÷ ${variant}`, is: ratio }],
      ),
  );
  return [...goals, ...ratios];
}

function rowFiguresOf(name: string, benchmark: Benchmark, took: Readings<Took>): RowFigures[] {
  return rowsOf(name, benchmark)
    .filter(({ variant }) => variant in took)
    .map((row) => ({
      name: row.name,
      variant: row.variant,
      beside: row.beside.map((variant) => ({
        variant,
        ratio: variant in took ? ratioOf(took, row.variant, variant) : undefined,
      })),
    }));
}

/** The table of one benchmark alone, with all of its variants. */
export function printed(report: Report, baseline: string): string {
  const { name, question, unit, size, rounds, checksum, variants, goals } = report;
  const beside = variants.find(({ variant }) => variant === baseline)!;
  const width = Math.max(...variants.map(({ variant }) => variant.length));
  const lines = variants.map((figures) =>
    [
      `  ${figures.variant.padEnd(width)}`,
      nanoseconds(figures.cpuNs.median).padStart(9),
      `±${percent(spreadOf(figures.cpuNs))}`.padStart(7),
      nanoseconds(figures.wallNs.median).padStart(9),
      nanoseconds(figures.allocatedBytes).padStart(9),
      nanoseconds(figures.keptBytes).padStart(9),
      `${(figures.cpuNs.median / beside.cpuNs.median).toFixed(2)} ×`.padStart(10),
    ].join(''),
  );
  return [
    `${name}: ${question}`,
    `  1 ${unit}, from the medians of ${rounds} interleaved rounds of ${grouped(size)}; checksum ${checksum}`,
    `  ${''.padEnd(width)}   cpu ns        ±  wall ns  alloc B   kept B    × ${baseline}`,
    ...lines,
    ...goals.map((verdict) => `  ${outcomeOf(verdict).padEnd(12)} ${verdict.goal}: ${figureOf(verdict.is)}`),
    '',
  ].join('\n');
}

/** `met`, `missed`, `not known` or `not measured`. */
export function outcomeOf({ is, met, known }: Verdict): string {
  if (is === undefined) {
    return 'not measured';
  }
  const said = met ? 'met' : 'missed';
  return known ? said : `${said}?`;
}

/** A median, with its quartiles where there was more than one round. */
export function figureOf(is: Estimate | undefined): string {
  if (is === undefined) {
    return '–';
  }
  const [first, third] = is.quartiles;
  return is.count === 1 ? shown(is.median) : `${shown(is.median)} (${shown(first)} – ${shown(third)})`;
}
