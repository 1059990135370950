/**
 * What does one event to a machine cost? Nanoseconds an event: one `assign` and one `sendTo`.
 *
 * The machine is the same everywhere. What it sends to is an agent of handlers in
 * Troupe, and a `fromTransition` actor in XState.
 *
 *     npm run bench -- machine  full size, prints a table
 *     npm test                  smoke size, keeps this file alive
 */
import { createSystem, defineAgent, defineTopic, machineAgent, type } from 'troupe';
import { assign, createActor, createMachine, fromTransition, sendTo } from 'xstate';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

const Counted = defineTopic('counted', { schema: type<{ readonly type: 'counted' }>() });

const machineFor = (sink: object) =>
  createMachine({
    types: {} as { context: { count: number }; events: { type: 'count'; by: number } },
    context: { count: 0 },
    on: {
      count: {
        actions: [
          assign({ count: ({ context, event }) => context.count + event.by }),
          sendTo(() => sink as never, { type: 'counted' } as never),
        ],
      },
    },
  });

export async function troupe({ size, measure = justDoIt }: VariantOptions) {
  const whole = Promise.withResolvers<void>();
  let heard = 0;
  await using system = createSystem();
  const sink = system.spawn(
    defineAgent({
      name: 'sink',
      subscribe: [Counted],
      receive: () => {
        heard += 1;
        if (heard === size) {
          whole.resolve();
        }
      },
    }),
  );
  const counter = system.spawn(machineAgent({ name: 'counter', machine: machineFor(sink) }));
  await system.quiet();

  await measure(async () => {
    for (let n = 0; n < size; n += 1) {
      const room = system.tell(counter, { type: 'count', by: 1 });
      if (room !== undefined) {
        await room;
      }
    }
    await whole.promise;
  });

  return { checksum: heard + counter.getSnapshot().context.count };
}

export async function xstate({ size, measure = justDoIt }: VariantOptions) {
  let heard = 0;
  const sink = createActor(
    fromTransition((state: undefined, event: { type: string }) => {
      heard += event.type === 'counted' ? 1 : 0;
      return state;
    }, undefined),
  ).start();
  const counter = createActor(machineFor(sink)).start();

  await measure(() => {
    for (let n = 0; n < size; n += 1) {
      counter.send({ type: 'count', by: 1 });
    }
  });
  counter.stop();
  sink.stop();

  return { checksum: heard + counter.getSnapshot().context.count };
}

export const benchmark: Benchmark = {
  question: 'What does one event to a machine cost?',
  unit: 'event',
  size: 100_000,
  variants: { troupe, 'XState createActor': xstate },
  baseline: 'XState createActor',
  goals: [{ variant: 'troupe', beside: 'XState createActor', timesMax: 1.15 }],
  rows: [{ name: 'machine, one assign and one sendTo', variant: 'troupe', beside: ['XState createActor'] }],
};
