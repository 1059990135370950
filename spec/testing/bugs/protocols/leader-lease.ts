/**
 * Two workers may write to a file, but only whoever holds the lease, for 50 ms. A worker
 * that got it is slow to begin, and writes although its lease is over and another holds it. The
 * file of the mended ones takes no writes with an older number than the last lease's.
 */
import { defineAgent, defineTopic, on, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Acquire = defineTopic('lease.acquire', { schema: type<string>(), reply: type<number>() });
const Write = defineTopic('file.write', { schema: type<{ token: number; from: string }>() });
const Go = defineTopic('worker.go', { schema: type<null>() });
const leaseMs = 50;

export const leaderLease: Bug = {
  name: 'a worker writes after its lease is over',
  quietest: [0, 0, 0, 0, 0, 0, 0, 1, 3],
  scenario: (broken) => {
    let writes: { token: number; from: string }[];
    return {
      setup: (system, world) => {
        let token = 0;
        let untilMs = 0;
        writes = [];
        system.spawn(
          defineAgent({
            name: 'office',
            on: [
              on(Acquire, () => {
                if (world.nowMs < untilMs) {
                  return 0;
                }
                token += 1;
                untilMs = world.nowMs + leaseMs;
                return token;
              }),
              on(Write, (write) => {
                if (broken || write.token === token) {
                  writes.push(write);
                }
              }),
            ],
          }),
        );
        for (const name of ['ada', 'grace']) {
          system.spawn(
            defineAgent({
              name,
              subscribe: [Go],
              receive: async (_, context) => {
                const got = await context.request(Acquire, name);
                if (got > 0) {
                  context.publish(Write, { token: got, from: name });
                }
              },
            }),
          );
        }
        system.publish(Go, null);
        world.environment.schedule(leaseMs, () => {
          system.publish(Go, null);
        });
      },
      options: { faults: ['slow', 'delay'], only: [Write], laws: lawPack() },
      atQuiet: () => writes.every(({ token }, n) => n === 0 || token > writes[n - 1]!.token),
      witness: () => writes.length === 2,
    };
  },
};
