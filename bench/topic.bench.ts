/**
 * What does a message cost whose handler is asynchronous, when its sender is faster than the handlers? Nanoseconds a message.
 *
 * One sender says 200 000 things as fast as it may, and 16 handlings are open at once. In Troupe
 * each open handling holds a credit, so the sender is held up when the mailbox is full, and nothing
 * is kept that has no room. RxJS has no such thing: `mergeMap` takes everything and keeps what waits in an array,
 * whose first element is then taken away again and again.
 *
 *     npm run bench -- topic
 */
import { concatMap, mergeMap, type OperatorFunction, Subject } from 'rxjs';
import { type Agent, createSystem, defineAgent, defineTopic, mapAsync, streamAgent, type } from 'troupe';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

const Number_ = defineTopic('number', { schema: type<number>() });

const atOnce = 16;

/** Adds up what it is given, a turn of the microtasks later, and says when it has been given `size` numbers. */
function adder(size: number) {
  const whole = Promise.withResolvers<void>();
  const sum = { total: 0, count: 0 };
  const add = async (value: number): Promise<void> => {
    await undefined;
    sum.total += value;
    sum.count += 1;
    if (sum.count === size) {
      whole.resolve();
    }
  };
  return { add, sum, whole: whole.promise };
}

async function troupe(
  { size, measure = justDoIt }: VariantOptions,
  agentOf: (add: (value: number) => Promise<void>) => Agent<number>,
) {
  const { add, sum, whole } = adder(size);
  await using system = createSystem({ agents: [agentOf(add)] });
  await system.quiet();

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

export const handler = (options: VariantOptions) =>
  troupe(options, (add) =>
    defineAgent({ name: 'adder', subscribe: [Number_], concurrency: atOnce, receive: add }),
  );

export const stream = (options: VariantOptions) =>
  troupe(options, (add) =>
    streamAgent({
      name: 'adder',
      subscribe: [Number_],
      stream: (inbox) => inbox.pipe(mapAsync(atOnce, add)),
    }),
  );

async function rxjs(
  { size, measure = justDoIt }: VariantOptions,
  operator: (add: (value: number) => Promise<void>) => OperatorFunction<number, void>,
) {
  const { add, sum, whole } = adder(size);
  const numbers = new Subject<number>();
  numbers.pipe(operator(add)).subscribe();

  await measure(async () => {
    for (let value = 0; value < size; value += 1) {
      numbers.next(value);
    }
    await whole;
  });

  return { checksum: sum.total };
}

export const subjectMergeMap = (options: VariantOptions) => rxjs(options, (add) => mergeMap(add, atOnce));
export const subjectConcatMap = (options: VariantOptions) => rxjs(options, (add) => concatMap(add));

/** Nothing but the handler: 16 loops that take one number after the other. */
export async function handlerAlone({ size, measure = justDoIt }: VariantOptions) {
  const { add, sum } = adder(size);
  let next = 0;
  const loop = async (): Promise<void> => {
    while (next < size) {
      next += 1;
      await add(next - 1);
    }
  };

  await measure(() => Promise.all(Array.from({ length: atOnce }, loop)));

  return { checksum: sum.total };
}

export const benchmark: Benchmark = {
  question: 'What does a message cost whose handler is asynchronous, when its sender is faster?',
  unit: 'message',
  size: 200_000,
  variants: {
    'troupe, handler': handler,
    'troupe, stream with mapAsync': stream,
    'RxJS Subject + mergeMap': subjectMergeMap,
    'RxJS Subject + concatMap': subjectConcatMap,
    'the handler alone': handlerAlone,
  },
  baseline: 'RxJS Subject + mergeMap',
  goals: [
    { variant: 'troupe, handler', cpuNsMax: 350 },
    { variant: 'troupe, handler', beside: 'RxJS Subject + mergeMap', timesFasterMin: 10 },
  ],
  rows: [
    {
      name: 'topic, async handler, credits',
      variant: 'troupe, handler',
      beside: ['RxJS Subject + mergeMap', 'RxJS Subject + concatMap', 'the handler alone'],
    },
  ],
};
