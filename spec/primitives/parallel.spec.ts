import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Procedure, Scope } from '../../src/actors/context.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { Outcome } from '../../src/primitives/outcome.ts';
import { parallel } from '../../src/primitives/parallel.ts';
import { PartFailed } from '../../src/primitives/part-failed.ts';
import { aCast, forGood, SoldOut } from '../support/a-cast.ts';

const soldOut = (): never => {
  throw new SoldOut();
};

describe('parallel', () => {
  it('asks all at once and answers with a record of their answers', async () => {
    const { agent, asks, log } = aCast();
    const a = agent('a', (n: number) => n + 1);
    const b = agent('b', async (n: number) => `${n}`);

    const both = parallel({ a, b, c: (n: number) => n > 0 });

    expectTypeOf(both).toEqualTypeOf<
      Procedure<number, { readonly a: number; readonly b: string; readonly c: boolean }>
    >();
    expect(await asks(both, 1)).toEqual({ a: 2, b: '1', c: true });
    expect(log).toEqual(['a takes 1', 'b takes 1']);
  });

  it('answers with an array for an array, in its order', async () => {
    const { agent, asks } = aCast();
    const Length = defineTopic('length', { schema: type<string>(), reply: type<number>() });
    const a = agent('a', async (text: string) => text.length);

    const two = parallel([a, (text: string) => text]);

    expectTypeOf(two).toEqualTypeOf<Procedure<string, readonly [number, string]>>();
    expectTypeOf(parallel([Length])).toEqualTypeOf<Procedure<string, readonly [number]>>();
    expect(await asks(two, 'four')).toEqual([4, 'four']);
  });

  it('fails of the first that fails, and ends the others', async () => {
    const { agent, asks, log } = aCast();
    const slow = agent('slow', (_: string) => forGood());
    const empty = agent('empty', (_: string) => soldOut());

    const failure = await asks(parallel({ slow, empty, slowly: forGood }), 'x').catch((failed) => failed);

    expect(failure).toBeInstanceOf(PartFailed);
    expect(failure.parts).toEqual([{ of: 'parallel', name: 'empty', responder: '/empty' }]);
    expect(failure.code).toBe('SOLD_OUT');
    expect(log).toEqual(['slow takes "x"', 'empty takes "x"', 'slow is interrupted']);
  });

  it('ends the others also where whoever asked goes on', async () => {
    const { agent, asks, log } = aCast();
    const slow = agent('slow', (_: number) => forGood());
    const fails = agent('fails', (_: number) => soldOut());
    const both = parallel([slow, fails]);
    const asking = async (n: number, scope: Scope) => {
      await Promise.resolve(both(n, scope)).catch(() => {});
      return scope.request(
        agent('next', (_: number) => log.at(-1)),
        n,
      );
    };

    await asks(asking, 1);

    expect(log).toEqual(['slow takes 1', 'fails takes 1', 'slow is interrupted', 'next takes 1']);
  });

  it('fails once, whatever else fails, and does not begin what would be ended at once', async () => {
    const { asks, world } = aCast();
    const begun: string[] = [];

    const inBranch = parallel([soldOut, soldOut, () => begun.push('third')]);
    await expect(asks(inBranch, 1)).rejects.toMatchObject({ parts: [{ name: '0' }] });
    expect(begun).toEqual(['third']); // In an agent, failures are told in a turn of its own.

    let outside: unknown;
    await world.run(async () => {
      outside = await world.system.request(inBranch, 1).catch((failed) => failed);
    });
    expect(outside).toMatchObject({ parts: [{ name: '0' }] });
    expect(begun).toEqual(['third']);
  });

  it('ends what it had asked when one fails while others are still being asked', async () => {
    const { agent, world, log } = aCast();
    const slow = agent('slow', (_: number) => forGood());

    await world.run(async () => {
      await world.system.request(parallel([slow, soldOut]), 1).catch(() => {});
    });

    expect(log).toEqual([]);
    expect(world.system.statistics().agents.find(({ path }) => path === '/slow')).toMatchObject({
      handled: 0,
      inFlight: 0,
    });
  });

  it('collects what came of each, where that is wanted', async () => {
    const { agent, asks } = aCast();
    const a = agent('a', (n: number) => n + 1);

    const each = parallel({ a, b: soldOut }, { onFailure: 'collect' });

    expectTypeOf(each).toEqualTypeOf<
      Procedure<number, { readonly a: Outcome<number>; readonly b: Outcome<never> }>
    >();
    expect(await asks(each, 1)).toMatchObject({
      a: { _tag: 'Replied', agent: '/a', index: 0, value: 2, tookMs: 0, spent: {} },
      b: { _tag: 'Failed', agent: 'soldOut', index: 1, failure: { code: 'SOLD_OUT' } },
    });
    expect(await asks(parallel([soldOut], { onFailure: 'collect' }), 1)).toMatchObject([{ _tag: 'Failed' }]);
  });

  it('tells what each has spent, where there is a budget: together it is what the caller was charged', async () => {
    const { agent, asks } = aCast();
    const spender = (name: string, tokens: number) =>
      agent(name, (_: number, { budget }) => budget.spend('tokens', tokens));
    const both = parallel([spender('a', 5), spender('b', 7)], { onFailure: 'collect' });

    const all = (input: number, scope: Scope) =>
      scope
        .request(both, input)
        .then((each) => [...each.map(({ spent }) => spent), scope.budget.spent('tokens')]);

    expect(await asks(all, 1, { budget: { tokens: 100 } })).toMatchObject([{ tokens: 5 }, { tokens: 7 }, 12]);
  });

  it('does not say what it answers with where nobody knows whether it collects', () => {
    const mode = 'collect' as 'collect' | 'fail-fast';

    // @ts-expect-error: an answer in the one case, an outcome in the other.
    expect(parallel([soldOut], { onFailure: mode })).toBeTypeOf('function');
  });

  it('ends with the call: at its deadline all branches do', async () => {
    const { agent, asks, log } = aCast();
    const slow = agent('slow', (_: string) => forGood());
    const slower = agent('slower', (_: string) => forGood());

    await expect(asks(parallel([slow, slower]), 'x', { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });

    expect(log.slice(2).toSorted()).toEqual(['slow is interrupted', 'slower is interrupted']);
  });

  it('refuses an empty group, strangers, and an option that is none, at once', () => {
    expect(() => parallel([])).toThrow('at least one responder; got []');
    expect(() => parallel({})).toThrow('at least one responder; got {}');
    expect(() => parallel(null as never)).toThrow('got null');
    expect(() => parallel({ a: 'b' as never })).toThrow("'a' of parallel is an agent's ref");
    expect(() => parallel([soldOut], { onFailure: 'ignore' as never })).toThrow('got ignore');
  });
});
