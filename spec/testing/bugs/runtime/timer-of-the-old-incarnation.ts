/**
 * A restart cancels the timers of the agent's former life. The broken runtime lets them ring
 * in the new one.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Begin = defineTopic('session.begin', { schema: type<string>() });

export const timerOfTheOldIncarnation: Bug = {
  name: 'timer of the old incarnation fires after a restart',
  quietest: [0, 0, 1],
  scenario: () => {
    let strayed: boolean;
    let rung: boolean;
    return {
      setup: (system) => {
        strayed = false;
        rung = false;
        system.spawn(
          defineAgent({
            name: 'session',
            subscribe: [Begin],
            state: { user: undefined as string | undefined },
            receive: (user, context) => {
              context.update(() => ({ user }));
              context.schedule(100, (later) => {
                rung = true;
                // Whoever rings is logged out; nobody is in a session that has begun anew.
                strayed ||= later.state.user !== user;
              });
            },
          }),
        );
        system.publish(Begin, 'ada');
      },
      options: { faults: ['crash'], laws: lawPack() },
      atQuiet: ({ faults }) => !strayed && (rung || faults.length > 0),
      witness: () => rung,
    };
  },
};
