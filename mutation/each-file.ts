/**
 * Runs before each spec, in the thread that is kept.
 *
 * It leaves the configuration alone: `vi.setConfig` would bring the one of an earlier
 * run back after the first spec, and with it the names of the tests that run then.
 */
import fc from 'fast-check';
import { beforeEach, inject } from 'vitest';

// Few runs of each property, always the same, and no shrinking: it is enough that it fails.
fc.configureGlobal({ numRuns: 30, seed: 1, endOnFailure: true });

// The mutant before this one is still active; specs are loaded without any.
const stryker = (globalThis as { __stryker__?: { activeMutant?: string } }).__stryker__;
if (stryker !== undefined) {
  delete stryker.activeMutant;
}

if ((inject as (key: string) => unknown)('mode') === 'mutant') {
  const slowTests = new Set(inject('slowTests'));
  beforeEach(({ task, skip }) => skip(slowTests.has(task.id)));
}
