import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Procedure } from '../../src/actors/context.ts';
import { Interrupted } from '../../src/actors/request-failures.ts';
import { BudgetExceeded } from '../../src/core/budget.ts';
import { InvalidParams } from '../../src/core/schema.ts';
import { FallbackFailed, fallback, type Tried } from '../../src/primitives/fallback.ts';
import { pipeline } from '../../src/primitives/pipeline.ts';
import { aCast, forGood, SoldOut } from '../support/a-cast.ts';

const soldOut = (_: number): number => {
  throw new SoldOut();
};
const fine = (n: number) => n;

describe('fallback', () => {
  it('answers with what the first answers, and asks nobody else', async () => {
    const { agent, asks, log } = aCast();
    const a = agent('a', (n: number) => `${n}`);
    const b = agent('b', (n: number) => n);

    const either = fallback(a, b);

    expectTypeOf(either).toEqualTypeOf<Procedure<number, string | number>>();
    expectTypeOf(fallback(a, b, () => true)).toEqualTypeOf<Procedure<number, string | number | boolean>>();
    expect(await asks(either, 1)).toBe('1');
    expect(log).toEqual(['a takes 1']);
  });

  it('asks the next when one throws, rejects or does not answer in time', async () => {
    const { agent, asks, log } = aCast();
    const broken = agent('broken', soldOut);
    const slow = agent('slow', (_: number) => forGood());
    const inTime = (n: number, scope: { request: (...args: never[]) => Promise<number> }): Promise<number> =>
      scope.request(slow as never, n as never, { timeoutMs: 20 } as never);

    expect(await asks(fallback(soldOut, broken, inTime as never, fine), 1)).toBe(1);
    expect(log).toEqual(['broken takes 1', 'slow takes 1', 'slow is interrupted']);
  });

  it('fails with all that were tried, and is of the class of the last', async () => {
    const { agent, asks } = aCast();
    const broken = agent('broken', (_: number): number => {
      throw new TypeError('no');
    });

    const failure = await asks(fallback(soldOut, broken), 1).catch((failed) => failed);

    expect(failure).toBeInstanceOf(FallbackFailed);
    expect(failure).toMatchObject({ code: 'DEFECT', class: 'permanent', untried: 0 });
    expect(failure.tried.map(({ responder }: Tried) => responder)).toEqual(['soldOut', '/broken']);
    expect(failure.message).toBe(
      "nobody answered: soldOut: nothing is left; /broken: agent '/broken' threw: no",
    );
    expect(failure.cause).toBe(failure.tried[1].failure);
  });

  it.each([
    ['the work was interrupted', new Interrupted({ agent: '/x', reason: 'so' })],
    ['the input is invalid', new InvalidParams({ what: 'it', value: 1, issues: [] })],
    ['the budget is spent', new BudgetExceeded({ resource: 'tokens', limit: 1, spent: 1 })],
  ])('asks nobody else when %s', async (_, reason) => {
    const { asks } = aCast();
    const fails = (): Promise<number> => Promise.reject(reason);

    const failure = await asks(fallback(soldOut, pipeline(fails), fine), 1).catch((failed) => failed);

    expect(failure).toMatchObject({ code: reason.code, class: reason.class, untried: 1 });
    expect(failure.message).toContain('; 1 not asked, because that would not help');
  });

  it('tells of each failure that is passed over, once, also within another', async () => {
    const { asks } = aCast();
    const told: string[] = [];
    const tell = (who: string) => ({
      onPassedOver: ({ responder }: Tried) => told.push(`${who}: ${responder}`),
    });
    const first = soldOut.bind(undefined);

    const inner = fallback([soldOut, soldOut], tell('inner') as never);
    const outer = fallback([first, inner, soldOut, fine], tell('outer') as never);

    expect(await asks(outer, 1)).toBe(1);
    expect(told).toEqual(['outer: bound soldOut', 'inner: soldOut', 'outer: soldOut', 'outer: soldOut']);
  });

  it('does not wait for whoever is told of it, and says on the failures of the system that they failed', async () => {
    const { asks, failures } = aCast();
    const storeIsDown = new TypeError('the store of logs is down');
    const onPassedOver = async (): Promise<void> => {
      throw storeIsDown;
    };

    expect(await asks(fallback([soldOut, fine], { onPassedOver }), 1)).toBe(1);
    expect(failures).toMatchObject([{ failure: storeIsDown }]);
  });

  it('asks nobody when it was interrupted', async () => {
    const { asks, world } = aCast();
    const late = Promise.withResolvers<number>();
    const stop = new AbortController();
    const asked: number[] = [];

    const deaf = fallback(
      () => late.promise,
      () => asked.push(2),
    );
    await expect(asks(deaf, 1, { signal: stop.signal }, () => stop.abort())).rejects.toBeInstanceOf(
      Interrupted,
    );
    await world.run(() => late.reject(new SoldOut()));

    expect(asked).toEqual([]);
  });

  it('refuses an empty list and strangers, at once', () => {
    expect(() => fallback()).toThrow('at least one responder; got none');
    expect(() => fallback([], {})).toThrow(RangeError);
    expect(() => fallback(fine, 'b' as never)).toThrow("responder 2 of fallback is an agent's ref");
  });
});
