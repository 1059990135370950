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

/**
 * A figure that is to be reached. One that names a variant which is not there, because its
 * library is not installed, is told as not measured.
 */
export type Goal =
  /** A variant takes at most so many times the CPU time of another. */
  | { readonly variant: string; readonly beside: string; readonly timesMax: number }
  /** The other takes at least so many times the CPU time of the variant. */
  | { readonly variant: string; readonly beside: string; readonly timesFasterMin: number }
  /** What a variant keeps is at most so many times what another keeps. */
  | { readonly variant: string; readonly beside: string; readonly keptTimesMax: number }
  /** A variant takes at most so many nanoseconds of CPU, or keeps at most so many bytes. */
  | { readonly variant: string; readonly cpuNsMax: number }
  | { readonly variant: string; readonly keptBytesMax: number }
  /** Any other figure made of the CPU times of one round, in nanoseconds for each unit. */
  | {
      readonly variant: string;
      readonly claim: string;
      readonly figure: (cpuNsOf: (variant: string) => number) => number;
      readonly max: number;
    };

/** One line of the table of all: a variant of ours, and what people would use instead. */
export interface Row {
  /** As the table says it: `tell 1→1`. */
  readonly name: string;
  readonly variant: string;
  /** Variants that are not there, because their library is not installed, are left out. */
  readonly beside: readonly string[];
}

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
  /** Without them, one row for each variant that has a goal, with what its goals name beside it. */
  readonly rows?: readonly Row[];
  /**
   * The variants that are made of Troupe: what is compared between two commits, and whose
   * allocations are kept. Without it, those whose names say `troupe`; if none does, all.
   */
  readonly ours?: readonly string[];
  /** How many rounds at first, if fewer than 9 because one is very long; at least 3. */
  readonly rounds?: number;
}

export const justDoIt: Measure = async (work) => {
  await work();
};
