/**
 * Mixed: several strategies in turn, run by run.
 *
 * Bugs differ in what finds them, and one does not know beforehand. Of s strategies
 * the best one finds its bug after at most s times as many runs as alone.
 */
import type { Course, Strategy } from './strategy.ts';

/** @param strategies At least one; the first takes the first run. */
export function mixed(...strategies: readonly Strategy[]): Strategy {
  if (strategies.length === 0) {
    throw new RangeError('mixed is of at least one strategy; got none');
  }
  return {
    name: strategies.map(({ name }) => name).join(' + '),
    begin: (plan) => {
      const courses = strategies.map((strategy) => ({ course: strategy.begin(plan), begun: 0 }));
      let next = 0;
      let current: Course | undefined;
      return {
        begin: () => {
          for (let tried = 0; tried < courses.length; tried += 1) {
            const turn = courses[next]!;
            next = (next + 1) % courses.length;
            current = turn.course;
            const choose = current.begin(turn.begun);
            if (choose !== undefined) {
              turn.begun += 1;
              return choose;
            }
          }
          return undefined;
        },
        ended: (seen) => current?.ended?.(seen),
        watch: (world, judged) => current?.watch?.(world, judged),
      };
    },
  };
}
