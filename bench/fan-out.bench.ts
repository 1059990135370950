/**
 * What does it cost to say something to 1 000 agents? Nanoseconds a delivery, each message heard by all before the next.
 *
 *     npm run bench -- fan-out
 */
import { EventEmitter } from 'node:events';
import { Subject } from 'rxjs';
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { createActor, fromTransition } from 'xstate';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

const News = defineTopic('news', { schema: type<number>() });

const listeners = 1_000;
const publishesFor = (size: number): number => Math.ceil(size / listeners);

/** Adds up what was heard, and says when everybody has heard the last thing said. */
function audience() {
  let heardByAll = Promise.withResolvers<void>();
  const heard = { sum: 0, left: 0 };
  return {
    heard,
    hear: (value: number): void => {
      heard.sum += value;
      heard.left -= 1;
      if (heard.left === 0) {
        heardByAll.resolve();
      }
    },
    say: (publish: () => void): Promise<void> => {
      heardByAll = Promise.withResolvers<void>();
      heard.left = listeners;
      publish();
      return heardByAll.promise;
    },
  };
}

async function sayAll(
  { size, measure = justDoIt }: VariantOptions,
  { heard, say }: ReturnType<typeof audience>,
  publish: (value: number) => void,
) {
  await measure(async () => {
    for (let value = 1; value <= publishesFor(size); value += 1) {
      await say(() => publish(value));
    }
  });
  return { checksum: heard.sum };
}

export async function troupe(options: VariantOptions) {
  const room = audience();
  await using system = createSystem();
  const listener = defineAgent({ name: 'listener', subscribe: [News], receive: room.hear });
  for (let n = 0; n < listeners; n += 1) {
    system.spawn(listener);
  }

  return await sayAll(options, room, (value) => void system.publish(News, value));
}

export async function eventEmitter(options: VariantOptions) {
  const room = audience();
  const emitter = new EventEmitter().setMaxListeners(listeners);
  for (let n = 0; n < listeners; n += 1) {
    emitter.on('news', (value: number) => room.hear(value));
  }

  return await sayAll(options, room, (value) => void emitter.emit('news', value));
}

export async function subject(options: VariantOptions) {
  const room = audience();
  const news = new Subject<number>();
  for (let n = 0; n < listeners; n += 1) {
    news.subscribe((value) => room.hear(value));
  }

  return await sayAll(options, room, (value) => news.next(value));
}

export async function xstateReducers(options: VariantOptions) {
  const room = audience();
  const listener = fromTransition((count: number, event: { type: 'news'; value: number }) => {
    if (event.type === 'news') {
      room.hear(event.value); // The first event is XState's own.
    }
    return count + 1;
  }, 0);
  const actors = Array.from({ length: listeners }, () => createActor(listener).start());

  const said = await sayAll(options, room, (value) => {
    for (const actor of actors) {
      actor.send({ type: 'news', value });
    }
  });
  for (const actor of actors) {
    actor.stop();
  }
  return said;
}

export const benchmark: Benchmark = {
  question: 'What does it cost to say something to 1 000 agents?',
  unit: 'delivery',
  size: 1_000_000,
  variants: {
    troupe,
    EventEmitter: eventEmitter,
    'RxJS Subject': subject,
    'XState fromTransition': xstateReducers,
  },
  baseline: 'RxJS Subject',
  goals: [{ variant: 'troupe', beside: 'RxJS Subject', timesMax: 2 }],
};
