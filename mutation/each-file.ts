/** Runs before each spec, in the thread that is kept. */
import fc from 'fast-check';
import { beforeEach, inject, vi } from 'vitest';

// Few runs of each property, always the same, and no shrinking: it is enough that it fails.
fc.configureGlobal({ numRuns: 30, seed: 1, endOnFailure: true });

// The mutant before this one is still active; specs are loaded without any.
const stryker = (globalThis as { __stryker__?: { activeMutant?: string } }).__stryker__;
if (stryker !== undefined) {
  delete stryker.activeMutant;
}

const slowTests = new Set(inject('slowTests'));
if ((inject as (key: string) => unknown)('mode') === 'mutant') {
  // Far longer than such a test takes, and soon over where a mutant lets it wait for ever.
  vi.setConfig({ testTimeout: 2_000 });
  beforeEach(({ task, skip }) => skip(slowTests.has(task.id)));
} else {
  vi.setConfig({ testTimeout: 60_000 });
}
