/**
 * A benchmark: one question, put to Troupe and to what people would use instead.
 *
 * Each file `bench/*.bench.ts` exports one `benchmark` and its variants. A variant
 * is a function that does `size` units of work and returns a checksum of what it
 * did. All variants of a benchmark return the same checksum for the same size, so
 * nobody gets faster by doing less.
 */

/** Runs the part of a variant that is to be measured: not what is set up before or cleared away after. */
export type Measure = (work: () => Promise<unknown> | unknown) => Promise<void>;

export interface VariantOptions {
  /** How many units of work, at least 1. */
  readonly size: number;
  /** Without it, the work is just done. */
  readonly measure?: Measure;
}

export type Variant = (options: VariantOptions) => Promise<{ readonly checksum: number }>;

/** A figure that is to be reached. */
export type Goal =
  /** A variant takes at most so many times the CPU time of another. */
  | { readonly variant: string; readonly beside: string; readonly timesMax: number }
  /** A variant takes at most so many nanoseconds of CPU, or keeps at most so many bytes. */
  | { readonly variant: string; readonly cpuNsMax: number }
  | { readonly variant: string; readonly keptBytesMax: number };

export interface Benchmark {
  readonly question: string;
  /** What there are `size` of: the figures are for one of them. */
  readonly unit: string;
  /** Full size: enough for a run to take about a tenth of a second. */
  readonly size: number;
  /** By name, in the order of the table. */
  readonly variants: Readonly<Record<string, Variant>>;
  /** The variant that the last column of the table compares with. */
  readonly baseline: string;
  readonly goals: readonly Goal[];
}

export const justDoIt: Measure = async (work) => {
  await work();
};
