/**
 * The law pack against the most unruly agents there are, under every fault: it raises
 * no alarm where the runtime is right.
 */
import { describe, expect, it } from 'vitest';
import { lawPack } from '../../../src/testing/index.ts';
import { lawRuns, lawTimeoutMs } from '../../support/law-runs.ts';
import { anyManners, exploreTroupes } from '../../support/unruly-troupe.ts';

describe('the law pack', () => {
  it.each([[['crash', 'slow']], [['crash', 'slow', 'drop', 'duplicate', 'delay']]] as const)(
    'raises no false alarm among unruly agents under %s',
    async (faults) => {
      const explored = await exploreTroupes(
        anyManners,
        {},
        { faults, faultsMax: 8, laws: lawPack({ unfinished: 'allow' }) },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});
