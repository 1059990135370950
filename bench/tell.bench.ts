/**
 * What does one message to an agent cost? Nanoseconds a message, one sender, one receiver.
 *
 * A sender in Troupe goes on until it is given a promise of room, and awaits that,
 * as the documentation says. Peers that know no such thing are told 64 messages at a time,
 * because a long backlog makes them slower. Where a peer has two ways, there are two rows.
 *
 *     npm run bench:setup && npm run bench -- tell     full size, prints a table
 *     npm test                                         smoke size, keeps this file alive
 */
import { EventEmitter } from 'node:events';
import * as Effect from 'effect/Effect';
import * as Fiber from 'effect/Fiber';
import * as Queue from 'effect/Queue';
import { Subject } from 'rxjs';
import { type AgentRef, createSystem, defineAgent, defineTopic, type } from 'troupe';
import { createActor, createMachine, fromTransition } from 'xstate';
import { BareActor, BareDispatcher } from './harness/bare-actor.ts';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';
import { comedy } from './peers/comedy.ts';
import { rowsWhere } from './peers/installed.ts';
import { moleculer, moleculerBroker } from './peers/moleculer.ts';
import { nact } from './peers/nact.ts';

const Number_ = defineTopic('number', { schema: type<number>() });
const Batch = defineTopic('batch', { schema: type<{ first: number; count: number }>() });

/** Messages an agent sends in one step, or a peer is told before its sender waits. */
const perStep = 64;

/** Adds up what it is told, and says when it has been told `size` numbers. */
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

export async function fromOutside({ size, measure = justDoIt }: VariantOptions) {
  const { add, sum, whole } = adder(size);
  await using system = createSystem();
  const sink = system.spawn(defineAgent({ name: 'sink', subscribe: [Number_], receive: add }));

  await measure(async () => {
    for (let value = 0; value < size; value += 1) {
      const room = system.tell(sink, value);
      if (room !== undefined) {
        await room;
      }
    }
    await whole;
  });

  return { checksum: sum.total };
}

export async function fromAgent({ size, measure = justDoIt }: VariantOptions) {
  const { add, sum, whole } = adder(size);
  await using system = createSystem();
  const sink = system.spawn(defineAgent({ name: 'sink', subscribe: [Number_], receive: add }));
  const source: AgentRef<{ first: number; count: number }> = system.spawn(
    defineAgent({
      name: 'source',
      subscribe: [Batch],
      receive: ({ first, count }, context) => {
        const most = Math.min(count, perStep);
        for (let value = first; value < first + most; value += 1) {
          context.tell(sink, value);
        }
        if (count > most) {
          context.tell(source, { first: first + most, count: count - most });
        }
      },
    }),
  );

  await measure(async () => {
    system.tell(source, { first: 0, count: size });
    await whole;
  });

  return { checksum: sum.total };
}

export async function bareMailbox({ size, measure = justDoIt }: VariantOptions) {
  const { add, sum, whole } = adder(size);
  const sink = new BareActor(new BareDispatcher(), add);

  await measure(async () => {
    for (let value = 0; value < size; value += 1) {
      while (!sink.tell(value)) {
        await undefined;
      }
    }
    await whole;
  });

  return { checksum: sum.total };
}

export async function eventEmitter({ size, measure = justDoIt }: VariantOptions) {
  const { add, sum } = adder(size);
  const emitter = new EventEmitter();
  emitter.on('number', add);

  await measure(() => {
    for (let value = 0; value < size; value += 1) {
      emitter.emit('number', value);
    }
  });

  return { checksum: sum.total };
}

export async function subject({ size, measure = justDoIt }: VariantOptions) {
  const { add, sum } = adder(size);
  const numbers = new Subject<number>();
  numbers.subscribe(add);

  await measure(() => {
    for (let value = 0; value < size; value += 1) {
      numbers.next(value);
    }
  });

  return { checksum: sum.total };
}

export async function xstateReducer({ size, measure = justDoIt }: VariantOptions) {
  const { add, sum } = adder(size);
  const sink = createActor(
    fromTransition((count: number, event: { type: 'number'; value: number }) => {
      if (event.type === 'number') {
        add(event.value); // The first event is XState's own.
      }
      return count + 1;
    }, 0),
  ).start();

  await measure(() => {
    for (let value = 0; value < size; value += 1) {
      sink.send({ type: 'number', value });
    }
  });
  sink.stop();

  return { checksum: sum.total };
}

export async function xstateMachine({ size, measure = justDoIt }: VariantOptions) {
  const { add, sum } = adder(size);
  const sink = createActor(
    createMachine({
      types: {} as { events: { type: 'number'; value: number } },
      on: { number: { actions: ({ event }) => add(event.value) } },
    }),
  ).start();

  await measure(() => {
    for (let value = 0; value < size; value += 1) {
      sink.send({ type: 'number', value });
    }
  });
  sink.stop();

  return { checksum: sum.total };
}

