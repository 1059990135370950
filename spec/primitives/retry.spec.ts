import * as Duration from 'effect/Duration';
import * as Effect from 'effect/Effect';
import * as Schedule from 'effect/Schedule';
import { describe, expect, it } from 'vitest';
import type { Procedure, Scope } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { attemptsOf } from '../../src/primitives/attempts.ts';
import { quorum } from '../../src/primitives/counting-policies.ts';
import { fallback } from '../../src/primitives/fallback.ts';
import { gather } from '../../src/primitives/gather.ts';
import { race } from '../../src/primitives/race.ts';
import { type RetryOptions, retry } from '../../src/primitives/retry.ts';
import { saga } from '../../src/primitives/saga.ts';
import type { World } from '../../src/testing/world.ts';
import { aWorld } from '../support/a-world.ts';
import { ask, OpenWork, Trouble } from '../support/asking.ts';

const Task = defineTopic('task', { schema: type<string>(), reply: type<string>() });
const steady = { jitter: 0, backoffMs: 100 };

/** Work that fails of each of these in turn, and then answers with how often it was tried, and when. */
function failing(world: World, ...failures: unknown[]) {
  const at: number[] = [];
  const work = async (): Promise<readonly number[]> => {
    at.push(world.nowMs);
    if (at.length <= failures.length) {
      throw failures[at.length - 1];
    }
    return at;
  };
  return { work, at };
}

