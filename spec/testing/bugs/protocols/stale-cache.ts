/**
 * A cache asks a store for what it does not have, and forgets what it hears has changed.
 * A change that is heard between the question and the answer is forgotten: the cache keeps the old
 * price for ever. The mended one keeps no answer to a question that is older than a change.
 */
import { defineAgent, defineTopic, on, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Price = defineTopic('store.price', { schema: type<null>(), reply: type<number>() });
const Change = defineTopic('store.change', { schema: type<number>() });
const Changed = defineTopic('store.changed', { schema: type<null>() });
const Look = defineTopic('cache.look', { schema: type<null>(), reply: type<number>() });

export const staleCache: Bug = {
  name: 'a cache keeps what has changed while it asked',
  quietest: [0, 1, 1, 0, 0, 1, 1],
  scenario: (broken) => {
    let cached: number | undefined;
    let price: number;
    let changes: number;
    let looked: number | undefined;
    return {
      setup: async (system) => {
        changes = 0;
        looked = undefined;
        price = 100;
        cached = undefined;
        system.spawn(
          defineAgent({
            name: 'store',
            on: [
              on(Price, () => price),
              on(Change, (cents, context) => {
                price = cents;
                context.publish(Changed, null);
              }),
            ],
          }),
        );
        system.spawn(
          defineAgent({
            name: 'cache',
            concurrency: 2,
            on: [
              on(Look, async (_, context) => {
                if (cached === undefined) {
                  const before = changes;
                  const answer = await context.request(Price, null);
                  if (broken || changes === before) {
                    cached = answer;
                  }
                  return answer;
                }
                return cached;
              }),
              on(Changed, () => {
                changes += 1;
                cached = undefined;
              }),
            ],
          }),
        );
        const looking = system.request(Look, null);
        system.publish(Change, 120);
        looked = await looking.catch(() => undefined);
      },
      options: { faults: ['delay'], laws: lawPack() },
      atQuiet: () => cached === undefined || cached === price,
      witness: () => looked !== undefined && price === 120 && changes === 1,
    };
  },
};
