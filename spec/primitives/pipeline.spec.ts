import * as Effect from 'effect/Effect';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Procedure } from '../../src/actors/context.ts';
import { Interrupted } from '../../src/actors/request-failures.ts';
import { PartFailed } from '../../src/primitives/part-failed.ts';
import { pipeline } from '../../src/primitives/pipeline.ts';
import { aCast, forGood, SoldOut } from '../support/a-cast.ts';

describe('pipeline', () => {
  it('gives each stage the answer of the one before', async () => {
    const { agent, asks, log } = aCast();
    const a = agent('a', (n: number) => n + 1);
    const b = agent('b', async (n: number) => `${n}`);

    const line = pipeline(
      a,
      b,
      (text) => Effect.succeed([text]),
      async ([text]) => `${text}!`,
    );

    expectTypeOf(line).toEqualTypeOf<Procedure<number, string>>();
    expect(await asks(line, 1)).toBe('2!');
    expect(log).toEqual(['a takes 1', 'b takes 2']);
  });

  it('of functions answers at once, within the step that asks', async () => {
    const { asks } = aCast();
    let answer: unknown;

    await asks((_: string, scope) => {
      answer = pipeline(
        (n: number) => n + 1,
        (n) => n * 2,
      )(1, scope);
    }, 'go');

    expect(answer).toBe(4);
  });

  it('takes up to eight stages of different types', () => {
    const wrap = <T>(value: T): readonly T[] => [value];
    const eight = pipeline(
      (n: number) => `${n}`,
      wrap,
      wrap,
      wrap,
      wrap,
      wrap,
      wrap,
      (all) => all.length,
    );

    expectTypeOf(eight).toEqualTypeOf<Procedure<number, number>>();
  });

  it('fails of the stage that failed, and asks no other', async () => {
    const { agent, asks, log } = aCast();
    const a = agent('a', (n: number): number => {
      if (n > 0) throw new SoldOut();
      return n;
    });
    const b = agent('b', (n: number) => n);

    const failure = await asks(
      pipeline((n: number) => n, a, b),
      1,
    ).catch((failed) => failed);

    expect(failure).toBeInstanceOf(PartFailed);
    expect(failure).toMatchObject({
      code: 'SOLD_OUT',
      class: 'permanent',
      parts: [{ of: 'pipeline', name: 'stage 2', responder: '/a' }],
      message: "pipeline 'stage 2' (/a): nothing is left",
    });
    expect(failure.cause).toBeInstanceOf(SoldOut);
    expect(log).toEqual(['a takes 1']);
  });

  it('says the whole way to a stage within a stage, whether it throws or rejects', async () => {
    const { asks } = aCast();
    const broken = (): never => {
      throw new TypeError('no');
    };
    const inner = pipeline((n: number) => n, broken);
    const later = pipeline(async (n: number) => n, inner);

    const failures = [
      await asks(pipeline(inner), 1).catch((failed) => failed),
      await asks(
        pipeline((n: number) => n, later),
        1,
      ).catch((failed) => failed),
    ];

    expect(failures.map(({ message }) => message)).toEqual([
      "pipeline 'stage 1' (pipeline) → pipeline 'stage 2' (broken): no",
      "pipeline 'stage 2' (pipeline) → pipeline 'stage 2' (pipeline) → pipeline 'stage 2' (broken): no",
    ]);
    expect(failures.map((failure) => failure.class)).toEqual(['defect', 'defect']);
  });

  it('begins no stage when it was interrupted: what it asked ends', async () => {
    const { agent, asks, log, world } = aCast();
    const slow = agent('slow', (_: number) => forGood());
    const late = Promise.withResolvers<number>();
    const stop = new AbortController();
    const begun: number[] = [];

    await expect(
      asks(
        pipeline(slow, () => 1),
        1,
        { timeoutMs: 50 },
      ),
    ).rejects.toMatchObject({ code: 'TIMEOUT' });
    const deaf = pipeline(
      () => late.promise,
      (n) => begun.push(n),
    );
    await expect(asks(deaf, 1, { signal: stop.signal }, () => stop.abort())).rejects.toBeInstanceOf(
      Interrupted,
    );
    await world.run(() => late.resolve(1));

    expect(log).toEqual(['slow takes 1', 'slow is interrupted']);
    expect(begun).toEqual([]);
  });

  it('refuses no stages, and what is none, at once', () => {
    expect(() => (pipeline as (...stages: unknown[]) => unknown)()).toThrow('at least one stage; got none');
    expect(() => pipeline((n: number) => n, undefined as never)).toThrow(
      "stage 2 of a pipeline is an agent's ref",
    );
    expect(() => pipeline({} as never)).toThrow(RangeError);
    expect(() => pipeline(7 as never)).toThrow('got 7');
  });
});
