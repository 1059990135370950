import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Procedure, Scope } from '../../src/actors/context.ts';
import { SagaFailed, saga } from '../../src/primitives/saga.ts';
import { aCast, forGood, SoldOut } from '../support/a-cast.ts';

/** Three steps; the last one does as it is told. */
function aTrip(
  last: (n: number, scope: Scope) => unknown,
  more: { readonly compensate?: () => unknown } = {},
) {
  const cast = aCast();
  const { log } = cast;
  const undo = (name: string) => cast.agent(`no-${name}`, (acted: unknown) => void acted);
  const steps = [
    { name: 'hotel', act: cast.agent('hotel', (n: number) => n + 1), compensate: undo('hotel') },
    { name: 'look', act: (n: number) => n },
    { name: 'car', act: cast.agent('car', (n: number) => n + 1), compensate: more.compensate ?? undo('car') },
    { name: 'flight', act: last as (n: number) => number, compensate: undo('flight') },
  ];
  return {
    ...cast,
    trip: saga(steps, { compensateWithinMs: 50 }),
    undone: () => log.filter((line) => line.startsWith('no-')),
  };
}

const undoCar = 'no-car takes {"outcome":"acted","input":2,"answer":3}';
const undoHotel = 'no-hotel takes {"outcome":"acted","input":1,"answer":2}';
const undoFlight = 'no-flight takes {"outcome":"unknown","input":3}';

