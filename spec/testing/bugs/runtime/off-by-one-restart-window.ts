/**
 * A supervisor restarts an agent once in a second, and gives it up the second time. The
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
    let done: number;
    return {
      setup: (system) => {
        begun = 0;
        done = 0;
        system.spawn(
          defineAgent({
            name: 'worker',
            subscribe: [Work],
            onStart: () => {
              begun += 1;
            },
            receive: () => {
              done += 1;
            },
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
      // A second crash may come before it has begun again.
      atQuiet: ({ faults }) => begun === faults.length + 1 || (faults.length > 1 && begun <= 2),
      witness: () => begun === 1 && done === 3,
    };
  },
};
