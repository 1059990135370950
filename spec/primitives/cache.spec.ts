import { BudgetExceeded, cache, defineAgent, defineTopic, QueueFull, type } from 'troupe';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Context, Scope } from '../../src/actors/context.ts';
import { aShop, Refusal } from '../support/a-shop.ts';

const fresh = { ttlMs: 100, max: 10 } as const;
const forEver = { timeoutMs: Number.POSITIVE_INFINITY };

describe('a cache', () => {
  it('asks once for all who wait, and gives the answer again while it is fresh', async () => {
    const { system, ask, open, turns, advance, told, log, sell } = aShop();
    const memory = cache(fresh);
    const price = memory(sell);
    for (const name of ['a', 'b', 'c']) ask(name, price, 'pen');
    ask('d', price, 'ink');
    await turns();
    expect(memory.statistics(system)).toMatchObject({ misses: 2, shared: 2, inFlight: 2, waiting: 4 });
    await open('pen', 5);
    await advance(99);
    expect(await system.request(price, 'pen')).toBe(5);
    expect([log, told]).toEqual([
      ['pen', 'ink'],
      ['a: 5', 'b: 5', 'c: 5'],
    ]);

    await advance(1);
    ask('late', price, 'pen');
    await turns();
    expect(log).toEqual(['pen', 'ink', 'pen']);
    expect(memory.statistics(system)).toEqual({
      hits: 1,
      misses: 3,
      shared: 2,
      rejected: 0,
      expired: 1,
      evicted: 0,
      size: 0,
      inFlight: 2,
      waiting: 2,
    });
  });

  it('remembers what was stored when the clock stood at zero no longer than anything else', async () => {
    const { system, ask, open, turns, advance, log, sell, world } = aShop();
    const price = cache(fresh)(sell);
    ask('a', price, 'pen');
    await turns();
    await open('pen');
    expect(world.nowMs).toBe(0);
    await advance(100);
    ask('b', price, 'pen');
    await turns();

    expect(log).toEqual(['pen', 'pen']);
    void system;
  });

  it('goes on for those who wait when one leaves, and ends when all have left', async () => {
    const { ask, open, turns, told, log, sell } = aShop();
    const price = cache(fresh)(sell);
    const first = new AbortController();
    const second = new AbortController();
    ask('first', price, 'pen', { signal: first.signal });
    ask('second', price, 'pen', { signal: second.signal });
    await turns();
    first.abort();
    await turns();
    expect([told, log]).toEqual([['first: INTERRUPTED'], ['pen']]);
    second.abort();
    await turns();
    expect(log).toEqual(['pen', '"pen" is interrupted']);

    ask('third', price, 'pen');
    await turns();
    await open('pen', 7);
    expect(told.at(-1)).toBe('third: 7');
  });

  it('keeps each caller to their own deadline, and the call to its own', async () => {
    const { ask, turns, advance, told, log, sell, scopes, world } = aShop();
    const price = cache({ ...fresh, timeoutMs: 500 })(sell);
    ask('hasty', price, 'pen', { timeoutMs: 50 });
    ask('patient', price, 'pen', forEver);
    await turns();
    expect(scopes[0]!.deadlineMs).toBe(500);
    await advance(100);
    expect(told).toEqual(['hasty: TIMEOUT']);
    await world.runUntilQuiet();

    expect(told).toEqual(['hasty: TIMEOUT', 'patient: TIMEOUT']);
    expect(log).toEqual(['pen', '"pen" is interrupted']);
  });

  it('remembers failures only where it says so, by their class', async () => {
    const { system, ask, refuse, turns, advance, told, log, sell } = aShop();
    const never = cache(fresh)(sell);
    ask('a', never, 'pen');
    await turns();
    await refuse('pen');
    ask('b', never, 'pen');
    await turns();
    expect(log).toEqual(['pen', 'pen']);

    const memory = cache({ ...fresh, negativeTtlMs: 10 });
    const lasting = memory(sell);
    ask('c', lasting, 'ink');
    await turns();
    await refuse('ink');
    ask('d', lasting, 'ink');
    await turns();
    expect(told).toEqual(['a: REFUSAL', 'c: REFUSAL', 'd: REFUSAL']);
    expect(log).toEqual(['pen', 'pen', 'ink']);
    expect(memory.statistics(system).hits).toBe(1);
    await advance(10);
    ask('e', lasting, 'ink');
    await turns();
    expect(log).toEqual(['pen', 'pen', 'ink', 'ink']);

    const busy = cache({ ...fresh, negativeTtlMs: { overload: 50 } })(sell);
    for (const [word, failure] of [
      ['full', new QueueFull({ primitive: 'shop', option: 'queueMax', limit: 1 })],
      ['refused', new Refusal()],
    ] as const) {
      ask('f', busy, word);
      await turns();
      await refuse(word, failure);
      ask('g', busy, word);
      await turns();
    }
    expect(log.slice(4)).toEqual(['full', 'refused', 'refused']);
  });

  it('forgets on demand, also what is on its way', async () => {
    const { system, ask, open, turns, told, log, sell } = aShop();
    const memory = cache({ ...fresh, key: (wanted: { sku: string }) => wanted.sku });
    const price = memory(sell as (wanted: { sku: string }, scope: Scope) => Promise<unknown>);
    ask('a', price, { sku: 'pen' });
    await turns();
    memory.invalidate('pen');
    ask('b', price, { sku: 'pen' });
    await turns();
    expect(log).toHaveLength(2);
    // Both calls have the same gate: the later one.
    await open({ sku: 'pen' }, 'new');
    expect(told).toEqual(['b: new']);
    expect(await system.request(price, { sku: 'pen' })).toBe('new');
    memory.clear();
    ask('c', price, { sku: 'pen' });
    await turns();

    expect(log).toHaveLength(3);
  });

  it('does not remember an answer that was forgotten while it was on its way', async () => {
    const { ask, open, turns, told, log, sell } = aShop();
    const memory = cache(fresh);
    const price = memory(sell);
    ask('a', price, 'pen');
    await turns();
    memory.invalidate('pen');
    await open('pen', 'old');
    ask('b', price, 'pen');
    await turns();

    expect([told, log]).toEqual([['a: old'], ['pen', 'pen']]);
  });

  it('lets the least recently used give way, and has no more who wait than it says', async () => {
    const { system, sell, ask, turns, told, open } = aShop();
    const memory = cache<string>({ ttlMs: Number.POSITIVE_INFINITY, max: 2 });
    const echo = memory(async (word: string) => word);
    for (const word of ['a', 'b', 'a', 'c', 'a', 'b']) await system.request(echo, word);
    expect(memory.statistics(system)).toMatchObject({ hits: 2, misses: 4, evicted: 2, size: 2 });

    const narrow = cache({ ...fresh, queueMax: 2 });
    const price = narrow(sell);
    for (const name of ['first', 'second', 'third']) ask(name, price, 'pen');
    await turns();
    await open('pen');
    expect(new QueueFull({ primitive: 'cache', option: 'queueMax', limit: 2 }).message).toBe(
      'cache has no room: queueMax is 2, and as many are there; nothing was begun, so try later or allow more',
    );
    expect(told).toEqual(['third: MAILBOX_FULL', 'first: sold', 'second: sold']);
    expect(narrow.statistics(system)).toMatchObject({ rejected: 1, waiting: 0 });
  });

  it('charges what a call spent to whoever began it, when it is over', async () => {
    const { system, turns, told, world } = aShop();
    const Ask = defineTopic('ask', { schema: type<string>(), reply: type<string>() });
    const think = cache(fresh)(async (word: string, scope: Scope) => {
      scope.budget.spend('tokens', 10);
      await new Promise<void>((done) => void world.environment.schedule(5, done));
      return word;
    });
    const spent: Record<string, number> = {};
    const boss = system.spawn(
      defineAgent({
        name: 'boss',
        subscribe: [Ask],
        concurrency: 3,
        receive: async (who, context) => {
          const answer = await context.request(think, 'word');
          spent[who] = context.budget.spent('tokens');
          return answer;
        },
      }),
    );
    const [first, second, none] = ['first', 'second', 'none'].map((who) =>
      system.request(boss, who, who === 'none' ? {} : { budget: { tokens: 100 } }),
    );
    await world.runUntilQuiet();
    await turns();
    expect([await first, await second, await none]).toEqual(['word', 'word', 'word']);
    expect(spent).toEqual({ first: 10, second: 0, none: 0 });
    expect(told).toEqual([]);
  });

  it('tells the one whose budget a shared call has passed, and nobody else', async () => {
    const { system, world } = aShop();
    const Ask = defineTopic('ask', { schema: type<string>(), reply: type<string>() });
    const think = cache(fresh)(async (word: string, scope: Scope) => {
      scope.budget.spend('tokens', 10);
      await new Promise<void>((done) => void world.environment.schedule(5, done));
      return word;
    });
    const boss = system.spawn(
      defineAgent({
        name: 'boss',
        subscribe: [Ask],
        concurrency: 2,
        receive: (_, context) => context.request(think, 'word'),
      }),
    );
    const poor = system.request(boss, 'poor', { budget: { tokens: 4 } }).catch((failure: unknown) => failure);
    const rich = system.request(boss, 'rich', { budget: { tokens: 40 } });
    await world.runUntilQuiet();

    expect(await poor).toBeInstanceOf(BudgetExceeded);
    expect(await rich).toBe('word');
  });

  it('limits what a call may spend, where it says so', async () => {
    const { system } = aShop();
    const think = cache({ ...fresh, budget: { tokens: 5 } })((word: string, scope: Scope) => {
      scope.budget.spend('tokens', 10);
      return word;
    });

    await expect(system.request(think, 'word')).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED', limit: 5 });
  });

  it('is put around an agent, which hears of the thread and headers of whoever began', async () => {
    const { system, turns } = aShop();
    const Ask = defineTopic('ask', { schema: type<string>(), reply: type<string>() });
    const Go = defineTopic('go', { schema: type<string>(), reply: type<string>() });
    const heard: unknown[] = [];
    const shop = system.spawn(
      defineAgent({
        name: 'shop',
        subscribe: [Ask],
        receive: (word, { envelope }) => {
          heard.push([envelope.threadId, envelope.headers, envelope.budget]);
          return `${word}!`;
        },
      }),
    );
    const asking = cache<string>(fresh)(shop);
    const boss = system.spawn(
      defineAgent({
        name: 'boss',
        subscribe: [Go],
        receive: (word, context) => context.request(asking, word),
      }),
    );
    const answer = system.request(boss, 'go', { threadId: 't', headers: { tenant: 'x' } });
    await turns();

    expect(await answer).toBe('go!');
    expect(heard).toEqual([['t', { tenant: 'x' }, undefined]]);
  });

  it('is put around nothing that needs the context of an agent', () => {
    const memory = cache(fresh);
    // @ts-expect-error The answer is for several, and would be made with the state of one.
    memory((_: string, context: Context) => context.state);

    expectTypeOf(memory(async (n: number) => `${n}`)).toEqualTypeOf<
      (input: number, scope: Scope) => string | Promise<string>
    >();
  });

  it('ends a call whose own first step ends all who wait for it', async () => {
    const { system, log, turns } = aShop();
    const abort = new AbortController();
    const price = cache(fresh)((_: string, scope: Scope) => {
      scope.signal.addEventListener('abort', () => log.push('interrupted'));
      abort.abort();
      return new Promise<never>(() => {});
    });

    await expect(system.request(price, 'pen', { signal: abort.signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    await turns();
    expect(log).toEqual(['interrupted']);
  });

  it('fails at once what cannot be asked any more, and what cannot be compared', async () => {
    const { system, scopes, sell, open, turns, world } = aShop();
    const memory = cache(fresh);
    const price = memory(sell);
    await expect(system.request(price, new Date(0))).rejects.toMatchObject({ code: 'INVALID_PARAMS' });
    expect(() => memory.invalidate(() => 1)).toThrow('a function is like no other');
    void system.request(sell, 'once');
    await turns();
    await open('once');
    expect(() => price('late', scopes[0]!)).toThrow(expect.objectContaining({ code: 'HANDLING_OVER' }));
    expect(memory.statistics(system)).toMatchObject({ misses: 0, waiting: 0, inFlight: 0 });
    void world;
  });

  it.each([
    [{ ttlMs: 0 }, 'ttlMs of cache is a number of milliseconds above 0, or Infinity; got 0'],
    [{ ttlMs: Number.NaN }, 'ttlMs'],
    [{ max: 0 }, 'max of cache is a whole number, at least 1; got 0'],
    [{ queueMax: 0.5 }, 'queueMax'],
    [{ timeoutMs: -1 }, 'timeoutMs of cache is a number of milliseconds, at least 0, or Infinity; got -1'],
    [
      { negativeTtlMs: -1 },
      'negativeTtlMs of cache is a number of milliseconds, at least 0; got -1 for invalid',
    ],
    [{ negativeTtlMs: { transient: Number.NaN } }, 'got NaN for transient'],
    [{ negativeTtlMs: { interrupted: 1 } }, 'who was interrupted has not been answered'],
  ])('cannot be made of %j', (options, message) => {
    expect(() => cache({ ...fresh, ...options } as never)).toThrow(message);
  });
});
