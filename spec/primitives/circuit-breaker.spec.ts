import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Context, Procedure } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { defineTopic } from '../../src/core/topic.ts';
import {
  type CircuitBreakerOptions,
  CircuitOpen,
  circuitBreaker,
} from '../../src/primitives/circuit-breaker.ts';
import { aWorld } from '../support/a-world.ts';
import { ask, OpenWork, Trouble } from '../support/asking.ts';

const Order = defineTopic('order', { schema: type<string>(), reply: type<string>() });

/** A breaker around work that fails, or not, as it is told. */
function aShop(options: CircuitBreakerOptions = {}) {
  const world = aWorld();
  const changes: string[] = [];
  const breaker = circuitBreaker({
    failuresInARow: 2,
    openForMs: 100,
    onChange: (state, before) => void changes.push(`${before} → ${state}`),
    ...options,
  });
  let mood: unknown;
  let reached = 0;
  const shop = breaker((_: unknown) => {
    reached += 1;
    if (mood !== undefined) {
      throw mood;
    }
    return 'sold';
  });
  const buy = async (then?: unknown) => {
    mood = then;
    const asked = await ask(world, shop);
    return asked.failure ?? asked.value;
  };
  return {
    world,
    breaker,
    changes,
    buy,
    statistics: () => breaker.statistics(world.system),
    reached: () => reached,
  };
}

