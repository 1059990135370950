/** The slice of `npm run soak` that every change must pass. */
import { describe, expect, it } from 'vitest';
import { crashDeepTree } from '../support/deep-trees.ts';

const nothing = { agents: 0, timers: 0, subscriptions: 0 };

describe('a tree in which agents crash by the hundred', () => {
  it.each([
    { depth: 1_000, leaves: 1, crashes: 60, restartsMax: 1, windowMs: 20 },
    { depth: 100, leaves: 2, crashes: 400, restartsMax: 2, windowMs: 30 },
    { depth: 10, leaves: 3, crashes: 2_000, restartsMax: 3, windowMs: 40 },
    { depth: 3, leaves: 1, crashes: 2_000, restartsMax: 0, windowMs: 40 },
  ])(
    '$depth deep keeps every restart window exact, loses nobody and leaves nothing',
    (tree) => {
      const { escalations, wrong, left } = crashDeepTree({ ...tree, seed: 1 });

      expect(wrong).toEqual([]);
      expect(escalations).toBeGreaterThan(0);
      expect(left).toEqual(nothing);
    },
    60_000,
  );
});
