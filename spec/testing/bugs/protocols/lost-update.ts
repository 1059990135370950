/**
 * Two clerks count visitors: each reads the number, adds one and writes it. The mended
 * ones have it added where it is kept.
 */
import { defineAgent, defineTopic, on, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Read = defineTopic('counter.read', { schema: type<null>(), reply: type<number>() });
const Write = defineTopic('counter.write', { schema: type<number>() });
const Add = defineTopic('counter.add', { schema: type<number>() });
const Came = defineTopic('visitor.came', { schema: type<number>() });

export const lostUpdate: Bug = {
  name: 'an update is lost between reading and writing',
  quietest: [2],
  scenario: (broken) => {
    let total: number;
    return {
      setup: (system) => {
        total = 0;
        system.spawn(
          defineAgent({
            name: 'counter',
            on: [
              on(Read, () => total),
              on(Write, (count) => {
                total = count;
              }),
              on(Add, (count) => {
                total += count;
              }),
            ],
          }),
        );
        for (const n of [0, 1]) {
          system.spawn(
            defineAgent({
              name: `clerk-${n}`,
              subscribe: [Came],
              receive: async (visitor, context) => {
                if (visitor !== n) {
                  return;
                }
                if (broken) {
                  const before = await context.request(Read, null);
                  context.publish(Write, before + 1);
                } else {
                  context.publish(Add, 1);
                }
              },
            }),
          );
        }
        system.publish(Came, 0);
        system.publish(Came, 1);
      },
      options: { laws: lawPack() },
      atQuiet: () => total === 2,
      witness: () => total === 2,
    };
  },
};
