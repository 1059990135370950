import * as Effect from 'effect/Effect';
import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Context, Procedure, Scope } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { TimedOut, timeout } from '../../src/primitives/timeout.ts';
import { aWorld } from '../support/a-world.ts';
import { ask, OpenWork, Trouble } from '../support/asking.ts';

const Task = defineTopic('task', { schema: type<string>(), reply: type<string>() });
const News = defineTopic('news', { schema: type<string>() });

describe('a timeout', () => {
  it('lets work be that ends in time', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const limit = timeout(50);
    const asked = [await ask(world, limit(work.procedure)), await ask(world, limit(work.procedure))];

    await world.advance(49);
    await work.answer(0, 'well');
    const trouble = new Trouble();
    await work.fail(1, trouble);
    await world.settle();

    expect(asked.map(({ value, failure }) => value ?? failure)).toEqual(['well', trouble]);
    expect(limit.statistics(world.system)).toEqual({ calls: 2, timedOut: 0 });
    expect(world.environment.timerCount).toBe(0);
  });

  it('answers at once where the work does, without a timer', async () => {
    const world = aWorld();
    const answers: unknown[] = [];
    const trouble = new Trouble();
    const asking: Procedure<undefined, void> = (_, scope) => {
      answers.push(timeout(50)((word: string) => `${word}!`)('hello', scope), world.environment.timerCount);
      try {
        timeout(50)(() => {
          throw trouble;
        })(undefined, scope);
      } catch (failure) {
        answers.push(failure);
      }
    };

    await ask(world, asking);

    expect(answers).toEqual(['hello!', 0, trouble]);
  });

  it('interrupts work that does not, with what it had kept', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const limit = timeout(50);
    const asked = await ask(world, limit(work.procedure));
    const { scope } = work.calls[0]!;
    const { signal } = scope;
    scope.keep('half of it');

    await world.advance(50);

    expect(asked.failure).toBeInstanceOf(TimedOut);
    expect(asked.failure).toMatchObject({
      code: 'TIMEOUT',
      class: 'transient',
      target: 'procedure',
      timeoutMs: 50,
      partial: 'half of it',
    });
    expect((asked.failure as Error).message).toBe(
      "'procedure' had not ended after 50 ms and was interrupted",
    );
    expect(signal.reason).toBe(asked.failure);
    expect(limit.statistics(world.system)).toEqual({ calls: 1, timedOut: 1 });
    await work.answer(0, 'too late');
    await world.settle();
    expect(asked.value).toBe(undefined);
  });

  it('revokes its context: what the work still says becomes a dead letter, and its requests end', async () => {
    const world = aWorld();
    const log: string[] = [];
    const worker = world.system.spawn(
      defineAgent({
        name: 'worker',
        subscribe: [Task],
        receive: (_, { signal }) => {
          signal.addEventListener('abort', () => log.push('worker is interrupted'));
          return new Promise<never>(() => {});
        },
      }),
    );
    const slow = timeout(50)(async (_: unknown, scope: Scope) => {
      scope.publish(News, 'in time');
      await scope.request(worker, 'go').catch(({ code }) => log.push(`request: ${code}`));
      scope.publish(News, 'too late');
      await scope.request(worker, 'again').catch(({ code }) => log.push(`request: ${code}`));
      return 'done';
    });

    const asked = await ask(world, slow);
    await world.runUntilQuiet();

    expect(asked.failure).toBeInstanceOf(TimedOut);
    expect(log).toEqual(['request: TIMEOUT', 'request: HANDLING_OVER', 'worker is interrupted']);
    expect(world.count(News)).toBe(1);
    expect(world.count('HandlingOver')).toBe(1);
  });

  it('is what fails, also where a request of the work had the same deadline', async () => {
    const world = aWorld({ choose: (count) => count - 1, faults: [] });
    const worker = world.system.spawn(
      defineAgent({ name: 'worker', subscribe: [Task], receive: () => new Promise<never>(() => {}) }),
    );
    const slow = timeout(50)(async (_: unknown, scope: Scope) => scope.request(worker, 'go'));

    const asked = await ask(world, slow);
    await world.runUntilQuiet();

    expect(asked.failure).toBeInstanceOf(TimedOut);
  });

  it('leaves a request that fails of its own shorter deadline alone', async () => {
    const world = aWorld();
    const worker = world.system.spawn(
      defineAgent({ name: 'worker', subscribe: [Task], receive: () => new Promise<never>(() => {}) }),
    );
    const slow = timeout(50)((_: unknown, scope: Scope) => scope.request(worker, 'go', { timeoutMs: 20 }));

    const asked = await ask(world, slow);
    await world.runUntilQuiet();

    expect(asked.failure).toMatchObject({ _tag: 'RequestTimeout', timeoutMs: 20 });
  });

  it('ends with whoever asked, and never after their deadline', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const limit = timeout(50);
    const left = await ask(world, limit(work.procedure));
    const hasty = await ask(world, limit(work.procedure), undefined, { timeoutMs: 20 });
    const [mine, theirs] = work.calls.map(({ scope }) => scope);

    expect(theirs!.deadlineMs - mine!.deadlineMs).toBe(-30);
    left.leave();
    expect(mine!.signal.aborted).toBe(true);
    await world.advance(20);
    expect(hasty.failure).toMatchObject({ _tag: 'RequestTimeout', timeoutMs: 20 });
    expect(theirs!.signal.aborted).toBe(true);
    expect(world.environment.timerCount).toBe(0);
    expect(limit.statistics(world.system)).toEqual({ calls: 2, timedOut: 0 });
  });

  it('ends what a failed try has begun', async () => {
    const world = aWorld();
    const log: string[] = [];
    const worker = world.system.spawn(
      defineAgent({
        name: 'worker',
        subscribe: [Task],
        receive: (_, { signal }) => {
          signal.addEventListener('abort', () => log.push('worker is interrupted'));
          return new Promise<never>(() => {});
        },
      }),
    );
    const trying: Procedure<undefined, string> = async (_, scope) => {
      const first = timeout(50)(async (_: undefined, inner: Scope): Promise<string> => {
        void inner.request(worker, 'go');
        await new Promise<void>((resolve) => void world.environment.schedule(5, resolve));
        throw new Trouble();
      });
      await Promise.resolve(first(undefined, scope)).catch(({ code }) => log.push(code));
      return 'went on';
    };

    const asked = await ask(world, trying);
    await world.runUntilQuiet();

    expect(asked.value).toBe('went on');
    expect(log).toEqual(['TROUBLE', 'worker is interrupted']);
  });

  it('interrupts an Effect', async () => {
    const world = aWorld();
    const log: string[] = [];
    const limit = timeout(50);
    const hangs = limit(() =>
      Effect.never.pipe(Effect.onInterrupt(() => Effect.sync(() => log.push('off')))),
    );

    const answer = await ask(
      world,
      limit(() => Effect.succeed('at once').pipe(Effect.delay(20))),
    );
    const asked = await ask(world, hangs);
    await world.runUntilQuiet();

    expect(answer.value).toBe('at once');
    expect(asked.failure).toBeInstanceOf(TimedOut);
    expect(log).toEqual(['off']);
  });

  it('goes around a handler, which keeps its whole context until then', async () => {
    const world = aWorld();
    let seen: Context<number, string> | undefined;
    const counter = world.system.spawn(
      defineAgent({
        name: 'counter',
        subscribe: [Task],
        state: 0,
        receive: timeout(50)(async (word, context: Context<number, string>) => {
          seen = context;
          context.update((count) => count + 1);
          if (word === 'hang') {
            await new Promise<void>((resolve) => void world.environment.schedule(80, resolve));
            context.update((count) => count + 100);
            context.reply('too late');
          }
          return `${context.self.path} has ${context.state}`;
        }),
      }),
    );

    const quick = await ask(world, counter, 'go');
    await world.runUntilQuiet();
    const slow = await ask(world, counter, 'hang');
    await world.runUntilQuiet();
    const third = await ask(world, counter, 'go');
    await world.runUntilQuiet();

    expect(quick.value).toBe('/counter has 1');
    expect(slow.failure).toBeInstanceOf(TimedOut);
    expect(third.value).toMatch(/\/counter has \d$/);
    expect(seen!.envelope.payload).toBe('go');
  });

  it('has no timer where it is for ever', async () => {
    const world = aWorld();
    const work = new OpenWork();

    await ask(world, timeout(Number.POSITIVE_INFINITY)(work.procedure));

    expect(world.environment.timerCount).toBe(0);
    expect(work.calls[0]!.scope.deadlineMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('ends work that was ended while it began', async () => {
    const world = aWorld();
    const end = new AbortController();
    const hangs = timeout(50)(() => {
      end.abort(new Error('left'));
      return new Promise<never>(() => {});
    });
    const log: unknown[] = [];
    const trying: Procedure<undefined, unknown> = async (_, scope) => {
      await Promise.resolve(hangs(undefined, scope)).catch((failure) => log.push(failure));
    };

    world.system.request(trying, undefined, { signal: end.signal }).catch(() => {});
    await world.runUntilQuiet();

    expect(log).toEqual([expect.objectContaining({ code: 'INTERRUPTED', reason: 'left' })]);
    expect(world.environment.timerCount).toBe(0);
  });

  it('begins nothing for work that is over', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const failures: unknown[] = [];
    const late: Procedure<undefined, void> = (_, scope) => {
      world.environment.schedule(10, () => {
        new Promise((resolve) => {
          resolve(timeout(50)(work.procedure)('late', scope));
        }).catch((failure) => failures.push(failure));
      });
    };

    await ask(world, late);
    await world.advance(10);

    expect(failures).toEqual([expect.objectContaining({ code: 'HANDLING_OVER' })]);
    expect(work.calls).toEqual([]);
  });

  it.each([
    ['an Observable', () => of('a')],
    [
      'an AsyncIterable',
      async function* () {
        yield 'a';
      },
    ],
  ])('refuses %s, of which it could only time the beginning', async (_, work) => {
    const world = aWorld();

    const asked = await ask(world, timeout(50)(work as () => unknown));

    expect(asked.failure).toMatchObject({ code: 'INVALID_PARAMS' });
    expect((asked.failure as Error).message).toContain('expected one answer');
  });

  it.each([0, -1, Number.NaN, '5' as never])('refuses a time that cannot be: %o', (timeoutMs) => {
    expect(() => timeout(timeoutMs)).toThrow(RangeError);
    expect(() => timeout(timeoutMs)).toThrow(
      `timeoutMs of timeout is a number of milliseconds, above 0; got ${timeoutMs}`,
    );
  });
});
