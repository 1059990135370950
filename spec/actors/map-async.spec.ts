import * as Effect from 'effect/Effect';
import { concat, from, lastValueFrom, Observable, of, Subject, take, tap, throwError, toArray } from 'rxjs';
import { MailboxFull, mapAsync, streamAgent, throttle } from 'troupe';
import { describe, expect, it } from 'vitest';
import { aStreamScene, Number_, Out } from '../support/a-stream-scene.ts';
import { boom } from '../support/boom.ts';
import { credited } from '../support/credited.ts';

describe('mapAsync in a stream agent', () => {
  it('works on so many at once, and gives the window that needs', async () => {
    const { system, turns, gate, gates, open } = aStreamScene();
    system.spawn(
      streamAgent({ name: 'two', subscribe: [Number_], stream: (inbox) => inbox.pipe(mapAsync(2, gate)) }),
    );
    await turns();
    const replies = [1, 2, 3].map((n) => system.request(Number_, n));
    await turns();
    expect([...gates.keys()]).toEqual([1, 2]);
    await open(2, 20);
    // The second is done and waits for the first, with its credit.
    expect([...gates.keys()]).toEqual([1]);
    await open(1, 10);
    expect([...gates.keys()]).toEqual([3]);
    await open(3, 30);

    expect(await Promise.all(replies)).toEqual([10, 20, 30]);
  });

  it('has a message interrupted, not handled, when the stream wants it no more while it is worked on', async () => {
    const { system, turns, world, gate, open } = aStreamScene();
    const told: string[] = [];
    system.spawn(
      streamAgent({
        name: 'two',
        subscribe: [Number_],
        // It takes two results, and still has the second in hand when the work on the third is given up.
        stream: (inbox) =>
          inbox.pipe(mapAsync(2, gate), take(2), throttle({ everyMs: 10, overflow: 'suspend' })),
      }),
    );
    await turns();
    for (const n of [1, 2, 3]) {
      void system.request(Number_, n).then(
        (reply) => told.push(`${n}: ${reply}`),
        (failure: Error) => told.push(`${n}: ${failure.message}`),
      );
    }
    await turns();
    await open(1);
    await open(2);
    expect(told).toEqual([
      '1: 1',
      "3: work of '/two' was interrupted: its stream wanted it no more while it was worked on",
    ]);
    await world.advance(10);

    expect(told.slice(2)).toEqual(['2: 2']);
  });

  it('lets results out as they come where order does not matter', async () => {
    const { system, turns, gate, gates, open, heard } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'hasty',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(mapAsync(2, gate, { ordered: false })),
      }),
    );
    await turns();
    for (const n of [1, 2, 3]) void system.publish(Number_, n);
    await turns();
    await open(2);
    expect([...gates.keys()]).toEqual([1, 3]);
    await open(3);
    await open(1);

    expect(heard).toEqual([2, 3, 1]);
  });

  it('waits within the window where that is wider, and begins in the turn of each message', async () => {
    const { system, turns, gate, gates, open } = aStreamScene();
    const current: unknown[] = [];
    system.spawn(
      streamAgent({
        name: 'wide',
        subscribe: [Number_],
        concurrency: 3,
        stream: (inbox, context) =>
          inbox.pipe(
            mapAsync(1, (n) => {
              current.push(context.current?.envelope.payload);
              return gate(n);
            }),
          ),
      }),
    );
    await turns();
    const gone = new AbortController();
    const replies = [1, 2, 3].map((n) =>
      system
        .request(Number_, n, n === 2 ? { signal: gone.signal } : {})
        .catch((failure) => failure._tag as string),
    );
    await turns();
    expect([...gates.keys()]).toEqual([1]);
    gone.abort();
    await turns();
    await open(1);
    await open(3);

    expect(await Promise.all(replies)).toEqual([1, 'Interrupted', 3]);
    expect(current).toEqual([1, 3]);
  });

  it('refuses a window that is too small, and says both numbers', async () => {
    const { system, settle, failures } = aStreamScene({ supervision: { restartsMax: 0 } });
    system.spawn(
      streamAgent({
        name: 'narrow',
        subscribe: [Number_],
        concurrency: 2,
        stream: (inbox) => inbox.pipe(mapAsync(8, async (n) => n)),
      }),
    );
    await settle();

    expect(String(failures[0]!.failure)).toMatch(
      /operators of '\/narrow' hold 8 values at once, and its window is 2/u,
    );
  });

  it('ends the work on a message that is interrupted, and goes on with the next', async () => {
    const { system, turns, gate, open } = aStreamScene();
    const aborted: number[] = [];
    system.spawn(
      streamAgent({
        name: 'one',
        subscribe: [Number_],
        stream: (inbox) =>
          inbox.pipe(
            mapAsync(1, (n, { signal }) => {
              signal.addEventListener('abort', () => aborted.push(n));
              return gate(n);
            }),
          ),
      }),
    );
    await turns();
    const gone = new AbortController();
    const first = system.request(Number_, 1, { signal: gone.signal }).catch((failure) => failure._tag);
    const second = system.request(Number_, 2);
    await turns();
    gone.abort();
    await turns();
    expect(aborted).toEqual([1]);
    await open(2);
    expect(await Promise.all([first, second])).toEqual(['Interrupted', 2]);
    await open(1);
    expect(system.deadLetters.list()).toEqual([]);
  });

  it('runs Effects under the time of the system, and interrupts them', async () => {
    const { system, settle, turns } = aStreamScene();
    const log: string[] = [];
    system.spawn(
      streamAgent({
        name: 'effects',
        subscribe: [Number_],
        stream: (inbox) =>
          inbox.pipe(
            mapAsync(2, (n) =>
              Effect.sleep(n * 1_000).pipe(
                Effect.as(n),
                Effect.onInterrupt(() => Effect.sync(() => void log.push(`${n} interrupted`))),
              ),
            ),
          ),
      }),
    );
    await turns();
    const gone = new AbortController();
    const replies = [
      system.request(Number_, 5),
      system.request(Number_, 9, { signal: gone.signal }).catch((failure) => failure._tag),
    ];
    await turns();
    gone.abort();
    await settle();

    expect(await Promise.all(replies)).toEqual([5, 'Interrupted']);
    expect(log).toEqual(['9 interrupted']);
  });

  it.each([
    ['throws', () => boom()],
    ['fails', () => Promise.reject(new Error('boom'))],
    ['is an Effect that fails', () => Effect.fail(new Error('boom'))],
    ['is an Effect that interrupts itself', () => Effect.interrupt],
  ])('fails the stream with the message whose work %s', async (_, work) => {
    const { system, settle, failures, letters } = aStreamScene({
      supervision: { directives: { interrupted: 'restart' } },
    });
    system.spawn(
      streamAgent({
        name: 'failing',
        subscribe: [Number_],
        stream: (inbox) =>
          inbox.pipe(
            mapAsync(2, (n): PromiseLike<number> => (n === 2 ? (work() as never) : Promise.resolve(n))),
          ),
      }),
    );
    void system.publish(Number_, 2);
    const after = system.request(Number_, 3);
    await settle();

    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ agent: '/failing', directive: 'restart' });
    expect(letters()).toContain('Restarted 2');
    void after.catch(() => {});
  });

  it('ends what it works on when the agent stops', async () => {
    const { system, turns, gate } = aStreamScene();
    let aborted = 0;
    const ref = system.spawn(
      streamAgent({
        name: 'ending',
        subscribe: [Number_],
        stream: (inbox) =>
          inbox.pipe(
            mapAsync(2, (n, { signal }) => {
              signal.addEventListener('abort', () => (aborted += 1));
              return gate(n);
            }),
          ),
      }),
    );
    await turns();
    void system.publish(Number_, 1);
    void system.publish(Number_, 2);
    await turns();
    const stopped = system.stop(ref);
    await turns();
    await stopped;

    expect(aborted).toBe(2);
  });

  it('skips, in order, what nobody waits for any more', async () => {
    const { system, turns, gate, open } = aStreamScene();
    system.spawn(
      streamAgent({ name: 'line', subscribe: [Number_], stream: (inbox) => inbox.pipe(mapAsync(3, gate)) }),
    );
    await turns();
    const gone = new AbortController();
    const replies = [1, 2, 3].map((n) =>
      system
        .request(Number_, n, n === 1 ? { signal: gone.signal } : {})
        .catch((failure) => failure._tag as string),
    );
    await turns();
    await open(3);
    await open(2);
    gone.abort();
    await turns();

    expect(await Promise.all(replies)).toEqual(['Interrupted', 2, 3]);
  });
});

