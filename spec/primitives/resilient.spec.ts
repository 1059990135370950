import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Context, Procedure, Scope } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { bulkhead } from '../../src/primitives/bulkhead.ts';
import { cache } from '../../src/primitives/cache.ts';
import { circuitBreaker } from '../../src/primitives/circuit-breaker.ts';
import { dedupe } from '../../src/primitives/dedupe.ts';
import { invoke } from '../../src/primitives/invoke.ts';
import { resilient } from '../../src/primitives/resilient.ts';
import { retry } from '../../src/primitives/retry.ts';
import { TimedOut, timeout } from '../../src/primitives/timeout.ts';
import { wrap } from '../../src/primitives/wrap.ts';
import type { Wrapper } from '../../src/primitives/wrapper.ts';
import { aWorld } from '../support/a-world.ts';
import { ask, OpenWork, Trouble } from '../support/asking.ts';

const Task = defineTopic('task', { schema: type<string>(), reply: type<string>() });

/** A wrapper that only says that it was there. */
const noting = (log: string[], name: string): Wrapper =>
  wrap((work) => (input, scope) => {
    log.push(name);
    return invoke(work, input, scope) as never;
  });

describe('resilient', () => {
  it('puts its guards in one order, whatever the order in which they are given', async () => {
    const world = aWorld();
    const log: string[] = [];
    const order = [
      'dedupe',
      'cache',
      'totalTimeout',
      'retry',
      'bulkhead',
      'rateLimit',
      'circuitBreaker',
      'timeout',
    ];
    const guards = Object.fromEntries(order.toReversed().map((name) => [name, noting(log, name)]));

    const asked = await ask(
      world,
      resilient(guards)((word: string) => `${word}!`),
      'hello',
    );

    expect(asked.value).toBe('hello!');
    expect(log).toEqual(order);
  });

  it('takes a cache, around work that needs no context', async () => {
    const world = aWorld();
    let calls = 0;
    const cached = resilient({ cache: cache({ ttlMs: 100, max: 10 }), retry: retry({ times: 1 }) });
    const work = cached(async (word: string, _scope: Scope) => {
      calls += 1;
      return `${word} ${calls}`;
    });

    expect((await ask(world, work, 'a')).value).toBe('a 1');
    expect((await ask(world, work, 'a')).value).toBe('a 1');
    // @ts-expect-error: the answer is for several callers, so there is no context of one.
    cached((word: string, context: Context<number>) => `${word}${context.state}`);
    const answering = resilient<string, string>({
      cache: cache({ ttlMs: 1, max: 1 }),
      fallback: () => 'none',
    });
    expectTypeOf(answering(Task)).toEqualTypeOf<Procedure<string, string>>();
  });

  it('is for what its keys read, and for nothing else', () => {
    const once = dedupe({
      key: ({ id }: { id: string }) => id,
      withinMs: 1,
      max: 1,
      overflow: 'reject',
    });
    const guarded = resilient({ dedupe: once, retry: retry({ times: 1 }) });
    expectTypeOf(guarded(async (order: { id: string; sku: string }) => order.sku)).toBeFunction();
    // @ts-expect-error: a number has no id.
    guarded((n: number) => n);
    // @ts-expect-error: it reads an id.
    const any: Wrapper = once;
    expect(any).toBe(once);
  });

  it('leaves out what is not given: of no guards it is the work itself', async () => {
    const world = aWorld();
    const work = (word: string): string => `${word}!`;
    const worker = world.system.spawn(defineAgent({ name: 'worker', subscribe: [Task], receive: work }));

    expect(resilient({})(work)).toBe(work);
    const asked = await ask(world, resilient({})(worker), 'hello');
    await world.runUntilQuiet();
    expect(asked.value).toBe('hello!');
  });

  it('takes no place while it waits for the next try, and counts each try', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const breaker = circuitBreaker({ failuresInARow: 3 });
    const room = bulkhead({ concurrency: 1 });
    const guarded = resilient({
      retry: retry({ times: 2, backoffMs: 100, jitter: 0 }),
      bulkhead: room,
      circuitBreaker: breaker,
      timeout: timeout(50),
    })(work.procedure);

    const first = await ask(world, guarded);
    await world.advance(60);
    expect(room.statistics(world.system).atWork).toBe(0);
    const second = await ask(world, guarded);
    await work.answer(1);
    await world.runUntilQuiet();

    expect(second.value).toBe('done');
    expect(first.failure).toBeInstanceOf(TimedOut);
    expect(breaker.statistics(world.system)).toMatchObject({ calls: 4, failures: 3, opened: 0 });
  });

  it('does not open the circuit for calls that were refused a place', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const breaker = circuitBreaker({ failuresInARow: 1 });
    const guarded = resilient({ bulkhead: bulkhead({ concurrency: 1 }), circuitBreaker: breaker })(
      work.procedure,
    );

    await ask(world, guarded);
    const refused = await ask(world, guarded);

    expect(refused.failure).toMatchObject({ _tag: 'BulkheadFull' });
    expect(breaker.statistics(world.system).state).toBe('closed');
  });

  it('asks a fallback for what failed, but not for what was interrupted', async () => {
    const world = aWorld();
    const later = defineAgent({ name: 'later', subscribe: [Task], receive: (word) => `${word} later` });
    const fallback = world.system.spawn(later);
    const guarded = resilient<string, string>({ timeout: timeout(50), fallback });
    const failing = guarded((word) => {
      if (word === 'at once') {
        throw new Trouble('permanent');
      }
      return Promise.reject(new Trouble(word === 'unwanted' ? 'interrupted' : 'overload'));
    });
    const answers: unknown[] = [];

    for (const word of ['at once', 'soon', 'unwanted']) {
      const asked = await ask(world, failing, word);
      await world.runUntilQuiet();
      answers.push(asked.value ?? asked.failure);
    }
    const fine = await ask(
      world,
      guarded((word) => `${word}!`),
      'hello',
    );
    const waited = await ask(
      world,
      guarded(async (word) => `${word}!`),
      'hello',
    );

    expect(answers).toEqual([
      'at once later',
      'soon later',
      expect.objectContaining({ _tag: 'FallbackFailed', class: 'interrupted', untried: 1 }),
    ]);
    expect([fine.value, waited.value]).toEqual(['hello!', 'hello!']);
  });

  it('asks no fallback for whoever has left', async () => {
    const world = aWorld();
    const work = new OpenWork();
    let asked = 0;
    const guarded = resilient<unknown, unknown>({
      fallback: () => {
        asked += 1;
      },
    })(work.procedure);

    const leaving = await ask(world, guarded);
    leaving.leave();
    await work.fail(0);

    expect(asked).toBe(0);
  });

  it('has the types of what it is put around', () => {
    const guarded = resilient({ retry: retry({ times: 1 }) });

    const lengthOf = guarded(async (text: string, _scope: Scope) => text.length);
    expectTypeOf(lengthOf).parameter(0).toEqualTypeOf<string>();
    expectTypeOf(lengthOf).returns.toEqualTypeOf<number | Promise<number>>();
    expectTypeOf(guarded(Task)).toEqualTypeOf<Procedure<string, string>>();
    expectTypeOf(resilient<string, number>({ fallback: () => 0 })((text) => text.length)).toEqualTypeOf<
      Procedure<string, number>
    >();
  });

  it.each([
    [{ retries: retry({ times: 1 }) }, 'a guard of resilient is one of dedupe, cache, totalTimeout'],
    [{ retry: { times: 1 } }, 'retry of resilient is a wrapper; got {"times":1}'],
    [{ fallback: 7 }, "fallback of resilient is an agent's ref"],
  ])('refuses options that cannot be: %o', (options, message) => {
    expect(() => resilient(options as never)).toThrow(message);
  });
});
