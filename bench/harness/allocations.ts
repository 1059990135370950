/**
 * What messages allocate, kept in a file and compared with what they allocate now (D-233).
 *
 * Unlike a time, it is the same on a busy machine: code is compiled when it is due and not when
 * a thread comes to it, and nothing is collected meanwhile. It is not the same in another version of
 * Node, so that the file says which one it speaks of.
 */

/** Bytes allocated for each unit, by benchmark and variant. */
export type Allocations = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface KeptAllocations {
  /** The major version of Node that was asked: `24`. */
  readonly node: string;
  readonly bytes: Allocations;
}

export interface Deviation {
  readonly benchmark: string;
  readonly variant: string;
  /** `undefined` where there is only the other. */
  readonly keptBytes: number | undefined;
  readonly isBytes: number | undefined;
}

/**
 * Less than 24 bytes, the smallest object with one field that differs from an empty one. Some of it is
 * needed: how many messages are handled in one turn depends on the time, and each turn allocates.
 */
const toleranceBytes = 16;
/** What is large varies by its size; so 24 bytes more are not seen in what allocates more than 2 400. */
const tolerancePart = 0.01;

export const toleranceOf = (keptBytes: number): number => Math.max(toleranceBytes, keptBytes * tolerancePart);

/**
 * What allocates more than is kept for it, or less, and what is kept or measured but not both. Less is
 * told as well: a file that is not renewed would let as much come back unseen.
 */
export function deviationsOf(kept: Allocations, is: Allocations): Deviation[] {
  const benchmarks = [...new Set([...Object.keys(kept), ...Object.keys(is)])].toSorted();
  return benchmarks.flatMap((benchmark) => {
    const before = kept[benchmark] ?? {};
    const now = is[benchmark] ?? {};
    return [...new Set([...Object.keys(before), ...Object.keys(now)])].toSorted().flatMap((variant) => {
      const keptBytes = before[variant];
      const isBytes = now[variant];
      const within =
        keptBytes !== undefined &&
        isBytes !== undefined &&
        Math.abs(isBytes - keptBytes) <= toleranceOf(keptBytes);
      return within ? [] : [{ benchmark, variant, keptBytes, isBytes }];
    });
  });
}

export function told({ benchmark, variant, keptBytes, isBytes }: Deviation): string {
  const figure = (value: number | undefined): string => (value === undefined ? 'nothing' : `${value} B`);
  const more = (isBytes ?? Number.NaN) - (keptBytes ?? Number.NaN);
  const by = Number.isNaN(more) ? '' : `, ${Math.abs(more).toFixed(1)} B ${more > 0 ? 'more' : 'less'}`;
  return `${benchmark}, ${variant}: ${figure(isBytes)} instead of ${figure(keptBytes)}${by}`;
}
