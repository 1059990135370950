/**
 * What does a message cost when there are a hundred thousand topics, or ten thousand wildcard subscriptions? Nanoseconds a message.
 *
 * Topics: a thousand agents hear all topics of a prefix each, and what is published is on one of 1 000 or of
 * 100 000 topics, on some more often than on others (`harness/popularity.ts`). Wildcards: 1 000 or
 * 10 000 agents hear a prefix each, and what is published is on one of a thousand topics that one of
 * them hears; or on a topic each that nobody has published on before, so that all the
 * subscriptions have to be matched.
 *
 *     npm run bench -- scale-topics
 */
import { createSystem, defineAgent, defineTopic, type Topic, type } from 'troupe';
import { type Benchmark, justDoIt, type Variant } from './harness/benchmark.ts';
import { byPopularity, Turns } from './harness/popularity.ts';

const topicNamed = (name: string) => defineTopic(name, { schema: type<number>() });

/** So many agents that hear a prefix each, and a message on one of the topics at a time. */
function troupe(prefixes: number, topicsFor: (size: number) => readonly Topic<number, never>[]): Variant {
  return async ({ size, measure = justDoIt }) => {
    const turns = new Turns(size);
    const topics = topicsFor(size);
    const places = byPopularity(size, topics.length);
    await using system = createSystem();
    for (let n = 0; n < prefixes; n += 1) {
      system.spawn(
        defineAgent({ name: 'listener', subscribe: [topicNamed(`prefix-${n}.*`)], receive: turns.over }),
      );
    }
    await system.quiet();

    // Where each message has a topic of its own, popularity has nothing to choose.
    const topicOf = (nth: number) => topics[topics.length === size ? nth : places[nth]!]!;
    const publish = (nth: number): void => void system.publish(topicOf(nth), nth);
    if (topics.length !== size) {
      await turns.send(publish);
    }
    const before = turns.handled;
    await measure(() => turns.send(publish));

    return { checksum: turns.handled - before };
  };
}

const heard = 1_000;

/** Topics of a thousand prefixes. */
const topics = (count: number) =>
  Array.from({ length: count }, (_, n) => topicNamed(`prefix-${n % heard}.${n}`));

const known = (count: number) => () => topics(count);
const newEachTime = (size: number) => topics(size);

export const benchmark: Benchmark = {
  question: 'What does a message cost when there are very many topics and wildcard subscriptions?',
  unit: 'message',
  size: 120_000,
  variants: {
    'troupe, 1 000 topics': troupe(heard, known(1_000)),
    'troupe, 100 000 topics': troupe(heard, known(100_000)),
    'troupe, 10 000 wildcards': troupe(10_000, known(1_000)),
    'troupe, 1 000 wildcards, new topics': troupe(heard, newEachTime),
    'troupe, 10 000 wildcards, new topics': troupe(10_000, newEachTime),
  },
  baseline: 'troupe, 1 000 topics',
  goals: [
    { variant: 'troupe, 100 000 topics', beside: 'troupe, 1 000 topics', timesMax: 1.3 },
    { variant: 'troupe, 10 000 wildcards', beside: 'troupe, 1 000 topics', timesMax: 1.3 },
    {
      variant: 'troupe, 10 000 wildcards, new topics',
      beside: 'troupe, 1 000 wildcards, new topics',
      timesMax: 1.3,
    },
  ],
  rows: [
    { name: '100k topics', variant: 'troupe, 100 000 topics', beside: ['troupe, 1 000 topics'] },
    { name: '10k wildcards', variant: 'troupe, 10 000 wildcards', beside: ['troupe, 1 000 topics'] },
    {
      name: '10k wildcards, new topics',
      variant: 'troupe, 10 000 wildcards, new topics',
      beside: ['troupe, 1 000 wildcards, new topics'],
    },
  ],
};
