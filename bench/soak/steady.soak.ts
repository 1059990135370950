/**
 * A system that works steadily, for an hour, at half of what it can do: its heap stays as large as it is.
 *
 * A unit of work is an order. It is published, heard by a handler that tells an agent of the
 * order's customer (keyed, so that agents come and go) and asks a machine by a request with a deadline; a
 * stream agent gathers what was done; one order in a hundred has a child of its own, which
 * sets a timer and ends, and one in five hundred fails, so that an agent is restarted. First
 * the most that can be done is measured, then orders come at half that rate. The heap is
 * read after full collections, when nothing is under way, and its slope is that of a line of
 * least squares.
 *
 *     npm run soak -- steady                    an hour
 *     npm run soak -- steady --minutes 5
 */
import assert from 'node:assert/strict';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { map } from 'rxjs';
import {
  type AgentRef,
  batch,
  createSystem,
  defineAgent,
  defineTopic,
  keyedAgent,
  machineAgent,
  reply,
  streamAgent,
  type,
} from 'troupe';
import { assign, createMachine } from 'xstate';
import { collectGarbage, heldBytes } from '../harness/heap.ts';
import type { Soak } from './soak.ts';

interface Order {
  readonly id: number;
  readonly customer: string;
}

const Ordered = defineTopic('ordered', { schema: type<Order>() });
const Deposited = defineTopic('deposited', { schema: type<Order>() });
const Priced = defineTopic('priced', { schema: type<{ readonly type: 'price' }>(), reply: type<number>() });
const Done = defineTopic('done', { schema: type<number>() });
const Begun = defineTopic('begun', { schema: type<number>() });

const slopeMbAnHourMax = 1;
/** In its first minutes V8 still compiles, and keeps lists of what depends on what: 3 MB an hour were seen, and no object of ours among them. */
const compiledMbAnHourMax = 5;
/** Slices shorter than this say nothing about the slope. */
const tellingMs = 60_000;
/** So few that what is remembered of each of them, and of its restarts, is all there soon. */
const customers = 300;
/** No number that divides the customers into few: each of them fails now and then. */
const oneInFails = 503;
/**
 * None of them fails too often. Otherwise all of them would cool down together, again and again, so that most
 * orders were dead letters and each reading of the heap told when in that round it was made.
 */
const supervision = { restartsMax: 20, windowMs: 1_000, backoffMsMax: 20 };
/** Longer than any timer of an order, or of a restart, waits. */
const timersEndMs = 100;
/** What is filled once (mailboxes, dead letters, histograms) and code that is compiled are there after so long, if there is the time. */
const warmUpMs = 60_000;
const customersAtOnce = 100;

export const soak: Soak = {
  claim: `at half its rate the heap of a system grows by less than ${slopeMbAnHourMax} MB an hour`,
  run: async ({ scale, atRest }) => {
    const forMs = 60 * 60_000 * scale;
    const shop = openShop();
    await using system = shop.system;

    const findOutMs = Math.min(10_000, forMs / 10);
    const most = await shop.work(findOutMs, Number.POSITIVE_INFINITY);
    const perSecond = (0.5 * most * 1_000) / findOutMs;
    const warmMs = Math.max(forMs / 10, Math.min(warmUpMs, forMs / 3));
    const measuredMs = forMs - warmMs;
    let orders = await shop.work(warmMs, perSecond);

    const samples: Sample[] = [];
    const sliceMs = Math.min(30_000, measuredMs / 20);
    const beganMs = performance.now();
    while (performance.now() - beganMs < measuredMs) {
      orders += await shop.work(sliceMs, perSecond);
      await system.quiet();
      samples.push({ hours: (performance.now() - beganMs) / 3_600_000, mb: await heldAtRest() });
    }
    const { slope, error } = lineThrough(samples);
    // By an hour the line is known well. Of less time, only what it cannot be is held against it.
    const isLong = forMs >= 30 * 60_000;
    assert(
      forMs < tellingMs ||
        (isLong ? slope < slopeMbAnHourMax : slope - 2 * error < slopeMbAnHourMax + compiledMbAnHourMax),
      `the heap grows by ${slope.toFixed(2)} ± ${error.toFixed(2)} MB an hour`,
    );
    await system.quiet();
    atRest?.(system);
    return {
      minutes: Number((forMs / 60_000).toFixed(2)),
      'most orders a second': Math.round((most * 1_000) / findOutMs),
      orders,
      'orders a second': Math.round(orders / ((performance.now() - beganMs + warmMs) / 1_000)),
      'agents that failed': shop.failed(),
      'heap at first, MB': rounded(samples[0]!.mb),
      'heap at last, MB': rounded(samples.at(-1)!.mb),
      'slope, MB an hour': rounded(slope),
      'its standard error': rounded(error),
    };
  },
};

