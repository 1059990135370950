import * as Effect from 'effect/Effect';
import * as Stream from 'effect/Stream';
import { lastValueFrom, map, reduce, take, toArray } from 'rxjs';
import {
  batch,
  boundedFrom,
  defineAgent,
  InvalidParams,
  mapAsync,
  streamAgent,
  toReadableStream,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { aStreamScene, Number_ } from '../support/a-stream-scene.ts';
import { boom } from '../support/boom.ts';

/** Numbers that know how many were asked for, and how often they were left. */
class Numbers implements AsyncIterable<number> {
  asked = 0;
  left = 0;
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
  }

  [Symbol.asyncIterator](): AsyncIterator<number> {
    return {
      next: async () => {
        this.asked += 1;
        return this.asked > this.#count
          ? { done: true, value: undefined }
          : { done: false, value: this.asked };
      },
      return: async () => {
        this.left += 1;
        return { done: true, value: undefined };
      },
    };
  }
}

const web = (numbers: AsyncIterable<number>) => toReadableStream(numbers);
const throughWeb = (numbers: AsyncIterable<number>) => boundedFrom(web(numbers));
const throughEffect = (numbers: AsyncIterable<number>) =>
  boundedFrom(Stream.toAsyncIterable(Stream.fromAsyncIterable(numbers, (failure) => failure)));

const bridges: [string, (numbers: AsyncIterable<number>) => ReturnType<typeof boundedFrom<number>>][] = [
  ['an AsyncIterable', (numbers) => boundedFrom(numbers)],
  ['a web stream', throughWeb],
  ['an Effect Stream', throughEffect],
];

