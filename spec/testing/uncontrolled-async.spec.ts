/** What is taken from outside of a world is found, wherever and however it is taken. */

import { Console } from 'node:console';
import nodeCrypto from 'node:crypto';
import { promises as dns } from 'node:dns';
import fs from 'node:fs';
import { setImmediate as promisedImmediate, setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gzip } from 'node:zlib';
import * as Effect from 'effect/Effect';
import { defineAgent, defineTopic, type System, type } from 'troupe';
import { type ExploreOptions, explore, readTape, UncontrolledAsync, World } from 'troupe/testing';
import { describe, expect, it } from 'vitest';

const Asked = defineTopic('asked', { schema: type<string>(), reply: type<unknown>() });

/** Explores an agent that does this, and gives what it failed with. */
async function exploring(
  does: () => unknown,
  options: ExploreOptions = {},
  timeoutMs = 1_000,
): Promise<unknown> {
  const agent = defineAgent({ name: 'curious', subscribe: [Asked], receive: () => does() });
  const setup = async (system: System) => {
    system.spawn(agent);
    await system.request(Asked, 'now', { timeoutMs }).catch(() => {});
  };
  return explore(setup, { runs: 3, seed: 1, ...options }, () => {}).then(
    () => 'nothing was found',
    (failure: unknown) => failure,
  );
}

/** The same, of what has to be found. */
async function found(does: () => unknown, options?: ExploreOptions): Promise<UncontrolledAsync> {
  const failure = await exploring(does, options);
  expect(failure).toBeInstanceOf(UncontrolledAsync);
  return failure as UncontrolledAsync;
}

