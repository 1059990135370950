import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import type { Procedure, Scope } from '../../src/actors/context.ts';
import { mapReduce } from '../../src/primitives/map-reduce.ts';
import { aCast, forGood, SoldOut } from '../support/a-cast.ts';

const join = ([a, b]: readonly [string, string]): string => `${a}${b}`;
const throwing = (field: string): unknown =>
  Object.defineProperty({ done: false }, field, {
    get: () => {
      throw new TypeError(`do not look at ${field}`);
    },
  });
const text = (n: number): string => `${n}`;

describe('mapReduce', () => {
  it('has each item worked on and puts the results together in their order', async () => {
    const { agent, asks } = aCast();
    const mapper = agent('mapper', async (n: number) => `${n}`, { concurrency: 2 });
    const reducer = agent('reducer', ([a, b]: readonly [string, string]) => `(${a}${b})`);

    const all = mapReduce({ map: mapper, reduce: reducer, concurrency: 2 });

    expectTypeOf(all).toEqualTypeOf<Procedure<Iterable<number> | AsyncIterable<number>, string>>();
    expect((await asks(all, [1, 2, 3, 4])).replaceAll(/[()]/g, '')).toBe('1234');
    expect(await asks(all, new Set([7]))).toBe('7');
  });

  it('takes items only when one may begin, however slow one of them is', async () => {
    const { asks } = aCast();
    const first = Promise.withResolvers<string>();
    let taken = 0;
    let open = 0;
    let mostOpen = 0;
    function* items() {
      for (; taken < 1_000; taken += 1) {
        yield taken;
      }
    }
    const map = async (n: number): Promise<string> => {
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      await undefined;
      const answer = n === 0 ? await first.promise : n < 10 ? text(n) : '';
      open -= 1;
      return answer;
    };

    const answer = await asks(mapReduce({ map, reduce: join, concurrency: 3 }), items(), undefined, () => {
      expect(taken).toBe(1_000); // One slow item does not hold up the others.
      first.resolve('0');
    });

    expect(answer).toBe('0123456789');
    expect(mostOpen).toBe(3);
  });

  it('pulls an async source, one item at a time', async () => {
    const { asks } = aCast();
    async function* items() {
      yield 1;
      yield 2;
      yield 3;
    }

    expect(await asks(mapReduce({ map: text, reduce: join, concurrency: 2 }), items())).toBe('123');
    expect(await asks(mapReduce({ map: text, reduce: join, concurrency: 1 }), items())).toBe('123');
  });

  it('works outside of agents on what answers at once, without a stack for each item', async () => {
    const { world } = aCast();
    const sum = mapReduce({
      map: (n: number) => n,
      reduce: ([a, b]: readonly [number, number]) => a + b,
      concurrency: 4,
    });
    let answer: unknown;

    await world.run(async () => {
      answer = await world.system.request(sum, Array(20_000).fill(1));
    });

    expect(answer).toBe(20_000);
  });

  it('answers for no items what it was given for that, and fails otherwise', async () => {
    const { asks } = aCast();

    expect(await asks(mapReduce({ map: text, reduce: join, concurrency: 1, empty: '' }), [])).toBe('');
    await expect(asks(mapReduce({ map: text, reduce: join, concurrency: 1 }), [])).rejects.toThrow(
      'invalid input of mapReduce: expected at least one item, or an `empty` answer; got []',
    );
  });

  it('fails of the item, or of the items that were put together, and ends the others', async () => {
    const { agent, asks, log } = aCast();
    const slow = agent('slow', (_: number) => forGood(), { concurrency: 2 });
    const second = async (n: number, scope: { request: unknown }): Promise<string> => {
      if (n === 1) throw new SoldOut();
      return (scope.request as (...args: unknown[]) => Promise<string>)(slow, n);
    };
    let returned = 0;
    const items = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false as const, value: log.length < 9 ? count++ : 0 }),
        return: () => {
          returned += 1;
          throw new TypeError('returning failed');
        },
      }),
    };
    let count = 0;

    await expect(
      asks(mapReduce({ map: second as never, reduce: join, concurrency: 2 }), items as Iterable<number>),
    ).rejects.toMatchObject({ parts: [{ of: 'mapReduce', name: 'item 1', responder: 'second' }] });
    expect(log).toEqual(['slow takes 0', 'slow is interrupted']);
    expect(returned).toBe(1);

    const broken = (): never => {
      throw new SoldOut();
    };
    await expect(
      asks(mapReduce({ map: text, reduce: broken, concurrency: 1 }), [1, 2, 3]),
    ).rejects.toMatchObject({ parts: [{ name: 'items 0 to 1', responder: 'broken' }] });
  });

  it('refuses at the door what cannot be asked', () => {
    const nobody = { name: 'nobody' } as never as (n: number) => string;

    expect(() => mapReduce({ map: nobody, reduce: join, concurrency: 2 })).toThrow(
      'map of mapReduce is an agent\'s ref, a topic, a capability or a procedure; got {"name":"nobody"}',
    );
  });

  it('fails of its source, whether that throws or rejects', async () => {
    const { asks } = aCast();
    const all = mapReduce({ map: text, reduce: join, concurrency: 2 });
    function* broken(): Generator<number> {
      yield 1;
      throw new SoldOut();
    }
    async function* breaks(): AsyncGenerator<number> {
      yield 1;
      throw new SoldOut();
    }

    for (const source of [broken(), breaks()]) {
      await expect(asks(all, source)).rejects.toMatchObject({
        parts: [{ of: 'mapReduce', name: 'source', responder: 'its iterator' }],
        code: 'SOLD_OUT',
      });
    }
    await expect(asks(all, 7 as never)).rejects.toThrow(
      'expected an array, an iterable or an async iterable',
    );
    await expect(asks(all, undefined as never)).rejects.toThrow('an iterable or an async iterable');
  });

  it.each([
    ['gives nothing', () => null, 'expected an object with `done` and `value`'],
    ['gives a number', () => 7, 'expected an object with `done` and `value`'],
    ['throws when its end is looked at', () => throwing('done'), 'do not look at done'],
    ['throws when its item is looked at', () => throwing('value'), 'do not look at value'],
    ['throws when it is looked whether it can be waited for', () => throwing('then'), 'do not look at then'],
  ])('fails of a source that %s, at once or later', async (_, next, reason) => {
    const { asks } = aCast();
    const all = mapReduce({ map: async (n: number) => `${n}`, reduce: join, concurrency: 1 });
    const source = (given: () => unknown) => {
      let n = 0;
      return { next: () => (n++ === 0 ? { done: false, value: 1 } : given()) };
    };
    const atOnce = { [Symbol.iterator]: () => source(next) };
    const later = { [Symbol.asyncIterator]: () => source(() => new Promise((resolve) => resolve(next()))) };

    for (const each of [atOnce, later]) {
      const failure = await asks(all, each as never).catch((failed) => failed);
      expect(failure).toMatchObject({ parts: [{ of: 'mapReduce', name: 'source' }] });
      expect(failure.message).toContain(reason);
    }
  });

  it('takes any object for a result, as a for … of does', async () => {
    const { asks } = aCast();
    const result = Object.assign(() => {}, { done: 'yes', value: 2 });
    const results = [{ value: 1 }, result];
    const source = { [Symbol.iterator]: () => ({ next: () => results.shift() }) };

    expect(await asks(mapReduce({ map: text, reduce: join, concurrency: 1 }), source as never)).toBe('1');
  });

  it('does not go on when it is interrupted while it lets others go first', async () => {
    const { asks } = aCast();
    const stop = new AbortController();
    let last = 0;
    function* endless(): Generator<number> {
      for (; ; last += 1) {
        yield last;
      }
    }
    const map = (n: number): string => {
      if (n === 1) {
        queueMicrotask(() => stop.abort());
      }
      return '';
    };

    const asking = asks(mapReduce({ map, reduce: join, concurrency: 2 }), endless(), { signal: stop.signal });

    await expect(asking).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(last).toBeLessThan(64);
  });

  it('ends what is under way when its deadline passes between two parts', async () => {
    const { asks, world } = aCast();
    let begun: Scope | undefined;
    const clock = vi.spyOn(world.environment, 'nowMs');
    const map = (n: number, scope: Scope) => {
      if (n === 2) {
        clock.mockReturnValue(world.nowMs + 100);
      }
      begun ??= scope;
      return n === 1 ? forGood() : text(n);
    };

    const late = asks(mapReduce({ map, reduce: join, concurrency: 3 }), [1, 2, 3], { timeoutMs: 50 });

    await expect(late).rejects.toMatchObject({ _tag: 'RequestTimeout' });
    expect(begun!.signal.reason).toMatchObject({ code: 'HANDLING_OVER' });
  });

  it('takes no item when it was interrupted, and tells its source to return', async () => {
    const { asks, world } = aCast();
    const stop = new AbortController();
    const asked: number[] = [];
    const late = Promise.withResolvers<IteratorResult<number>>();
    let returned = 0;
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => late.promise,
        return: () => {
          returned += 1;
          return Promise.reject(new TypeError('returning failed'));
        },
      }),
    };

    const all = mapReduce({ map: (n: number) => `${asked.push(n)}`, reduce: join, concurrency: 2 });
    const asking = asks(all, source, { signal: stop.signal }, () => stop.abort());
    await expect(asking).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(returned).toBe(1); // At once: its next item may never come.
    await world.run(() => late.resolve({ done: false, value: 1 }));

    expect(asked).toEqual([]);
    expect(returned).toBe(1);
  });

  it('forgets a source that fails when nobody wants its items any more, and begins in no scope that is over', async () => {
    const { asks, world } = aCast();
    const stop = new AbortController();
    const late = Promise.withResolvers<never>();
    const source = { [Symbol.asyncIterator]: () => ({ next: () => late.promise }) };
    const all = mapReduce({ map: text, reduce: join, concurrency: 2 });
    let over: Scope | undefined;
    let waits: unknown;

    await expect(asks(all, source, { signal: stop.signal }, () => stop.abort())).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    await world.run(() => late.reject(new SoldOut()));
    await asks((_: string, scope) => {
      over = scope;
      waits = Promise.resolve(all({ [Symbol.asyncIterator]: () => ({ next: forGood }) }, scope)).catch(
        (failure) => failure,
      );
    }, 'x');

    expect(await waits).toMatchObject({ reason: 'the work that waited for it is over' });
    await expect(all([1], over!)).rejects.toThrow('is over');
  });

  it.each([0, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses a concurrency of %d, at once',
    (concurrency) => {
      expect(() => mapReduce({ map: text, reduce: join, concurrency })).toThrow(
        `at least 1; got ${concurrency}`,
      );
    },
  );
});
