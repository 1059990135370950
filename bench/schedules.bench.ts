/**
 * What does it cost to explore one schedule? Nanoseconds a schedule: setup, run, the laws of the pack and all.
 *
 *     npm run bench -- schedules
 */
import { createSystem, defineAgent, defineTopic, type System, type } from 'troupe';
import { explore, lawPack, scriptedModel, type World } from 'troupe/testing';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

const Question = defineTopic('question', { schema: type<number>(), reply: type<number>() });
const Think = defineTopic('think', { schema: type<number>(), reply: type<number>() });
const Noted = defineTopic('noted', { schema: type<number>() });

const answering = defineAgent({ name: 'answering', subscribe: [Question], receive: (n: number) => n });

/** One agent, and a request that may run out. */
async function askOnce(system: System): Promise<void> {
  system.spawn(answering);
  await system.request(Question, 1, { timeoutMs: 5 }).catch(() => {});
}

/** Asks a model, whose answer is a choice point of the world. */
const thinkerWith = (world: World) => {
  const model = scriptedModel(() => 'forty-two', { pace: world.environment });
  return defineAgent({
    name: 'thinker',
    on: (on) => [
      on(Think, async (n: number) => {
        const { content } = await model.doGenerate({ prompt: [] });
        return n + content.length;
      }),
    ],
  });
};
const notebook = defineAgent({
  name: 'notebook',
  subscribe: [Noted],
  state: 0,
  receive: async (n: number, context) => {
    await undefined;
    await context.update((sum) => sum + n);
  },
});
const worker = defineAgent({
  name: 'worker',
  concurrency: 2,
  on: (on) => [
    on(Question, async (n: number, context) => {
      const thought = await context.request(Think, n, { timeoutMs: 50 });
      await context.publish(Noted, thought);
      return thought;
    }),
  ],
});

/** Three agents whose handlers wait for each other, and for a model. */
async function workTogether(system: System, world: World): Promise<void> {
  system.spawn(thinkerWith(world));
  system.spawn(notebook);
  system.spawn(worker);
  await Promise.allSettled([system.request(Question, 1), system.request(Question, 2)]);
}

async function schedules(
  setup: (system: System, world: World) => Promise<void>,
  { size, measure = justDoIt }: VariantOptions,
): Promise<{ checksum: number }> {
  let checksum = 0;
  await measure(async () => {
    const { runs } = await explore(
      setup,
      { runs: size, seed: 1, faults: ['slow'], laws: lawPack() },
      () => {},
    );
    checksum = runs;
  });
  return { checksum };
}

/** What is left when nothing is simulated: a system of the machine, the same request, and its end. */
export const liveRequest = async ({
  size,
  measure = justDoIt,
}: VariantOptions): Promise<{ checksum: number }> => {
  let checksum = 0;
  await measure(async () => {
    for (let n = 0; n < size; n += 1) {
      const system = createSystem();
      await askOnce(system);
      await system.stop();
      checksum += 1;
    }
  });
  return { checksum };
};
export const requestWithTimeout = (options: VariantOptions) => schedules(askOnce, options);
export const threeAgents = (options: VariantOptions) => schedules(workTogether, options);

export const benchmark: Benchmark = {
  question: 'What does it cost to explore one schedule?',
  unit: 'schedule',
  size: 5_000,
  variants: {
    'a request that may run out': requestWithTimeout,
    'three agents and a model': threeAgents,
    'the request, live': liveRequest,
  },
  baseline: 'the request, live',
  goals: [
    // 20 000 and 5 000 a second.
    { variant: 'a request that may run out', cpuNsMax: 50_000 },
    { variant: 'three agents and a model', cpuNsMax: 200_000 },
  ],
};
