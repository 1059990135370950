/**
 * A manager lets a job out to the best bidder. It keeps the award in its state, which
 * a crash takes away: after the restart a late bid makes it award the job again. The
 * mended one writes the award down where a crash does not reach it, before it says so.
 */
import { type Agent, defineAgent, defineTopic, on, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Bid = defineTopic('job.bid', { schema: type<{ from: string; cents: number }>() });
const Awarded = defineTopic('job.awarded', { schema: type<string>() });

export const awardForgottenInACrash: Bug = {
  name: 'award forgotten in a crash',
  quietest: [],
  scenario: (broken) => {
    let awards: string[];
    return {
      setup: (system) => {
        const ledger: string[] = [];
        awards = [];
        const manager = defineAgent({
          name: 'manager',
          state: { awardedTo: undefined as string | undefined },
          on: [
            on(Bid, (bid, context) => {
              const known = broken ? context.state.awardedTo : ledger[0];
              if (known !== undefined) {
                return;
              }
              ledger.push(bid.from);
              context.update(() => ({ awardedTo: bid.from }));
              context.publish(Awarded, bid.from);
            }),
          ],
        });
        system.spawn(manager as Agent<never, unknown>);
        system.spawn(
          defineAgent({ name: 'clerk', subscribe: [Awarded], receive: (name) => void awards.push(name) }),
        );
        system.publish(Bid, { from: 'ada', cents: 5 });
        system.publish(Bid, { from: 'grace', cents: 7 });
      },
      options: { faults: ['crash'], laws: lawPack() },
      atQuiet: () => awards.length <= 1,
    };
  },
};
