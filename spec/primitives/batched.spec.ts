import { BatchMismatch, batched, defineAgent, defineTopic, type } from 'troupe';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Scope } from '../../src/actors/context.ts';
import { aShop, Refusal } from '../support/a-shop.ts';

const small = { max: 3, withinMs: 10 } as const;

describe('batched calls', () => {
  it('go when there are enough, or when the first has waited long enough', async () => {
    const { system, world, ask, turns, advance, told } = aShop();
    const calls: unknown[] = [];
    const double = batched({
      ...small,
      call: async (numbers: readonly number[]) => {
        calls.push([world.nowMs, ...numbers]);
        return numbers.map((n) => 2 * n);
      },
    });
    for (const n of [1, 2, 3, 4]) ask(`${n}`, double, n);
    await turns();
    expect(calls).toEqual([[0, 1, 2, 3]]);
    await advance(9);
    ask('5', double, 5);
    await turns();
    expect(double.statistics(system)).toEqual({
      batches: 1,
      inputs: 3,
      left: 0,
      rejected: 0,
      waiting: 2,
      inFlight: 0,
    });
    await advance(1);

    expect(calls).toEqual([
      [0, 1, 2, 3],
      [10, 4, 5],
    ]);
    expect(told).toEqual(['1: 2', '2: 4', '3: 6', '4: 8', '5: 10']);
    expectTypeOf(double).toBeCallableWith(1, {} as Scope);
    expectTypeOf(double).returns.toEqualTypeOf<Promise<number>>();
  });

  it('leave out who has left, and give everybody their own when somebody leaves later', async () => {
    const { system, ask, turns, advance, told, sell, open, log } = aShop();
    const one = batched({
      ...small,
      max: 10,
      call: sell as never as (n: readonly number[]) => Promise<string[]>,
    });
    const aborts = [1, 2, 3, 4].map((n) => {
      const abort = new AbortController();
      ask(`${n}`, one, n, { signal: abort.signal });
      return abort;
    });
    await turns();
    aborts[1]!.abort();
    await advance(10);
    expect(log).toEqual([[1, 3, 4]]);
    aborts[0]!.abort();
    await turns();
    await open([1, 3, 4], ['one', 'three', 'four']);

    expect(told).toEqual(['2: INTERRUPTED', '1: INTERRUPTED', '3: three', '4: four']);
    expect(one.statistics(system)).toMatchObject({ batches: 1, inputs: 3, left: 1, waiting: 0 });
  });

  it('are not made for nobody, and end with the last who waits', async () => {
    const { ask, turns, advance, world, log, sell, system } = aShop();
    const one = batched({ ...small, call: sell as never as (n: readonly number[]) => Promise<string[]> });
    const abort = new AbortController();
    ask('1', one, 1, { signal: abort.signal });
    await turns();
    abort.abort();
    await turns();
    expect(world.environment.timerCount).toBe(0);
    const later = new AbortController();
    for (const n of [2, 3]) ask(`${n}`, one, n, { signal: later.signal });
    await advance(10);
    later.abort();
    await turns();

    expect(log).toEqual([[2, 3], '[2,3] is interrupted']);
    expect(one.statistics(system)).toMatchObject({ batches: 1, inFlight: 0, waiting: 0 });
  });

  it('give an error among the outputs to its caller, and what the call fails of to all', async () => {
    const { ask, world, told } = aShop();
    const some = batched({
      ...small,
      call: async (words: readonly string[]) =>
        words.map((word) => (word === 'bad' ? new Refusal() : `${word}!`)),
    });
    for (const word of ['good', 'bad']) ask(word, some, word);
    const none = batched({
      ...small,
      call: (words: readonly string[]): string[] => {
        throw new Error(`not ${words}`);
      },
    });
    for (const word of ['a', 'b']) ask(word, none, word);
    await world.runUntilQuiet();

    expect(told).toEqual(['good: good!', 'bad: REFUSAL', 'a: not a,b', 'b: not a,b']);
  });

  it('find outputs by key, in any order', async () => {
    const { ask, world, told, system } = aShop();
    const users = batched({
      ...small,
      key: ({ id }: { id: number }) => id,
      call: async (wanted: readonly { id: number }[]) =>
        new Map<unknown, string | Error>(
          wanted
            .filter(({ id }) => id !== 2)
            .toReversed()
            .map(({ id }) => [id, id === 3 ? new Refusal() : `user ${id}`]),
        ),
    });
    for (const id of [1, 2, 3]) ask(`${id}`, users, { id });
    await world.runUntilQuiet();

    expect(told).toEqual(['1: user 1', '2: DEFECT', '3: REFUSAL']);
    void system;
  });

  it.each([
    ['too few', ['one'], 1, 'was answered with 1 outputs'],
    ['too many', ['one', 'two', 'three'], 3, 'was answered with 3 outputs'],
    ['no list', 'one, two', undefined, 'was answered with neither a list nor'],
    ['a map, and has no key', new Map([[1, 'one']]), undefined, 'neither a list'],
  ])('fail for all when there are %s', async (_, outputs, received, message) => {
    const { system, world } = aShop();
    const one = batched({ ...small, call: (() => outputs) as never as () => string[] });
    const answers = [1, 2].map((n) => system.request(one, n as never).catch((failure: unknown) => failure));
    await world.runUntilQuiet();

    for (const failure of await Promise.all(answers)) {
      expect(failure).toBeInstanceOf(BatchMismatch);
      expect(failure).toMatchObject({ code: 'DEFECT', class: 'permanent', sent: 2, received });
      expect((failure as Error).message).toContain(message);
    }
  });

  it('fail for a caller whose key throws', async () => {
    const { ask, world, told } = aShop();
    const users = batched({
      ...small,
      key: (id: number) => {
        if (id === 2) throw new Error('no key for 2');
        return id;
      },
      call: (ids) => new Map(ids.map((id) => [id, `user ${id}`] as const)),
    });
    for (const id of [1, 2]) ask(`${id}`, users, id);
    await world.runUntilQuiet();

    expect(told).toEqual(['1: user 1', '2: no key for 2']);
  });

  it('have no more who wait than they say', async () => {
    const { ask, turns, told, system } = aShop();
    const one = batched({ ...small, queueMax: 2, call: (words: readonly string[]) => words });
    for (const word of ['a', 'b', 'c']) ask(word, one, word);
    await turns();

    expect(told).toEqual(['c: MAILBOX_FULL']);
    expect(one.statistics(system)).toMatchObject({ rejected: 1, waiting: 2 });
  });

  it('charge what they spent in even shares, to the last unit', async () => {
    const { system, world } = aShop();
    const Ask = defineTopic('ask', { schema: type<number>(), reply: type<number>() });
    const think = batched({
      ...small,
      timeoutMs: 1_000,
      call: (numbers: readonly number[], scope: Scope) => {
        scope.budget.spend('tokens', 10);
        return numbers;
      },
    });
    const spent: number[] = [];
    const boss = system.spawn(
      defineAgent({
        name: 'boss',
        subscribe: [Ask],
        concurrency: 3,
        receive: async (n, context) => {
          const answer = await context.request(think, n);
          spent[n] = context.budget.spent('tokens');
          return answer;
        },
      }),
    );
    for (const n of [0, 1, 2]) {
      system.request(boss, n, n === 1 ? {} : { budget: { tokens: 100 } }).catch(() => {});
    }
    await world.runUntilQuiet();

    // A third each, of which the one without a budget is charged nothing.
    expect(spent).toEqual([3.334, 0, 3.333]);
  });

  it('ask an agent as well, within their own limits', async () => {
    const { system, ask, world, told } = aShop();
    const Lengths = defineTopic('lengths', {
      schema: type<readonly string[]>(),
      reply: type<readonly number[]>(),
    });
    const shop = system.spawn(
      defineAgent({
        name: 'shop',
        subscribe: [Lengths],
        receive: (words) => words.map((word) => word.length),
      }),
    );
    const length = batched<string, number>({ ...small, call: shop, budget: { steps: 5 } });
    for (const word of ['a', 'bb']) ask(word, length, word);
    await world.runUntilQuiet();

    expect(told).toEqual(['a: 1', 'bb: 2']);
  });

  it.each([
    [{ max: 0 }, 'max of batched is a whole number, at least 1; got 0'],
    [{ withinMs: -1 }, 'withinMs of batched is a number of milliseconds, at least 0; got -1'],
    [{ withinMs: Number.POSITIVE_INFINITY }, 'withinMs'],
    [{ queueMax: 0 }, 'queueMax'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs of batched'],
  ])('cannot be made of %j', (options, message) => {
    expect(() =>
      batched({ ...small, call: (words: readonly string[]) => words, ...options } as never),
    ).toThrow(message);
  });
});
