/**
 * A manager lets a job out to the first bidder. It keeps the award in its state, which
 * a crash takes away: after the restart a later bid makes it award the job again. The
 * mended one writes the award down where a crash does not reach it, before it says so.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Bid = defineTopic('job.bid', { schema: type<string>() });
const Awarded = defineTopic('job.awarded', { schema: type<string>() });

export const awardForgottenInACrash: Bug = {
  name: 'award forgotten in a crash',
  quietest: [0, 0, 0, 0, 0, 1],
  scenario: (broken) => {
    let awards: string[];
    return {
      setup: (system) => {
        const ledger: string[] = [];
        awards = [];
        system.spawn(
          defineAgent({
            name: 'manager',
            subscribe: [Bid],
            state: { awardedTo: undefined as string | undefined },
            receive: (bidder, context) => {
              const known = broken ? context.state.awardedTo : ledger[0];
              if (known === undefined) {
                ledger.push(bidder);
                context.update(() => ({ awardedTo: bidder }));
                context.publish(Awarded, bidder);
              }
            },
          }),
        );
        system.spawn(
          defineAgent({ name: 'clerk', subscribe: [Awarded], receive: (name) => void awards.push(name) }),
        );
        system.publish(Bid, 'ada');
        system.publish(Bid, 'grace');
      },
      options: { faults: ['crash'], laws: lawPack() },
      atQuiet: () => awards.length <= 1,
      witness: () => awards.length === 1,
    };
  },
};