describe.each(bridges)('a bounded stream from %s', (_, bridge) => {
  it('is read by subscribing and by for await', async () => {
    expect(await lastValueFrom(bridge(new Numbers(3)).pipe(toArray()))).toEqual([1, 2, 3]);

    const read: number[] = [];
    for await (const n of bridge(new Numbers(3))) read.push(n);
    expect(read).toEqual([1, 2, 3]);
  });

  it('is asked for no more than its reader has room for', async () => {
    const numbers = new Numbers(100);
    const gates: PromiseWithResolvers<void>[] = [];
    const subscription = bridge(numbers)
      .pipe(
        mapAsync(2, async () => {
          const gate = Promise.withResolvers<void>();
          gates.push(gate);
          await gate.promise;
        }),
      )
      .subscribe();
    await expect.poll(() => gates.length).toBe(2);
    await idle();
    expect(numbers.asked).toBe(2);
    gates[0]!.resolve();
    await expect.poll(() => gates.length).toBe(3);
    await idle();
    expect(numbers.asked).toBe(3);
    subscription.unsubscribe();
    await expect.poll(() => numbers.left).toBe(1);
  });

  it('leaves its source once, however often and early it is left', async () => {
    const numbers = new Numbers(100);
    expect(await lastValueFrom(bridge(numbers).pipe(take(2), toArray()))).toEqual([1, 2]);
    await expect.poll(() => numbers.left).toBe(1);

    const others = new Numbers(100);
    const reader = bridge(others)[Symbol.asyncIterator]();
    await reader.next();
    await reader.return!();
    await reader.return!();
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    await idle();
    expect(others.left).toBe(1);
  });

  it('fails of what its source fails of', async () => {
    const failure = new Error('boom');
    const failing = async function* () {
      yield 1;
      throw failure;
    };

    await expect(lastValueFrom(bridge(failing()))).rejects.toBe(failure);
    const reader = bridge(failing())[Symbol.asyncIterator]();
    await reader.next();
    await expect(reader.next()).rejects.toBe(failure);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  it('keeps nothing of a hundred thousand values', async () => {
    const sum = bridge(new Numbers(100_000)).pipe(reduce((total, n) => total + n, 0));

    expect(await lastValueFrom(sum)).toBe(5_000_050_000);
  });
});

describe('boundedFrom', () => {
  it('is over for a reader that has left before it began', async () => {
    const reader = boundedFrom(new Numbers(1))[Symbol.asyncIterator]();
    await reader.return!();

    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  it('tells an end to whoever asked before it was left', async () => {
    const gate = Promise.withResolvers<void>();
    const reader = boundedFrom(
      (async function* () {
        await gate.promise;
        yield 1;
      })(),
    )[Symbol.asyncIterator]();
    const asked = reader.next();
    void reader.return!();
    gate.resolve();

    expect(await asked).toEqual({ done: true, value: undefined });
  });

  it('tells it at once, also when the source never answers', async () => {
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    const reader = boundedFrom(silent)[Symbol.asyncIterator]();
    const asked = reader.next();

    await reader.return?.();

    expect(await asked).toEqual({ done: true, value: undefined });
  });

  it('says nothing of a source that fails after it was left', async () => {
    const gate = Promise.withResolvers<void>();
    const reader = boundedFrom(
      // biome-ignore lint/correctness/useYield: it fails before it has anything to give.
      (async function* () {
        await gate.promise;
        boom();
      })(),
    )[Symbol.asyncIterator]();
    const asked = reader.next();
    void reader.return!();
    gate.resolve();

    expect(await asked).toEqual({ done: true, value: undefined });
  });

  it('tells what a subscriber threw, and what its source threw when it was left', async () => {
    const told: unknown[] = [];
    const failure = new Error('left');
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }),
        return: () => Promise.reject(failure),
      }),
    };
    boundedFrom(source, { onThrow: (thrown) => told.push(thrown) }).subscribe(() => boom());
    await expect.poll(() => told.length).toBe(2);

    expect(told).toContain(failure);
  });

  it('warns of it where nobody is told', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    boundedFrom(new Numbers(1)).subscribe(() => boom());
    expect((await warned).message).toBe('boom');

    const again = new Promise<Error>((resolve) => process.once('warning', resolve));
    boundedFrom(new Numbers(1)).subscribe(() => {
      throw 'a string';
    });
    expect((await again).message).toBe('a string');
  });

  it.each([undefined, null, 'text', [1], {}, () => {}])('refuses %o, and says why', (source) => {
    expect(() => boundedFrom(source as never)).toThrow(
      expect.objectContaining({
        _tag: 'InvalidParams',
        what: 'source of boundedFrom',
        value: source,
        issues: [{ path: '', message: 'expected an AsyncIterable or a ReadableStream' }],
      }),
    );
  });

  it('has a window of at least one, as wide as what is behind it needs', async () => {
    const two = boundedFrom(new Numbers(2), { window: 2 }).pipe(
      batch({ count: 2, withinMs: Number.POSITIVE_INFINITY }),
    );

    expect(await lastValueFrom(two)).toEqual([1, 2]);
    expect(await lastValueFrom(boundedFrom(new Numbers(1), { window: 1 }))).toBe(1);
    expect(() => boundedFrom(new Numbers(1), { window: 1.5 })).toThrow(
      'window of boundedFrom is a whole number, at least 1; got 1.5',
    );
  });

  it('is not asked any more when it has said that it is over', async () => {
    const numbers = new Numbers(1);
    const reader = boundedFrom(numbers)[Symbol.asyncIterator]();
    await reader.next();
    await reader.next();
    await reader.next();
    await reader.return!();

    expect([numbers.asked, numbers.left]).toEqual([2, 0]);
  });

  it('warns as of something of ours', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    boundedFrom(new Numbers(1)).subscribe(() => {
      throw 'a string';
    });

    expect(await warned).toMatchObject({ name: 'TroupeWarning', message: 'a string' });
  });

  it('refuses a window that is too small, and what cannot be', async () => {
    const small = boundedFrom(new Numbers(1), { window: 2 }).pipe(
      batch({ count: 3, withinMs: Number.POSITIVE_INFINITY }),
    );
    await expect(lastValueFrom(small)).rejects.toThrow(/holds 3 values at once, and its window is 2/u);
    expect(() => boundedFrom(new Numbers(1), { window: 0 })).toThrow(RangeError);
    expect(() => boundedFrom([1] as never)).toThrow(InvalidParams);
    expect(await lastValueFrom(boundedFrom(new Numbers(2), { window: 4 }).pipe(toArray()))).toEqual([1, 2]);
  });
});

