/** What a world gives in place of the host's, when the test asks for that. */
import nodeCrypto from 'node:crypto';
import {
  setImmediate as promisedImmediate,
  setInterval as promisedInterval,
  scheduler,
  setTimeout as sleep,
} from 'node:timers/promises';
import { promisify } from 'node:util';
import { readTape, World } from 'troupe/testing';
import { describe, expect, it } from 'vitest';

/** Runs something in a world that simulates what is ambient; gives what it wrote down, each with the time. */
async function written(does: (write: (what: unknown) => void, world: World) => unknown): Promise<unknown[]> {
  const world = new World({ choose: readTape([]), ambient: 'simulate' });
  const told: unknown[] = [];
  await world.run(() => does((what) => told.push([world.nowMs, what]), world));
  return told;
}

describe('timers', () => {
  it('ring in the world’s time, with what they were given', async () => {
    const told = await written((write) => {
      setTimeout((a: string, b: string) => write(a + b), 20, 'a', 'b');
      setTimeout(() => write('at once'));
      setTimeout(() => write('not a number'), Number.NaN);
      setTimeout(() => write('too far'), 2 ** 40);
      setImmediate((a: string) => write(a), 'immediate');
      const every = setInterval(() => {
        write('every');
      }, 30);
      setTimeout(() => clearInterval(every), 70);
    });

    expect(told).toEqual([
      [0, 'immediate'],
      [1, 'at once'],
      [1, 'not a number'],
      [1, 'too far'],
      [20, 'ab'],
      [30, 'every'],
      [60, 'every'],
    ]);
  });

  it('do not ring when they were cancelled, in any of Node’s ways', async () => {
    const told = await written((write) => {
      clearTimeout(setTimeout(write, 1));
      clearInterval(setInterval(write, 1));
      clearImmediate(setImmediate(write));
      setTimeout(write, 1)[Symbol.dispose]();
      setImmediate(write)[Symbol.dispose]();
      setTimeout(write, 1).close();
      clearTimeout(undefined);
    });

    expect(told).toEqual([]);
  });

  it('can be put off, and hold nothing', async () => {
    const told = await written((write) => {
      const timer = setTimeout(() => write('rang'), 10)
        .ref()
        .unref();
      const immediate = setImmediate(() => write('immediate'))
        .ref()
        .unref();
      write([timer.hasRef(), immediate.hasRef()]);
      setTimeout(() => void timer.refresh(), 5);
      setTimeout(() => void timer.refresh(), 20);
    });

    expect(told).toEqual([
      [0, [true, true]],
      [0, 'immediate'],
      [15, 'rang'],
    ]);
  });

  it('are promises, too', async () => {
    const told = await written(async (write) => {
      write(await sleep(10, 'slept'));
      write(await promisedImmediate('immediate'));
      write(await promisify(setTimeout)(5, 'promisified'));
      write(await scheduler.wait(5));
      let rounds = 0;
      for await (const value of promisedInterval(3, 'every')) {
        write(value);
        if (++rounds === 2) break;
      }
    });

    expect(told).toEqual([
      [10, 'slept'],
      [10, 'immediate'],
      [15, 'promisified'],
      [20, undefined],
      [23, 'every'],
      [26, 'every'],
    ]);
  });

  it('are given up when a signal says so', async () => {
    const told = await written(async (write) => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(new Error('enough')), 5);
      const failed = (failure: Error) => write([failure.name, (failure.cause as Error).message]);
      await sleep(60_000, undefined, { signal: abort.signal }).catch(failed);
      await promisedImmediate(undefined, { signal: abort.signal }).catch(failed);
      const late = AbortSignal.timeout(20);
      late.addEventListener('abort', () => write((late.reason as Error).name));
    });

    expect(told).toEqual([
      [5, ['AbortError', 'enough']],
      [5, ['AbortError', 'enough']],
      [25, 'TimeoutError'],
    ]);
  });
});

describe('clocks', () => {
  it('tell the world’s time, which begins in 1970', async () => {
    const told = await written(async (write) => {
      await sleep(1_500);
      const since = process.hrtime();
      await sleep(250);
      write([Date.now(), Number(new Date(Date.now())), new Date(7).getTime(), performance.now()]);
      write([process.hrtime(), process.hrtime(since), process.hrtime.bigint()]);
      write(new Date(Date()).getTime());
      write(new Date().toISOString());
      write([new Date() instanceof Date, Object.prototype.toString.call(new Date())]);
    });

    expect(told).toEqual([
      [1_750, [1_750, 1_750, 7, 1_750]],
      [1_750, [[1, 750_000_000], [0, 250_000_000], 1_750_000_000n]],
      [1_750, 1_000],
      [1_750, '1970-01-01T00:00:01.750Z'],
      [1_750, [true, '[object Date]']],
    ]);
  });
});

describe('dice', () => {
  const roll = (): Promise<unknown[]> =>
    written(async (write) => {
      write(Math.random());
      write([crypto.randomUUID(), nodeCrypto.randomUUID()]);
      write([...crypto.getRandomValues(new Uint8Array(4)), ...crypto.getRandomValues(new Uint16Array(2))]);
      write(nodeCrypto.randomBytes(8).toString('hex'));
      write([nodeCrypto.randomInt(6), nodeCrypto.randomInt(5, 7)]);
      write([...nodeCrypto.randomFillSync(new Uint8Array(4), 1, 2)]);
      write(nodeCrypto.randomFillSync(new ArrayBuffer(2) as never));
      write((await promisify(nodeCrypto.randomBytes)(2)).length);
      write(
        await promisify(nodeCrypto.randomInt as (max: number, call: (e: unknown, n: number) => void) => void)(
          1,
        ),
      );
      write(
        (
          await promisify(
            nodeCrypto.randomFill as (view: Uint8Array, call: (e: unknown, v: Uint8Array) => void) => void,
          )(new Uint8Array(3))
        ).length,
      );
    });

  it('fall as the world decides, the same each time', async () => {
    const rolled = await roll();

    expect(rolled).toEqual(await roll());
    expect((rolled[1] as [number, string[]])[1]).toEqual([
      expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/),
      expect.stringMatching(/^[-\da-f]{36}$/),
    ]);
    expect((rolled[5] as [number, number[]])[1]).toMatchObject([0, expect.anything(), expect.anything(), 0]);
    expect(rolled.slice(-3).map((one) => (one as unknown[])[1])).toEqual([2, 0, 3]);
  });
});
