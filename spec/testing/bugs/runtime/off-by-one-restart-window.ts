/**
 * A supervisor restarts an agent at most twice in a second, and gives it up the third time. The
 * broken runtime restarts it once more.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Work = defineTopic('work', { schema: type<number>() });

export const offByOneRestartWindow: Bug = {
  name: 'off-by-one restart window',
  quietest: [1, 0, 0, 1],
  scenario: () => {
    let begun: number;
    return {
      setup: (system) => {
        begun = 0;
        system.spawn(
          defineAgent({
            name: 'worker',
            subscribe: [Work],
            onStart: () => {
              begun += 1;
            },
            receive: () => {},
          }),
        );
        for (let n = 0; n < 3; n += 1) {
          system.publish(Work, n);
        }
      },
      options: {
        faults: ['crash'],
        system: { supervision: { restartsMax: 1, windowMs: 1_000, backoffMs: 1 } },
        laws: lawPack(),
      },
      atQuiet: () => begun <= 2,
    };
  },
};
