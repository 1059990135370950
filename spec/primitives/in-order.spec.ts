import { describe, expect, it } from 'vitest';
import type { Scope } from '../../src/actors/context.ts';
import { inOrder } from '../../src/primitives/in-order.ts';
import { aWorld } from '../support/a-world.ts';

/** Work that ends when it is told to. */
function aLine(waitingMax?: number) {
  const world = aWorld();
  const log: string[] = [];
  const open = new Map<string, PromiseWithResolvers<string>>();
  const work = (text: string): Promise<string> => {
    log.push(`begins ${text}`);
    const ends = Promise.withResolvers<string>();
    open.set(text, ends);
    return ends.promise;
  };
  const key = (text: string) => text[0];
  const wrapper = inOrder(waitingMax === undefined ? { key } : { key, waitingMax });
  const tidy = wrapper(work);
  const come = (text: string, signal?: AbortSignal) =>
    world.run(() => {
      const forEver = { timeoutMs: Number.POSITIVE_INFINITY, ...(signal === undefined ? {} : { signal }) };
      world.system.request(tidy, text, forEver).then(
        (answer) => log.push(answer),
        (failure) => log.push(`${text}: ${failure.name ?? failure}`),
      );
    });
  const end = (text: string) => world.run(() => open.get(text)!.resolve(`${text} is done`));
  const fail = (text: string) => world.run(() => open.get(text)!.reject(new TypeError('no')));
  return { world, log, wrapper, tidy, come, end, fail };
}

describe('inOrder', () => {
  it('begins a call when those before it of the same key have ended, however they end', async () => {
    const { log, come, end, fail } = aLine();

    for (const text of ['a1', 'a2', 'a3', 'b1']) await come(text);
    await fail('a1');
    await end('a2');
    await end('a3');
    await come('a4');

    expect(log).toEqual([
      'begins a1',
      'begins b1',
      'begins a2',
      'a1: TypeError',
      'begins a3',
      'a2 is done',
      'a3 is done',
      'begins a4',
    ]);
  });

  it('answers at once where the work does, and throws where it throws', () => {
    const { world } = aLine();
    const tidy = inOrder({ key: (n: number) => n });
    const work = (n: number): number => {
      if (n < 0) throw new RangeError('below zero');
      return n;
    };
    const scope = world.system as unknown as Scope;

    expect(tidy(work)(1, scope)).toBe(1);
    expect(() => tidy(work)(-1, scope)).toThrow('below zero');
    expect(() => tidy(work)(-1, scope)).toThrow('below zero');
  });

  it('lets a call leave the line when it is interrupted, and the next one begin in its place', async () => {
    const { log, come } = aLine();
    const [first, second] = [new AbortController(), new AbortController()];

    await come('a1', first.signal);
    await come('a2', second.signal);
    await come('a3');
    await aborted(second);
    await aborted(first);

    expect(log).toEqual(['begins a1', 'a2: Interrupted', 'a1: Interrupted', 'begins a3']);

    async function aborted(controller: AbortController): Promise<void> {
      controller.abort();
      await Promise.resolve();
      await come('b');
      log.splice(log.indexOf('begins b'), log.includes('begins b') ? 1 : 0);
    }
  });

  it('refuses a call when as many wait as may', async () => {
    const { log, come } = aLine(1);

    for (const text of ['a1', 'a2', 'a3']) await come(text);

    expect(log).toEqual(['begins a1', 'a3: QueueFull']);
  });

  it('begins nothing in a scope that is over', async () => {
    const { world, tidy, come, end, log } = aLine();
    let over: Scope | undefined;
    await world.run(() =>
      world.system.request((_: string, scope: Scope) => {
        over = scope;
      }, 'x'),
    );

    expect(() => tidy('a1', over!)).toThrow('is over');
    await come('a1');
    await expect(tidy('a2', over!)).rejects.toThrow('is over');
    await end('a1');

    expect(log).toEqual(['begins a1', 'a1 is done']);
  });

  it('tells a call that waits in work which ends by itself', async () => {
    const { world, tidy, come } = aLine();
    await come('a1');
    let waits: Promise<unknown> | undefined;

    await world.run(() =>
      world.system.request((_: string, scope: Scope) => {
        waits = Promise.resolve(tidy('a2', scope)).catch((failure) => failure);
      }, 'x'),
    );

    expect(await waits).toMatchObject({ code: 'INTERRUPTED', reason: 'the work that waited for it is over' });
  });

  it('refuses a limit that cannot be, at once', () => {
    expect(() => inOrder({ key: String, waitingMax: -1 })).toThrow('at least 0; got -1');
  });
});
