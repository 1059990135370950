import { describe, expect, it } from 'vitest';
import type { Procedure } from '../../src/actors/context.ts';
import { BulkheadFull, type BulkheadOptions, bulkhead } from '../../src/primitives/bulkhead.ts';
import { aWorld } from '../support/a-world.ts';
import { ask, OpenWork, Trouble } from '../support/asking.ts';

function aRoom(options: BulkheadOptions) {
  const world = aWorld();
  const work = new OpenWork();
  const wrapper = bulkhead(options);
  const guarded = wrapper(work.procedure);
  return {
    world,
    work,
    wrapper,
    enter: (input: unknown = undefined, how: { timeoutMs?: number } = {}) => ask(world, guarded, input, how),
    inputs: () => work.calls.map(({ input }) => input),
    statistics: () => wrapper.statistics(world.system),
  };
}

describe('a bulkhead', () => {
  it('lets so many to work, and refuses whoever finds no place, at once', async () => {
    const { enter, work, world, statistics } = aRoom({ concurrency: 2 });
    const first = await enter();
    await enter();

    const refused = await enter();
    expect(refused.failure).toBeInstanceOf(BulkheadFull);
    expect(refused.failure).toMatchObject({
      code: 'MAILBOX_FULL',
      class: 'overload',
      concurrency: 2,
      queueMax: 0,
      waitedMs: 0,
    });
    expect((refused.failure as Error).message).toBe(
      "no place for a call of 'procedure': 2 are at work, and 0 are in line",
    );
    expect(statistics()).toEqual({ atWork: 2, waiting: 0, calls: 2, waited: 0, refused: 1 });

    await work.answer(0, 'well');
    await world.settle();
    expect(first.value).toBe('well');
    expect((await enter()).settled).toBe(false);
  });

  it('lets others wait in line, who came first first', async () => {
    const { enter, work, world, inputs, statistics } = aRoom({ concurrency: 1, queueMax: 2 });
    await enter('a');
    await enter('b');
    await enter('c');
    expect((await enter('d')).failure).toBeInstanceOf(BulkheadFull);
    expect(statistics()).toMatchObject({ atWork: 1, waiting: 2, waited: 2 });

    await work.fail(0);
    await world.settle();
    expect(inputs()).toEqual(['a', 'b']);
    await enter('e');
    await work.answer(1);
    await work.answer(2);
    await world.settle();
    expect(inputs()).toEqual(['a', 'b', 'c', 'e']);
  });

  it('answers at once where the work does, and gives the place back also when it throws', async () => {
    const world = aWorld();
    const one = bulkhead({ concurrency: 1 });

    expect(
      (
        await ask(
          world,
          one((word: string) => `${word}!`),
          'a',
        )
      ).value,
    ).toBe('a!');
    const trouble = new Trouble();
    const broken = one(() => {
      throw trouble;
    });
    expect((await ask(world, broken)).failure).toBe(trouble);
    expect(one.statistics(world.system)).toMatchObject({ atWork: 0, calls: 2 });
  });

  it('gets the place back of whoever leaves, though its code goes on', async () => {
    const { enter, work, world, inputs, statistics } = aRoom({ concurrency: 1, queueMax: 1 });
    const first = await enter('a');
    await enter('b');

    first.leave();
    await world.settle();
    expect(inputs()).toEqual(['a', 'b']);
    await work.answer(0);
    expect(statistics()).toMatchObject({ atWork: 1, waiting: 0 });
  });

  it('forgets whoever leaves the line, or is past its deadline', async () => {
    const { enter, work, world, inputs, statistics } = aRoom({ concurrency: 1, queueMax: 3 });
    await enter('a');
    const leaving = await enter('b');
    const late = await enter('c', { timeoutMs: 30 });
    await enter('d');

    leaving.leave();
    await world.advance(30);
    expect(leaving.failure).toMatchObject({ code: 'INTERRUPTED' });
    expect(late.failure).toMatchObject({ code: 'TIMEOUT' });
    expect(statistics()).toMatchObject({ waiting: 1 });
    await work.answer(0);
    await world.settle();
    expect(inputs()).toEqual(['a', 'd']);
  });

  it('refuses whoever has waited too long', async () => {
    const { enter, work, world, inputs, statistics } = aRoom({ concurrency: 1, queueMax: 2, waitMsMax: 50 });
    await enter('a');
    const patient = await enter('b');

    await world.advance(50);
    expect(patient.failure).toMatchObject({ code: 'MAILBOX_FULL', waitedMs: 50 });
    expect((patient.failure as Error).message).toContain('none was free within 50 ms');
    await enter('c');
    await work.answer(0);
    await world.advance(100);
    expect(inputs()).toEqual(['a', 'c']);
    expect(statistics()).toEqual({ atWork: 1, waiting: 0, calls: 2, waited: 2, refused: 1 });
  });

  it('does not begin what was left just when its place came', async () => {
    const { enter, work, world, inputs, statistics } = aRoom({ concurrency: 1, queueMax: 1 });
    await enter('a');
    const leaving = await enter('b');

    work.calls[0]!.end.resolve('done');
    // The place is handed over by promises; it leaves after that, and before its work begins.
    for (let left = 0; statistics().waiting === 1; left += 1) {
      expect(left).toBeLessThan(20);
      await Promise.resolve();
    }
    leaving.leave();
    await world.settle();

    expect(inputs()).toEqual(['a']);
    expect(statistics()).toMatchObject({ atWork: 0, waiting: 0 });
  });

  it('lets nobody in, or stand in line, whose work is over', async () => {
    const { world, work, wrapper, enter, statistics } = aRoom({ concurrency: 1, queueMax: 1 });
    const failures: unknown[] = [];
    const guarded = wrapper(work.procedure);
    const late: Procedure<number, void> = (afterMs, scope) => {
      world.environment.schedule(afterMs, () => {
        new Promise((resolve) => {
          resolve(guarded('late', scope));
        }).catch((failure) => failures.push(failure));
      });
    };
    await ask(world, late, 10);
    await ask(world, late, 20);

    await world.advance(10);
    await enter('a');
    await world.advance(10);

    expect(failures).toEqual([
      expect.objectContaining({ code: 'HANDLING_OVER' }),
      expect.objectContaining({ code: 'HANDLING_OVER' }),
    ]);
    expect(statistics()).toMatchObject({ atWork: 1, waiting: 0 });
  });

  it('ends the wait of work that its procedure does not wait for', async () => {
    const { world, work, wrapper, enter, statistics } = aRoom({ concurrency: 1, queueMax: 1 });
    const failures: unknown[] = [];
    await enter('a');
    const hasty: Procedure<undefined, void> = (_, scope) => {
      Promise.resolve(wrapper(work.procedure)('b', scope)).catch((failure) => failures.push(failure));
    };

    await ask(world, hasty);

    expect(failures).toEqual([
      expect.objectContaining({ code: 'INTERRUPTED', reason: 'the work that asked for it is over' }),
    ]);
    expect(statistics().waiting).toBe(0);
  });

  it('has its places for each system', async () => {
    const [here, there] = [aWorld(), aWorld()];
    const work = new OpenWork();
    const one = bulkhead({ concurrency: 1 })(work.procedure);

    await ask(here, one);
    await ask(there, one);

    expect(work.calls.length).toBe(2);
  });

  it.each([
    [{ concurrency: 0 }, 'concurrency of bulkhead is a whole number, at least 1; got 0'],
    [{ concurrency: Number.NaN }, 'got NaN'],
    [{ concurrency: Number.POSITIVE_INFINITY }, 'got Infinity'],
    [{ concurrency: 1, queueMax: -1 }, 'queueMax of bulkhead is a whole number, at least 0; got -1'],
    [{ concurrency: 1, queueMax: Number.POSITIVE_INFINITY }, 'got Infinity'],
    [{ concurrency: 1, waitMsMax: 0 }, 'waitMsMax of bulkhead is a number of milliseconds, above 0; got 0'],
    [{ concurrency: 1, waitMsMax: Number.NaN }, 'got NaN'],
    [{ concurrency: 1, waitMsMax: '5' as never }, 'got 5'],
  ])('refuses options that cannot be: %o', (options: BulkheadOptions, message) => {
    expect(() => bulkhead(options)).toThrow(RangeError);
    expect(() => bulkhead(options)).toThrow(message);
  });
});
