import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Procedure } from '../../src/actors/context.ts';
import { LoopUnfinished, loopUntil } from '../../src/primitives/loop-until.ts';
import { aCast, forGood, SoldOut } from '../support/a-cast.ts';

describe('loopUntil', () => {
  it('takes steps until one is good enough; agents may take and judge them', async () => {
    const { agent, asks, log } = aCast();
    const writer = agent('writer', (text: string) => `${text}!`);
    const critic = agent('critic', async (text: string) => text.length > 3);

    const loop = loopUntil({ step: writer, until: critic, iterationsMax: 9 });

    expectTypeOf(loop).toEqualTypeOf<Procedure<string, string>>();
    expect(await asks(loop, 'ok')).toBe('ok!!');
    expect(log).toEqual([
      'writer takes "ok"',
      'critic takes "ok!"',
      'writer takes "ok!"',
      'critic takes "ok!!"',
    ]);
  });

  it.each(['no', 0, undefined, { done: true }])('does not take %o for a yes or a no', async (answer) => {
    const { agent, asks } = aCast();
    const critic = agent('critic', async (_: number): Promise<boolean> => answer as never);

    const failure = await asks(
      loopUntil({ step: (n: number) => n + 1, until: critic, iterationsMax: 3 }),
      0,
    ).catch((failed) => failed);

    // An agent that answers nothing has not answered at all.
    expect(failure).toMatchObject({
      parts: [{ of: 'loopUntil', name: 'until 1', responder: '/critic' }],
      code: answer === undefined ? 'NO_RESPONDER' : 'INVALID_PARAMS',
    });
    expect(failure.message).toContain(answer === undefined ? '/critic' : 'expected true or false');
  });

  it('fails with the last value when it does not come to an end', async () => {
    const { asks } = aCast();

    const loop = loopUntil({ step: (n: number) => n + 1, until: () => false, iterationsMax: 3 });
    const failure = await asks(loop, 0).catch((failed) => failed);

    expect(failure).toBeInstanceOf(LoopUnfinished);
    expect(failure).toMatchObject({ code: 'LOOP_LIMIT', class: 'permanent', iterations: 3, last: 3 });
    expect(failure.message).toBe('not at its end after 3 iterations; the last gave 3');
  });

  it('fails of the iteration that failed', async () => {
    const { asks } = aCast();
    const twice = (n: number): number => {
      if (n === 2) throw new SoldOut();
      return n + 1;
    };
    const step = (n: number) => n + 1;

    await expect(
      asks(loopUntil({ step: twice, until: () => false, iterationsMax: 9 }), 0),
    ).rejects.toMatchObject({ parts: [{ of: 'loopUntil', name: 'step 3', responder: 'twice' }] });
    await expect(
      asks(loopUntil({ step, until: (n) => twice(n) < 0, iterationsMax: 9 }), 0),
    ).rejects.toMatchObject({ parts: [{ name: 'until 2', responder: 'until' }] });
  });

  it('ends at its deadline: the latest value is what it had so far', async () => {
    const { agent, asks, log } = aCast();
    const slow = agent('slow', (n: number) => (n < 2 ? n + 1 : forGood()));
    const stop = new AbortController();

    const failure = await asks(
      loopUntil({ step: slow, until: () => false, iterationsMax: 9 }),
      0,
      { signal: stop.signal },
      () => stop.abort(),
    ).catch((failed) => failed);

    expect(failure).toMatchObject({ code: 'INTERRUPTED' });
    expect(log.slice(-2)).toEqual(['slow takes 2', 'slow is interrupted']);
  });

  it.each(['step', 'until'])('begins nothing when it was interrupted during %s', async (during) => {
    const { asks, world } = aCast();
    const late = Promise.withResolvers<never>();
    const stop = new AbortController();
    const begun: string[] = [];
    const wait = (name: string) => () => {
      begun.push(name);
      return name === during ? late.promise : (1 as never);
    };

    const deaf = loopUntil<number>({ step: wait('step'), until: wait('until'), iterationsMax: 9 });
    const asked = asks(deaf, 1, { signal: stop.signal }, () => stop.abort());
    await expect(asked).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await world.run(() => late.resolve(false as never));

    expect(begun).toEqual(during === 'step' ? ['step'] : ['step', 'until']);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses %d iterations, at once',
    (iterationsMax) => {
      expect(() => loopUntil({ step: (n: number) => n, until: () => true, iterationsMax })).toThrow(
        `at least 1; got ${iterationsMax}`,
      );
    },
  );
});
