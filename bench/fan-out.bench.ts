/**
 * What does it cost to say something to 1 000 agents? Nanoseconds a delivery.
 *
 * Without credits: the agents are handlers that are done when they return, their mailboxes
 * have room, and each message is heard by all before the next one is said. So are the peers, who
 * have no mailboxes at all, or unbounded ones. With credits there are two rows. In one the agents
 * are streams, in which each value carries the credit that goes back when it has come through. In
 * the other the publisher says all it has as fast as it may: it fills 1 000 mailboxes, is held up
 * by the promise of room, and goes on when all of them have some.
 *
 *     npm run bench:setup && npm run bench -- fan-out
 */
import { EventEmitter } from 'node:events';
import { map, Subject } from 'rxjs';
import { type Agent, createSystem, defineAgent, defineTopic, streamAgent, type } from 'troupe';
import { createActor, fromTransition } from 'xstate';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';
import { rowsWhere } from './peers/installed.ts';
import { nact } from './peers/nact.ts';

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

async function troupe(options: VariantOptions, agentOf: (hear: (value: number) => void) => Agent<number>) {
  const room = audience();
  await using system = createSystem();
  const listener = agentOf(room.hear);
  for (let n = 0; n < listeners; n += 1) {
    system.spawn(listener);
  }
  await system.quiet();

  return await sayAll(options, room, (value) => void system.publish(News, value));
}

export const handlers = (options: VariantOptions) =>
  troupe(options, (hear) => defineAgent({ name: 'listener', subscribe: [News], receive: hear }));

export const streams = (options: VariantOptions) =>
  troupe(options, (hear) =>
    streamAgent({ name: 'listener', subscribe: [News], stream: (inbox) => inbox.pipe(map(hear)) }),
  );

export async function heldUp({ size, measure = justDoIt }: VariantOptions) {
  const publishes = publishesFor(size);
  const whole = Promise.withResolvers<void>();
  const heard = { sum: 0, left: publishes * listeners };
  await using system = createSystem();
  const listener = defineAgent({
    name: 'listener',
    subscribe: [News],
    capacity: 64,
    receive: (value) => {
      heard.sum += value;
      heard.left -= 1;
      if (heard.left === 0) {
        whole.resolve();
      }
    },
  });
  for (let n = 0; n < listeners; n += 1) {
    system.spawn(listener);
  }
  await system.quiet();

  await measure(async () => {
    for (let value = 1; value <= publishes; value += 1) {
      const room = system.publish(News, value);
      if (room !== undefined) {
        await room;
      }
    }
    await whole.promise;
  });

  return { checksum: heard.sum };
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

async function nactActors(options: VariantOptions) {
  const { spawnStateless, start, dispatch, stop } = nact!;
  const room = audience();
  const system = start();
  const actors = Array.from({ length: listeners }, (_, n) =>
    spawnStateless<number>(system, room.hear, `listener-${n}`),
  );

  const said = await sayAll(options, room, (value) => {
    for (const actor of actors) {
      dispatch(actor, value);
    }
  });
  stop(system);
  return said;
}

export const benchmark: Benchmark = {
  question: 'What does it cost to say something to 1 000 agents?',
  unit: 'delivery',
  size: 400_000,
  variants: {
    troupe: handlers,
    'troupe, with credits, streams': streams,
    'troupe, with credits, publisher held up': heldUp,
    EventEmitter: eventEmitter,
    'RxJS Subject': subject,
    'XState fromTransition': xstateReducers,
    ...rowsWhere(nact, { nact: nactActors }),
  },
  baseline: 'RxJS Subject',
  goals: [
    { variant: 'troupe', beside: 'RxJS Subject', timesMax: 2 },
    { variant: 'troupe, with credits, streams', beside: 'RxJS Subject', timesMax: 6 },
    { variant: 'troupe, with credits, publisher held up', beside: 'RxJS Subject', timesMax: 6 },
  ],
  rows: ['troupe', 'troupe, with credits, streams', 'troupe, with credits, publisher held up'].map(
    (variant) => ({
      name: variant.replace('troupe', 'fan-out 1→1 000'),
      variant,
      beside: ['EventEmitter', 'RxJS Subject', 'nact'],
    }),
  ),
};