function openShop() {
  let settled = 0;
  let failed = 0;
  let nextId = 0;
  const system = createSystem({ deadLettersMax: 50 }); // So few that they are all there soon.
  const till = system.spawn(
    machineAgent({
      name: 'till',
      subscribe: [Priced],
      machine: createMachine({
        types: {} as { context: { count: number }; events: { type: 'price' } },
        context: { count: 0 },
        on: {
          price: {
            actions: [
              assign({ count: ({ context }) => (context.count + 1) % 100 }),
              reply(({ context }) => context.count),
            ],
          },
        },
      }),
    }),
    { subscribe: false },
  );
  const account = system.spawn(
    keyedAgent({
      name: 'accounts',
      agent: defineAgent({
        name: 'account',
        subscribe: [Deposited],
        state: 0,
        receive: ({ id }, context) => {
          if (id % oneInFails === 0) {
            failed += 1;
            throw new Error(`order ${id} cannot be had`);
          }
          context.update((count) => count + 1);
        },
      }),
      keyed: ({ customer }) => customer,
      activeMax: customersAtOnce,
      passivate: 'forget',
      supervision,
    }),
  );
  const shortLived = defineAgent({
    name: 'parcel',
    subscribe: [Begun],
    receive: (_, context) => {
      context.schedule(10, (later) => later.stop());
    },
  });
  system.spawn(
    defineAgent({
      name: 'desk',
      subscribe: [Ordered],
      concurrency: 16,
      receive: async (order, context) => {
        context.tell(account as AgentRef<Order>, order);
        if (order.id % 100 === 0) {
          context.tell(context.spawn(shortLived, { subscribe: false }), order.id);
        }
        await context.request(
          till as AgentRef<{ type: 'price' }, number>,
          { type: 'price' },
          { timeoutMs: 10_000 },
        );
        await context.publish(Done, order.id);
        settled += 1;
      },
    }),
  );
  system.spawn(
    streamAgent({
      name: 'books',
      subscribe: [Done],
      stream: (inbox) =>
        inbox.pipe(
          batch({ count: 10, withinMs: 5 }),
          map(() => undefined),
        ),
    }),
  );

  const order = (): Promise<void> | undefined => {
    nextId += 1;
    return system.publish(Ordered, { id: nextId, customer: `customer-${(nextId * 7_919) % customers}` });
  };

  return {
    system,
    failed: () => failed,
    /** Places orders for so long, and says how many were done meanwhile. */
    work: async (forMs: number, perSecond: number): Promise<number> => {
      const before = settled;
      const beganMs = performance.now();
      let placed = 0;
      for (let passedMs = 0; passedMs < forMs; passedMs = performance.now() - beganMs) {
        const due = Math.min(placed + 1_000, Math.floor((passedMs * perSecond) / 1_000));
        while (placed < due) {
          placed += 1;
          const room = order();
          if (room !== undefined) {
            await room;
          }
        }
        await (perSecond === Number.POSITIVE_INFINITY ? setImmediate() : setTimeout(5));
      }
      return settled - before;
    },
  };
}

/** What is held when every timer has ended, in MB. What the first collection lets go of may hold more: that goes in the second. */
async function heldAtRest(): Promise<number> {
  await setTimeout(timersEndMs);
  collectGarbage();
  await setImmediate();
  return heldBytes() / 2 ** 20;
}

interface Sample {
  readonly hours: number;
  readonly mb: number;
}

/** The slope of the line of least squares, and its standard error, in MB an hour. */
function lineThrough(samples: readonly Sample[]): { readonly slope: number; readonly error: number } {
  const count = samples.length;
  const meanOf = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / count;
  const hours = meanOf((sample) => sample.hours);
  const mb = meanOf((sample) => sample.mb);
  const width = samples.reduce((sum, sample) => sum + (sample.hours - hours) ** 2, 0);
  const slope = samples.reduce((sum, sample) => sum + (sample.hours - hours) * (sample.mb - mb), 0) / width;
  const rest = samples.reduce(
    (sum, sample) => sum + (sample.mb - mb - slope * (sample.hours - hours)) ** 2,
    0,
  );
  return { slope, error: Math.sqrt(rest / (count - 2) / width) };
}

const rounded = (figure: number): number => Number(figure.toFixed(2));
