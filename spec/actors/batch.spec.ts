import { concat, from, lastValueFrom, NEVER, of, Subject, take, takeUntil, throwError, toArray } from 'rxjs';
import { batch, mapAsync, streamAgent } from 'troupe';
import { describe, expect, it } from 'vitest';
import { aStreamScene, Number_, Out } from '../support/a-stream-scene.ts';
import { credited } from '../support/credited.ts';

describe('batch in a stream agent', () => {
  it('gathers by number, keeps the credit of all, and asks for the window that needs', async () => {
    const { system, turns, heard, gate, open } = aStreamScene();
    const ref = system.spawn(
      streamAgent({
        name: 'threes',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) =>
          inbox.pipe(
            batch({ count: 3, withinMs: Number.POSITIVE_INFINITY }),
            mapAsync(2, (values) => gate(values.join())),
          ),
      }),
    );
    await turns();
    for (let n = 1; n <= 8; n += 1) void system.publish(Number_, n);
    await turns();
    const handled = () => system.statistics().agents.find(({ path }) => path === '/threes')!.handled;
    expect(handled()).toBe(0);
    await open('1,2,3');
    expect(handled()).toBe(3);
    await open('4,5,6');

    expect(heard).toEqual(['1,2,3', '4,5,6']);
    expect(handled()).toBe(6);
    void ref;
  });

  it('gathers by time, and answers each of those gathered', async () => {
    const { system, settle, world } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'timed',
        subscribe: [Number_],
        stream: (inbox) =>
          inbox.pipe(
            batch({ count: 10, withinMs: 50 }),
            mapAsync(1, async (values) => values.reduce((sum, n) => sum + n, 0)),
          ),
      }),
    );
    await settle();
    const startedMs = world.nowMs;
    const replies = Promise.all([1, 2, 3].map((n) => system.request(Number_, n)));
    await settle();

    expect(await replies).toEqual([6, 6, 6]);
    expect(world.nowMs - startedMs).toBeLessThan(1_000);
  });

  it('leaves out a message that was interrupted while it waited', async () => {
    const { system, turns, heard } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'pairs',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(batch({ count: 2, withinMs: 60_000 })),
      }),
    );
    await turns();
    const gone = new AbortController();
    const asked = system.request(Number_, 1, { signal: gone.signal }).catch((failure) => failure._tag);
    await turns();
    gone.abort();
    await turns();
    for (const n of [2, 3]) void system.publish(Number_, n);
    await turns();

    expect(await asked).toBe('Interrupted');
    expect(heard).toEqual([[2, 3]]);
  });

  it('refuses a window that could never fill a batch, and says both numbers', async () => {
    const { system, settle, failures } = aStreamScene({ supervision: { restartsMax: 0 } });
    system.spawn(
      streamAgent({
        name: 'small',
        subscribe: [Number_],
        publishes: Out,
        concurrency: 5,
        stream: (inbox) => inbox.pipe(batch({ count: 10, withinMs: 5 })),
      }),
    );
    await settle();

    expect(String(failures[0]!.failure)).toMatch(/hold 10 values at once, and its window is 5/u);
  });

  it('lets out what waits before its agent finishes', async () => {
    const { system, turns, heard } = aStreamScene();
    const ref = system.spawn(
      streamAgent({
        name: 'five',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(take(5), batch({ count: 3, withinMs: Number.POSITIVE_INFINITY })),
      }),
    );
    const ended = system.watch(ref);
    await turns();
    for (let n = 1; n <= 5; n += 1) void system.publish(Number_, n);
    await turns();

    expect(heard).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    expect(await ended).toMatchObject({ reason: 'finished' });
  });

  it('lets nothing out any more, and no timer ring, when its agent has stopped', async () => {
    const { system, settle, turns, heard, world } = aStreamScene();
    const ref = system.spawn(
      streamAgent({
        name: 'stopped',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(batch({ count: 3, withinMs: 50 })),
      }),
    );
    await turns();
    void system.publish(Number_, 1);
    await turns();
    const stopped = system.stop(ref);
    await settle();
    await stopped;

    expect(heard).toEqual([]);
    expect(world.environment.timerCount).toBe(0);
  });

  it('completes when the source did and the last that waited is not wanted any more', async () => {
    const { system, turns } = aStreamScene();
    const end = new Subject<void>();
    const ref = system.spawn(
      streamAgent({
        name: 'emptied',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) =>
          inbox.pipe(takeUntil(end), batch({ count: 3, withinMs: Number.POSITIVE_INFINITY })),
      }),
    );
    const ended = system.watch(ref);
    await turns();
    const gone = new AbortController();
    void system.request(Number_, 1, { signal: gone.signal }).catch(() => {});
    await turns();
    gone.abort();
    end.next();
    await turns();

    expect(await ended).toMatchObject({ reason: 'finished' });
  });
});

describe('batch on any Observable', () => {
  it('gathers by number', async () => {
    const pairs = from([1, 2, 3, 4]).pipe(batch({ count: 2, withinMs: Number.POSITIVE_INFINITY }), toArray());

    expect(await lastValueFrom(pairs)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('gives the credit of what it has gathered back when it is left, and keeps no timer', () => {
    const { world, values, push, settled } = credited<number>();
    const subscription = values.pipe(batch({ count: 3, withinMs: 100 })).subscribe();
    push(1, 2);
    const before = settled();
    subscription.unsubscribe();

    expect([before, settled(), world.environment.timerCount]).toEqual([0, 2, 0]);
  });

  it('sets one timer for a batch, none where it waits for ever, and none once it is out', async () => {
    const { world, values, push } = credited<number>();
    const seen: unknown[] = [];
    values.pipe(batch({ count: 3, withinMs: 100 })).subscribe((some) => seen.push([some, world.nowMs]));
    push(1, 2);
    const during = world.environment.timerCount;
    push(3);
    const after = world.environment.timerCount;
    push(4);
    await world.runUntilQuiet();

    expect([during, after]).toEqual([1, 0]);
    expect(seen).toEqual([
      [[1, 2, 3], 0],
      [[4], 100],
    ]);
  });

  it('may let everything out as soon as time allows', async () => {
    const { world, values, push } = credited<number>();
    const seen: unknown[] = [];
    values.pipe(batch({ count: 3, withinMs: 0 })).subscribe((some) => seen.push(some));
    push(1, 2);
    await world.runUntilQuiet();

    expect(seen).toEqual([[1, 2]]);
  });

  it('needs a system for its time', async () => {
    const timed = concat(of(1), NEVER).pipe(batch({ count: 2, withinMs: 5 }));

    await expect(lastValueFrom(timed)).rejects.toThrow(/batch needs a system for its time/u);
  });

  it('fails when its source does', async () => {
    const failing = throwError(() => new Error('source')).pipe(batch({ count: 2, withinMs: 5 }));

    await expect(lastValueFrom(failing)).rejects.toThrow('source');
  });

  it('says, at once, what cannot be', () => {
    for (const count of [0, 1.5, Number.NaN]) {
      expect(() => batch({ count, withinMs: 1 })).toThrow(/count of batch/u);
    }
    for (const withinMs of [-1, Number.NaN, '1' as never]) {
      expect(() => batch({ count: 1, withinMs })).toThrow(/withinMs of batch/u);
    }
  });
});
