/**
 * What an agent has laid aside goes back to its mailbox when it restarts. The broken runtime
 * forgets it.
 */
import { defineAgent, defineTopic, on, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Open = defineTopic('shop.open', { schema: type<null>() });
const Buy = defineTopic('shop.buy', { schema: type<number>() });

export const stashLostAtRestart: Bug = {
  name: 'stash lost at restart',
  quietest: [0, 0, 1],
  scenario: () => {
    let bought: number;
    return {
      setup: (system) => {
        bought = 0;
        let isOpen = false;
        system.spawn(
          defineAgent({
            name: 'shop',
            on: [
              on(Buy, (_, context) => {
                if (isOpen) {
                  bought += 1;
                } else {
                  context.stash();
                }
              }),
              on(Open, (_, context) => {
                isOpen = true;
                context.unstash();
              }),
            ],
          }),
        );
        system.publish(Buy, 1);
        system.publish(Open, null);
      },
      options: { faults: ['crash'], laws: lawPack({ unfinished: 'allow' }) },
      atQuiet: () => {},
      witness: () => bought === 1,
    };
  },
};
