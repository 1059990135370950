/**
 * The law pack against the most unruly agents there are: no law is broken that holds.
 */
import { describe, expect, it } from 'vitest';
import { lawPack } from '../../../src/testing/index.ts';
import { lawRuns, lawTimeoutMs } from '../../support/law-runs.ts';
import { anyManners, exploreTroupes } from '../../support/unruly-troupe.ts';

describe('the law pack', () => {
  it(
    'raises no false alarm among unruly agents',
    async () => {
      const explored = await exploreTroupes(anyManners, {}, { laws: lawPack({ unfinished: 'allow' }) });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});
