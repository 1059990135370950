/**
 * An agent that waits for room at a full mailbox goes on when there is room. The broken
 * runtime lets its message in and forgets to wake it.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Piece = defineTopic('piece', { schema: type<number>() });
const Order = defineTopic('order', { schema: type<number>() });

export const lostWakeUpOfAParkedCell: Bug = {
  name: 'lost wake-up of a parked cell',
  quietest: [0, 1],
  scenario: () => {
    let packed: number;
    return {
      setup: (system) => {
        packed = 0;
        system.spawn(
          defineAgent({
            name: 'packer',
            subscribe: [Piece],
            capacity: 1,
            receive: () => {
              packed += 1;
            },
          }),
        );
        system.spawn(
          defineAgent({
            name: 'maker',
            subscribe: [Order],
            receive: (order, context) => {
              context.publish(Piece, order);
            },
          }),
        );
        for (let n = 0; n < 3; n += 1) {
          system.publish(Order, n);
        }
      },
      options: { laws: lawPack() },
      atQuiet: () => {},
      witness: () => packed === 3,
    };
  },
};
