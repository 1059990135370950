/**
 * `Terminated` comes behind everything that the one who ended had sent. In the broken runtime
 * it overtakes what stands in line at a full mailbox.
 */
import { type AgentRef, defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Report = defineTopic('scout.report', { schema: type<number>() });
const Go = defineTopic('scout.go', { schema: type<null>() });

export const terminatedBeforeTheLastMessage: Bug = {
  name: 'Terminated before the last message',
  quietest: [0, 1, 1, 1],
  scenario: () => {
    let log: string[];
    return {
      setup: (system, world) => {
        log = [];
        let scout: AgentRef<null> | undefined;
        system.spawn(
          defineAgent({
            name: 'captain',
            subscribe: [Report],
            capacity: 1,
            spillMax: 4,
            onStart: (context) => context.watch(scout as AgentRef<never>),
            receive: (n) => void log.push(`report ${n}`),
            onTerminated: () => void log.push('ended'),
          }),
        );
        scout = system.spawn(
          defineAgent({
            name: 'scout',
            subscribe: [Go],
            receive: async (_, context) => {
              for (const n of [1, 2]) {
                await new Promise<void>((done) => {
                  world.environment.schedule(1, done);
                });
                // Not waited for: what has no room stands in line.
                void context.publish(Report, n);
              }
              context.stop();
            },
          }),
        );
        system.publish(Go, null);
      },
      options: { faults: ['slow'], laws: lawPack() },
      atQuiet: () => log.at(-1) === 'ended' && log.length === 3,
      witness: () => log.length === 3,
    };
  },
};
