/**
 * The agent of a key is put away when it is idle, and a message that comes meanwhile goes to
 * its successor. The broken runtime puts away one that has a message waiting.
 */
import { defineAgent, defineTopic, keyedAgent, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Deposit = defineTopic('account.deposit', { schema: type<{ account: string; cents: number }>() });

export const messageLostAtPassivation: Bug = {
  name: 'message lost at passivation',
  quietest: [0, 0, 0, 0, 1],
  scenario: () => {
    let total: number;
    return {
      setup: (system, world) => {
        total = 0;
        system.spawn(
          keyedAgent({
            name: 'accounts',
            agent: defineAgent({
              name: 'account',
              subscribe: [Deposit],
              receive: ({ cents }) => {
                total += cents;
              },
            }),
            keyed: ({ account }) => account,
            passivate: 'forget',
            activeMax: 4,
            idleMs: 10,
          }),
        );
        system.publish(Deposit, { account: 'ada', cents: 1 });
        world.environment.schedule(10, () => {
          system.publish(Deposit, { account: 'ada', cents: 2 });
        });
      },
      options: { faults: ['slow'], laws: lawPack() },
      atQuiet: () => total === 3,
      witness: () => total === 3,
    };
  },
};