describe('ambient time and chance in a handler', () => {
  it.each<[string, () => unknown]>([
    ['Date.now()', () => Date.now()],
    ['new Date()', () => new Date()],
    ['Date()', () => Date()],
    ['performance.now()', () => performance.now()],
    ['process.hrtime()', () => process.hrtime()],
    ['process.hrtime.bigint()', () => process.hrtime.bigint()],
    ['Math.random()', () => Math.random()],
    ['crypto.randomUUID()', () => crypto.randomUUID()],
    ['crypto.randomUUID()', () => nodeCrypto.randomUUID()],
    ['crypto.getRandomValues()', () => crypto.getRandomValues(new Uint8Array(1))],
    ['crypto.randomBytes()', () => nodeCrypto.randomBytes(1)],
    ['crypto.randomInt()', () => nodeCrypto.randomInt(1)],
    ['setTimeout()', () => setTimeout(() => {}, 1)],
    ['setInterval()', () => setInterval(() => {}, 1)],
    ['setImmediate()', () => setImmediate(() => {})],
    ['setTimeout() of node:timers/promises', () => sleep(1)],
    ['setTimeout() of node:timers/promises', () => promisify(setTimeout)(1)],
    ['setImmediate() of node:timers/promises', () => promisedImmediate()],
    ['AbortSignal.timeout()', () => AbortSignal.timeout(1)],
  ])('%s fails the run, and says where it is called', async (called, does) => {
    const failure = await found(does);

    expect(failure).toMatchObject({ called, code: 'NONDETERMINISM', class: 'defect' });
    expect(failure.at[0]).toContain('uncontrolled-async.spec.ts');
    expect(failure.at.join('\n')).not.toMatch(/node_modules|node:|\/src\/(core|actors|testing)\//);
    expect(failure.message).toContain(`${called} inside of the simulation`);
    expect(failure.message).toContain("ambient: 'simulate'");
    expect(failure.stack).toContain('uncontrolled-async.spec.ts');
  });

  it('fails the run also when the code that takes it catches what is thrown', async () => {
    const careless = () => {
      try {
        return Date.now();
      } catch {
        return 0;
      }
    };

    expect((await found(careless)).called).toBe('Date.now()');
  });

  it('fails the run wherever an asynchronous handler takes it', async () => {
    const later = async () => {
      await Promise.resolve();
      await new Promise((resolve) => process.nextTick(resolve));
      await null;
      return Math.random();
    };

    expect((await found(later)).called).toBe('Math.random()');
  });

  it('fails the run in an Effect, a stream of replies and the setup, too', async () => {
    const inEffect = await found(() => Effect.sync(() => Date.now()));
    const inStream = await found(async function* () {
      yield Date.now();
    });
    const inSetup = await explore(
      () => Date.now(),
      { runs: 1, seed: 1 },
      () => {},
    ).catch((failure: unknown) => failure);

    expect([inEffect.called, inStream.called]).toEqual(['Date.now()', 'Date.now()']);
    expect(inSetup).toBeInstanceOf(UncontrolledAsync);
  });

  it('is left alone where the present is not asked for', async () => {
    const innocent = () => [new Date(0).toISOString(), Date.UTC(2026, 0), new Date('2026-01-01').getTime()];

    expect(await exploring(innocent)).toBe('nothing was found');
  });

  it('is left alone in what the test itself does between steps and at quiet', async () => {
    const runs = await explore(
      (system) => void system.publish(Asked, 'to nobody'),
      { runs: 2, seed: 1, always: () => Date.now() > 0 && Date().length > 0 },
      async () => {
        await sleep(1);
        return Math.random() < 1;
      },
    );

    expect(runs.runs).toBe(2);
  });

  it('is the world’s, when the test says so', async () => {
    const told: unknown[] = [];
    const asking = async () => {
      const before = Date.now();
      await sleep(250);
      told.push([before, Date.now(), new Date().toISOString(), Math.random(), crypto.randomUUID()]);
    };

    expect(await exploring(asking, { ambient: 'simulate' })).toBe('nothing was found');
    expect(told[0]).toEqual([
      0,
      250,
      '1970-01-01T00:00:00.250Z',
      expect.any(Number),
      expect.stringMatching(/^[-0-9a-f]{36}$/),
    ]);
    expect(told).toEqual([told[0], told[0], told[0]]);
  });
});

describe('real input and output in a handler', () => {
  const path = new URL(import.meta.url);

  it.each<[string, () => unknown]>([
    ['a file operation (FSReqPromise)', () => fs.promises.readFile(path)],
    ['a file operation (FSReqCallback)', () => fs.readFile(path, () => {})],
    ['a name lookup (GetAddrInfoReqWrap)', () => dns.lookup('localhost')],
  ])('%s fails the run, and says where it is begun', async (called, does) => {
    const failure = await found(does);

    expect(failure.called).toBe(called);
    expect(failure.at[0]).toContain('uncontrolled-async.spec.ts');
  });

  it('fails the run also where nobody waits for it', async () => {
    const failure = await found(() => {
      void fs.promises.readFile(path);
      return 'done';
    });

    expect(failure.called).toMatch(/^a file operation/);
  });

  it('is found behind an await, with the calls that led there', async () => {
    const reads = async () => {
      await null;
      return fs.promises.readFile(path);
    };
    const asks = async () => {
      await null;
      await reads();
    };

    expect((await found(asks)).at.join('\n')).toMatch(/reads.*asks/s);
  });

  it('does not pass for a handler that hangs when it is none that Node counts', async () => {
    const digested = await found(() => crypto.subtle.digest('SHA-256', new Uint8Array(1)));
    const zipped = await found(() => promisify(gzip)('text'));
    const derived = await found(() => promisify(nodeCrypto.scrypt)('a', 'b', 8));

    expect(digested.called).toMatch(/crypto/);
    expect(zipped.called).toMatch(/compression/);
    expect(derived.called).toMatch(/crypto/);
    expect(zipped.at[0]).toContain('uncontrolled-async.spec.ts');
  });

  it('is found when it is a timer that was taken before the world was there', async () => {
    const taken = setTimeout;

    expect((await found(() => new Promise((resolve) => taken(resolve, 1)))).called).toBe('a timer (Timeout)');
  });

  it('is found when it is a worker, which Node does not count', async () => {
    const workers: Worker[] = [];

    const failure = await found(() => void workers.push(new Worker('', { eval: true })));
    await Promise.all(workers.map((worker) => worker.terminate()));

    expect(failure.called).toBe('a worker or a message port (WORKER)');
  });

  it('is not the console’s, nor that of a test runner', async () => {
    const runner = new Function(
      'setTimeout(() => {}, 1)\n//# sourceURL=/a/node_modules/@vitest/runner/dist/index.js',
    );

    expect(await exploring(() => void runner())).toBe('nothing was found');
    expect(await exploring(() => new Console({ stdout: process.stderr }).log(''))).toBe('nothing was found');
  });

  it('is found in a setup that waits for it, before it comes back', async () => {
    const failure = await explore(
      () => fs.promises.readFile(path),
      { runs: 1, seed: 1 },
      () => {},
    ).catch((thrown: unknown) => thrown);

    expect(failure).toBeInstanceOf(UncontrolledAsync);
    expect((failure as UncontrolledAsync).at[0]).toContain('uncontrolled-async.spec.ts');
  });

  it('is found when a run goes on only because it came back', async () => {
    const agent = defineAgent({
      name: 'digester',
      subscribe: [Asked],
      receive: async () => {
        await crypto.subtle.digest('SHA-256', new Uint8Array(1));
        return 'digested';
      },
    });
    const asking = (system: System) => {
      system.spawn(agent);
      return system.request(Asked, 'now', { timeoutMs: Number.POSITIVE_INFINITY });
    };

    const failure = await explore(asking, { runs: 1, seed: 1 }, () => {}).catch((thrown: unknown) => thrown);
    const taken = setImmediate;
    const byHand = await new World({ choose: readTape([]) })
      .run(() => new Promise((resolve) => taken(resolve)))
      .catch((thrown: unknown) => thrown);

    expect(failure).toMatchObject({ called: expect.stringMatching(/crypto/), _tag: 'UncontrolledAsync' });
    expect(byHand).toMatchObject({ called: 'something of the host', at: [] });
  });

  it('fails a world that is run by hand, too, without telling where', async () => {
    const world = new World({ choose: readTape([]) });

    const failure = await world.run(() => fs.promises.readFile(path)).catch((thrown: unknown) => thrown);

    expect(failure).toMatchObject({ called: 'a file operation (FSReqPromise)', at: [] });
  });

  it('is left alone in code that only hangs', async () => {
    expect(await exploring(() => new Promise(() => {}))).toBe('nothing was found');
    expect(await exploring(() => Effect.never)).toBe('nothing was found');
  });

  it('is left alone where only promises, ticks and streams of the language are used', async () => {
    const busy = async () => {
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      await new Promise((resolve) => process.nextTick(resolve));
      const text = await new Response('text').text();
      const parts: unknown[] = [];
      for await (const part of ReadableStream.from([1, 2])) parts.push(part);
      return structuredClone([text, parts]);
    };

    expect(await exploring(busy)).toBe('nothing was found');
  });
});