describe('mapAsync on any Observable', () => {
  it('gives results in order, and completes when the last is out', async () => {
    const results = from([3, 1, 2]).pipe(
      mapAsync(2, (n) => new Promise<number>((done) => queueMicrotask(() => done(n * 10)))),
      toArray(),
    );

    expect(await lastValueFrom(results)).toEqual([30, 10, 20]);
  });

  it('passes on at once what is there at once', () => {
    const seen: number[] = [];
    of(1, 2)
      .pipe(mapAsync(1, (n) => n + 1))
      .subscribe((n) => seen.push(n));

    expect(seen).toEqual([2, 3]);
  });

  it('fails when its source does, or when too many wait that cannot be slowed down', async () => {
    const failing = concat(
      of(1),
      throwError(() => new Error('source')),
    ).pipe(mapAsync(1, (n) => n));
    await expect(lastValueFrom(failing)).rejects.toThrow('source');

    const flood = from(Array.from({ length: 2_000 }, (_, n) => n)).pipe(mapAsync(1, () => NEVER_RESOLVES));
    await expect(lastValueFrom(flood)).rejects.toBeInstanceOf(MailboxFull);
  });

  it('needs a system for Effects', async () => {
    const effects = of(1).pipe(mapAsync(1, (n) => Effect.succeed(n)));

    await expect(lastValueFrom(effects)).rejects.toThrow(/needs a system/u);
  });

  it('lets go of what it works on when it is left', () => {
    const source = new Subject<number>();
    let signal: AbortSignal | undefined;
    const subscription = source
      .pipe(
        mapAsync(1, (_, work) => {
          signal = work.signal;
          return NEVER_RESOLVES;
        }),
      )
      .subscribe();
    source.next(1);
    subscription.unsubscribe();

    expect(signal!.aborted).toBe(true);
    expect(source.observed).toBe(false);
  });

  it('has a signal that is aborted already when it is read too late', async () => {
    const source = new Subject<number>();
    let signal: (() => AbortSignal) | undefined;
    const subscription = source
      .pipe(
        mapAsync(1, (_, work) => {
          signal = () => work.signal;
          return NEVER_RESOLVES;
        }),
      )
      .subscribe();
    source.next(1);
    subscription.unsubscribe();

    expect(signal!().aborted).toBe(true);
  });

  it('fails its stream with what its source throws while it is subscribed to', async () => {
    const odd = new Observable<number>(() => boom());
    (odd as { subscribe: unknown }).subscribe = () => boom();

    await expect(lastValueFrom(odd.pipe(mapAsync(1, (n) => n)))).rejects.toThrow();
  });

  it('warns of what a listener of its signal throws', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const source = new Subject<number>();
    const subscription = source
      .pipe(
        mapAsync(1, (_, { signal }) => {
          signal.addEventListener('abort', () => boom());
          return NEVER_RESOLVES;
        }),
      )
      .subscribe();
    source.next(1);
    subscription.unsubscribe();

    expect((await warned).message).toBe('boom');
  });

  it('gives the credit of what it works on, and of what waits, back when it is left', () => {
    const { values, push, settled } = credited<number>();
    const subscription = values.pipe(mapAsync(1, () => NEVER_RESOLVES)).subscribe();
    push(1, 2);
    const before = settled();
    subscription.unsubscribe();

    expect([before, settled()]).toEqual([0, 2]);
  });

  it('begins nothing more when it has been left', async () => {
    const { values, push } = credited<number>();
    const begun: number[] = [];
    const gate = Promise.withResolvers<void>();
    const subscription = values
      .pipe(
        mapAsync(1, (n) => {
          begun.push(n);
          return gate.promise;
        }),
      )
      .subscribe();
    push(1, 2);
    subscription.unsubscribe();
    gate.resolve();
    await gate.promise;
    await null;

    expect(begun).toEqual([1]);
  });

  it('says to whoever works that nobody wants the result any more', () => {
    const source = new Subject<number>();
    let signal: AbortSignal | undefined;
    const subscription = source
      .pipe(
        mapAsync(1, (_, work) => {
          signal = work.signal;
          return NEVER_RESOLVES;
        }),
      )
      .subscribe();
    source.next(1);
    subscription.unsubscribe();

    expect(signal!.reason).toMatchObject({
      _tag: 'Interrupted',
      agent: 'mapAsync',
      reason: 'nobody wants its result any more',
    });
  });

  it('aborts nothing of what has ended', async () => {
    const signals: AbortSignal[] = [];
    const done = of(1).pipe(
      mapAsync(1, async (n, work) => {
        signals.push(work.signal);
        return n;
      }),
    );

    expect(await lastValueFrom(done)).toBe(1);
    expect(signals[0]!.aborted).toBe(false);
  });

  it('awaits what can be awaited, and lets everything else out as it is', async () => {
    const withThen = (then: unknown) => Object.fromEntries([['then', then]]);
    const thenable = Object.assign(
      () => {},
      withThen((resolve: (value: string) => void) => resolve('awaited')),
    );
    const plain = [null, undefined, 'text', 0, {}, withThen(5), () => {}];
    const results = of(thenable, ...plain).pipe(
      mapAsync(1, (value) => value as unknown),
      toArray(),
    );

    expect(await lastValueFrom(results)).toEqual(['awaited', ...plain]);
  });

  it('fails with an Effect that interrupts itself, and says so', async () => {
    const { world, values, push } = credited<number>();
    const failures: unknown[] = [];
    values
      .pipe(mapAsync(1, () => Effect.interrupt))
      .subscribe({ error: (failure) => failures.push(failure) });
    push(1);
    await world.runUntilQuiet();

    expect(failures).toMatchObject([
      { _tag: 'Interrupted', agent: 'mapAsync', reason: 'its Effect interrupted itself' },
    ]);
  });

  it('fails with what an Effect fails of', async () => {
    const { world, values, push } = credited<number>();
    const failures: unknown[] = [];
    values
      .pipe(mapAsync(1, () => Effect.fail('refused')))
      .subscribe({ error: (failure) => failures.push(failure) });
    push(1);
    await world.runUntilQuiet();

    expect(failures).toEqual(['refused']);
  });

  it('says which operator has no room, or no system', async () => {
    const flood = from(Array.from({ length: 2_000 }, (_, n) => n)).pipe(mapAsync(1, () => NEVER_RESOLVES));
    const effects = of(1).pipe(mapAsync(1, (n) => Effect.succeed(n)));

    await expect(lastValueFrom(flood)).rejects.toMatchObject({
      receiver: 'mapAsync, behind a source that cannot be slowed down',
    });
    await expect(lastValueFrom(effects)).rejects.toThrow('mapAsync of an Effect needs a system');
    expect(() => mapAsync(0, () => 1)).toThrow(
      'concurrency of mapAsync is a whole number, at least 1; got 0',
    );
  });

  it('says, at once, that a concurrency cannot be', () => {
    for (const concurrency of [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => mapAsync(concurrency, () => 1)).toThrow(RangeError);
    }
  });
});

describe('mapAsync on what a system gives', () => {
  it('slows down whoever publishes', async () => {
    const { system, turns, gate, gates, open } = aStreamScene();
    const seen: number[] = [];
    system
      .observe(Number_, { overflow: 'suspend', capacity: 1 })
      .pipe(
        mapAsync(2, gate),
        tap((n) => seen.push(n)),
      )
      .subscribe();
    const rooms: unknown[] = [];
    for (const n of [1, 2, 3, 4]) {
      rooms.push(system.publish(Number_, n));
      await turns();
    }
    expect([...gates.keys()]).toEqual([1, 2]);
    expect(rooms.filter((room) => room !== undefined).length).toBeGreaterThan(0);
    for (const n of [1, 2, 3, 4]) await open(n);

    expect(seen).toEqual([1, 2, 3, 4]);
  });
});

const NEVER_RESOLVES = new Promise<never>(() => {});
