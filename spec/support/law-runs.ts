import type { Fault } from '../../src/testing/index.ts';

/** How many schedules each law explores: 1 000, or as many as `npm run explore` asks for. */
export const lawRuns = Number(process.env['TROUPE_RUNS'] ?? 1_000);

const seed = process.env['TROUPE_SEED'] ?? '1';

/**
 * How often a law explores, and from where: the same schedules each time, so that a
 * change is what turns a law red. `npm run explore` looks at new ones.
 */
export const lawExploration: { readonly runs: number; readonly seed?: number } =
  seed === 'random' ? { runs: lawRuns } : { runs: lawRuns, seed: Number(seed) };

/** The same for a property of fast-check itself. */
export const lawParameters: { readonly numRuns: number; readonly seed?: number } =
  seed === 'random' ? { numRuns: lawRuns } : { numRuns: lawRuns, seed: Number(seed) };

/** How long a law may take, in milliseconds: far more than it does, even where the machine is busy. */
export const lawTimeoutMs = Math.max(60_000, lawRuns * 100);

/** For laws that hold whatever becomes of messages on their way, where it is the law that decides who fails. */
export const everyFaultButCrashes: readonly Fault[] = ['slow', 'drop', 'duplicate', 'delay'];

/** Everything that may go wrong in a world without hosts. */
export const everyFault: readonly Fault[] = ['crash', ...everyFaultButCrashes];
