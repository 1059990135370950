/**
 * A saga books a flight and a room, and takes back what it has booked when a step
 * fails. It holds a step that timed out for one that was not done. The mended one takes
 * back that one, too: a timeout does not say that nothing was done.
 */
import { defineAgent, defineTopic, on, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Book = defineTopic('travel.book', { schema: type<string>(), reply: type<string>() });
const Cancel = defineTopic('travel.cancel', { schema: type<string>(), reply: type<string>() });
const steps = ['flight', 'room'];

export const sagaWithoutDoubt: Bug = {
  name: 'a saga does not take back a step whose answer was lost',
  quietest: [0, 1],
  scenario: (broken) => {
    let booked: Set<string>;
    let complete: boolean;
    return {
      setup: async (system) => {
        booked = new Set();
        complete = false;
        system.spawn(
          defineAgent({
            name: 'agency',
            on: [
              on(Book, (what) => {
                booked.add(what);
                return 'booked';
              }),
              on(Cancel, (what) => {
                booked.delete(what);
                return 'cancelled';
              }),
            ],
          }),
        );
        const done: string[] = [];
        try {
          for (const step of steps) {
            if (!broken) {
              done.push(step);
            }
            await system.request(Book, step, { timeoutMs: 50 });
            if (broken) {
              done.push(step);
            }
          }
          complete = true;
        } catch {
          for (const step of done.reverse()) {
            await takeBack(() => system.request(Cancel, step, { timeoutMs: 50 }));
          }
        }
      },
      options: { faults: ['drop'], laws: lawPack() },
      atQuiet: () => complete || booked.size === 0,
      witness: () => complete && booked.size === steps.length,
    };
  },
};

/** Until it is certain. */
async function takeBack(cancel: () => Promise<string>): Promise<void> {
  for (;;) {
    try {
      await cancel();
      return;
    } catch {
      // Nobody knows whether it was done: to take back twice does no harm.
    }
  }
}
