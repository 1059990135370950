/** The programs of docs/guides/backpressure.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import { map, mergeMap, scan } from 'rxjs';
import { bounded, createSystem, defineAgent, defineTopic, MailboxFull, type } from 'troupe';
import { expect, it, vi } from 'vitest';

it('mergeMap of a promise loses the token; for await does not', async () => {
  const Tick = defineTopic('tick', { schema: type<number>() });
  await using system = createSystem();

  // #region lost
  let open = 0;
  let mostOpen = 0;
  const enough = Promise.withResolvers<void>();
  const work = async () => {
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    await enough.promise; // Something that takes its time.
    open -= 1;
  };

  const reading = system
    .observe(Tick, { overflow: 'suspend', capacity: 4, window: 1 })
    .pipe(mergeMap(work))
    .subscribe();
  for (let n = 1; n <= 100; n += 1) await system.publish(Tick, n);

  expect(mostOpen).toBe(100); // The window was 1: mergeMap took every value at once, and 100 promises were open.
  // #endregion
  reading.unsubscribe();
  enough.resolve();
  await vi.waitFor(() => expect(open).toBe(0));

  // #region kept
  mostOpen = 0;
  const read = async () => {
    for await (const _ of system.observe(Tick, { overflow: 'suspend', capacity: 4 })) await work();
  };
  void read();
  for (let n = 1; n <= 8; n += 1) await system.publish(Tick, n);

  expect(mostOpen).toBe(1); // One at a time, and the publisher waited for it.
  // #endregion
});

it('synchronous operators keep the token', async () => {
  const Price = defineTopic('price', { schema: type<{ cents: number }>() });
  await using system = createSystem();
  const means: number[] = [];

  // #region synchronous
  system
    .observe(Price, { overflow: 'suspend' })
    .pipe(
      map(({ cents }) => cents / 100),
      scan(({ sum, count }, price) => ({ sum: sum + price, count: count + 1 }), { sum: 0, count: 0 }),
    )
    .subscribe(({ sum, count }) => means.push(sum / count));
  // #endregion
  system.publish(Price, { cents: 100 });
  system.publish(Price, { cents: 300 });
  await vi.waitFor(() => expect(means).toEqual([1, 2]));
});

it('who ignores the promise of room is refused past the spill limit', async () => {
  const Job = defineTopic('job', { schema: type<number>() });

  // #region spill
  const slow = defineAgent({
    name: 'slow',
    subscribe: [Job],
    capacity: 3,
    spillMax: 2,
    receive: () => sleep(20),
  });
  await using system = createSystem({ agents: [slow] });

  const outcomes = [1, 2, 3, 4, 5, 6].map((n) => {
    try {
      return system.publish(Job, n) === undefined ? 'taken' : 'room promised';
    } catch (failure) {
      return failure instanceof MailboxFull ? 'MailboxFull' : failure;
    }
  });

  expect(outcomes).toEqual(['taken', 'taken', 'taken', 'room promised', 'room promised', 'MailboxFull']);
  // #endregion
});

it('a sender within a step is held up by what it has sent', async () => {
  const Start = defineTopic('start', { schema: type<number>() });
  const Item = defineTopic('item', { schema: type<number>() });
  let behind = 0;
  let mostBehind = 0;

  // #region outbox
  const producer = defineAgent({
    name: 'producer',
    subscribe: [Start],
    receive: (n, context) => {
      context.publish(Item, n); // Returns undefined: it is staged, and needs no promise.
      behind += 1;
      mostBehind = Math.max(mostBehind, behind);
    },
  });
  const consumer = defineAgent({
    name: 'consumer',
    subscribe: [Item],
    capacity: 5,
    receive: async () => {
      await sleep(1);
      behind -= 1;
    },
  });
  // #endregion

  await using system = createSystem({ agents: [producer, consumer] });
  for (let n = 0; n < 100; n += 1) await system.publish(Start, n);
  await system.quiet();
  // #region outbox-result
  expect(mostBehind).toBeLessThanOrEqual(7); // 5 wait, one is being handled, one stands in line with its sender.
  // #endregion
  expect(behind).toBe(0);
});

it('a stream is pulled from the agent to the reader', async () => {
  const Count = defineTopic('count', { schema: type<{ from: number }>(), reply: type<number>() });
  let made = 0;
  let left = false;

  // #region stream
  const counter = defineAgent({
    name: 'counter',
    subscribe: [Count],
    receive: async function* ({ from }) {
      try {
        for (let n = from; ; n += 1) {
          made = n;
          yield n;
        }
      } finally {
        left = true;
      }
    },
  });
  await using system = createSystem({ agents: [counter] });

  for await (const n of system.stream(Count, { from: 1 }, { capacity: 4 })) {
    await sleep(2); // A slow reader.
    expect(made - n).toBeLessThanOrEqual(6); // 4 wait, one waits for room, one is being made.
    if (n === 20) break; // Leaving interrupts the counter.
  }
  // #endregion
  await vi.waitFor(() => expect(left).toBe(true));
});

it('concurrency is the window of an agent', async () => {
  const Job = defineTopic('job', { schema: type<number>() });
  let open = 0;
  let mostOpen = 0;

  // #region concurrency
  const pool = defineAgent({
    name: 'pool',
    subscribe: [Job],
    concurrency: 3,
    receive: async () => {
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      await sleep(2);
      open -= 1;
    },
  });
  // #endregion
  await using system = createSystem({ agents: [pool] });
  for (let n = 0; n < 20; n += 1) await system.publish(Job, n);
  await system.quiet();
  expect(mostOpen).toBe(3);
});

it('an Observable says what happens when it is too fast', async () => {
  const { Subject } = await import('rxjs');
  const readings = new Subject<number>();
  const dropped: number[] = [];

  // #region bounded
  const pulled = bounded(readings, {
    overflow: 'drop-oldest',
    capacity: 2,
    onDropped: (value) => dropped.push(value),
  });
  // #endregion
  const reader = pulled[Symbol.asyncIterator]();
  const first = reader.next();
  for (const value of [1, 2, 3, 4]) readings.next(value);
  expect([(await first).value, (await reader.next()).value, (await reader.next()).value]).toEqual([1, 3, 4]);
  expect(dropped).toEqual([2]);
});
