/**
 * L2 for keyed agents: from one sender to one key order is kept, also when the agent of
 * that key is put away and called back in between, and when its messages stood at
 * the door. What is late on its way holds up what follows it; a copy of a message may
 * come after later ones.
 */
import { describe, expect, it } from 'vitest';
import { anyCustoms, exploreTowns, type Town } from '../support/keyed-town.ts';
import { lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { often } from '../support/unruly-troupe.ts';

/** Much is said, places are few, and keys are put away soon. */
const crowded = {
  ...anyCustoms,
  activeMax: [1, 2],
  idleMs: [0, 3],
  capacities: [1, 2],
  overflows: ['suspend'] as const,
  spills: [3, 1],
  endings: often({ returns: 4, resolves: 8, rejects: 1 }),
  calls: often({ wait: 2, tell: 8, publish: 6, request: 2, go: 4 }),
};

describe('order in a keyed group', () => {
  it.each([
    ['a crowded', crowded],
    ['any', anyCustoms],
  ])(
    'law: what one says to a key arrives in the order in which it was said, in %s town',
    async (_, customs) => {
      const explored = await exploreTowns(customs, { atQuiet: everyAuthorIsHeardInOrder });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

function everyAuthorIsHeardInOrder(town: Town): void {
  const heard = new Set<unknown>();
  const last = new Map<unknown, Map<string, number>>();
  for (const { message, key, cell, envelope } of town.turns) {
    if (cell.path !== `/town/${encodeURIComponent(key)}`) {
      throw new Error(`${cell.path} was given a message for ${key}`);
    }
    if (!heard.has(message) && !town.isCopy(envelope)) {
      heard.add(message);
      const ofAuthor = last.get(message.author) ?? new Map<string, number>();
      last.set(message.author, ofAuthor);
      const before = ofAuthor.get(key) ?? 0;
      if (message.place < before) {
        throw new Error(
          `${key} heard ${before} before ${message.place} of ${JSON.stringify(message.author)}`,
        );
      }
      ofAuthor.set(key, message.place);
    }
  }
}
