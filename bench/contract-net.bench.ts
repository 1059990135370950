/**
 * What does a contract net of 100 contractors cost? Nanoseconds a contractor, from the call to the result; the call, the bid and
 * the word to the loser are in it.
 *
 * Beside it stands what one would write by hand, with the same agents: ask all for a price, take the lowest, ask that one for
 * the work. It records nothing, tells no loser, awards nothing again, and knows no duplicate.
 *
 *     npm run bench -- contract-net
 */
import {
  contractNet,
  contractor,
  createSystem,
  defineAgent,
  defineContract,
  defineTopic,
  on,
  type,
} from 'troupe';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

const contractors = 100;

const Job = defineContract('job', { task: type<number>(), bid: type<number>(), result: type<number>() });
const Price = defineTopic('price', { schema: type<number>(), reply: type<number>() });
const Work = defineTopic('work', { schema: type<number>(), reply: type<number>() });

const priceOf = (place: number): number => (place * 37) % contractors;
const tasksFor = (size: number): number => Math.max(1, Math.ceil(size / contractors));

export async function troupe({ size, measure = justDoIt }: VariantOptions) {
  await using system = createSystem();
  const group = Array.from({ length: contractors }, (_, place) =>
    system.spawn(
      defineAgent({
        name: 'contractor',
        on: contractor(Job, { bid: () => priceOf(place), perform: (task) => task + place }),
      }),
    ),
  );
  const net = contractNet(Job, {
    contractors: group,
    score: (price) => price,
    bidWithinMs: 30_000,
    workWithinMs: 30_000,
  });
  let checksum = 0;
  await measure(async () => {
    for (let task = 1; task <= tasksFor(size); task += 1) {
      checksum += (await system.request(net, task)).result;
    }
  });
  return { checksum };
}

export async function byHand({ size, measure = justDoIt }: VariantOptions) {
  await using system = createSystem();
  const group = Array.from({ length: contractors }, (_, place) =>
    system.spawn(
      defineAgent({
        name: 'contractor',
        on: [on(Price, () => priceOf(place)), on(Work, (task) => task + place)],
      }),
    ),
  );
  let checksum = 0;
  await measure(async () => {
    for (let task = 1; task <= tasksFor(size); task += 1) {
      const prices = await Promise.all(group.map((one) => system.request(one, task, { topic: Price })));
      const best = prices.indexOf(Math.min(...prices));
      checksum += await system.request(group[best]!, task, { topic: Work });
    }
  });
  return { checksum };
}

export const benchmark: Benchmark = {
  question: 'What does a contract net of 100 contractors cost?',
  unit: 'contractor',
  size: 50_000,
  variants: { troupe, 'requests by hand': byHand },
  baseline: 'requests by hand',
  goals: [{ variant: 'troupe', beside: 'requests by hand', timesMax: 5 }],
};