/** A fibre that takes from a queue with room for as much as a mailbox, and handles what it took. */
async function effectFibre(
  { size, measure = justDoIt }: VariantOptions,
  step: (queue: Queue.Queue<number>, add: (value: number) => void) => Effect.Effect<unknown>,
) {
  const { add, sum, whole } = adder(size);
  const queue = Effect.runSync(Queue.bounded<number>(1_024));
  const fibre = Effect.runFork(Effect.forever(step(queue, add)));

  await measure(async () => {
    for (let value = 0; value < size; value += 1) {
      if (!Queue.offerUnsafe(queue, value)) {
        await Effect.runPromise(Queue.offer(queue, value));
      }
    }
    await whole;
  });
  await Effect.runPromise(Fiber.interrupt(fibre));

  return { checksum: sum.total };
}

export const effectOneByOne = (options: VariantOptions) =>
  effectFibre(options, (queue, add) => Effect.map(Queue.take(queue), add));

export const effectAllAtOnce = (options: VariantOptions) =>
  effectFibre(options, (queue, add) =>
    Effect.map(Queue.takeAll(queue), (values) => {
      for (const value of values) {
        add(value);
      }
    }),
  );

async function nactActor({ size, measure = justDoIt }: VariantOptions) {
  const { spawnStateless, start, dispatch, stop } = nact!;
  const { add, sum } = adder(size);
  let caughtUp = Promise.withResolvers<void>();
  const system = start();
  const sink = spawnStateless<number>(system, (value) => {
    add(value);
    if (sum.count % perStep === 0 || sum.count === size) {
      caughtUp.resolve();
    }
  });

  await measure(async () => {
    for (let first = 0; first < size; first += perStep) {
      caughtUp = Promise.withResolvers<void>();
      for (let value = first; value < Math.min(first + perStep, size); value += 1) {
        dispatch(sink, value);
      }
      await caughtUp.promise;
    }
  });
  stop(system);

  return { checksum: sum.total };
}

async function comedyActor({ size, measure = justDoIt }: VariantOptions) {
  const { add, sum, whole } = adder(size);
  const system = comedy!.createSystem({ test: true });
  const sink = await (await system.rootActor()).createChild({ add }, { mode: 'in-memory' });

  await measure(async () => {
    await sentTogether(size, (value) => sink.send('add', value));
    await whole;
  });
  await system.destroy();

  return { checksum: sum.total };
}

async function moleculerService(
  { size, measure = justDoIt }: VariantOptions,
  send: (broker: ReturnType<typeof moleculerBroker>, value: number) => PromiseLike<unknown>,
) {
  const { add, sum, whole } = adder(size);
  const broker = moleculerBroker();
  const handle = ({ params }: { readonly params: number }): void => add(params);
  broker.createService({ name: 'sink', events: { number: handle }, actions: { add: handle } });
  await broker.start();

  await measure(async () => {
    await sentTogether(size, (value) => send(broker, value));
    await whole;
  });
  await broker.stop();

  return { checksum: sum.total };
}

const moleculerEvent = (options: VariantOptions) =>
  moleculerService(options, (broker, value) => broker.emit('number', value));

const moleculerCall = (options: VariantOptions) =>
  moleculerService(options, (broker, value) => broker.call('sink.add', value));

/** Sends numbers to a peer whose verbs return promises, and awaits one in 64. */
async function sentTogether(size: number, send: (value: number) => PromiseLike<unknown>): Promise<void> {
  for (let value = 0; value < size; value += 1) {
    const sent = send(value);
    if (value % perStep === perStep - 1) {
      await sent;
    }
  }
}

const everybodyElse = [
  'bare mailbox',
  'nact',
  'comedy',
  'moleculer, call',
  'XState fromTransition',
  'XState machine',
  'Effect Queue, one by one',
  'Effect Queue, all at once',
];

export const benchmark: Benchmark = {
  question: 'What does one message to an agent cost?',
  unit: 'message',
  size: 300_000,
  variants: {
    'troupe, from outside': fromOutside,
    'troupe, from an agent': fromAgent,
    'bare mailbox': bareMailbox,
    EventEmitter: eventEmitter,
    'RxJS Subject': subject,
    'XState fromTransition': xstateReducer,
    'XState machine': xstateMachine,
    'Effect Queue, one by one': effectOneByOne,
    'Effect Queue, all at once': effectAllAtOnce,
    ...rowsWhere(nact, { nact: nactActor }),
    ...rowsWhere(comedy, { comedy: comedyActor }),
    ...rowsWhere(moleculer, { 'moleculer, event': moleculerEvent, 'moleculer, call': moleculerCall }),
  },
  baseline: 'bare mailbox',
  goals: [
    { variant: 'troupe, from outside', beside: 'bare mailbox', timesMax: 3 },
    { variant: 'troupe, from an agent', beside: 'bare mailbox', timesMax: 3 },
    { variant: 'troupe, from outside', beside: 'nact', timesFasterMin: 20 },
    { variant: 'troupe, from an agent', beside: 'nact', timesFasterMin: 20 },
  ],
  rows: [
    { name: 'tell 1→1, from outside', variant: 'troupe, from outside', beside: everybodyElse },
    { name: 'tell 1→1, from an agent', variant: 'troupe, from an agent', beside: everybodyElse },
  ],
};
