import { from, lastValueFrom, take, toArray } from 'rxjs';
import { defineAgent, defineTopic, RateLimited, rateLimit, streamAgent, type } from 'troupe';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Procedure, Scope } from '../../src/actors/context.ts';
import { aShop } from '../support/a-shop.ts';
import { aStreamScene, Number_, Out } from '../support/a-stream-scene.ts';

const wait = { count: 1, perMs: 100, overflow: 'wait' } as const;
const now = async (word: unknown) => word;

describe('a rate limit', () => {
  it('begins what finds a token at once, and the others in their order, each when there is one', async () => {
    const { system, world, ask, turns, told } = aShop();
    const limiter = rateLimit({ perSecond: 10, burst: 2, overflow: 'wait' });
    const atMs: number[] = [];
    const limited = limiter(async (n: number) => {
      atMs.push(world.nowMs);
      return n;
    });
    for (const n of [1, 2, 3, 4]) ask(`${n}`, limited, n);
    await turns();

    expect(told).toEqual(['1: 1', '2: 2']);
    expect(limiter.statistics(system)).toEqual({
      begun: 2,
      delayed: 2,
      rejected: 0,
      left: 0,
      waiting: 2,
      keys: 1,
    });

    await world.runUntilQuiet();
    expect(atMs).toEqual([0, 0, 100, 200]);
    expect(told).toEqual(['1: 1', '2: 2', '3: 3', '4: 4']);
  });

  it('refuses at once where it says so, and says when there is a token', async () => {
    const { system, advance } = aShop();
    const limited = rateLimit({ count: 3, perMs: 1_000, overflow: 'reject' })(now);

    expect(await system.request(limited, 'first')).toBe('first');
    await advance(100);
    const refusal = await system.request(limited, 'second').catch((failure: unknown) => failure);

    expect(refusal).toBeInstanceOf(RateLimited);
    expect(refusal).toMatchObject({
      code: 'RATE_LIMITED',
      class: 'overload',
      reason: 'no token',
      retryAfterMs: 234,
      message: 'more than 3 in 1000 ms: no token is left; try again in 234 ms',
    });
    await advance(234);
    expect(await system.request(limited, 'third')).toBe('third');
  });

  it('refuses who would come after their deadline, and who would be one too many in line', async () => {
    const { ask, turns, told, world, system } = aShop();
    const limiter = rateLimit({ ...wait, queueMax: 2 });
    const limited = limiter(now);
    ask('first', limited, 1);
    ask('in a hurry', limited, 2, { timeoutMs: 100 });
    ask('in time', limited, 3, { timeoutMs: 101 });
    ask('second', limited, 4);
    ask('too many', limited, 5);
    await turns();

    expect(told).toEqual(['in a hurry: RATE_LIMITED', 'too many: RATE_LIMITED', 'first: 1']);
    expect(limiter.statistics(system)).toMatchObject({ rejected: 2, waiting: 2 });
    await world.runUntilQuiet();
    expect(told.slice(3)).toEqual(['in time: 3', 'second: 4']);
  });

  it('lets those go who end while they wait, and gives their turn to the next', async () => {
    const { ask, turns, told, world, system } = aShop();
    const limiter = rateLimit(wait);
    const limited = limiter(now);
    const abort = new AbortController();
    ask('first', limited, 1);
    ask('leaves', limited, 2, { signal: abort.signal });
    ask('next', limited, 3);
    ask('last', limited, 4, { timeoutMs: 350, signal: abort.signal });
    await turns();
    abort.abort();
    await turns();

    expect(told).toEqual(['first: 1', 'leaves: INTERRUPTED', 'last: INTERRUPTED']);
    expect(limiter.statistics(system)).toMatchObject({ left: 2, waiting: 1 });
    await world.runUntilQuiet();
    expect(told.at(-1)).toBe('next: 3');
    expect(world.nowMs).toBeLessThan(350);
  });

  it('sets no timer when nobody waits any more', async () => {
    const { ask, turns, world } = aShop();
    const limited = rateLimit(wait)(now);
    const abort = new AbortController();
    ask('first', limited, 1, { timeoutMs: Number.POSITIVE_INFINITY });
    ask('leaves', limited, 2, { timeoutMs: Number.POSITIVE_INFINITY, signal: abort.signal });
    await turns();
    expect(world.environment.timerCount).toBe(1);
    abort.abort();
    await turns();

    expect(world.environment.timerCount).toBe(0);
  });

  it('waits in no scope that is over', async () => {
    const { system, scopes, sell, open, turns } = aShop();
    const limited = rateLimit(wait)(now);
    void system.request(sell, 'once');
    await turns();
    await open('once');
    await system.request(limited, 'first');

    expect(() => limited('late', scopes[0]!)).toThrow(expect.objectContaining({ code: 'HANDLING_OVER' }));
  });

  it('ends the wait of work that goes on without it', async () => {
    const { system, turns } = aShop();
    const limited = rateLimit(wait)(now);
    let waited: unknown;
    const forgetful: Procedure<string, string> = (word, scope) => {
      void limited('first', scope);
      waited = (limited('second', scope) as Promise<unknown>).catch((failure: unknown) => failure);
      return word;
    };

    expect(await system.request(forgetful, 'done')).toBe('done');
    await turns();
    expect(await waited).toMatchObject({ code: 'INTERRUPTED', reason: 'the work that asked for it is over' });
  });

  it('keeps a limit for each key, and forgets those that are quiet when it needs their room', async () => {
    const { system, advance } = aShop();
    const limiter = rateLimit<{ who: string }>({
      count: 1,
      perMs: 100,
      overflow: 'reject',
      key: ({ who }) => who,
      keysMax: 2,
    });
    const limited = limiter(async ({ who }: { who: string }) => who);
    const call = (who: string) => system.request(limited, { who }).catch((failure: unknown) => failure);

    expect([await call('a'), await call('b')]).toEqual(['a', 'b']);
    expect(await call('a')).toMatchObject({ reason: 'no token' });
    expect(await call('c')).toMatchObject({ reason: 'keys full', retryAfterMs: 100 });
    await advance(50);
    expect(await call('c')).toMatchObject({ reason: 'keys full', retryAfterMs: 50 });
    await advance(50);
    expect(await call('b')).toBe('b');
    expect(await call('c')).toBe('c');
    expect(limiter.statistics(system)).toMatchObject({ keys: 2, begun: 4, rejected: 3 });
  });

  it('refuses a key that cannot be compared', async () => {
    const { system } = aShop();
    const limited = rateLimit({ ...wait, key: () => new Date(0) })(now);

    await expect(system.request(limited, 'x')).rejects.toMatchObject({ code: 'INVALID_PARAMS' });
  });

  it('rejects with what the work throws, when it had waited', async () => {
    const { told, ask, world } = aShop();
    const limited = rateLimit(wait)((n: number) => {
      if (n === 2) throw new Error('no twos');
      return n;
    });
    ask('one', limited, 1);
    ask('two', limited, 2);
    await world.runUntilQuiet();

    expect(told).toEqual(['one: 1', 'two: no twos']);
  });

  it('begins anew in each system', async () => {
    const limited = rateLimit({ ...wait, overflow: 'reject' })(now);
    for (const { system } of [aShop(), aShop()]) {
      expect(await system.request(limited, 'first')).toBe('first');
    }
  });

  it('spaces rates below one and between whole numbers', async () => {
    const { system, advance } = aShop();
    const slow = rateLimit({ perSecond: 0.4, overflow: 'reject' })(now);
    await system.request(slow, 1);

    await expect(system.request(slow, 2)).rejects.toMatchObject({ retryAfterMs: 2_500 });
    await advance(2_500);
    expect(await system.request(slow, 3)).toBe(3);
    await expect(system.request(rateLimit({ perSecond: 1 / 3, overflow: 'reject' })(now), 1)).resolves.toBe(
      1,
    );
  });

  it.each([
    [{ perSecond: 0 }, 'perSecond of rateLimit is a number above 0; got 0'],
    [{ perSecond: Number.NaN }, 'perSecond'],
    [{ perSecond: Number.POSITIVE_INFINITY }, 'perSecond'],
    [{ count: 0, perMs: 10 }, 'count of rateLimit is a whole number, at least 1; got 0'],
    [{ count: 1, perMs: 0.5 }, 'perMs of rateLimit is a whole number, at least 1; got 0.5'],
    [{ count: 1, perMs: 1, burst: 0 }, 'burst'],
    [{ count: 1, perMs: 1, queueMax: -1 }, 'queueMax'],
    [{ count: 1, perMs: 1, keysMax: 0 }, 'keysMax'],
    [{ count: 1, perMs: 1, overflow: 'drop' }, "overflow of rateLimit is one of wait, reject; got 'drop'"],
    [{ count: 2 ** 40, perMs: 2 ** 20 }, 'counted exactly'],
    [
      { perSecond: 1e-300 },
      'perSecond of rateLimit is too small to be counted exactly with burst and queueMax',
    ],
  ])('cannot be made of %j', (options, message) => {
    expect(() => rateLimit({ overflow: 'wait', ...options } as never)).toThrow(message);
  });

  it.each([100 / 3, 1_000 / 3, 9.123456, 1_234.567891, 16.666667, 1e300])(
    'takes any rate that somebody may mean: %d',
    async (perSecond) => {
      const { system } = aShop();
      const limited = rateLimit({ perSecond, overflow: 'wait' })(now);
      expect(await system.request(limited, 1)).toBe(1);
    },
  );

  it('is put around a handler, which keeps its context', async () => {
    const { system, turns } = aShop();
    const Word = defineTopic('word', { schema: type<string>(), reply: type<string>() });
    const limiter = rateLimit(wait);
    const agent = defineAgent({
      name: 'agent',
      subscribe: [Word],
      state: () => 0,
      receive: limiter((word: string, context) => `${word} at ${context.deadlineMs > 0}`),
    });
    system.spawn(agent);

    const answer = system.request(Word, 'hello');
    await turns();

    expect(await answer).toBe('hello at true');
    expectTypeOf(limiter(async (n: number) => `${n}`)).toEqualTypeOf<
      (input: number, scope: Scope) => string | Promise<string>
    >();
  });
});

