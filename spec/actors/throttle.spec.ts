import { lastValueFrom, of, Subject, take, takeUntil } from 'rxjs';
import { streamAgent, throttle } from 'troupe';
import { describe, expect, it } from 'vitest';
import { aStreamScene, Number_, Out } from '../support/a-stream-scene.ts';
import { credited } from '../support/credited.ts';

describe('throttle', () => {
  it('drops what comes too soon, where it says so', async () => {
    const { system, turns, heard, world } = aStreamScene();
    const dropped: number[] = [];
    system.spawn(
      streamAgent({
        name: 'dropping',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) =>
          inbox.pipe(throttle({ everyMs: 100, overflow: 'drop-newest', onDropped: (n) => dropped.push(n) })),
      }),
    );
    await turns();
    for (const n of [1, 2]) void system.publish(Number_, n);
    await turns();
    await new Promise<void>((done) => {
      world.environment.schedule(100, done);
      void world.runUntilQuiet();
    });
    void system.publish(Number_, 3);
    await turns();

    expect(heard).toEqual([1, 3]);
    expect(dropped).toEqual([2]);
  });

  it('lets what comes too soon wait, and with it the source, where it says so', async () => {
    const { system, settle, turns, heard, world } = aStreamScene();
    const atMs: number[] = [];
    system.spawn(
      streamAgent({
        name: 'waiting',
        subscribe: [Number_],
        publishes: Out,
        concurrency: 2,
        stream: (inbox, context) => {
          void context;
          return inbox.pipe(throttle({ everyMs: 100, overflow: 'suspend' }));
        },
      }),
    );
    system.observe(Out, { overflow: 'suspend' }).subscribe(() => atMs.push(world.nowMs));
    await turns();
    for (const n of [1, 2, 3, 4]) void system.publish(Number_, n);
    await turns();
    expect(heard).toEqual([1]);
    await settle();

    expect(heard).toEqual([1, 2, 3, 4]);
    expect(atMs.map((ms) => ms - atMs[0]!)).toEqual([0, 100, 200, 300]);
  });

  it('forgets what is not wanted any more, and completes behind what waits', async () => {
    const { system, settle, turns, heard } = aStreamScene();
    const ref = system.spawn(
      streamAgent({
        name: 'ending',
        subscribe: [Number_],
        publishes: Out,
        concurrency: 5,
        stream: (inbox) => inbox.pipe(take(3), throttle({ everyMs: 100, overflow: 'suspend' })),
      }),
    );
    const ended = system.watch(ref);
    await turns();
    void system.publish(Number_, 1);
    const gone = new AbortController();
    void system.request(Number_, 2, { signal: gone.signal }).catch(() => {});
    void system.publish(Number_, 3);
    await turns();
    gone.abort();
    await settle();

    expect(heard).toEqual([1, 3]);
    expect(await ended).toMatchObject({ reason: 'finished' });
  });

  it('completes when nobody wants the last that waits, and leaves no timer', async () => {
    const { system, turns, world } = aStreamScene();
    const end = new Subject<void>();
    const ref = system.spawn(
      streamAgent({
        name: 'emptied',
        subscribe: [Number_],
        publishes: Out,
        concurrency: 5,
        stream: (inbox) => inbox.pipe(takeUntil(end), throttle({ everyMs: 100, overflow: 'suspend' })),
      }),
    );
    const ended = system.watch(ref);
    await turns();
    void system.publish(Number_, 1);
    const gone = new AbortController();
    void system.request(Number_, 2, { signal: gone.signal }).catch(() => {});
    await turns();
    end.next();
    gone.abort();
    await turns();

    expect(await ended).toMatchObject({ reason: 'finished' });
    expect(world.environment.timerCount).toBe(0);
  });

  it('lets go of what waits when its agent stops', async () => {
    const { system, turns, letters, world } = aStreamScene();
    const ref = system.spawn(
      streamAgent({
        name: 'stopping',
        subscribe: [Number_],
        publishes: Out,
        concurrency: 5,
        stream: (inbox) => inbox.pipe(throttle({ everyMs: 100, overflow: 'suspend' })),
      }),
    );
    await turns();
    for (const n of [1, 2]) void system.publish(Number_, n);
    await turns();
    const stopped = system.stop(ref);
    await turns();
    await stopped;

    expect(letters()).toEqual(['Stopped 2']);
    expect(world.environment.timerCount).toBe(0);
  });

  it('gives the credit of what waits back when it is left, and keeps no timer', () => {
    const { world, values, push, settled } = credited<number>();
    const seen: number[] = [];
    const subscription = values
      .pipe(throttle({ everyMs: 100, overflow: 'suspend' }))
      .subscribe((n) => seen.push(n));
    push(1, 2, 3);
    const before = settled();
    subscription.unsubscribe();

    expect([seen, before, settled(), world.environment.timerCount]).toEqual([[1], 1, 3, 0]);
  });

  it('lets one out after the other, and keeps no timer when nothing waits', async () => {
    const { world, values, push, complete, settled } = credited<number>();
    const seen: unknown[] = [];
    values.pipe(throttle({ everyMs: 100, overflow: 'suspend' })).subscribe({
      next: (n) => seen.push([n, world.nowMs]),
      complete: () => seen.push('complete'),
    });
    push(1, 2, 3);
    complete();
    await world.runUntilQuiet();

    expect(seen).toEqual([[1, 0], [2, 100], [3, 200], 'complete']);
    expect([settled(), world.environment.timerCount, world.nowMs]).toEqual([3, 0, 200]);
  });

  it('forgets what it drops, also where nobody wants to know', () => {
    const { values, push, settled } = credited<number>();
    const seen: number[] = [];
    values.pipe(throttle({ everyMs: 100, overflow: 'drop-newest' })).subscribe((n) => seen.push(n));
    push(1, 2, 3);

    expect([seen, settled()]).toEqual([[1], 3]);
  });

  it('may let everything through at once', () => {
    const { values, push } = credited<number>();
    const seen: number[] = [];
    values.pipe(throttle({ everyMs: 0, overflow: 'suspend' })).subscribe((n) => seen.push(n));
    push(1, 2);

    expect(seen).toEqual([1, 2]);
    expect(() => throttle({ everyMs: '1' as never, overflow: 'suspend' })).toThrow('everyMs of throttle');
  });

  it('needs a system for its time', async () => {
    const values = of(1).pipe(throttle({ everyMs: 1, overflow: 'suspend' }));

    await expect(lastValueFrom(values)).rejects.toThrow(/throttle needs a system/u);
  });

  it('says, at once, what cannot be', () => {
    expect(() => throttle({ everyMs: -1, overflow: 'suspend' })).toThrow(/everyMs of throttle/u);
    expect(() => throttle({ everyMs: Number.POSITIVE_INFINITY, overflow: 'suspend' })).toThrow(RangeError);
    expect(() => throttle({ everyMs: 1, overflow: 'drop-oldest' as never })).toThrow(/one of drop-newest/u);
  });
});
