/**
 * L1: an agent never has more handlings open than its window.
 *
 * A handling is open from its first step until it has finished, failed or was
 * interrupted. What a disowned promise does after that is not a handling any more.
 */
import { describe, expect, it } from 'vitest';
import type { Cell, OpenHandling } from '../../src/actors/cell.ts';
import { lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { anyManners, exploreTroupes, type Troupe } from '../support/unruly-troupe.ts';

describe('window', () => {
  it(
    'law: an agent never has more handlings open than its window',
    async () => {
      const explored = await exploreTroupes(anyManners, { always: noneOpensMoreThanItsWindow });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

/** Counts what each agent says it has open, and what its handlers see. */
function noneOpensMoreThanItsWindow({ cells, turns }: Troupe): void {
  const seen = new Map<Cell, number>();
  for (const { cell, context } of turns) {
    const { over } = context as unknown as OpenHandling;
    seen.set(cell, (seen.get(cell) ?? 0) + (over ? 0 : 1));
  }
  for (const cell of cells) {
    const open = Math.max(cell.open, seen.get(cell) ?? 0);
    if (open > cell.window || cell.open < 0) {
      throw new Error(`${cell.path} has ${open} handlings open in a window of ${cell.window}`);
    }
  }
}
