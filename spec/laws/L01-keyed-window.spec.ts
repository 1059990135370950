/**
 * L1 for keyed agents: the agent of a key never has more handlings open than its
 * `concurrency`, and no key ever has two agents that handle messages.
 */
import { describe, expect, it } from 'vitest';
import { anyCustoms, exploreTowns, type Town } from '../support/keyed-town.ts';
import { lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

describe('the window of a key', () => {
  it(
    'law: a key never has more handlings open than its concurrency',
    async () => {
      const explored = await exploreTowns(anyCustoms, { always: noneIsTooWide });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

function noneIsTooWide({ instances }: Town): void {
  const open = new Map<string, number>();
  for (const { path, messagesOpen, definition } of instances) {
    const ofKey = (open.get(path) ?? 0) + messagesOpen;
    open.set(path, ofKey);
    if (ofKey > definition.concurrency) {
      throw new Error(`${path} has ${ofKey} handlings open; its window is ${definition.concurrency}`);
    }
  }
}
