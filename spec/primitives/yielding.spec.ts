import { describe, expect, it } from 'vitest';
import type { Procedure } from '../../src/actors/context.ts';
import { createSystem } from '../../src/actors/system.ts';
import type { Environment } from '../../src/core/environment.ts';
import { loopUntil } from '../../src/primitives/loop-until.ts';
import { mapReduce } from '../../src/primitives/map-reduce.ts';
import { Yielding } from '../../src/primitives/yielding.ts';
import { SoldOut } from '../support/a-cast.ts';

/** Time that stands still unless it is moved, and whatever waits for it. */
function aClock(deadlineMs = Number.POSITIVE_INFINITY) {
  const waiting: (() => void)[] = [];
  const clock = { nowMs: 0, revoked: undefined as SoldOut | undefined };
  const environment = {
    nowMs: () => clock.nowMs,
    schedule: (_: number, f: () => void) => waiting.push(f),
    deferPastIo: (f: () => void) => waiting.push(f),
  } as unknown as Environment;
  const sender = {
    deadlineMs,
    kernel: { environment },
    get revoked() {
      return clock.revoked;
    },
  };
  const yielding = new Yielding('a loop', sender as never);
  return { clock, yielding, othersGo: () => waiting.splice(0).map((f) => f()).length };
}

describe('work that never waits', () => {
  it('lets others go first after every so many steps', async () => {
    const { yielding, othersGo } = aClock();

    const pauses = Array.from({ length: 128 }, () => yielding.pause());

    expect(pauses.map((pause) => pause !== undefined).filter(Boolean)).toHaveLength(2);
    expect(pauses[63]).toBeInstanceOf(Promise);
    expect(othersGo()).toBe(2);
    expect(await pauses[127]).toBe(undefined);
  });

  it('does not go on when nobody wants it any more', async () => {
    const { clock, yielding, othersGo } = aClock();
    const pauses = Array.from({ length: 64 }, () => yielding.pause());

    clock.revoked = new SoldOut();
    othersGo();

    await expect(pauses.at(-1)).rejects.toBe(clock.revoked);
  });

  it('begins no step after its deadline, whoever says that it has passed', async () => {
    const { clock, yielding, othersGo } = aClock(50);
    expect(yielding.pause()).toBe(undefined);

    clock.nowMs = 50;
    const late = yielding.pause();
    othersGo();
    const told = yielding.pause();
    clock.revoked = new SoldOut();
    othersGo();

    await expect(late).rejects.toMatchObject({ _tag: 'RequestTimeout', target: 'a loop', timeoutMs: 50 });
    await expect(told).rejects.toBe(clock.revoked);
  });

  it.each([
    ['loopUntil', loopUntil({ step: (n: number) => n + 1, until: () => false, iterationsMax: 1e9 }), 0],
    [
      'mapReduce',
      mapReduce<number, number>({ map: (n) => n, reduce: ([a, b]) => a + b, concurrency: 2 }),
      (function* () {
        for (let n = 0; ; n += 1) {
          yield n;
        }
      })(),
    ],
  ])('ends at its deadline: %s', async (target, endless, input) => {
    const system = createSystem();

    const ending = system.request(endless as Procedure<unknown, number>, input, { timeoutMs: 20 });

    await expect(ending).rejects.toMatchObject({ _tag: 'RequestTimeout', target });
    await system.stop();
  });
});
