/**
 * Whoever watches an agent is told of its end once, however often it asked. The broken runtime
 * tells once more who asks again between the end and the message about it.
 */
import { type AgentRef, defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Look = defineTopic('guard.look', { schema: type<AgentRef<string>>() });
const Leave = defineTopic('guest.leave', { schema: type<string>() });

export const duplicateTerminated: Bug = {
  name: 'duplicate Terminated',
  quietest: [],
  scenario: () => {
    let told: number;
    return {
      setup: (system) => {
        told = 0;
        const guest = system.spawn(
          defineAgent({ name: 'guest', subscribe: [Leave], receive: (_, context) => context.stop() }),
        );
        system.spawn(
          defineAgent({
            name: 'guard',
            subscribe: [Look],
            receive: (whom, context) => {
              context.watch(whom);
            },
            onTerminated: () => {
              told += 1;
            },
          }),
        );
        system.publish(Look, guest);
        system.publish(Leave, 'please');
        system.publish(Look, guest);
      },
      options: { laws: lawPack() },
      atQuiet: () => told === 1,
      witness: () => told === 1,
    };
  },
};