describe('a rate limit of a stream', () => {
  it('lets each value wait for its token, in order, and shares the limit with calls', async () => {
    const { system, world, turns, heard } = aStreamScene();
    const limiter = rateLimit<number>(wait);
    const atMs: number[] = [];
    system.spawn(
      streamAgent({
        name: 'limited',
        subscribe: [Number_],
        publishes: Out,
        concurrency: 3,
        stream: (inbox) => inbox.pipe(limiter.operator()),
      }),
    );
    system.observe(Out, { overflow: 'suspend' }).subscribe(() => atMs.push(world.nowMs));
    await turns();
    for (const n of [1, 2, 3, 4, 5]) void system.publish(Number_, n);
    await turns();
    expect(heard).toEqual([1]);
    expect(limiter.statistics(system)).toMatchObject({ begun: 1, delayed: 1, waiting: 1 });
    const call = system.request(limiter(now), 6).then(() => world.nowMs);
    await world.runUntilQuiet();

    expect(heard).toEqual([1, 2, 3, 4, 5]);
    // The call stood in line behind the second value, and before the third.
    expect(atMs).toEqual([0, 100, 300, 400, 500]);
    expect(await call).toBe(200);
  });

  it('leaves the line with a message that is interrupted, and completes behind what waits', async () => {
    const { system, world, turns, heard } = aStreamScene();
    const limiter = rateLimit<number>(wait);
    const agent = system.spawn(
      streamAgent({
        name: 'limited',
        subscribe: [Number_],
        publishes: Out,
        concurrency: 5,
        stream: (inbox) => inbox.pipe(limiter.operator()),
      }),
    );
    await turns();
    const abort = new AbortController();
    const later = new AbortController();
    void system.publish(Number_, 1);
    await turns();
    system.request(agent, 2, { signal: abort.signal }).catch(() => {});
    system.request(agent, 3, { signal: later.signal }).catch(() => {});
    void system.publish(Number_, 4);
    await turns();
    const last = new AbortController();
    system.request(agent, 5, { signal: last.signal }).catch(() => {});
    await turns();
    last.abort();
    abort.abort();
    await turns();
    later.abort();
    await world.runUntilQuiet();

    expect(heard).toEqual([1, 4]);
    expect(limiter.statistics(system)).toMatchObject({ left: 2, waiting: 0 });
  });

  it('completes when the last that waits is out, and lets go when it is left', async () => {
    const { system, world, turns } = aStreamScene();
    const limiter = rateLimit<number>(wait);
    const heard: unknown[] = [];
    const numbers = () => system.observe(Number_, { overflow: 'suspend', window: 3 });
    numbers()
      .pipe(take(2), limiter.operator())
      .subscribe({ next: (n) => heard.push(n), complete: () => heard.push('complete') });
    const left = numbers().pipe(limiter.operator()).subscribe();
    for (const n of [1, 2, 3]) void system.publish(Number_, n);
    await turns();
    expect([heard, limiter.statistics(system).waiting]).toEqual([[1], 2]);
    left.unsubscribe();
    await world.runUntilQuiet();

    expect(heard).toEqual([1, 2, 'complete']);
    expect(limiter.statistics(system)).toMatchObject({ waiting: 0, left: 1 });
    expect(world.environment.timerCount).toBe(0);
  });

  it('fails the stream where it may not wait', async () => {
    const { system, turns, failures } = aStreamScene();
    const limiter = rateLimit<number>({ ...wait, overflow: 'reject' });
    system.spawn(
      streamAgent({
        name: 'limited',
        subscribe: [Number_],
        publishes: Out,
        concurrency: 2,
        stream: (inbox) => inbox.pipe(limiter.operator()),
      }),
    );
    await turns();
    for (const n of [1, 2]) void system.publish(Number_, n);
    await turns();

    expect(failures[0]?.failure).toBeInstanceOf(RateLimited);
  });

  it('fails the stream where somebody took its place in a line that is full', async () => {
    const { system, world, turns } = aStreamScene();
    const limiter = rateLimit<number>({ ...wait, queueMax: 1 });
    const heard: unknown[] = [];
    system
      .observe(Number_, { overflow: 'suspend', window: 3 })
      .pipe(limiter.operator())
      .subscribe({
        next: (n) => {
          heard.push(n);
          if (n === 2) system.request(limiter(now), 9).then((one) => heard.push(one));
        },
        error: (failure) => heard.push(failure.reason),
      });
    for (const n of [1, 2, 3]) void system.publish(Number_, n);
    await turns();
    await world.runUntilQuiet();

    expect(heard).toEqual([1, 2, 'queue full', 9]);
  });

  it('needs a system', async () => {
    await expect(
      lastValueFrom(from([1]).pipe(rateLimit<number>(wait).operator(), toArray())),
    ).rejects.toThrow('rateLimit needs a system');
  });
});
