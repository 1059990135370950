import { from, lastValueFrom, Subject, takeUntil, toArray } from 'rxjs';
import { conflate, mapAsync, streamAgent } from 'troupe';
import { describe, expect, it } from 'vitest';
import { type CreditToken, retainToken } from '../../src/core/credit.ts';
import { aStreamScene, Number_, Out } from '../support/a-stream-scene.ts';
import { boom } from '../support/boom.ts';
import { credited } from '../support/credited.ts';

describe('conflate in a stream agent', () => {
  it('keeps the latest while those behind are busy, and is done with the others', async () => {
    const { system, turns, heard, gate, open } = aStreamScene();
    const dropped: number[] = [];
    system.spawn(
      streamAgent({
        name: 'latest',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(conflate({ onDropped: (n) => dropped.push(n) }), mapAsync(1, gate)),
      }),
    );
    await turns();
    const first = system.request(Number_, 1).catch((failure) => failure._tag);
    const second = system.request(Number_, 2).catch((failure) => failure._tag);
    for (const n of [3, 4]) void system.publish(Number_, n);
    await turns();
    expect(dropped).toEqual([2, 3]);
    expect(await second).toBe('NoResponder');
    await open(1);
    await open(4);

    expect(heard).toEqual([1, 4]);
    expect(await first).toBe('NoResponder');
  });

  it('keeps the latest of each key, in the place of the first, and no more keys than it may', async () => {
    const { system, turns, heard, gate, open } = aStreamScene();
    const dropped: number[] = [];
    system.spawn(
      streamAgent({
        name: 'keyed',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) =>
          inbox.pipe(
            conflate({ key: (n) => Math.floor(n / 10), keysMax: 2, onDropped: (n) => dropped.push(n) }),
            mapAsync(1, gate),
          ),
      }),
    );
    await turns();
    for (const n of [1, 11, 21, 12, 31]) void system.publish(Number_, n);
    await turns();
    expect(dropped).toEqual([11, 12]);
    for (const n of [1, 21, 31]) await open(n);

    expect(heard).toEqual([1, 21, 31]);
  });

  it('forgets a value that is not wanted any more', async () => {
    const { system, turns, heard, gate, open } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'forgetful',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(conflate(), mapAsync(1, gate)),
      }),
    );
    await turns();
    void system.publish(Number_, 1);
    const gone = new AbortController();
    void system.request(Number_, 2, { signal: gone.signal }).catch(() => {});
    await turns();
    gone.abort();
    await open(1);
    void system.publish(Number_, 3);
    await turns();
    await open(3);

    expect(heard).toEqual([1, 3]);
  });

  it('goes on when the one whose turn it was is interrupted meanwhile', async () => {
    const { system, turns, heard, gate, gates } = aStreamScene();
    const source = new Subject<void>();
    const ref = system.spawn(
      streamAgent({
        name: 'meanwhile',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(takeUntil(source), conflate(), mapAsync(1, gate)),
      }),
    );
    await turns();
    void system.publish(Number_, 1);
    const gone = new AbortController();
    void system.request(Number_, 2, { signal: gone.signal }).catch(() => {});
    await turns();
    gates.get(1)!.resolve(1);
    gone.abort();
    await turns();
    expect(heard).toEqual([1]);
    const ended = system.watch(ref);
    source.next();
    await turns();

    expect(await ended).toMatchObject({ reason: 'finished' });
  });

  it('fails the stream when its key or onDropped throws', async () => {
    const { system, settle, failures } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'throwing',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(conflate({ key: () => boom() })),
      }),
    );
    void system.publish(Number_, 1);
    await settle();

    expect(failures).toHaveLength(1);
  });

  it('lets go of what waits when its agent stops', async () => {
    const { system, turns, gate, letters } = aStreamScene();
    const ref = system.spawn(
      streamAgent({
        name: 'ending',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(conflate(), mapAsync(1, gate)),
      }),
    );
    await turns();
    for (const n of [1, 2]) void system.publish(Number_, n);
    await turns();
    const stopped = system.stop(ref);
    await turns();
    await stopped;

    expect(letters()).toEqual(['Stopped 1', 'Stopped 2']);
  });
});

describe('conflate on any Observable', () => {
  it('passes everything on while nobody is busy, and completes', async () => {
    expect(await lastValueFrom(from([1, 2, 3]).pipe(conflate(), toArray()))).toEqual([1, 2, 3]);
  });

  it('completes behind what waits', async () => {
    const gates: PromiseWithResolvers<void>[] = [];
    const values = lastValueFrom(
      from([1, 2, 3]).pipe(
        conflate(),
        mapAsync(1, async (n) => {
          const gate = Promise.withResolvers<void>();
          gates.push(gate);
          await gate.promise;
          return n;
        }),
        toArray(),
      ),
    );
    for (let n = 0; n < 2; n += 1) {
      await expect.poll(() => gates.length).toBe(n + 1);
      gates[n]!.resolve();
    }

    expect(await values).toEqual([1, 3]);
  });

  it('gives the credit of what waits back when it is left', () => {
    const { values, push, settled } = credited<number>();
    const tokens: (CreditToken | undefined)[] = [];
    const subscription = values
      .pipe(conflate({ key: (n) => n, keysMax: 3 }))
      .subscribe(() => tokens.push(retainToken()));
    push(1, 2, 3);
    const before = settled();
    subscription.unsubscribe();
    const left = settled();
    tokens[0]?.release();

    expect([before, left, settled()]).toEqual([0, 2, 3]);
  });

  it('passes on as many as those behind it have room for, and then the latest', () => {
    const { values, push, complete, settled } = credited<number>();
    const seen: unknown[] = [];
    const tokens: (CreditToken | undefined)[] = [];
    values.pipe(conflate()).subscribe({
      next: (n) => {
        seen.push(n);
        tokens.push(retainToken());
      },
      complete: () => seen.push('complete'),
    });
    push(1, 2, 3);
    complete();
    const before = [...seen];
    tokens[0]?.release();
    tokens[1]?.release();

    expect([before, seen, settled()]).toEqual([[1], [1, 3, 'complete'], 3]);
  });

  it('says, at once, what cannot be', () => {
    for (const keysMax of [0, 1.5, Number.NaN]) {
      expect(() => conflate({ keysMax })).toThrow(/keysMax of conflate/u);
    }
  });
});
