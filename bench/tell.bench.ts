/**
 * What does one message to an agent cost? Nanoseconds a message, one sender, one receiver.
 *
 * A sender in Troupe goes on until it is given a promise of room, and awaits that,
 * as the documentation says.
 *
 *     npm run bench -- tell     full size, prints a table
 *     npm test                  smoke size, keeps this file alive
 */
import { EventEmitter } from 'node:events';
import { Subject } from 'rxjs';
import { type AgentRef, createSystem, defineAgent, defineTopic, type } from 'troupe';
import { createActor, fromTransition } from 'xstate';
import { BareActor, BareDispatcher } from './harness/bare-actor.ts';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

const Number_ = defineTopic('number', { schema: type<number>() });
const Batch = defineTopic('batch', { schema: type<{ first: number; count: number }>() });

/** Messages an agent sends in one step. */
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

export const benchmark: Benchmark = {
  question: 'What does one message to an agent cost?',
  unit: 'message',
  size: 1_000_000,
  variants: {
    'troupe, from outside': fromOutside,
    'troupe, from an agent': fromAgent,
    'bare mailbox': bareMailbox,
    EventEmitter: eventEmitter,
    'RxJS Subject': subject,
    'XState fromTransition': xstateReducer,
  },
  baseline: 'bare mailbox',
  goals: [
    { variant: 'troupe, from outside', beside: 'bare mailbox', timesMax: 3 },
    { variant: 'troupe, from an agent', beside: 'bare mailbox', timesMax: 3 },
  ],
};
