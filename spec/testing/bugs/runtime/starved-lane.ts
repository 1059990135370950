/**
 * Agents in the background have their turns, too, however busy those in the realtime lane
 * are. The broken dispatcher serves the realtime lane until nothing is left in it. Lanes are
 * the live dispatcher's, so here the system has it, in an environment that is otherwise the world's.
 * Whose turn it is is then not the world's choice: there is one schedule, in which the bug shows or
 * does not, and nothing to explore or to shrink.
 */
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import type { World } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Tick = defineTopic('tick', { schema: type<number>() });
const Report = defineTopic('report', { schema: type<null>() });
const ticks = 400;

export const starvedLane: Bug = {
  name: 'starved lane',
  quietest: [],
  hasOneSchedule: true,
  scenario: () => {
    let ticksBefore: number | undefined;
    return {
      setup: (_, world) => {
        let ticked = 0;
        ticksBefore = undefined;
        const system = createSystem({ id: 'lanes', environment: withLanes(world) });
        system.spawn(
          defineAgent({
            name: 'ticker',
            lane: 'realtime',
            subscribe: [Tick],
            receive: (left, context) => {
              ticked += 1;
              if (left > 0) {
                context.publish(Tick, left - 1);
              }
            },
          }),
        );
        system.spawn(
          defineAgent({
            name: 'reporter',
            lane: 'background',
            subscribe: [Report],
            receive: () => {
              ticksBefore = ticked;
            },
          }),
        );
        system.publish(Tick, ticks);
        system.publish(Report, null);
      },
      options: {},
      atQuiet: () => ticksBefore !== undefined && ticksBefore < ticks,
      witness: () => ticksBefore !== undefined,
    };
  },
};

/** The world's time and chance, without its turns: those are the live dispatcher's. */
function withLanes({ environment }: World) {
  return {
    epochMs: 0,
    nowMs: () => environment.nowMs(),
    schedule: (delayMs: number, f: () => void) => environment.schedule(delayMs, f),
    random: () => environment.random(),
    nextId: () => environment.nextId(),
    defer: (f: () => void) => environment.defer(f),
    deferPastIo: (f: () => void) => environment.deferPastIo(f),
    onTermination: () => () => {},
    close: () => {},
  };
}
