/**
 * A writer asks an editor for one page after the other. When its reader loses patience, the
 * writer's work is interrupted; the broken one does not look, and goes on asking. The mended one stops
 * when its signal has aborted. Here nothing but a law of the pack is asked for.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Write = defineTopic('writer.write', { schema: type<null>(), reply: type<string>() });
const Note = defineTopic('writer.note', { schema: type<number>() });

export const goesOnAfterTheInterrupt: Bug = {
  name: 'work goes on after it was interrupted',
  quietest: [],
  scenario: (broken) => ({
    setup: async (system, world) => {
      const nap = (ms: number) =>
        new Promise<void>((done) => {
          world.environment.schedule(ms, done);
        });
      system.spawn(
        defineAgent({
          name: 'writer',
          subscribe: [Write],
          receive: async (_, context) => {
            for (let page = 1; page <= 3; page += 1) {
              await nap(10);
              if (!broken && context.signal.aborted) {
                return 'interrupted';
              }
              void context.publish(Note, page);
            }
            return 'done';
          },
        }),
      );
      system.spawn(defineAgent({ name: 'archive', subscribe: [Note], receive: () => {} }));
      await system.request(Write, null, { timeoutMs: 35 }).catch(() => {});
    },
    options: { faults: ['slow'], laws: lawPack({ deeds: 'forbid' }) },
    atQuiet: () => {},
  }),
};
