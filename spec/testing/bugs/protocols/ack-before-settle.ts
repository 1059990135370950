/**
 * A consumer takes jobs from a broker that delivers again what is not acknowledged in
 * time. It acknowledges when it begins; a crash before the end loses the job. The
 * mended one acknowledges when the work is done, and may do it twice.
 */
import { defineAgent, defineTopic, on, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Deliver = defineTopic('broker.deliver', { schema: type<number>() });
const Ack = defineTopic('broker.ack', { schema: type<number>() });
const Work = defineTopic('consumer.work', { schema: type<number>() });

export const ackBeforeSettle: Bug = {
  name: 'ack before settle',
  quietest: [0, 1],
  scenario: (broken) => {
    let done: Set<number>;
    return {
      setup: (system) => {
        const unacknowledged = new Set([1, 2]);
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
                context.publish(Work, job);
              }),
              on(Work, (job, context) => {
                done.add(job);
                if (!broken) {
                  context.publish(Ack, job);
                }
              }),
            ],
          }),
        );
      },
      options: { faults: ['drop'], only: [Work], laws: lawPack() },
      atQuiet: () => done.size === 2,
    };
  },
};
