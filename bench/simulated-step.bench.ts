/**
 * What does a step of a simulated system cost, and is that the same in long runs as in
 * short ones? Nanoseconds a step.
 *
 *     npm run bench -- simulated-step
 */
import { type AgentRef, defineAgent, defineTopic, type } from 'troupe';
import { explore } from 'troupe/testing';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

const Count = defineTopic('count', { schema: type<number>() });

/** Two agents count down together, so that in each step there is somebody to choose. */
async function countDown(stepsEach: number, { size, measure = justDoIt }: VariantOptions) {
  const runs = Math.max(1, Math.round(size / stepsEach));
  const perAgent = Math.ceil(size / runs / 2);
  let taken = 0;
  const counter = defineAgent({
    name: 'counter',
    on: (on) => [
      on(Count, (left: number, context) => {
        taken += 1;
        if (left > 1) {
          void context.tell(context.self as unknown as AgentRef<number, void>, left - 1);
        }
      }),
    ],
  });
  await measure(async () => {
    await explore(
      (system) => {
        for (const ref of [system.spawn(counter), system.spawn(counter)]) {
          void system.tell(ref, perAgent);
        }
      },
      { runs, seed: 1 },
      () => {},
    );
  });
  return { checksum: taken / (2 * perAgent * runs) };
}

export const shortRuns = (options: VariantOptions) => countDown(100, options);
export const longRuns = (options: VariantOptions) => countDown(5_000, options);

export const benchmark: Benchmark = {
  question: 'What does a step of a simulated system cost?',
  unit: 'step',
  size: 100_000,
  variants: { 'runs of 100 steps': shortRuns, 'runs of 5 000 steps': longRuns },
  baseline: 'runs of 100 steps',
  goals: [{ variant: 'runs of 5 000 steps', beside: 'runs of 100 steps', timesMax: 1.2 }],
};
