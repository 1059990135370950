/**
 * A shop stores an order and then publishes that it was placed. Between the two it may
 * crash: the order is there, and nobody hears of it. The mended one publishes from an
 * outbox that is stored with the order, and again after a restart.
 */
import { defineAgent, defineTopic, on, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Order = defineTopic('shop.order', { schema: type<number>() });
const Flush = defineTopic('shop.flush', { schema: type<null>() });
const Placed = defineTopic('shop.placed', { schema: type<number>() });

export const outboxForgotten: Bug = {
  name: 'a stored order is never told of after a crash',
  quietest: [0, 0, 0, 0, 0, 1],
  scenario: (broken) => {
    let orders: Set<number>;
    let told: Set<number>;
    return {
      setup: (system) => {
        const outbox = new Set<number>();
        const unsent = new Set<number>();
        orders = new Set();
        told = new Set();
        system.spawn(
          defineAgent({
            name: 'shop',
            onStart: (context) => {
              // What is only in memory is gone.
              unsent.clear();
              if (!broken) {
                context.publish(Flush, null);
              }
            },
            on: [
              on(Order, (order, context) => {
                orders.add(order);
                outbox.add(order);
                unsent.add(order);
                context.publish(Flush, null);
              }),
              on(Flush, (_, context) => {
                for (const order of broken ? unsent : outbox) {
                  context.publish(Placed, order);
                  unsent.delete(order);
                  outbox.delete(order);
                }
              }),
            ],
          }),
        );
        system.spawn(
          defineAgent({ name: 'warehouse', subscribe: [Placed], receive: (order) => void told.add(order) }),
        );
        system.publish(Order, 1);
        system.publish(Order, 2);
      },
      options: { faults: ['crash'], laws: lawPack() },
      atQuiet: () => [...orders].every((order) => told.has(order)),
      witness: () => orders.size === 2 && told.size === 2,
    };
  },
};
