/**
 * A consumer takes jobs from a broker that delivers again what is not acknowledged in
 * time. It acknowledges when it begins; a crash before the work is done loses the job. The
 * mended one acknowledges when the work is done, and may do it twice.
 */
import { defineAgent, defineTopic, on, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Deliver = defineTopic('broker.deliver', { schema: type<number>() });
const Ack = defineTopic('broker.ack', { schema: type<number>() });
/** Less than the broker waits until it delivers again. */
const workMs = 5;

export const ackBeforeSettle: Bug = {
  name: 'ack before settle',
  quietest: [0, 0, 0, 0, 0, 0, 1, 1],
  scenario: (broken) => {
    let done: Set<number>;
    let unacknowledged: Set<number>;
    return {
      setup: (system) => {
        unacknowledged = new Set([1, 2]);
        done = new Set();
        system.spawn(
          defineAgent({
            name: 'broker',
            subscribe: [Ack],
            // What the broker knows outlives it: it is on its disk.
            onStart: (context) => {
              const timer = context.schedule(
                10,
                (later) => {
                  for (const job of unacknowledged) {
                    later.publish(Deliver, job);
                  }
                  if (unacknowledged.size === 0) {
                    timer.cancel();
                  }
                },
                { every: true },
              );
            },
            receive: (job) => {
              unacknowledged.delete(job);
            },
          }),
        );
        system.spawn(
          defineAgent({
            name: 'consumer',
            on: [
              on(Deliver, (job, context) => {
                if (broken) {
                  context.publish(Ack, job);
                }
                // The work takes a while, and a crash takes it away.
                context.schedule(workMs, (later) => {
                  done.add(job);
                  if (!broken) {
                    later.publish(Ack, job);
                  }
                });
              }),
            ],
          }),
        );
      },
      options: { faults: ['crash'], laws: lawPack() },
      atQuiet: () => done.size === 2,
      witness: () => done.size === 2 && unacknowledged.size === 0,
    };
  },
};