describe('a retry', () => {
  it('answers what works at once, at once', async () => {
    const world = aWorld();
    const answers: unknown[] = [];
    const again = retry({ times: 3 });
    const asking: Procedure<undefined, void> = (_, scope) => {
      answers.push(again((word: string) => `${word}!`)('hello', scope), world.environment.timerCount);
    };

    await ask(world, asking);
    await ask(
      world,
      again(async () => 'well'),
    );

    expect(answers).toEqual(['hello!', 0]);
    expect(again.statistics(world.system)).toEqual({ calls: 2, retries: 0, recovered: 0, failed: 0 });
  });

  it('tries again after a wait that doubles', async () => {
    const world = aWorld();
    const again = retry({ times: 5, ...steady, backoffMsMax: 300 });
    const { work } = failing(
      world,
      new Trouble(),
      new Trouble('overload'),
      new TypeError('x'),
      new Trouble(),
    );

    const asked = await ask(world, again(work));
    await world.runUntilQuiet();

    expect(asked.value).toEqual([0, 100, 300, 600, 900]);
    expect(again.statistics(world.system)).toEqual({ calls: 1, retries: 4, recovered: 1, failed: 0 });
  });

  it('lets chance of the world shorten the wait, by half at most', async () => {
    const world = aWorld();
    const { work, at } = failing(world, new Trouble(), new Trouble(), new Trouble());

    await ask(world, retry({ times: 3 })(work));
    await world.runUntilQuiet();

    const waits = at.slice(1).map((atMs, index) => atMs - at[index]!);
    expect(waits.every((ms, index) => ms >= 50 * 2 ** index && ms <= 100 * 2 ** index + 1)).toBe(true);
    expect(waits).not.toEqual([100, 200, 400]);
  });

  it('fails of the last failure, which tells what there was before', async () => {
    const world = aWorld();
    const failures = [new Trouble(), new Trouble('overload'), new Trouble()];
    const again = retry({ times: 2, ...steady });
    const { work } = failing(world, ...failures);

    const asked = await ask(world, again(work));
    await world.runUntilQuiet();

    expect(asked.failure).toBe(failures[2]);
    expect(attemptsOf(asked.failure)).toEqual({ tries: 3, failures });
    expect(again.statistics(world.system)).toEqual({ calls: 1, retries: 2, recovered: 0, failed: 1 });
    expect(attemptsOf(failures[0])).toBe(undefined);
    expect(attemptsOf('a text')).toBe(undefined);
    expect(attemptsOf(null)).toBe(undefined);
  });

  it('remembers the latest failures only, and fails of texts, too', async () => {
    const world = aWorld();
    const failures = Array.from({ length: 30 }, () => new Trouble());
    const { work } = failing(world, ...failures);
    const asked = await ask(world, retry({ times: 29, backoffMs: 0 })(work));
    const texts = await ask(
      world,
      retry({ times: 1, backoffMs: 0 })(() => Promise.reject('a text')),
    );
    await world.runUntilQuiet();

    expect(attemptsOf(asked.failure)).toEqual({ tries: 30, failures: failures.slice(14) });
    expect(texts.failure).toBe('a text');
  });

  it.each(['invalid', 'permanent', 'interrupted'] as const)('never tries again what is %s', async (of) => {
    const world = aWorld();
    const again = retry({ times: 5, ...steady });
    const first = new Trouble(of);
    const { work, at } = failing(world, first);
    const second = failing(world, new Trouble(), new Trouble(of));

    const asked = await ask(world, again(work));
    const later = await ask(world, again(second.work));
    await world.runUntilQuiet();

    expect(asked.failure).toBe(first);
    expect(at).toEqual([0]);
    expect(later.failure).toMatchObject({ class: of });
    expect(second.at).toEqual([0, 100]);
    expect(attemptsOf(later.failure)).toMatchObject({ tries: 2 });
  });

  it('of no times is the work itself', async () => {
    const world = aWorld();
    const trouble = new Trouble();
    const none = retry({ times: 0 });
    const caught: unknown[] = [];
    const asking: Procedure<undefined, void> = (_, scope) => {
      try {
        none(() => {
          throw trouble;
        })(undefined, scope);
      } catch (failure) {
        caught.push(failure);
      }
    };

    await ask(world, asking);
    const asked = await ask(
      world,
      none(() => Promise.reject(trouble)),
    );

    expect(caught).toEqual([trouble]);
    expect(asked.failure).toBe(trouble);
    expect(attemptsOf(trouble)).toBe(undefined);
    expect(world.environment.timerCount).toBe(0);
  });

  it('waits as long as a failure says, and no less than it would', async () => {
    const world = aWorld();
    const { work } = failing(
      world,
      new Trouble('overload', 250),
      new Trouble('overload', 10),
      new Trouble('overload', -5),
    );

    const asked = await ask(world, retry({ times: 3, ...steady })(work));
    await world.runUntilQuiet();

    expect(asked.value).toEqual([0, 250, 450, 850]);
  });

  it.each([
    ['a fallback', (a: Procedure<unknown, unknown>, b: Procedure<unknown, unknown>) => fallback(a, b)],
    [
      'a gathering',
      (a: Procedure<unknown, unknown>, b: Procedure<unknown, unknown>) => gather([a, b], quorum(2)),
    ],
    [
      'a race in a saga',
      (a: Procedure<unknown, unknown>, b: Procedure<unknown, unknown>) =>
        saga([{ name: 'one', act: race([a, b]) as Procedure<unknown, unknown> }]),
    ],
  ])('waits as long as any of those it asked says, behind %s', async (_, together) => {
    const world = aWorld();
    const slow = failing(world, new Trouble('overload', 250));
    const slower = failing(world, new Trouble('overload', 400));
    const both = together(slower.work, slow.work);

    await ask(world, retry({ times: 1, ...steady })(both));
    await world.runUntilQuiet();

    expect(slower.at).toEqual([0, 400]);
  });

  it('does not try again what asks for longer than it may', async () => {
    const world = aWorld();
    const tomorrow = new Trouble('overload', 86_400_000);
    const { work, at } = failing(world, tomorrow);
    const hostile = failing(world, {
      class: 'transient',
      get retryAfterMs() {
        throw new TypeError('no');
      },
    });

    const asked = await ask(world, retry({ times: 3 })(work));
    const other = await ask(world, retry({ times: 1, ...steady })(hostile.work));
    await world.runUntilQuiet();

    expect(asked.failure).toBe(tomorrow);
    expect(at).toEqual([0]);
    expect(other.value).toEqual([0, 100]);
  });

  it('does not wait beyond the deadline of whoever asked', async () => {
    const world = aWorld();
    const trouble = new Trouble();
    const { work, at } = failing(world, new Trouble(), trouble);

    const asked = await ask(world, retry({ times: 3, ...steady })(work), undefined, { timeoutMs: 300 });
    await world.advance(100);

    expect(asked.failure).toBe(trouble);
    expect(at).toEqual([0, 100]);
  });

  it('does not try again when the budget is spent', async () => {
    const world = aWorld();
    let tries = 0;
    const trouble = new Trouble();
    const spending = async (_: unknown, scope: Scope): Promise<void> => {
      tries += 1;
      try {
        scope.budget.spend('steps', 2);
      } catch {
        throw trouble;
      }
    };
    const failures: unknown[] = [];
    const holding: Procedure<undefined, void> = async (_, scope) => {
      await Promise.resolve(retry({ times: 3, ...steady })(spending)(undefined, scope)).catch((failure) =>
        failures.push(failure),
      );
    };

    await ask(world, holding, undefined, { budget: { steps: 1 } });
    await world.runUntilQuiet();

    expect(tries).toBe(1);
    expect(failures).toEqual([trouble]);
  });

  it('ends with whoever asked: nothing waits on, and what is at work has no effect', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const again = retry({ times: 5, ...steady });
    const waiting = await ask(world, again(work.procedure));
    await work.fail(0);
    waiting.leave();
    expect(world.environment.timerCount).toBe(0);
    const atWork = await ask(world, again(work.procedure));
    await work.fail(1);
    await world.advance(100);
    atWork.leave();
    await work.fail(2);
    const answered = await ask(world, again(work.procedure));
    await work.fail(3);
    await world.advance(100);
    answered.leave();
    await work.answer(4);
    await world.runUntilQuiet();

    expect([waiting, atWork, answered].map(({ failure }) => failure)).toEqual(
      Array.from({ length: 3 }, () => expect.objectContaining({ code: 'INTERRUPTED' })),
    );
    expect(work.calls.length).toBe(5);
    expect(again.statistics(world.system)).toMatchObject({ recovered: 0, failed: 3 });
  });

  it('does not try again for work that is over', async () => {
    const world = aWorld();
    const work = new OpenWork();
    const failures: unknown[] = [];
    const again = retry({ times: 5, ...steady });
    const hasty: Procedure<undefined, void> = (_, scope) => {
      for (let left = 2; left > 0; left -= 1) {
        Promise.resolve(again(work.procedure)(undefined, scope)).catch((failure) => failures.push(failure));
      }
      work.calls[0]!.end.reject(new Trouble());
    };
    const slow: Procedure<undefined, void> = async (_, scope) => {
      Promise.resolve(again(work.procedure)(undefined, scope)).catch((failure) => failures.push(failure));
      await work.fail(2);
    };

    await ask(world, hasty);
    await work.fail(1);
    await ask(world, slow);
    await world.runUntilQuiet();

    expect(failures).toEqual([expect.any(Trouble), expect.any(Trouble), expect.any(Trouble)]);
    expect(work.calls.length).toBe(3);
  });

  it('tries again only what it is told to, and fails of what the telling throws', async () => {
    const world = aWorld();
    const seen: unknown[] = [];
    const again = retry({
      times: 5,
      ...steady,
      when: (failure, tries) => {
        seen.push(tries);
        if (failure instanceof TypeError) {
          throw new RangeError('cannot tell');
        }
        return failure instanceof Trouble && failure.class !== 'overload';
      },
    });
    const first = failing(world, new Trouble(), new Trouble('overload'));
    const second = failing(world, new Trouble(), new TypeError('who knows'));

    const refused = await ask(world, again(first.work));
    const thrown = await ask(world, again(second.work));
    await world.runUntilQuiet();

    expect(refused.failure).toMatchObject({ class: 'overload' });
    expect(thrown.failure).toEqual(new RangeError('cannot tell'));
    expect(seen).toEqual([1, 1, 2, 2]);
  });

  it('tries again what throws at once, whichever try it is', async () => {
    const world = aWorld();
    let tries = 0;
    const work = () => {
      tries += 1;
      if (tries < 3) {
        throw new Trouble();
      }
      return tries;
    };

    const asked = await ask(world, retry({ times: 5, ...steady })(work));
    await world.runUntilQuiet();

    expect(asked.value).toBe(3);
  });

  it('lets others go first, also where it need not wait', async () => {
    const world = aWorld();
    let tries = 0;
    const asked = await ask(
      world,
      retry({ times: 1e9, backoffMs: 0 })(() => {
        tries += 1;
        throw new Trouble();
      }),
    );

    for (let step = 1; step <= 5; step += 1) {
      expect(tries).toBe(step);
      await world.step();
    }
    asked.leave();
    await world.runUntilQuiet();
    expect(asked.failure).toMatchObject({ code: 'INTERRUPTED' });
  });

  it('goes around a handler and an agent', async () => {
    const world = aWorld();
    let tries = 0;
    const worker = world.system.spawn(
      defineAgent({
        name: 'worker',
        subscribe: [Task],
        receive: retry({ times: 2, ...steady })(async (word: string) => {
          tries += 1;
          if (tries % 3 !== 0) {
            throw new Trouble();
          }
          return `${word} at try ${tries}`;
        }),
      }),
    );

    const asked = await ask(world, retry({ times: 1, ...steady })(worker), 'go');
    await world.runUntilQuiet();

    expect(asked.value).toBe('go at try 3');
  });

  it.each([
    [{ times: -1 }, 'times of retry is a whole number, at least 0; got -1'],
    [{ times: Number.NaN }, 'got NaN'],
    [{}, 'got undefined'],
    [{ times: 1, backoffMs: -1 }, 'backoffMs of retry is a number of milliseconds, at least 0; got -1'],
    [{ times: 1, backoffMs: Number.POSITIVE_INFINITY }, 'got Infinity'],
    [
      { times: 1, backoffMs: 20, backoffMsMax: 10 },
      'backoffMsMax of retry is a number of milliseconds, at least backoffMs (20); got 10',
    ],
    [{ times: 1, backoffMsMax: Number.POSITIVE_INFINITY }, 'got Infinity'],
    [{ times: 1, jitter: 2 }, 'jitter of retry is a part, from 0 to 1; got 2'],
    [{ times: 1, jitter: -1 }, 'got -1'],
    [
      { times: 1, retryAfterMsMax: -1 },
      'retryAfterMsMax of retry is a number of milliseconds, at least 0; got -1',
    ],
    [{ schedule: 'often' }, 'schedule of retry is a Schedule of Effect; got often'],
  ])('refuses options that cannot be: %o', (options, message) => {
    expect(() => retry(options as RetryOptions)).toThrow(RangeError);
    expect(() => retry(options as RetryOptions)).toThrow(message);
  });
});

