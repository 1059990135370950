/** The programs of docs/guides/streams-and-credit.md that are not those of examples/08-streams.ts. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as Effect from 'effect/Effect';
import * as Stream from 'effect/Stream';
import { debounceTime, lastValueFrom, map, tap, toArray } from 'rxjs';
import {
  batch,
  boundedFrom,
  createSystem,
  defineTopic,
  mapAsync,
  streamAgent,
  systemFailures,
  type,
} from 'troupe';
import { expect, it, vi } from 'vitest';

const Job = defineTopic('job', { schema: type<number>(), reply: type<number>() });

it('a lost credit is told of', async () => {
  // #region lost
  const careless = streamAgent({
    name: 'careless',
    subscribe: [Job],
    stream: (inbox) => inbox.pipe(debounceTime(5)), // Keeps nothing: use conflate or throttle.
  });
  // #endregion
  await using system = createSystem({ agents: [careless] });
  const reports: string[] = [];

  // #region report
  system.observe(systemFailures, { overflow: 'drop-newest' }).subscribe(({ agent, failure }) => {
    reports.push(`${agent} ${failure}`); // '/careless CreditLost: a value left the stream of …'
  });
  // #endregion
  void system.publish(Job, 1);
  await vi.waitFor(() => expect(reports).toHaveLength(1));
  expect(reports[0]).toMatch(/^\/careless CreditLost: a value left the stream of/u);
});

it('a message can be taken hold of before an await', async () => {
  const Done = defineTopic('done', { schema: type<number>() });
  const done: number[] = [];

  // #region current
  const worker = streamAgent({
    name: 'worker',
    subscribe: [Job],
    stream: (inbox, context) =>
      inbox.pipe(
        tap((n) => void context.publish(Done, n)), // Part of the step of this message.
        mapAsync(4, async (n, { signal }) => {
          const { current } = context; // The message in hand; after an await it is another, or none.
          await sleep(1, undefined, { signal });
          await current?.publish(Done, n * 10);
          return n * 100; // The reply.
        }),
      ),
  });
  // #endregion
  await using system = createSystem({ agents: [worker] });
  system.observe(Done, { overflow: 'suspend' }).subscribe((n) => {
    done.push(n);
  });

  expect(await system.request(Job, 7)).toBe(700);
  await system.quiet();
  expect(done).toEqual([7, 70]);
});

it('a window that is too small is refused', async () => {
  // #region window
  const narrow = streamAgent({
    name: 'narrow',
    subscribe: [Job],
    concurrency: 4,
    stream: (inbox) =>
      inbox.pipe(
        batch({ count: 10, withinMs: 100 }), // Needs 10 messages in hand.
        map(([first = 0]) => first),
      ),
  });
  // #endregion
  await using system = createSystem({ agents: [narrow], supervision: { restartsMax: 0 } });
  const reports: string[] = [];
  system.observe(systemFailures, { overflow: 'drop-newest' }).subscribe(({ failure }) => {
    reports.push(String(failure));
  });
  await vi.waitFor(() => expect(reports).toHaveLength(1));
  expect(reports[0]).toBe(
    "RangeError: the operators of '/narrow' hold 10 values at once, and its window is 4: give it concurrency: 10, or leave concurrency out",
  );
});

it('an Effect Stream comes and goes', async () => {
  const system = createSystem();

  // #region effect
  const lengths = boundedFrom(Stream.toAsyncIterable(Stream.make('a', 'bb'))).pipe(
    map((word) => word.length),
  );
  const jobs = Stream.fromAsyncIterable(system.observe(Job, { overflow: 'suspend' }), (failure) => failure);
  // #endregion
  expect(await lastValueFrom(lengths.pipe(toArray()))).toEqual([1, 2]);
  const read = Effect.runPromise(Stream.runCollect(Stream.take(jobs, 2)));
  await sleep(5);
  for (const n of [1, 2, 3]) await system.publish(Job, n);
  expect(await read).toEqual([1, 2]);
  await system.stop();
});
