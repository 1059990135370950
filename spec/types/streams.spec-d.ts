/** Stream agents: what comes in, what may come out, and what operators make of it. */
import * as Effect from 'effect/Effect';
import { filter, map, type Observable, type OperatorFunction, of } from 'rxjs';
import {
  type Agent,
  type Bounded,
  batch,
  boundedFrom,
  conflate,
  defineTopic,
  type Inbox,
  mapAsync,
  type StreamContext,
  streamAgent,
  throttle,
  toReadableStream,
  type,
} from 'troupe';
import { expectTypeOf } from 'vitest';

const Question = defineTopic('question', { schema: type<string>(), reply: type<number>() });
const Order = defineTopic('order', { schema: type<{ id: string }>() });
const Paid = defineTopic('paid', { schema: type<{ id: string }>() });

// Without `publishes`, what comes out is the reply.
export const replying = streamAgent({
  name: 'replying',
  subscribe: [Question],
  state: 0,
  stream: (inbox, context) => {
    expectTypeOf(inbox).toEqualTypeOf<Inbox<string>>();
    expectTypeOf(context).toEqualTypeOf<StreamContext<number, number>>();
    return inbox.pipe(map((question) => question.length));
  },
});
expectTypeOf(replying).toEqualTypeOf<Agent<string, number>>();

// With it, it is what that topic says.
export const publishing = streamAgent({
  name: 'publishing',
  subscribe: [Order],
  publishes: Paid,
  stream: (inbox) => inbox.pipe(mapAsync(2, async ({ id }) => ({ id }))),
});
expectTypeOf(publishing).toEqualTypeOf<Agent<{ id: string }, never>>();

// Several topics share an inbox; each can be had alone.
export const both = streamAgent({
  name: 'both',
  subscribe: [Question, Order],
  stream: (inbox) => {
    expectTypeOf(inbox).toEqualTypeOf<Inbox<string | { id: string }>>();
    expectTypeOf(inbox.of(Order)).toEqualTypeOf<Bounded<{ id: string }>>();
    return inbox.of(Question).pipe(map(() => 1));
  },
});
expectTypeOf(both).toEqualTypeOf<Agent<string | { id: string }, number>>();

// Nothing may come out where there is nobody to have it, and a generator is a stream.
export const silent = streamAgent({
  name: 'silent',
  subscribe: [Order],
  // biome-ignore lint/correctness/useYield: nothing comes out of it.
  stream: async function* (inbox) {
    for await (const { id } of inbox) void id;
  },
});

streamAgent({
  name: 'wrong',
  subscribe: [Question],
  // @ts-expect-error: the reply is a number.
  stream: (inbox) => inbox.pipe(filter((question) => question !== '')),
});

streamAgent({
  name: 'wrong',
  subscribe: [Question],
  publishes: Paid,
  // @ts-expect-error: what is published is an order.
  stream: () => of(7),
});

// Operators are those of RxJS, in their types.
expectTypeOf(mapAsync(1, (n: number) => Effect.succeed(`${n}`))).toEqualTypeOf<
  OperatorFunction<number, string>
>();
expectTypeOf(mapAsync(1, async (n: number) => n)).toEqualTypeOf<OperatorFunction<number, number>>();
expectTypeOf(of(1).pipe(batch({ count: 2, withinMs: 1 }))).toEqualTypeOf<Observable<readonly number[]>>();
expectTypeOf(of(1).pipe(conflate({ key: (n) => n }))).toEqualTypeOf<Observable<number>>();
expectTypeOf(of(1).pipe(throttle({ everyMs: 1, overflow: 'suspend' }))).toEqualTypeOf<Observable<number>>();
expectTypeOf(boundedFrom(new ReadableStream<string>())).toEqualTypeOf<Bounded<string>>();
expectTypeOf(toReadableStream(boundedFrom(new ReadableStream<string>()))).toEqualTypeOf<
  ReadableStream<string>
>();
