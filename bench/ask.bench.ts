/**
 * What does a request with a deadline cost, until its reply is there? Nanoseconds a request.
 *
 * Beside it stands what one would write by hand: a map of promises by correlation
 * id and a `setTimeout` for each, cleared by the reply.
 *
 *     npm run bench:setup && npm run bench -- ask
 */
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { BareActor, BareDispatcher } from './harness/bare-actor.ts';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';
import { rowsWhere } from './peers/installed.ts';
import { moleculer, moleculerBroker } from './peers/moleculer.ts';
import { nact } from './peers/nact.ts';

const Double = defineTopic('double', { schema: type<number>(), reply: type<number>() });

const deadlineMs = 30_000;

/** Asks `size` times, with so many requests in flight, and adds up the replies. */
async function askAll(size: number, inFlight: number, ask: (value: number) => Promise<number>) {
  let asked = 0;
  let sum = 0;
  const askOn = async (): Promise<void> => {
    while (asked < size) {
      asked += 1;
      const reply = await ask(asked);
      sum += reply;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, askOn));
  return sum;
}

async function troupe(inFlight: number, { size, measure = justDoIt }: VariantOptions) {
  let checksum = 0;
  await using system = createSystem();
  const doubler = system.spawn(
    defineAgent({ name: 'doubler', subscribe: [Double], receive: (value) => 2 * value }),
  );

  await measure(async () => {
    checksum = await askAll(size, inFlight, (value) =>
      system.request(doubler, value, { timeoutMs: deadlineMs }),
    );
  });

  return { checksum };
}

async function mapAndTimeout(inFlight: number, { size, measure = justDoIt }: VariantOptions) {
  let checksum = 0;
  let lastId = 0;
  const pending = new Map<number, { resolve: (reply: number) => void; timer: NodeJS.Timeout }>();
  const replied = (id: number, reply: number): void => {
    const request = pending.get(id);
    if (request !== undefined) {
      pending.delete(id);
      clearTimeout(request.timer);
      request.resolve(reply);
    }
  };
  const doubler = new BareActor<{ id: number; value: number }>(new BareDispatcher(), ({ id, value }) =>
    replied(id, 2 * value),
  );
  const ask = (value: number): Promise<number> =>
    new Promise((resolve, reject) => {
      lastId += 1;
      const id = lastId;
      const timer = setTimeout(() => {
        pending.delete(id);
        reject(new Error(`no reply within ${deadlineMs} ms`));
      }, deadlineMs);
      pending.set(id, { resolve, timer });
      doubler.tell({ id, value });
    });

  await measure(async () => {
    checksum = await askAll(size, inFlight, ask);
  });

  return { checksum };
}

async function nactQuery(inFlight: number, { size, measure = justDoIt }: VariantOptions) {
  const { spawnStateless, start, dispatch, query, stop } = nact!;
  let checksum = 0;
  const system = start();
  const doubler = spawnStateless<number>(system, (value, { sender }) => dispatch(sender, 2 * value));

  await measure(async () => {
    checksum = await askAll(size, inFlight, (value) => query(doubler, value, deadlineMs) as Promise<number>);
  });
  stop(system);

  return { checksum };
}

async function moleculerCall(inFlight: number, { size, measure = justDoIt }: VariantOptions) {
  let checksum = 0;
  const broker = moleculerBroker();
  broker.createService({
    name: 'numbers',
    actions: { double: ({ params }: { readonly params: number }) => 2 * params },
  });
  await broker.start();

  await measure(async () => {
    checksum = await askAll(size, inFlight, (value) =>
      broker.call('numbers.double', value, { timeout: deadlineMs }),
    );
  });
  await broker.stop();

  return { checksum };
}

export const troupeOneByOne = (options: VariantOptions) => troupe(1, options);
export const troupe64AtOnce = (options: VariantOptions) => troupe(64, options);
export const mapAndTimeoutOneByOne = (options: VariantOptions) => mapAndTimeout(1, options);
export const mapAndTimeout64AtOnce = (options: VariantOptions) => mapAndTimeout(64, options);
const nactOneByOne = (options: VariantOptions) => nactQuery(1, options);
const nact64AtOnce = (options: VariantOptions) => nactQuery(64, options);
const moleculerOneByOne = (options: VariantOptions) => moleculerCall(1, options);
const moleculer64AtOnce = (options: VariantOptions) => moleculerCall(64, options);

export const benchmark: Benchmark = {
  question: 'What does a request with a deadline cost?',
  unit: 'request',
  size: 100_000,
  variants: {
    'troupe, 1 in flight': troupeOneByOne,
    'troupe, 64 in flight': troupe64AtOnce,
    'Map + setTimeout, 1 in flight': mapAndTimeoutOneByOne,
    'Map + setTimeout, 64 in flight': mapAndTimeout64AtOnce,
    ...rowsWhere(nact, { 'nact, 1 in flight': nactOneByOne, 'nact, 64 in flight': nact64AtOnce }),
    ...rowsWhere(moleculer, {
      'moleculer, 1 in flight': moleculerOneByOne,
      'moleculer, 64 in flight': moleculer64AtOnce,
    }),
  },
  baseline: 'Map + setTimeout, 64 in flight',
  goals: [
    { variant: 'troupe, 1 in flight', beside: 'Map + setTimeout, 1 in flight', timesMax: 1 },
    { variant: 'troupe, 64 in flight', beside: 'Map + setTimeout, 64 in flight', timesMax: 1 },
  ],
  rows: [1, 64].map((count) => ({
    name: `ask, ${count} in flight`,
    variant: `troupe, ${count} in flight`,
    beside: ['Map + setTimeout', 'nact', 'moleculer'].map((name) => `${name}, ${count} in flight`),
  })),
};