describe('a bounded stream of a system', () => {
  it('goes out as a web stream, and cancelling that interrupts the work', async () => {
    const { system, turns } = aStreamScene();
    let left = 0;
    system.spawn(
      defineAgent({
        name: 'counting',
        subscribe: [Number_],
        receive: async function* (n) {
          try {
            for (let next = n; ; next += 1) yield next;
          } finally {
            left += 1;
          }
        },
      }),
    );
    await turns();
    const reader = toReadableStream(system.stream(Number_, 1, { capacity: 1 })).getReader();
    for (const n of [1, 2, 3]) {
      const read = reader.read();
      await turns();
      expect(await read).toEqual({ done: false, value: n });
    }
    const cancelled = reader.cancel();
    await turns();
    await cancelled;
    await reader.cancel();
    await turns();

    expect(left).toBe(1);
  });

  it('goes out as an Effect Stream', async () => {
    const { system, turns } = aStreamScene();
    system.spawn(
      streamAgent({ name: 'double', subscribe: [Number_], stream: (inbox) => inbox.pipe(map((n) => n * 2)) }),
    );
    await turns();
    const replies = Stream.fromAsyncIterable(system.stream(Number_, 4), (failure) => failure);
    const read = Effect.runPromise(Stream.runCollect(replies));
    while ((await Promise.race([read, turns()])) === undefined);

    expect(await read).toEqual([8]);
  });
});

describe('toReadableStream', () => {
  it('asks for nothing before it is read, and may be cancelled before that', async () => {
    const numbers = new Numbers(3);
    const stream = toReadableStream(numbers);
    await idle();
    expect(numbers.asked).toBe(0);
    await stream.cancel();
    expect(numbers.left).toBe(0);
  });

  it('is cancelled at once while its source waits, which is left when it goes on', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const seen: string[] = [];
    async function* source() {
      try {
        yield 1;
        await gate;
        yield 2;
      } finally {
        seen.push('left');
        // Nobody is there any more who could hear it.
        // biome-ignore lint/correctness/noUnsafeFinally: what a source may do
        throw new Error('too late');
      }
    }
    const reader = toReadableStream(source()).getReader();
    await reader.read();
    const waiting = reader.read();
    await idle();
    await reader.cancel();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(seen).toEqual([]);

    open();
    await idle();
    expect(seen).toEqual(['left']);
  });

  it('waits until a source that is not asked is left, and fails as that does', async () => {
    async function* source() {
      try {
        yield 1;
        yield 2;
      } finally {
        await idle();
        // biome-ignore lint/correctness/noUnsafeFinally: what a source may do
        throw new Error('cannot leave');
      }
    }
    const reader = toReadableStream(source()).getReader();
    await reader.read();
    await expect(reader.cancel()).rejects.toThrow('cannot leave');
  });

  it('is piped to a writable one at the pace of that', async () => {
    const numbers = new Numbers(5);
    const written: number[] = [];
    const ahead: number[] = [];
    await toReadableStream(numbers).pipeTo(
      new WritableStream<number>({
        write: async (n) => {
          await idle();
          written.push(n);
          ahead.push(numbers.asked - written.length);
        },
      }),
    );

    expect(written).toEqual([1, 2, 3, 4, 5]);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(2);
  });
});

/** Lets promises go on that wait for nothing. */
const idle = () => new Promise<void>((resolve) => setImmediate(resolve));
