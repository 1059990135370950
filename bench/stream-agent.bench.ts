/**
 * What does one message cost that flows through a stream agent? Nanoseconds a message, from a topic, through a
 * synchronous chain of operators or through asynchronous work, 16 at once.
 *
 * Beside it: a handler that does the same, and RxJS alone, where nothing slows the source down. `mergeMap` there
 * keeps in its own queue whatever is ahead of it, which here is everything.
 *
 *     npm run bench -- stream-agent     full size, prints a table
 *     npm test                          smoke size, keeps this file alive
 */
import { concatMap, map, mergeMap, type Observable, Subject, tap } from 'rxjs';
import { type Agent, createSystem, defineAgent, defineTopic, mapAsync, streamAgent, type } from 'troupe';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

const Number_ = defineTopic('number', { schema: type<number>() });

/** Work that is there after one turn of the microtasks. */
const doubled = async (value: number): Promise<number> => value * 2;

/** Adds up what comes out, and says when `size` values have. */
function adder(size: number) {
  const whole = Promise.withResolvers<void>();
  const sum = { total: 0, count: 0 };
  const add = (value: number): void => {
    sum.total += value;
    sum.count += 1;
    if (sum.count === size) {
      whole.resolve();
    }
  };
  return { add, sum, whole: whole.promise };
}

/** Publishes numbers to an agent, at the pace it takes them. */
async function published(
  { size, measure = justDoIt }: VariantOptions,
  agentOf: (add: (value: number) => void) => Agent<number, never>,
) {
  const { add, sum, whole } = adder(size);
  await using system = createSystem({ agents: [agentOf(add)] });

  await measure(async () => {
    for (let value = 0; value < size; value += 1) {
      const room = system.publish(Number_, value);
      if (room !== undefined) {
        await room;
      }
    }
    await whole;
  });

  return { checksum: sum.total };
}

/** Pushes numbers into a Subject, without waiting for anybody. */
async function pushed(
  { size, measure = justDoIt }: VariantOptions,
  through: (values: Observable<number>) => Observable<number>,
) {
  const { add, sum, whole } = adder(size);
  const values = new Subject<number>();
  through(values).subscribe(add);

  await measure(async () => {
    for (let value = 0; value < size; value += 1) {
      values.next(value);
    }
    await whole;
  });

  return { checksum: sum.total };
}

export const syncStreamAgent = (options: VariantOptions) =>
  published(options, (add) =>
    streamAgent({
      name: 'stream',
      subscribe: [Number_],
      stream: (inbox) =>
        inbox.pipe(
          map((value) => value * 2),
          tap(add),
          map(() => undefined),
        ),
    }),
  );

export const syncHandler = (options: VariantOptions) =>
  published(options, (add) =>
    defineAgent({ name: 'handler', subscribe: [Number_], receive: (value) => add(value * 2) }),
  );

export const syncSubject = (options: VariantOptions) =>
  pushed(options, (values) => values.pipe(map((value) => value * 2)));

export const asyncStreamAgent = (options: VariantOptions) =>
  published(options, (add) =>
    streamAgent({
      name: 'stream',
      subscribe: [Number_],
      stream: (inbox) =>
        inbox.pipe(
          mapAsync(16, doubled),
          tap(add),
          map(() => undefined),
        ),
    }),
  );

export const asyncHandler = (options: VariantOptions) =>
  published(options, (add) =>
    defineAgent({
      name: 'handler',
      subscribe: [Number_],
      concurrency: 16,
      receive: async (value) => add(await doubled(value)),
    }),
  );

export const asyncMergeMap = (options: VariantOptions) =>
  pushed(options, (values) => values.pipe(mergeMap(doubled, 16)));

export const asyncConcatMap = (options: VariantOptions) =>
  pushed(options, (values) => values.pipe(concatMap(doubled)));

export const benchmark: Benchmark = {
  question: 'What does one message through a stream cost?',
  unit: 'message',
  size: 100_000,
  variants: {
    'synchronous, Troupe, stream agent': syncStreamAgent,
    'synchronous, Troupe, handler': syncHandler,
    'synchronous, RxJS Subject': syncSubject,
    'asynchronous, Troupe, mapAsync of 16': asyncStreamAgent,
    'asynchronous, Troupe, handler, 16 at once': asyncHandler,
    'asynchronous, RxJS Subject + mergeMap of 16': asyncMergeMap,
    'asynchronous, RxJS Subject + concatMap': asyncConcatMap,
  },
  baseline: 'synchronous, Troupe, stream agent',
  goals: [],
};
