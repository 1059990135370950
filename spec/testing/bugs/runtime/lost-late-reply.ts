/**
 * A reply that comes when its request has timed out is a dead letter. The broken runtime
 * forgets it.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Question = defineTopic('question', { schema: type<null>(), reply: type<string>() });

export const lostLateReply: Bug = {
  name: 'lost late reply',
  quietest: [0, 0, 1],
  scenario: () => {
    let given: number;
    let taken: number;
    return {
      setup: async (system, world) => {
        given = 0;
        taken = 0;
        system.spawn(
          defineAgent({
            name: 'sage',
            subscribe: [Question],
            receive: async () => {
              await new Promise<void>((done) => {
                world.environment.schedule(5, done);
              });
              given += 1;
              return 'because';
            },
          }),
        );
        await system
          .request(Question, null, { timeoutMs: 6 })
          .then(() => {
            taken += 1;
          })
          .catch(() => {});
      },
      options: { faults: ['slow'], laws: lawPack() },
      atQuiet: ({ system }) => given === taken + (system.deadLetters.countByCause().LateReply ?? 0),
      witness: () => given === 1 && taken === 1,
    };
  },
};
