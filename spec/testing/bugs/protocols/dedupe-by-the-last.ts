/**
 * A receiver takes a message that it has seen for a doubled one, and remembers only the last
 * it has seen. A copy that comes later than the next message is taken once more. The mended one
 * remembers all.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Paid = defineTopic('ledger.paid', { schema: type<number>() });

export const dedupeByTheLast: Bug = {
  name: 'a late copy passes for a new message',
  quietest: [1, 1],
  scenario: (broken) => {
    let booked: number[];
    return {
      setup: (system) => {
        const seen: number[] = [];
        booked = [];
        system.spawn(
          defineAgent({
            name: 'ledger',
            subscribe: [Paid],
            receive: (payment) => {
              if (broken ? seen.at(-1) !== payment : !seen.includes(payment)) {
                booked.push(payment);
              }
              seen.push(payment);
            },
          }),
        );
        system.publish(Paid, 1);
        system.publish(Paid, 2);
      },
      options: { faults: ['duplicate'], laws: lawPack() },
      atQuiet: () => booked.length === 2,
      witness: () => booked.length === 2,
    };
  },
};
