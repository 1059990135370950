/**
 * What does it cost to start an agent, and what does it hold while it idles? Nanoseconds and bytes an agent.
 *
 * The time ends when the last agent has taken its first step, and can be asked.
 * The bytes that matter stand under `kept`: all agents are alive then, and idle.
 *
 *     npm run bench:setup && npm run bench -- spawn
 */
import { type AgentRef, createSystem, defineAgent, defineTopic, type SpawnOptions, type } from 'troupe';
import { createActor, fromTransition } from 'xstate';
import { BareActor, BareDispatcher } from './harness/bare-actor.ts';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';
import { rowsWhere } from './peers/installed.ts';
import { type NactRef, nact } from './peers/nact.ts';

const Add = defineTopic('add', { schema: type<number>(), reply: type<number>() });

async function troupe(spawnOptions: SpawnOptions, { size, measure = justDoIt }: VariantOptions) {
  await using system = createSystem();
  const adder = defineAgent({
    name: 'adder',
    subscribe: [Add],
    state: 0,
    receive: (value, context) => {
      context.update((sum) => sum + value);
      return context.state;
    },
  });
  let last: AgentRef<number, number> | undefined;

  await measure(async () => {
    for (let n = 0; n < size; n += 1) {
      last = system.spawn(adder, spawnOptions);
    }
    await system.request(last!, 1);
  });

  return { checksum: system.agents.size };
}

export const hearingATopic = (options: VariantOptions) => troupe({}, options);
export const hearingNothing = (options: VariantOptions) => troupe({ subscribe: false }, options);

export async function bareActors({ size, measure = justDoIt }: VariantOptions) {
  const dispatcher = new BareDispatcher();
  const actors: BareActor<number>[] = [];

  await measure(() => {
    for (let n = 0; n < size; n += 1) {
      const sum = { total: 0 };
      actors.push(
        new BareActor<number>(dispatcher, (value) => {
          sum.total += value;
        }),
      );
    }
  });

  return { checksum: actors.length };
}

export async function xstateReducers({ size, measure = justDoIt }: VariantOptions) {
  const adder = fromTransition(
    (sum: number, event: { type: string; value?: number }) => sum + (event.value ?? 0),
    0,
  );
  const actors: { stop(): void }[] = [];

  await measure(() => {
    for (let n = 0; n < size; n += 1) {
      actors.push(createActor(adder).start());
    }
  });
  for (const actor of actors) {
    actor.stop();
  }

  return { checksum: actors.length };
}

/** Each with a name, since it finds a free one by chance otherwise. */
async function nactActors({ size, measure = justDoIt }: VariantOptions) {
  const { spawn, start, stop } = nact!;
  const system = start();
  const add = (sum = 0, value: number): number => sum + value;
  const actors: NactRef[] = [];

  await measure(() => {
    for (let n = 0; n < size; n += 1) {
      actors.push(spawn(system, add, `adder-${n}`));
    }
  });
  stop(system);

  return { checksum: actors.length };
}

export const benchmark: Benchmark = {
  question: 'What does it cost to start an agent, and what does it hold while it idles?',
  unit: 'agent',
  size: 100_000,
  variants: {
    'troupe, hearing a topic': hearingATopic,
    'troupe, hearing nothing': hearingNothing,
    'bare actors': bareActors,
    'XState fromTransition': xstateReducers,
    ...rowsWhere(nact, { nact: nactActors }),
  },
  baseline: 'XState fromTransition',
  goals: [
    { variant: 'troupe, hearing a topic', cpuNsMax: 2_000 },
    { variant: 'troupe, hearing a topic', keptBytesMax: 1_200 },
  ],
  rows: [
    {
      name: 'spawn a handler agent',
      variant: 'troupe, hearing a topic',
      beside: ['XState fromTransition', 'nact', 'bare actors'],
    },
  ],
};
