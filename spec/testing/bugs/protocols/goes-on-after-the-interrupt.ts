/**
 * A writer sends one page after the other. When its reader loses patience, the writer's
 * work is interrupted; the broken one does not look, and goes on. The mended one stops
 * when its signal has aborted. No property is asked for here, only the laws of the pack.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Write = defineTopic('writer.write', { schema: type<null>(), reply: type<string>() });
const Page = defineTopic('writer.page', { schema: type<number>() });
const pageMs = 8;

export const goesOnAfterTheInterrupt: Bug = {
  name: 'work goes on after it was interrupted',
  quietest: [0, 0, 1],
  scenario: (broken) => {
    let patience: AbortController;
    let pages: number;
    return {
      setup: async (system, world) => {
        pages = 0;
        const nap = () =>
          new Promise<void>((done) => {
            world.environment.schedule(pageMs, done);
          });
        patience = new AbortController();
        system.spawn(
          defineAgent({
            name: 'writer',
            subscribe: [Write],
            receive: async (_, context) => {
              for (let page = 1; page <= 3; page += 1) {
                await nap();
                if (!broken && context.signal.aborted) {
                  return 'interrupted';
                }
                void context.publish(Page, page);
              }
              return 'done';
            },
          }),
        );
        system.spawn(
          defineAgent({
            name: 'reader',
            subscribe: [Page],
            receive: (page, context) => {
              pages += 1;
              if (page === 2) {
                context.schedule(pageMs, () => patience.abort());
              }
            },
          }),
        );
        await system.request(Write, null, { signal: patience.signal }).catch(() => {});
      },
      options: { laws: lawPack({ deeds: 'forbid' }) },
      atQuiet: () => {},
      witness: () => pages >= 2 && patience.signal.aborted,
    };
  },
};
