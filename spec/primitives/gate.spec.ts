import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Procedure, RequestOptions, Scope } from '../../src/actors/context.ts';
import { BarrierClosed, BarrierTimeout } from '../../src/primitives/barrier-failures.ts';
import { type GateOptions, gate } from '../../src/primitives/gate.ts';
import { aWorld } from '../support/a-world.ts';

const forEver = Number.POSITIVE_INFINITY;

/** Callers at a gate, and what each of them heard. */
function aGate<T>(options: GateOptions<T>) {
  const world = aWorld();
  const { system } = world;
  const procedure = gate(options);
  const heard: unknown[] = [];
  const comes = (value: T, asked?: RequestOptions) =>
    world.run(() => {
      system.request(procedure, value, { timeoutMs: forEver, ...asked }).then(
        (values) => heard.push(values),
        (failure) => heard.push(failure),
      );
    });
  /** All at once, so that no time passes between them. */
  const come = (...values: T[]) =>
    world.run(() => {
      for (const value of values) {
        system.request(procedure, value, { timeoutMs: forEver }).then(
          (all) => heard.push(all),
          (failure) => heard.push(failure),
        );
      }
    });
  return { world, system, procedure, heard, comes, come };
}

describe('gate', () => {
  it('opens when all are there, and gives each what all have brought, in the order in which they came', async () => {
    const { procedure, heard, comes } = aGate<string>({ parties: 3, withinMs: forEver });

    await comes('ada');
    await comes('bob');
    expect(heard).toEqual([]);
    await comes('eve');

    expectTypeOf(procedure).toEqualTypeOf<Procedure<string, readonly string[]>>();
    expect(heard).toEqual(Array(3).fill(['ada', 'bob', 'eve']));
  });

  it('refuses who comes when it has opened, unless it is cyclic', async () => {
    const once = aGate<number>({ parties: 1, withinMs: forEver });
    await once.comes(1);
    await once.comes(2);
    expect(once.heard).toEqual([[1], expect.any(BarrierClosed)]);
    expect(once.heard[1]).toMatchObject({
      code: 'BARRIER_CLOSED',
      class: 'permanent',
      message: 'too late at the barrier, which has opened; with cyclic: true it would begin anew',
    });

    const again = aGate<number>({ parties: 2, withinMs: forEver, cyclic: true });
    await again.come(1, 2, 3, 4, 5);
    expect(again.heard).toEqual([
      [1, 2],
      [1, 2],
      [3, 4],
      [3, 4],
    ]);
  });

  it('fails for those who came when its time is up, counted from the first, and for those who come then', async () => {
    const { heard, come, comes, world } = aGate<string>({ parties: 3, withinMs: 50 });

    await come('ada', 'bob');

    expect(world.nowMs).toBe(50);
    expect(heard).toEqual([expect.any(BarrierTimeout), expect.any(BarrierTimeout)]);
    expect(heard[0]).toMatchObject({
      code: 'TIMEOUT',
      class: 'transient',
      values: ['ada', 'bob'],
      message: '2 of 3 came to the barrier within 50 ms',
    });
    await comes('eve');
    expect(heard[2]).toMatchObject({ _tag: 'BarrierClosed', by: 'expired' });
  });

  it('goes on with those who came, where that is wanted', async () => {
    const { heard, come } = aGate<string>({ parties: 3, withinMs: 50, onTimeout: 'partial', cyclic: true });

    await come('ada', 'bob');
    await come('eve');

    expect(heard).toEqual([['ada', 'bob'], ['ada', 'bob'], ['eve']]);
  });

  it('gives back the place of who is interrupted, and its time with the last of them', async () => {
    const { world, heard, comes } = aGate<string>({ parties: 2, withinMs: 50 });

    await comes('ada', { timeoutMs: 20 });
    expect(heard).toMatchObject([{ code: 'TIMEOUT', target: 'gate' }]);
    expect(world.environment.timerCount).toBe(0);
    await comes('bob', { timeoutMs: 49 });
    expect(heard).toMatchObject([{ code: 'TIMEOUT' }, { code: 'TIMEOUT' }]);
    await world.run(() => {
      void comes('eve');
      void comes('zoe');
    });

    expect(heard.slice(2)).toEqual([
      ['eve', 'zoe'],
      ['eve', 'zoe'],
    ]);
  });

  it('counts a party once that comes twice, and answers it twice', async () => {
    type Vote = { readonly from: string; readonly n: number };
    const { heard, come } = aGate<Vote>({ parties: 2, withinMs: 50, party: ({ from }) => from });

    await come({ from: 'ada', n: 1 }, { from: 'ada', n: 2 }, { from: 'bob', n: 3 });

    const all = [
      { from: 'ada', n: 1 },
      { from: 'bob', n: 3 },
    ];
    expect(heard).toEqual([all, all, all]);
  });

  it('keeps keys apart, holds no more of them than it may, and forgets first those that have closed', async () => {
    const { heard, come, comes } = aGate<string>({
      parties: 2,
      withinMs: forEver,
      key: (text) => text[0],
      keysMax: 2,
    });

    await come('a1', 'b1', 'c1');
    expect(heard).toMatchObject([{ _tag: 'QueueFull', option: 'keysMax', limit: 2 }]);
    await comes('b2');
    expect(heard.slice(1)).toEqual([
      ['b1', 'b2'],
      ['b1', 'b2'],
    ]);
    await comes('b3');
    expect(heard[3]).toMatchObject({ _tag: 'BarrierClosed', key: 'b' });
    expect(String(heard[3])).toContain('too late at the barrier of "b"');
    await come('c1', 'c2', 'b3', 'b4');
    expect(heard.slice(4)).toEqual([
      ['c1', 'c2'],
      ['c1', 'c2'],
      ['b3', 'b4'],
      ['b3', 'b4'],
    ]);
  });

  it('holds no more calls of those who are there already than it may, and lets everybody else in', async () => {
    const { heard, come } = aGate<string>({
      parties: 2,
      withinMs: forEver,
      party: (who) => who,
      waitingMax: 3,
    });

    await come('ada', 'ada', 'ada', 'ada', 'bob');

    expect(heard[0]).toMatchObject({ _tag: 'QueueFull', primitive: 'gate', option: 'waitingMax', limit: 3 });
    expect(heard.slice(1)).toEqual(Array(4).fill(['ada', 'bob']));
  });

  it('fails only the call whose key or party throws', async () => {
    const { heard, come } = aGate<string>({
      parties: 2,
      withinMs: 50,
      party: (who) => {
        if (who === '') throw new TypeError('nobody');
        return who;
      },
    });

    await come('ada', '', 'bob');

    expect(heard).toEqual([expect.any(TypeError), ['ada', 'bob'], ['ada', 'bob']]);
  });

  it('is one for each system, and leaves no one waiting in a scope that is over', async () => {
    const one = aGate<string>({ parties: 3, withinMs: forEver });
    const other = aWorld();
    await one.comes('ada');
    let elsewhere: unknown;
    await other.run(() => {
      other.system.request(one.procedure, 'bob', { timeoutMs: 10 }).catch((failure) => {
        elsewhere = failure;
      });
    });
    expect(elsewhere).toMatchObject({ code: 'TIMEOUT' });

    let over: Scope | undefined;
    await one.world.run(() =>
      one.system.request((_: string, scope: Scope) => {
        over = scope;
      }, 'x'),
    );
    expect(() => one.procedure('late', over!)).toThrow('is over');
    let waits: unknown;
    await one.world.run(() =>
      one.system.request((_: string, scope: Scope) => {
        waits = Promise.resolve(one.procedure('eve', scope) as Promise<unknown>).catch((failure) => failure);
      }, 'x'),
    );
    expect(await waits).toMatchObject({ reason: 'the work that waited for it is over' });
    await one.comes('bob');
    await one.comes('zoe');
    expect(one.heard).toEqual(Array(3).fill(['ada', 'bob', 'zoe']));
  });

  it.each([
    [{ parties: 0 }, 'parties of gate is a whole number, at least 1; got 0'],
    [{ parties: 1.5 }, 'got 1.5'],
    [{ keysMax: Number.NaN }, 'keysMax of gate is a whole number, at least 1; got NaN'],
    [{ withinMs: 0 }, 'withinMs of gate is a number of milliseconds above 0, or Infinity; got 0'],
    [{ withinMs: Number.NaN }, 'got NaN'],
    [{ withinMs: undefined }, 'got undefined'],
    [{ onTimeout: 'wait' }, "onTimeout of gate is 'fail' or 'partial'; got wait"],
    [{ waitingMax: 0 }, 'waitingMax of gate is a whole number, at least 1; got 0'],
  ])('refuses %o, at once', (wrong, message) => {
    expect(() => gate({ parties: 2, withinMs: 10, ...wrong } as GateOptions<string>)).toThrow(message);
  });
});
