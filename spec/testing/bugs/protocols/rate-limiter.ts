/**
 * A limiter lets two calls through in 100 ms. It looks how many there were, asks the clock of
 * the company, and then counts: of several that ask at once more than two may pass. The mended one
 * counts before it waits.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Take = defineTopic('limiter.take', { schema: type<null>(), reply: type<boolean>() });
const Clock = defineTopic('clock.now', { schema: type<null>(), reply: type<number>() });

export const rateLimiter: Bug = {
  name: 'a limiter lets too many through at once',
  quietest: [0, 0, 1],
  scenario: (broken) => {
    let passed: number;
    return {
      setup: async (system, world) => {
        const taken: number[] = [];
        passed = 0;
        system.spawn(defineAgent({ name: 'clock', subscribe: [Clock], receive: () => world.nowMs }));
        system.spawn(
          defineAgent({
            name: 'limiter',
            subscribe: [Take],
            concurrency: 2,
            receive: async (_, context) => {
              if (taken.length >= 2) {
                return false;
              }
              if (broken) {
                taken.push(await context.request(Clock, null));
              } else {
                const place = taken.push(0) - 1;
                taken[place] = await context.request(Clock, null);
              }
              return true;
            },
          }),
        );
        const asked = [1, 2, 3].map(() => system.request(Take, null));
        for (const one of await Promise.all(asked)) {
          passed += one ? 1 : 0;
        }
      },
      options: { laws: lawPack() },
      atQuiet: () => passed <= 2,
      witness: () => passed === 2,
    };
  },
};
