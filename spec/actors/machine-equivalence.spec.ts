/**
 * Whatever the machine: an agent and XState's own actor write down the same.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onTroupe, onXState } from '../support/both-runtimes.ts';
import { lawParameters, lawTimeoutMs } from '../support/law-runs.ts';
import { aPlan, aScript, everything, machineOf } from '../support/machines.ts';

describe('a machine agent', () => {
  it(
    'law: does as XState does, whatever its machine and whatever happens to it',
    async () => {
      await fc.assert(
        fc.asyncProperty(aPlan, aScript, async (plan, script) => {
          expect(await onTroupe(machineOf(plan), script)).toEqual(await onXState(machineOf(plan), script));
        }),
        { ...lawParameters, numRuns: Math.ceil(lawParameters.numRuns / 2) },
      );
    },
    lawTimeoutMs,
  );

  it(
    'is compared with machines that show all they can',
    async () => {
      const happened = new Set<string>();
      for (const [plan, script] of fc.sample(fc.tuple(aPlan, aScript), { numRuns: 500, seed: 1 })) {
        await onXState(machineOf(plan, happened), script);
      }
      expect(everything.filter((one) => !happened.has(one))).toEqual([]);
    },
    lawTimeoutMs,
  );
});
