/**
 * What does it cost to start a machine, and what does it hold while it idles? Nanoseconds and bytes a machine.
 *
 * The time ends when the last machine has taken its first step. The bytes that
 * matter stand under `kept`: all machines are alive then, and idle.
 *
 *     npm run bench -- spawn-machine
 */
import { createSystem, machineAgent } from 'troupe';
import { assign, createActor, createMachine } from 'xstate';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

const machine = createMachine({
  types: {} as { context: { sum: number }; events: { type: 'add'; value: number } },
  context: { sum: 0 },
  on: { add: { actions: assign({ sum: ({ context, event }) => context.sum + event.value }) } },
});

export async function troupe({ size, measure = justDoIt }: VariantOptions) {
  await using system = createSystem();
  const adder = machineAgent({ name: 'adder', machine });

  await measure(async () => {
    for (let n = 1; n < size; n += 1) {
      system.spawn(adder, { id: `a${n}` });
    }
    system.tell(system.spawn(adder), { type: 'add', value: 1 });
    await system.quiet();
  });

  return { checksum: system.agents.size };
}

export async function xstate({ size, measure = justDoIt }: VariantOptions) {
  const actors: { stop(): void }[] = [];

  await measure(() => {
    for (let n = 0; n < size; n += 1) {
      actors.push(createActor(machine).start());
    }
  });
  for (const actor of actors) {
    actor.stop();
  }

  return { checksum: actors.length };
}

export const benchmark: Benchmark = {
  question: 'What does it cost to start a machine, and what does it hold while it idles?',
  unit: 'machine',
  size: 100_000,
  variants: { troupe, 'XState createActor': xstate },
  baseline: 'XState createActor',
  rounds: 5,
  goals: [{ variant: 'troupe', beside: 'XState createActor', keptTimesMax: 0.7 }],
  rows: [{ name: 'spawn a machine', variant: 'troupe', beside: ['XState createActor'] }],
};
