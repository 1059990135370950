/**
 * A bank looks whether there is enough in an account, asks somebody whether the transfer is
 * allowed, and then takes the money. It works on two transfers at once, so another
 * one may have taken the money meanwhile. The mended one looks again after it has waited.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Transfer = defineTopic('bank.transfer', {
  schema: type<{ from: string; cents: number }>(),
  reply: type<boolean>(),
});
const Allowed = defineTopic('bank.allowed', { schema: type<number>(), reply: type<boolean>() });

export const bankTransfer: Bug = {
  name: 'an account is overdrawn by two transfers at once',
  quietest: [0, 1],
  scenario: (broken) => {
    let accounts: Map<string, number>;
    return {
      setup: async (system) => {
        accounts = new Map([['ada', 100]]);
        system.spawn(
          defineAgent({ name: 'officer', subscribe: [Allowed], receive: (cents) => cents < 1_000 }),
        );
        system.spawn(
          defineAgent({
            name: 'bank',
            subscribe: [Transfer],
            concurrency: 2,
            receive: async ({ from, cents }, context) => {
              if (accounts.get(from)! < cents) {
                return false;
              }
              const allowed = await context.request(Allowed, cents);
              if (!allowed || (!broken && accounts.get(from)! < cents)) {
                return false;
              }
              accounts.set(from, accounts.get(from)! - cents);
              return true;
            },
          }),
        );
        const first = system.request(Transfer, { from: 'ada', cents: 80 });
        const second = system.request(Transfer, { from: 'ada', cents: 70 });
        await Promise.all([first, second]);
      },
      options: { laws: lawPack() },
      atQuiet: () => accounts.get('ada')! >= 0,
      witness: () => accounts.get('ada')! < 100,
    };
  },
};
