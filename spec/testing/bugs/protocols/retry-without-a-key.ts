/**
 * A client pays, and pays again when it hears nothing. A reply that was lost means that it
 * pays twice. The mended one gives each payment a key, and the till knows which it has seen.
 */
import { defineAgent, defineTopic, RequestTimeout, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Pay = defineTopic('till.pay', {
  schema: type<{ key: string; cents: number }>(),
  reply: type<string>(),
});

export const retryWithoutAKey: Bug = {
  name: 'a retry pays twice when a reply was lost',
  quietest: [0, 1],
  scenario: (broken) => {
    let taken: number;
    return {
      setup: async (system) => {
        const seen = new Set<string>();
        taken = 0;
        system.spawn(
          defineAgent({
            name: 'till',
            subscribe: [Pay],
            receive: ({ key, cents }) => {
              if (broken || !seen.has(key)) {
                taken += cents;
              }
              seen.add(key);
              return 'receipt';
            },
          }),
        );
        for (let attempt = 1; attempt <= 4; attempt += 1) {
          try {
            await system.request(Pay, { key: 'order 1', cents: 500 }, { timeoutMs: 100 });
            break;
          } catch (failure) {
            if (!(failure instanceof RequestTimeout)) {
              throw failure;
            }
          }
        }
      },
      options: { faults: ['drop'], laws: lawPack() },
      atQuiet: () => taken === 500,
      witness: () => taken === 500,
    };
  },
};
