/**
 * A stream agent is done with a message when its result is out. The broken operator keeps
 * the credit of a result when the next one is ready, too: that message is never done with.
 */
import { defineTopic, mapAsync, streamAgent, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Task = defineTopic('task', { schema: type<number>() });
const Result = defineTopic('result', { schema: type<number>() });

export const creditNeverReturned: Bug = {
  name: 'credit never returned',
  quietest: [1],
  scenario: () => {
    let done: number;
    return {
      setup: (system, world) => {
        done = 0;
        system.spawn(
          streamAgent({
            name: 'doubler',
            subscribe: [Task],
            publishes: Result,
            stream: (inbox) =>
              inbox.pipe(
                mapAsync(2, async (n) => {
                  await new Promise<void>((rested) => {
                    world.environment.schedule(5, rested);
                  });
                  done += 1;
                  return 2 * n;
                }),
              ),
          }),
        );
        for (let n = 0; n < 4; n += 1) {
          system.publish(Task, n);
        }
      },
      options: { laws: lawPack() },
      atQuiet: () => {},
      witness: () => done === 4,
    };
  },
};
