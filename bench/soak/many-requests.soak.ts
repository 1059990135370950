/**
 * Requests with deadlines, each of which has a timer, an entry and a listener on
 * an `AbortSignal`: a million one after the other, and ten thousand at once that end
 * in each way a request can end. Afterwards nothing of them is left.
 */
import assert from 'node:assert/strict';
import { getEventListeners, setMaxListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import {
  type AgentRef,
  createSystem,
  defineAgent,
  defineTopic,
  Interrupted,
  RequestTimeout,
  type,
} from 'troupe';
import { heldBytes } from '../harness/heap.ts';
import { countedEnvironment } from './counted-environment.ts';
import type { Soak } from './soak.ts';

const Echo = defineTopic('echo', { schema: type<number>(), reply: type<number>() });
const Relay = defineTopic('relay', { schema: type<number>(), reply: type<number>() });

const deadlineMs = 60_000;
const heapGrowthMbMax = 5;

export const soak: Soak = {
  claim: 'requests with deadlines leave no timer, listener or entry behind, however they end',
  run: async ({ scale, atRest }) => {
    const inSequence = Math.ceil(1_000_000 * scale);
    const atOnce = Math.ceil(10_000 * Math.min(1, scale * 10));
    const environment = countedEnvironment();
    const figures: Record<string, number> = { inSequence, atOnce };
    await using system = createSystem({ environment });
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const options = { timeoutMs: deadlineMs, signal: abort.signal };
    const echo = system.spawn(
      defineAgent({ name: 'echo', subscribe: [Echo], capacity: atOnce, receive: (value) => value }),
    );
    const relay = system.spawn(relayTo(echo, atOnce));
    const silent = system.spawn(
      defineAgent({
        name: 'silent',
        subscribe: [Echo],
        capacity: atOnce,
        receive: () => new Promise<never>(() => {}),
      }),
      { subscribe: false },
    );
    const hostTimersBefore = hostTimers();

    await oneByOne(Math.ceil(inSequence / 10));
    const heapBefore = heldBytes();
    await oneByOne(inSequence);
    await nothingIsLeft('requests in sequence');

    await all((value) => system.request(echo, value, options), atOnce);
    await nothingIsLeft('requests at once');

    await all((value) => system.request(relay, value, options), atOnce);
    await nothingIsLeft('requests of an agent, at once');

    const slow = ask((value) => system.request(silent, value, { ...options, timeoutMs: 100 }), atOnce);
    assert.equal(await countRejectedBy(RequestTimeout, slow), atOnce);
    await nothingIsLeft('requests that timed out');

    const requests = ask((value) => system.request(silent, value, options), atOnce);
    await setImmediate();
    abort.abort();
    assert.equal(await countRejectedBy(Interrupted, requests), atOnce);
    await nothingIsLeft('requests that were aborted');

    const growth = heldBytes() - heapBefore;
    assert(growth < heapGrowthMbMax * 2 ** 20, `the heap grew by ${growth} bytes`);
    figures['heap growth, KB'] = Math.round(growth / 1_024);
    atRest?.(system);
    return figures;

    async function oneByOne(count: number): Promise<void> {
      for (let value = 0; value < count; value += 1) {
        assert.equal(await system.request(echo, value, options), value);
      }
    }

    async function nothingIsLeft(what: string): Promise<void> {
      await setImmediate();
      await setImmediate();
      assert.equal(environment.timersPending, 0, `timers of the system after ${what}`);
      assert(hostTimers() <= hostTimersBefore, `timers of the host after ${what}`);
      assert.equal(getEventListeners(abort.signal, 'abort').length, 0, `listeners after ${what}`);
      for (const { path, waiting, inFlight } of system.statistics().agents) {
        assert.deepEqual({ path, waiting, inFlight }, { path, waiting: 0, inFlight: 0 }, what);
      }
    }
  },
};

/** An agent that has as many handlings open as it is asked, each with a request of its own. */
function relayTo(echo: AgentRef<number, number>, concurrency: number) {
  return defineAgent({
    name: 'relay',
    subscribe: [Relay],
    concurrency,
    capacity: concurrency,
    receive: async (value, context) => await context.request(echo, value, { timeoutMs: deadlineMs }),
  });
}

const ask = (request: (value: number) => Promise<number>, count: number): Promise<number>[] =>
  Array.from({ length: count }, (_, value) => request(value));

async function all(request: (value: number) => Promise<number>, count: number): Promise<void> {
  const replies = await Promise.all(ask(request, count));
  assert.deepEqual(
    replies,
    replies.map((_, value) => value),
  );
}

/** Empties the list on the way, so that what was asked is not what the heap holds afterwards. */
async function countRejectedBy(
  failure: typeof RequestTimeout | typeof Interrupted,
  requests: Promise<number>[],
): Promise<number> {
  let count = 0;
  for (const outcome of await Promise.allSettled(requests.splice(0))) {
    count += outcome.status === 'rejected' && outcome.reason instanceof failure ? 1 : 0;
  }
  return count;
}

const hostTimers = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
