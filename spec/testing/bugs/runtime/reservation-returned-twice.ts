/**
 * A lease that is settled twice, by the work and by the end of its request, returns what it had reserved once.
 * The broken ledger returns it twice.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { budgetKept, lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Research = defineTopic('research', { schema: type<null>(), reply: type<string>() });
const Read = defineTopic('read', { schema: type<number>(), reply: type<string>() });

export const reservationReturnedTwice: Bug = {
  name: 'budget reservation returned twice',
  quietest: [],
  scenario: () => {
    let answer: string | undefined;
    return {
      setup: async (system) => {
        answer = undefined;
        system.spawn(
          defineAgent({
            name: 'reader',
            subscribe: [Read],
            receive: (page, context) => {
              context.budget.spend('tokens', 10);
              // It needs no more, and gives back the rest as early as it can.
              context.budget.settle();
              return `page ${page}`;
            },
          }),
        );
        system.spawn(
          defineAgent({
            name: 'researcher',
            subscribe: [Research],
            receive: async (_, context) => {
              const pages = [1, 2].map((page) => context.request(Read, page, { budget: { tokens: 40 } }));
              await Promise.all(pages);
              return 'done';
            },
          }),
        );
        answer = await system.request(Research, null, { budget: { tokens: 100 } });
      },
      options: { laws: [budgetKept(), ...lawPack()] },
      atQuiet: () => {},
      witness: () => answer === 'done',
    };
  },
};
