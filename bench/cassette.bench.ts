/**
 * How much faster is a model that is replayed than one that takes 100 ms? Nanoseconds a part, 100 parts a call.
 *
 *     npm run bench -- cassette
 *
 * The model takes 100 ms until its first part and sends the others at once. Recording is what the
 * first run of a test pays; replaying, in the same test, is what each later one does. Each replay
 * opens the cassette anew.
 */
import { type LanguageModelV4, memoryStorage, openCassette, scriptedModel } from 'troupe/testing';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

const partsACall = 100;
const words = Array.from({ length: partsACall - 5 }, (_, n) => `word ${n} `);

const call = (n: number) => ({
  prompt: [{ role: 'user' as const, content: [{ type: 'text', text: `What about ${n}?` }] }],
});

/** Reads one answer to its end; gives how many parts it had. */
async function readOne(model: LanguageModelV4, n: number): Promise<number> {
  const { stream } = await model.doStream(call(n));
  const reader = stream.getReader();
  let parts = 0;
  while (!(await reader.read()).done) {
    parts += 1;
  }
  return parts;
}

const slowModel = () => scriptedModel(() => ({ text: words, delayMs: 100 }));
const quickModel = () => scriptedModel(() => ({ text: words }));

async function readAll(model: LanguageModelV4, size: number): Promise<number> {
  let parts = 0;
  for (let n = 0; n < size / partsACall; n += 1) {
    parts += await readOne(model, n);
  }
  return parts;
}

export async function recording({ size, measure = justDoIt }: VariantOptions) {
  const cassette = await openCassette(memoryStorage());
  let parts = 0;

  await measure(async () => {
    parts = await readAll(cassette.record<LanguageModelV4>(slowModel()), size);
  });

  return { checksum: parts };
}

export async function replaying({ size, measure = justDoIt }: VariantOptions) {
  const storage = memoryStorage();
  await readAll((await openCassette(storage)).record<LanguageModelV4>(quickModel()), size);
  let parts = 0;

  await measure(async () => {
    parts = await readAll((await openCassette(storage)).replay(), size);
  });

  return { checksum: parts };
}

export async function scripted({ size, measure = justDoIt }: VariantOptions) {
  let parts = 0;

  await measure(async () => {
    parts = await readAll(quickModel(), size);
  });

  return { checksum: parts };
}

export const benchmark: Benchmark = {
  question: 'How much faster is a model that is replayed than one that takes 100 ms?',
  unit: 'part',
  size: 1_000,
  variants: {
    'recording, 100 ms a call': recording,
    replaying,
    'scripted, no delay': scripted,
  },
  baseline: 'recording, 100 ms a call',
  // Waiting takes no CPU, so the goal stands as a figure: 100 parts in 1 ms, a hundredth of what recording takes.
  goals: [{ variant: 'replaying', cpuNsMax: 10_000 }],
};