describe('saga', () => {
  it('answers with what the last step answers, and undoes nothing', async () => {
    const { asks, trip, log } = aTrip((n) => n * 10);

    expect(await asks(trip, 1)).toBe(30);
    expect(log).toEqual(['hotel takes 1', 'car takes 2']);
  });

  it('undoes what had acted, last first, when a step says that it has not', async () => {
    const { asks, trip, undone, failures } = aTrip(() => {
      throw new SoldOut();
    });

    const failure = await asks(trip, 1).catch((failed) => failed);

    expect(failure).toBeInstanceOf(SagaFailed);
    expect(failure).toMatchObject({
      step: 'flight',
      code: 'SOLD_OUT',
      class: 'permanent',
      compensated: ['car', 'hotel'],
      uncompensated: [],
      message: "step 'flight' failed: nothing is left; undone: car, hotel",
    });
    expect(undone()).toEqual([undoCar, undoHotel]);
    expect(failures).toEqual([]);
  });

  it('undoes also the step of which nobody knows whether it acted', async () => {
    const { asks, trip, undone } = aTrip((_, scope) => scope.request(forGood, 1, { timeoutMs: 20 }));

    await expect(asks(trip, 1)).rejects.toMatchObject({
      code: 'TIMEOUT',
      compensated: ['flight', 'car', 'hotel'],
    });
    expect(undone()).toEqual([undoFlight, undoCar, undoHotel]);
  });

  it('undoes the others when one cannot be undone, and says so', async () => {
    const { asks, trip, undone } = aTrip(
      () => {
        throw new SoldOut();
      },
      { compensate: forGood },
    );

    const failure = await asks(trip, 1).catch((failed) => failed);

    expect(failure).toMatchObject({ class: 'permanent', compensated: ['hotel'] });
    expect(failure.uncompensated).toMatchObject([
      { step: 'car', failure: { code: 'TIMEOUT', timeoutMs: 50 } },
    ]);
    expect(failure.message).toContain('; could not undo car (no reply from');
    expect(undone()).toEqual([undoHotel]);
  });

  it('undoes nothing when the first step has not acted', async () => {
    const { asks } = aCast();
    const act = (): never => {
      throw new SoldOut();
    };

    await expect(asks(saga([{ name: 'a', act }]), 1)).rejects.toThrow(
      "step 'a' failed: nothing is left; undone: nothing",
    );
  });

  it('undoes what had acted when its deadline passes', async () => {
    const { asks, trip, undone } = aTrip(forGood);

    await expect(asks(trip, 1, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMEOUT', target: 'saga' });

    expect(undone()).toEqual([undoFlight, undoCar, undoHotel]);
  });

  it('undoes what had acted when it is interrupted, and says which steps those are', async () => {
    const { asks, trip, undone, failures } = aTrip(forGood);
    const stop = new AbortController();

    const failure = await asks(trip, 1, { signal: stop.signal }, () => stop.abort()).catch(
      (failed) => failed,
    );

    expect(failure).toMatchObject({ code: 'INTERRUPTED' });
    expect(undone()).toEqual([undoFlight, undoCar, undoHotel]);
    expect(failures).toEqual([]);
  });

  it.each(['restarted', 'stopped'])('undoes what had acted when its agent is %s', async (how) => {
    const { asks, trip, undone, world, boss } = aTrip(forGood);

    const asked = asks(trip, 1, undefined, () =>
      how === 'stopped' ? void world.system.stop(boss) : world.crash('/boss'),
    );

    await asked.catch(() => {});
    expect(undone()).toEqual([undoFlight, undoCar, undoHotel]);
  });

  it.each([1, 2])(
    'begins no step when it was interrupted, and undoes what came too late, of %d',
    async (count) => {
      const { world } = aCast();
      const stop = new AbortController();
      const undone: string[] = [];
      const steps = Array.from({ length: count }, (_, n) => ({
        name: `${n}`,
        act: (value: number) => {
          queueMicrotask(() => stop.abort());
          return value;
        },
        compensate: () => undone.push(`${n}`),
      }));
      let failure: unknown;

      await world.run(async () => {
        failure = await world.system
          .request(saga(steps), 1, { signal: stop.signal })
          .catch((failed) => failed);
      });

      expect(failure).toMatchObject({ code: 'INTERRUPTED' });
      expect(undone).toEqual(['0']);
    },
  );

  it('tells the failures of the system what could not be undone when nobody waits for it', async () => {
    const { asks, trip, failures } = aTrip(forGood, { compensate: forGood });

    await expect(asks(trip, 1, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' });

    expect(failures).toMatchObject([
      {
        agent: '/boss',
        supervisor: '/',
        class: 'permanent',
        failure: { _tag: 'SagaFailed', step: 'flight' },
      },
    ]);
  });

  it('tells it also of a saga that nobody within asked for', async () => {
    const { trip, failures, world } = aTrip(forGood, { compensate: forGood });

    await world.run(() => void world.system.request(trip, 1, { timeoutMs: 20 }).catch(() => {}));

    expect(failures).toMatchObject([{ agent: '/', topic: undefined, failure: { _tag: 'SagaFailed' } }]);
  });

  it('is waited for by a system that drains, and has no time when one stops', async () => {
    const { asks, trip, undone, world } = aTrip(forGood);
    await asks(trip, 1, { timeoutMs: 20 }, () => void world.system.drain()).catch(() => {});
    expect(undone()).toEqual([undoFlight, undoCar, undoHotel]);

    const stopped = aTrip(forGood);
    await stopped.asks(stopped.trip, 1, undefined, () => void stopped.world.system.stop()).catch(() => {});
    expect(stopped.undone()).toEqual([]);
  });

  it('answers also where it is called by hand with a system, which keeps nothing', async () => {
    const { world } = aCast();
    const steps = [{ name: 'one', act: (n: number) => n + 1 }];
    let answer: unknown;

    await world.run(async () => {
      answer = await saga(steps)(1, world.system as never);
    });

    expect(answer).toBe(2);
  });

  it('carries on the thread it belongs to', async () => {
    const { agent, world } = aCast();
    const threads: unknown[] = [];
    const undo = agent('undo', (_: unknown, { envelope }) => void threads.push(envelope.threadId));
    const soldOut = (): never => {
      throw new SoldOut();
    };
    const talk = saga([
      { name: 'a', act: (n: number) => n, compensate: undo },
      { name: 'b', act: soldOut },
    ]);
    const talker = agent('talker', (n: number, context) => context.request(talk, n));

    await world.run(() => void world.system.request(talker, 1, { threadId: 't-1' }).catch(() => {}));

    expect(threads).toEqual(['t-1']);
  });

  it('knows the types of its steps', () => {
    const typed = saga([
      { name: 'a', act: (n: number) => `${n}`, compensate: ({ answer }) => answer?.length },
      { name: 'b', act: (text: string) => [text], compensate: ({ input }) => input.length },
    ]);

    expectTypeOf(typed).toEqualTypeOf<Procedure<number, string[]>>();
  });

  it('refuses no steps, two of one name, strangers, and a time that cannot be, at once', () => {
    const act = (n: number) => n;

    expect(() => saga([])).toThrow('at least one step; got []');
    expect(() => saga('steps' as never)).toThrow("got 'steps'");
    expect(() =>
      saga([
        { name: 'a', act },
        { name: 'a', act },
      ]),
    ).toThrow("a name of its own; got 'a'");
    expect(() => saga([{ name: 1 as never, act }])).toThrow('a name of its own; got 1');
    expect(() => saga([{ name: 'a', act: 1 as never }])).toThrow("act of step 'a'");
    expect(() => saga([{ name: 'a', act, compensate: 1 as never }])).toThrow("compensate of step 'a'");
    for (const compensateWithinMs of [0, -1, Number.NaN, '1' as never]) {
      expect(() => saga([{ name: 'a', act }], { compensateWithinMs })).toThrow(
        `above 0; got ${compensateWithinMs}`,
      );
    }
  });
});
