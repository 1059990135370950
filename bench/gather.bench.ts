/**
 * What does it cost to ask several agents and wait for all of them? Nanoseconds an answer, ten asked at once.
 *
 *     npm run bench -- gather
 *
 * `gathered, 1 000` asks a thousand at once. What `Promise.all` of requests costs is
 * the measure: it attributes nothing, and interrupts nobody.
 */
import {
  all,
  createSystem,
  defineAgent,
  defineTopic,
  firstK,
  gather,
  type Procedure,
  type System,
  type,
} from 'troupe';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

const Ask = defineTopic('ask', { schema: type<number>(), reply: type<number>() });
type Answering = (
  refs: ReturnType<typeof experts>,
) => (system: System, n: number) => Promise<readonly number[]>;

function experts(system: System, count: number) {
  const expert = defineAgent({ name: 'expert', subscribe: [Ask], receive: (n) => n + 1 });
  return Array.from({ length: count }, () => system.spawn(expert));
}

async function asked(
  { size, measure = justDoIt }: VariantOptions,
  count: number,
  answering: Answering,
): Promise<{ readonly checksum: number }> {
  await using system = createSystem();
  const ask = answering(experts(system, count));
  let checksum = 0;
  let left = size;
  await measure(async () => {
    while (left > 0) {
      const answers = await ask(system, 1);
      for (const answer of answers.slice(0, left)) {
        checksum += answer;
      }
      left -= answers.length;
    }
  });
  return { checksum };
}

const gathers: Answering = (refs) => {
  const gathering: Procedure<number, { readonly value: readonly number[] }> = gather(refs, all());
  return async (system, n) => (await system.request(gathering, n)).value;
};

const promises: Answering = (refs) => (system, n) => Promise.all(refs.map((ref) => system.request(ref, n)));

export const gathered = (options: VariantOptions) => asked(options, 10, gathers);
export const gathered1000 = (options: VariantOptions) => asked(options, 1_000, gathers);
export const promiseAll = (options: VariantOptions) => asked(options, 10, promises);
export const promiseAll1000 = (options: VariantOptions) => asked(options, 1_000, promises);

/** The first ten of a thousand: the other 990 are interrupted. */
export const firstTen = (options: VariantOptions) =>
  asked(options, 1_000, (refs) => {
    const gathering = gather(refs, firstK(10));
    return async (system, n) => {
      const { value, outcomes } = await system.request(gathering, n);
      return outcomes.map(() => value[0]!);
    };
  });

export const benchmark: Benchmark = {
  question: 'What does it cost to ask several agents and wait for all of them?',
  unit: 'agent asked',
  size: 50_000,
  variants: {
    'gather, 10': gathered,
    'gather, 1 000': gathered1000,
    'firstK(10) of 1 000': firstTen,
    'Promise.all, 10': promiseAll,
    'Promise.all, 1 000': promiseAll1000,
  },
  baseline: 'Promise.all, 10',
  goals: [{ variant: 'gather, 10', beside: 'Promise.all, 10', timesMax: 2 }],
};