describe('a circuit breaker', () => {
  it('lets calls through, and their failures, until there are enough in a row', async () => {
    const { buy, statistics } = aShop();
    const trouble = new Trouble();

    expect(await buy()).toBe('sold');
    expect(await buy(trouble)).toBe(trouble);
    expect(await buy()).toBe('sold');
    expect(await buy(trouble)).toBe(trouble);
    expect(statistics()).toEqual({ state: 'closed', calls: 4, refused: 0, failures: 2, opened: 0 });
  });

  it('refuses calls while it is open, without trying, and says for how long', async () => {
    const { world, buy, statistics, reached } = aShop();
    await buy(new Trouble());
    await buy(new Trouble());

    await world.advance(40);
    const refused = await buy();

    expect(refused).toBeInstanceOf(CircuitOpen);
    expect(refused).toMatchObject({ code: 'CIRCUIT_OPEN', class: 'transient', retryAfterMs: 60 });
    expect((refused as Error).message).toBe(
      "'a procedure' has failed too often and is not called for another 60 ms",
    );
    expect(reached()).toBe(2);
    expect(statistics()).toEqual({ state: 'open', calls: 2, refused: 1, failures: 2, opened: 1 });
  });

  it('lets a probe through when its time has passed, and closes when that goes well', async () => {
    const { world, buy, changes, reached } = aShop();
    await buy(new Trouble());
    await buy(new Trouble());
    await world.advance(100);

    expect(await buy()).toBe('sold');
    expect(await buy()).toBe('sold');
    expect(reached()).toBe(4);
    expect(changes).toEqual(['closed → open', 'open → half-open', 'half-open → closed']);
  });

  it('opens again when a probe fails, for longer where it may', async () => {
    const { world, buy } = aShop({ openForMsMax: 1_000 });
    await buy(new Trouble());
    await buy(new Trouble());
    await world.advance(100);

    expect(await buy(new Trouble('permanent'))).toBeInstanceOf(Trouble);
    expect(await buy()).toMatchObject({ retryAfterMs: 200 });
  });

  it('takes the same time for a promise: as many probes at once as it may, and no more', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const breaker = circuitBreaker({ failuresInARow: 1, openForMs: 100, probesMax: 2, probesToClose: 2 });
    const guarded = breaker(work.procedure);
    const state = () => breaker.statistics(world.system).state;
    await ask(world, guarded);
    await work.fail(0);
    expect(state()).toBe('open');
    await world.advance(100);

    const one = await ask(world, guarded);
    await ask(world, guarded);
    const third = await ask(world, guarded);
    expect(third.failure).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 0 });
    expect((third.failure as Error).message).toContain('until a probe has come back');
    await work.answer(1, 'well');
    await world.settle();
    expect(one.value).toBe('well');
    expect(state()).toBe('half-open');
    await work.answer(2, 'well');
    expect(state()).toBe('closed');
  });

  it('opens again when a probe that was waited for fails', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const breaker = circuitBreaker({ failuresInARow: 1, openForMs: 100 });
    await ask(world, breaker(work.procedure));
    await work.fail(0);
    await world.advance(100);

    const probe = await ask(world, breaker(work.procedure));
    const trouble = new Trouble();
    await work.fail(1, trouble);
    await world.settle();

    expect(probe.failure).toBe(trouble);
    expect(breaker.statistics(world.system)).toMatchObject({ state: 'open', opened: 2 });
  });

  it('is not confused by a late answer of an earlier state', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const breaker = circuitBreaker({ failuresInARow: 1, openForMs: 100 });
    const guarded = breaker(work.procedure);
    const state = () => breaker.statistics(world.system).state;
    await ask(world, guarded);
    await ask(world, guarded);
    await ask(world, guarded);
    await work.fail(0);
    expect(state()).toBe('open');

    await work.answer(1);
    expect(state()).toBe('open');
    await world.advance(100);
    await ask(world, guarded);
    await work.fail(2);
    expect(state()).toBe('half-open');
    await work.answer(3);
    expect(state()).toBe('closed');
  });

  it.each(['invalid', 'interrupted'] as const)('does not count what is %s', async (of) => {
    const { buy, statistics } = aShop({ failuresInARow: 1 });

    await buy(new Trouble(of));
    expect(statistics()).toMatchObject({ state: 'closed', failures: 0 });
    await buy(new TypeError('a defect'));
    expect(statistics()).toMatchObject({ state: 'open', failures: 1 });
  });

  it('counts only what it is told to count, and reports what the telling throws', async () => {
    const { world, buy, statistics } = aShop({
      failuresInARow: 1,
      counts: (failure) => {
        if (failure instanceof TypeError) {
          throw new RangeError('cannot tell');
        }
        return failure instanceof Trouble && failure.class !== 'overload';
      },
    });
    const reports: unknown[] = [];
    world.system
      .observe(systemFailures, { overflow: 'drop-newest' })
      .subscribe(({ failure }) => void reports.push(failure));

    await buy(new Trouble('overload'));
    expect(statistics().state).toBe('closed');
    await buy(new TypeError('who knows'));
    expect(statistics().state).toBe('open');
    await world.runUntilQuiet();
    expect(reports).toEqual([new RangeError('cannot tell')]);
  });

  it('opens by the rate of the calls in its window', async () => {
    const { world, buy, statistics } = aShop({
      failuresInARow: undefined as never,
      failureRate: 0.5,
      callsMin: 4,
      window: { ms: 1_000 },
    });

    await buy(new Trouble());
    await buy(new Trouble());
    await buy(new Trouble());
    expect(statistics().state).toBe('closed');
    await world.advance(2_000);
    await buy(new Trouble());
    await buy();
    await buy(new Trouble('invalid'));
    await buy();
    expect(statistics().state).toBe('closed');
    await buy(new Trouble());
    expect(statistics().state).toBe('open');
  });

  it('opens as soon as a window is full that holds fewer calls than a rate needs otherwise', async () => {
    const { buy, statistics } = aShop({
      failuresInARow: undefined as never,
      failureRate: 0.5,
      window: { calls: 3 },
    });

    await buy(new Trouble());
    await buy(new Trouble());
    expect(statistics().state).toBe('closed');
    await buy();
    await buy(new Trouble());
    expect(statistics()).toMatchObject({ state: 'open', calls: 4, failures: 3 });
  });

  it('begins its window anew when it has closed', async () => {
    const { world, buy, statistics } = aShop({
      failuresInARow: undefined as never,
      failureRate: 1,
      callsMin: 2,
    });
    await buy(new Trouble());
    await buy(new Trouble());
    await world.advance(100);
    await buy();

    await buy(new Trouble());
    expect(statistics().state).toBe('closed');
  });

  it('gives a probe back when whoever asked leaves, which says nothing', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const breaker = circuitBreaker({ failuresInARow: 1, openForMs: 100 });
    const guarded = breaker(work.procedure);
    await ask(world, guarded);
    await work.fail(0);
    await world.advance(100);

    const probe = await ask(world, guarded);
    probe.leave();
    expect(breaker.statistics(world.system).state).toBe('half-open');
    const next = await ask(world, guarded);
    await work.answer(2);
    await world.settle();
    expect(next.value).toBe('done');
    expect(breaker.statistics(world.system).state).toBe('closed');
    await work.fail(1);
    expect(breaker.statistics(world.system).state).toBe('closed');
  });

  it('takes it for a failure when a probe has not come back until the deadline of whoever asked', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const breaker = circuitBreaker({ failuresInARow: 1, openForMs: 100 });
    await ask(world, breaker(work.procedure));
    await work.fail(0);
    await world.advance(100);

    await ask(world, breaker(work.procedure), undefined, { timeoutMs: 20 });
    await world.advance(20);

    expect(breaker.statistics(world.system)).toMatchObject({ state: 'open', opened: 2 });
  });

  it('gives a probe back that whoever asked did not wait for', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const breaker = circuitBreaker({ failuresInARow: 1, openForMs: 100 });
    const guarded = breaker(work.procedure);
    await ask(world, guarded);
    await work.fail(0);
    await world.advance(100);
    const hasty: Procedure<undefined, void> = (_, scope) => void guarded(undefined, scope);

    await ask(world, hasty);
    await ask(world, guarded);
    await work.answer(2);

    expect(breaker.statistics(world.system).state).toBe('closed');
  });

  it('takes nobody for a probe whose work is over', async () => {
    const world = aWorld();
    const breaker = circuitBreaker({ failuresInARow: 1, openForMs: 100 });
    const guarded = breaker((mood: Trouble | undefined) => {
      if (mood !== undefined) {
        throw mood;
      }
      return 'sold';
    });
    await ask(world, guarded, new Trouble());
    await world.advance(100);
    const late: Procedure<undefined, void> = (_, scope) => {
      world.environment.schedule(10, () => guarded(undefined, scope));
    };

    await ask(world, late);
    await world.advance(10);

    expect(breaker.statistics(world.system).state).toBe('half-open');
    expect((await ask(world, guarded)).value).toBe('sold');
    expect(breaker.statistics(world.system).state).toBe('closed');
  });

  it('reports what its listener throws, and goes on', async () => {
    const { world, buy, statistics } = aShop({
      failuresInARow: 1,
      onChange: () => {
        throw new RangeError('deaf');
      },
    });
    const reports: unknown[] = [];
    world.system
      .observe(systemFailures, { overflow: 'drop-newest' })
      .subscribe(({ failure }) => void reports.push(failure));

    expect(await buy(new Trouble())).toBeInstanceOf(Trouble);
    await world.runUntilQuiet();
    expect(statistics().state).toBe('open');
    expect(reports).toEqual([new RangeError('deaf')]);
  });

  it('is shared by all it is put around, in one system; another begins anew', async () => {
    const [here, there] = [aWorld(), aWorld()];
    const breaker = circuitBreaker({ failuresInARow: 1 });
    const broken = breaker(() => {
      throw new Trouble();
    });
    const fine = breaker(() => 'fine');

    await ask(here, broken);

    expect((await ask(here, fine)).failure).toBeInstanceOf(CircuitOpen);
    expect((await ask(there, fine)).value).toBe('fine');
    expect(breaker.statistics(there.system).state).toBe('closed');
  });

  it('goes around the handler of an agent, whose failing step still leaves nothing', async () => {
    const world = aWorld();
    const breaker = circuitBreaker({ failuresInARow: 1 });
    const shop = world.system.spawn(
      defineAgent({
        name: 'shop',
        subscribe: [Order],
        supervision: { directives: { transient: 'resume' } },
        receive: breaker((item, context: Context<unknown, string>) => {
          context.publish(Order, 'never');
          if (item === 'fail') {
            throw new Trouble();
          }
          return `sold ${item}`;
        }),
      }),
    );
    const order = async (item: string) => {
      const asked = await ask(world, shop, item);
      await world.runUntilQuiet();
      return asked;
    };

    expect((await order('fail')).failure).toBeInstanceOf(Trouble);
    expect((await order('a book')).failure).toBeInstanceOf(CircuitOpen);
    expect(world.count(Order)).toBe(0);
  });

  it('has the types of what it is put around', () => {
    const breaker = circuitBreaker();

    const lengthOf = breaker(async (text: string) => text.length);
    expectTypeOf(lengthOf).parameter(0).toEqualTypeOf<string>();
    expectTypeOf(lengthOf).returns.toEqualTypeOf<number | Promise<number>>();
    expectTypeOf(breaker(Order)).toEqualTypeOf<Procedure<string, string>>();
  });

  it.each([
    [{ failuresInARow: 0 }, 'failuresInARow of circuitBreaker is a whole number, at least 1; got 0'],
    [{ failuresInARow: Number.NaN }, 'got NaN'],
    [{ failureRate: 0 }, 'failureRate of circuitBreaker is a part, above 0 and at most 1; got 0'],
    [{ failureRate: 1.1 }, 'got 1.1'],
    [{ failureRate: '1' as never }, 'got 1'],
    [{ failureRate: 0.5, window: { calls: 0 } }, 'calls of a window'],
    [{ callsMin: 0 }, 'callsMin of circuitBreaker is a whole number, at least 1; got 0'],
    [{ window: { calls: 0 } }, 'calls of a window'],
    [
      { failureRate: 0.5, window: { calls: 5 }, callsMin: 6 },
      'callsMin of circuitBreaker is at most the calls of its window (5); got 6',
    ],
    [{ openForMs: 0 }, 'openForMs of circuitBreaker is a number of milliseconds, above 0; got 0'],
    [{ openForMs: Number.POSITIVE_INFINITY }, 'got Infinity'],
    [
      { openForMs: 20, openForMsMax: 10 },
      'openForMsMax of circuitBreaker is a number of milliseconds, at least openForMs (20); got 10',
    ],
    [{ openForMsMax: Number.POSITIVE_INFINITY }, 'got Infinity'],
    [{ probesMax: 0 }, 'probesMax of circuitBreaker is a whole number, at least 1; got 0'],
    [{ probesToClose: 1.5 }, 'probesToClose of circuitBreaker is a whole number, at least 1; got 1.5'],
  ])('refuses options that cannot be: %o', (options: CircuitBreakerOptions, message) => {
    expect(() => circuitBreaker(options)).toThrow(RangeError);
    expect(() => circuitBreaker(options)).toThrow(message);
  });

  it('opens after five failures in a row when it is not told otherwise', async () => {
    const world = aWorld();
    const breaker = circuitBreaker();
    const broken = breaker(() => Promise.reject(new Trouble()));

    for (let left = 5; left > 0; left -= 1) {
      expect(breaker.statistics(world.system).state).toBe('closed');
      await ask(world, broken);
    }
    expect(breaker.statistics(world.system).state).toBe('open');
  });
});