describe('a retry with a Schedule', () => {
  it('waits as the schedule says, in the time of the world, until that is enough', async () => {
    const world = aWorld();
    const schedule = Schedule.exponential('100 millis').pipe(Schedule.upTo({ times: 3 }));
    const again = retry({ schedule });
    const failures = Array.from({ length: 6 }, () => new Trouble());
    const { work, at } = failing(world, ...failures);

    const asked = await ask(world, again(work));
    await world.runUntilQuiet();
    const next = await ask(world, again(work));
    await world.runUntilQuiet();

    expect(at.slice(0, 4)).toEqual([0, 100, 300, 700]);
    expect(asked.failure).toBe(failures[3]);
    expect(attemptsOf(asked.failure)).toMatchObject({ tries: 4 });
    expect(next.value).toEqual(at);
  });

  it('gives the schedule each failure, and never what may not be tried again', async () => {
    const world = aWorld();
    const seen: unknown[] = [];
    const schedule = Schedule.spaced('10 millis').pipe(
      Schedule.addDelay((output) => {
        seen.push(output);
        return Effect.succeed(Duration.millis(0));
      }),
    );
    const { work } = failing(world, new Trouble(), new Trouble(), new Trouble('permanent'));

    const asked = await ask(world, retry({ schedule })(work));
    await world.runUntilQuiet();

    expect(asked.failure).toMatchObject({ class: 'permanent' });
    expect(seen.length).toBe(2);
  });

  it('fails of what the schedule fails of', async () => {
    const world = aWorld();
    const schedule = Schedule.spaced('10 millis').pipe(
      Schedule.addDelay(() => Effect.die(new RangeError('no time'))),
    );

    const asked = await ask(world, retry({ schedule })(failing(world, new Trouble()).work));
    await world.runUntilQuiet();

    expect(asked.failure).toEqual(new RangeError('no time'));
  });

  it('gives up where the schedule would wait for ever', async () => {
    const world = aWorld();
    const trouble = new Trouble();
    const schedule = Schedule.spaced(Duration.infinity);

    const asked = await ask(world, retry({ schedule })(failing(world, trouble).work));
    await world.runUntilQuiet();

    expect(asked.failure).toBe(trouble);
  });

  it('interrupts a schedule that takes its time when whoever asked leaves', async () => {
    const world = aWorld();
    const log: string[] = [];
    const slow = Effect.never.pipe(Effect.onInterrupt(() => Effect.sync(() => log.push('off'))));
    const schedule = Schedule.spaced('10 millis').pipe(Schedule.addDelay(() => slow));
    const { work, at } = failing(world, new Trouble());

    const asked = await ask(world, retry({ schedule })(work));
    await world.runUntilQuiet();
    asked.leave();
    await world.runUntilQuiet();

    expect(log).toEqual(['off']);
    expect(at.length).toBe(1);
  });
});
