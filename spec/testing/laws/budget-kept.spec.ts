import { BudgetExceeded, defineAgent, defineTopic, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { Lease } from '../../../src/core/budget.ts';
import { budgetKept } from '../../../src/testing/index.ts';
import { brokenBy } from '../../support/breaking-a-law.ts';
import { kernelOf } from '../../support/inside.ts';

const Write = defineTopic('write', { schema: type<number>(), reply: type<string>() });

/** A writer that spends a token a word, and does not mind being told to stop. */
const writer = (isDeaf: boolean) =>
  defineAgent({
    name: 'writer',
    subscribe: [Write],
    receive: (words, context) => {
      for (let n = 0; n < words; n += 1) {
        try {
          context.budget.spend('tokens', 1);
        } catch (failure) {
          if (!isDeaf || !(failure instanceof BudgetExceeded)) {
            throw failure;
          }
        }
      }
      return 'done';
    },
  });

describe('budget kept', () => {
  it('holds of agents that stop when they have spent too much', async () => {
    const broken = await brokenBy([budgetKept()], async (system) => {
      system.spawn(writer(false), { budget: { tokens: 100, steps: 10 } });
      await system.request(Write, 5, { budget: { tokens: 10 } });
      await system.request(Write, 50, { budget: { tokens: 10 } }).catch(() => {});
    });

    expect(broken).toBeUndefined();
  });

  it('names the lease of an agent that goes on spending', async () => {
    const broken = await brokenBy([budgetKept()], async (system) => {
      system.spawn(writer(true));
      await system.request(Write, 50, { budget: { tokens: 10 } }).catch(() => {});
    });

    expect(broken).toMatch(
      /^budget kept: of 10 tokens for a request to write, 50 are spent: 40 chunks came after the limit, and at most \d may$/,
    );
  });

  it('counts those who come when the limit was passed', () => {
    const lease = Lease.root({ tokens: 1 });
    expect(() => lease.spend('tokens', 2)).toThrow(BudgetExceeded);
    const before = lease.holdersToldOver;

    lease.hold({ interrupt: () => {} });

    expect(lease.holdersToldOver).toBe(before + 1);
    expect(lease.chunksOver).toBe(1);
  });

  it('finds what was taken beyond a limit, and what was never returned', async () => {
    const over = { ...leaseWith({ spent: 3, limit: 2, reserved: 1 }) } as unknown as Lease;
    const kept = { ...leaseWith({ spent: 0, limit: 2, reserved: 1 }) } as unknown as Lease;

    expect(await brokenBy([budgetKept()], (system) => kernelOf(system).witness!.leased(over, 'a test'))).toBe(
      'budget kept: of 2 steps for a test, 3 are spent and 1 reserved',
    );
    expect(await brokenBy([budgetKept()], (system) => kernelOf(system).witness!.leased(kept, 'a test'))).toBe(
      'budget kept: 1 tokens of those for a test are still reserved',
    );
  });
});

function leaseWith({ spent, limit, reserved }: { spent: number; limit: number; reserved: number }) {
  return {
    spent: () => spent,
    limit: () => limit,
    reserved: () => reserved,
    holdersToldOver: 0,
    chunksOver: 0,
    exceeded: undefined,
  };
}
