/**
 * A manager waits for as many bids as it has asked bidders, and awards the job to the
 * best. A bid that the network doubled counts twice, so it awards before the last bidder
 * has been heard, and again when that one's bid comes. The mended one counts bidders.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

interface Offer {
  readonly from: string;
  readonly cents: number;
}

const Opened = defineTopic('job.opened', { schema: type<string>() });
const Bid = defineTopic('job.bid', { schema: type<Offer>() });
const Awarded = defineTopic('job.awarded', { schema: type<string>() });
const bidders = ['ada', 'grace', 'mary'];

export const doubleAwardAfterADuplicatedBid: Bug = {
  name: 'double award after a duplicated bid',
  quietest: [0, 0, 0, 0, 0, 0, 1],
  scenario: (broken) => {
    let awards: string[];
    return {
      setup: (system) => {
        awards = [];
        system.spawn(
          defineAgent({
            name: 'manager',
            subscribe: [Bid],
            state: { bids: [] as readonly Offer[] },
            receive: (bid, context) => {
              const { bids } = context.state;
              if (!broken && bids.some(({ from }) => from === bid.from)) {
                return;
              }
              const all = [...bids, bid];
              // With three bids it awards and, as it thinks, is done: it begins to count anew.
              if (all.length < bidders.length) {
                context.update(() => ({ bids: all }));
                return;
              }
              const best = all.reduce((one, other) => (other.cents < one.cents ? other : one));
              context.update(() => ({ bids: broken ? all.slice(-1) : all }));
              context.publish(Awarded, best.from);
            },
          }),
        );
        for (const [n, name] of bidders.entries()) {
          system.spawn(
            defineAgent({
              name,
              subscribe: [Opened],
              receive: (_, context) => {
                context.publish(Bid, { from: name, cents: 500 - n });
              },
            }),
          );
        }
        system.spawn(
          defineAgent({ name: 'clerk', subscribe: [Awarded], receive: (name) => void awards.push(name) }),
        );
        system.publish(Opened, 'paint the fence');
      },
      options: { faults: ['duplicate'], only: [Bid], laws: lawPack() },
      atQuiet: () => awards.length === 1 && awards[0] === 'mary',
      witness: () => awards.length === 1,
    };
  },
};
