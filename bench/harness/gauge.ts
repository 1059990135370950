/**
 * Gauges: what is read before and after the measured part of a variant.
 *
 * `clock` reads times. `scales` weighs memory, and only in a process whose young
 * generation is so large that nothing is collected meanwhile (`roomyFlags`): then
 * the growth of the heap is what was allocated, byte by byte. A run in which the
 * collector worked all the same is not a measurement, and throws.
 */
import { GCProfiler } from 'node:v8';
import type { Measure } from './benchmark.ts';
import { collectGarbage, heldBytes } from './heap.ts';

/** What one run took, in nanoseconds for each unit. */
export interface Took {
  readonly cpuNs: number;
  readonly wallNs: number;
}

/** What one run cost in heap, in bytes for each unit. */
export interface Weighed {
  readonly allocatedBytes: number;
  /** Of these, what is still held when the work is done and before anything is cleared away. */
  readonly keptBytes: number;
}

/** Megabytes of young generation: a million messages of a kilobyte, and half as much again. */
const semiSpaceMb = 1_536;

/** What Node must be started with for `scales` to be exact: no collection begins by itself, and code is compiled when it is due. */
export const roomyFlags = [
  `--min-semi-space-size=${semiSpaceMb}`,
  `--max-semi-space-size=${semiSpaceMb}`,
  '--initial-old-space-size=4096',
  '--no-memory-reducer',
  '--no-incremental-marking',
  // Code that is not yet compiled allocates more, and how long that takes depends on the other threads.
  '--no-concurrent-recompilation',
];

/** Something that reads, around the measured part, what `R` is made of. */
export interface Gauge<R> {
  readonly measure: Measure;
  /** What was read, for each of so many units. */
  reading(units: number): R;
}

export function clock(): Gauge<Took> {
  let cpuUs = 0;
  let wallMs = 0;
  let collected = false;
  return {
    measure: async (work) => {
      if (!collected) {
        // Once: after it V8 has to find its feet again, which is not what is measured.
        collected = true;
        collectGarbage();
      }
      const cpuBefore = process.cpuUsage();
      const wallBeforeMs = performance.now();
      await work();
      wallMs += performance.now() - wallBeforeMs;
      const { user, system } = process.cpuUsage(cpuBefore);
      cpuUs += user + system;
    },
    reading: (units) => ({ cpuNs: (cpuUs * 1e3) / units, wallNs: (wallMs * 1e6) / units }),
  };
}

export function scales(): Gauge<Weighed> {
  let allocated = 0;
  let kept = 0;
  return {
    measure: async (work) => {
      const profiler = new GCProfiler();
      collectGarbage();
      profiler.start();
      const before = process.memoryUsage().heapUsed;
      await work();
      allocated += process.memoryUsage().heapUsed - before;
      const collections = profiler.stop()?.statistics.length ?? 0;
      if (collections > 0) {
        throw new Error(
          `the garbage collector worked ${collections} times: choose a smaller size, or more room`,
        );
      }
      kept += heldBytes() - before;
    },
    reading: (units) => ({ allocatedBytes: allocated / units, keptBytes: kept / units }),
  };
}
