/**
 * A reader with a window of two has at most two values in hand. The broken operator gives
 * a credit back twice when the next result is ready, too, so that more come in than the window allows.
 */
import { tap } from 'rxjs';
import { defineTopic, mapAsync, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Task = defineTopic('task', { schema: type<number>() });

export const creditReturnedTwice: Bug = {
  name: 'credit returned twice',
  quietest: [1],
  scenario: () => {
    let most: number;
    let done: number;
    return {
      setup: (system, world) => {
        let inHand = 0;
        most = 0;
        done = 0;
        system
          .observe(Task, { overflow: 'suspend', window: 2 })
          .pipe(
            tap(() => {
              inHand += 1;
              most = Math.max(most, inHand);
            }),
            mapAsync(2, async () => {
              await new Promise<void>((rested) => {
                world.environment.schedule(5, rested);
              });
            }),
          )
          .subscribe(() => {
            inHand -= 1;
            done += 1;
          });
        for (let n = 0; n < 6; n += 1) {
          system.publish(Task, n);
        }
      },
      options: { laws: lawPack() },
      atQuiet: () => most <= 2,
      witness: () => most === 2 && done === 6,
    };
  },
};
