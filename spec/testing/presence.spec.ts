/** Worlds that run at the same time, and what is left of them in the process. */
import timersModule from 'node:timers';
import timersPromises, { setTimeout as sleep } from 'node:timers/promises';
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { explore, readTape, UncontrolledAsync, World } from 'troupe/testing';
import { describe, expect, it } from 'vitest';
import { present } from '../../src/testing/presence.ts';
import { childProgram } from '../support/child-program.ts';

const Asked = defineTopic('asked', { schema: type<number>(), reply: type<string>() });

const ambient = () => [
  setTimeout,
  setInterval,
  setImmediate,
  clearTimeout,
  Date,
  Date.now,
  performance.now,
  process.hrtime,
  Math.random,
  crypto.randomUUID,
  crypto.getRandomValues,
  AbortSignal.timeout,
  timersModule.setTimeout,
  timersPromises.setTimeout,
  sleep,
];

describe('what worlds take of the process', () => {
  it('is given back when an exploration has ended, however it ended', async () => {
    const before = ambient();
    let during: unknown[] = [];

    await explore(
      () => {
        during = ambient();
      },
      { runs: 2, seed: 1 },
      () => {},
    );
    const after = ambient();
    await explore(
      () => Date.now(),
      { runs: 2, seed: 1 },
      () => {},
    ).catch(() => {});
    await explore(
      () => {},
      { runs: -1 },
      () => {},
    ).catch(() => {});

    expect(during.filter((one, n) => one === before[n])).toEqual([]);
    expect(after).toEqual(before);
    expect(ambient()).toEqual(before);
  });

  it('is left to whoever has put something else there meanwhile', async () => {
    const { random } = Math;
    const others = () => 0.5;

    await new World({ choose: readTape([]) }).run(() => {
      Math.random = others;
    });
    const left = Math.random;
    Math.random = random;

    expect(left).toBe(others);
  });

  it('is the world’s only as long as it runs', async () => {
    const world = new World({ choose: readTape([]) });
    const agent = defineAgent({ name: 'agent', subscribe: [Asked], receive: () => String(Math.random()) });
    world.system.spawn(agent);

    const reply = world.system.request(Asked, 1).catch(() => {});
    const between = Math.random();

    await expect(world.runUntilQuiet()).rejects.toThrow(UncontrolledAsync);
    expect(between).toBeLessThan(1);
    expect(Date.now()).toBeGreaterThan(0);
    void reply;
  });
});

describe('a world that runs', () => {
  it('may be stepped by its own setup', async () => {
    const world = new World({ choose: readTape([]) });
    const did: string[] = [];
    world.environment.defer(() => did.push('deferred'));

    await world.run(async () => {
      await world.step();
      did.push('stepped');
    });

    expect(did).toEqual(['deferred', 'stepped']);
  });

  it('leaves a test runner its own time', async () => {
    const runner = new Function(
      'return Math.min(Date.now(), Number(new Date()))\n//# sourceURL=/a/node_modules/@vitest/runner/dist/index.js',
    ) as () => number;
    const library = new Function(
      'return Date.now()\n//# sourceURL=/a/node_modules/xstate/dist/xstate.esm.js',
    ) as () => number;
    const told: number[] = [];

    await new World({ choose: readTape([]) }).run(() => void told.push(runner(), library()));

    expect(told[0]).toBeGreaterThan(0);
    expect(told[1]).toBe(0);
  });

  it('leaves a test runner its own timers', async () => {
    const runner = new Function(
      'resolve',
      'setTimeout(resolve, 1)\n//# sourceURL=/a/node_modules/@vitest/runner/dist/index.js',
    ) as (resolve: () => void) => void;
    let rang: Promise<void> | undefined;

    await new World({ choose: readTape([]) }).run(() => {
      rang = new Promise((resolve) => runner(resolve));
    });

    await expect(rang).resolves.toBeUndefined();
  });
});

describe('what goes on in the process beside a world', () => {
  it('may be a live system, which keeps its own time', async () => {
    const Count = defineTopic('count', { schema: type<number>() });
    await using live = createSystem();
    const { promise: counted, resolve } = Promise.withResolvers<void>();
    const counter = defineAgent({
      name: 'counter',
      subscribe: [Count],
      receive: (n, context) => {
        if (n === 0) {
          resolve();
        } else {
          void context.tell(context.self as never, (n - 1) as never);
        }
      },
    });
    void live.tell(live.spawn(counter), 1_000);
    const world = new World({ choose: readTape([]) });
    const told: number[] = [];

    await world.run(() => {
      for (let n = 0; n < 20; n += 1) {
        world.environment.defer(() => told.push(n));
      }
    });
    await counted;

    expect(told).toHaveLength(20);
  });

  it('may be what nobody has caught: whoever listens for it is told, and the process lives on', async () => {
    const child = childProgram('throws-in-a-world.ts');

    expect(await child.ended).toBe(0);
    expect(child.lines).toEqual(['3 runs, heard 3']);
  });
});

describe('worlds that run at the same time', () => {
  /** Each step of it is at a time of its own world. */
  async function timesOf(everyMs: number): Promise<readonly number[]> {
    const world = new World({ choose: readTape([]), ambient: 'simulate' });
    const times: number[] = [];
    const agent = defineAgent({
      name: 'agent',
      subscribe: [Asked],
      receive: async (rounds) => {
        for (let left = rounds; left > 0; left -= 1) {
          await sleep(everyMs);
          times.push(Date.now());
        }
        return 'done';
      },
    });
    await world.run(async () => {
      world.system.spawn(agent);
      await world.system.request(Asked, 5);
    });
    return times;
  }

  it('take turns, a step each, and keep each to its own time', async () => {
    const all = await Promise.all([timesOf(10), timesOf(7), timesOf(1_000)]);

    expect(all).toEqual([
      [10, 20, 30, 40, 50],
      [7, 14, 21, 28, 35],
      [1_000, 2_000, 3_000, 4_000, 5_000],
    ]);
  });

  it('may be explorations', async () => {
    const exploring = async (everyMs: number) => {
      const found = new Set<number>();
      const setup = async () => {
        await sleep(everyMs);
        found.add(Date.now());
      };
      await explore(setup, { runs: 20, seed: 1, ambient: 'simulate' }, () => {});
      return [...found];
    };

    expect(await Promise.all([exploring(3), exploring(4)])).toEqual([[3], [4]]);
  });

  it('may be one inside of another’s setup', async () => {
    const times: number[] = [];

    await new World({ choose: readTape([]) }).run(async () => {
      times.push(...(await timesOf(5)));
    });

    expect(times).toEqual([5, 10, 15, 20, 25]);
  });

  it('that are closed let the others go on, while they run and while they wait', async () => {
    const first = new World({ choose: readTape([]) });
    const second = new World({ choose: readTape([]) });
    const third = new World({ choose: readTape([]) });
    const had: boolean[] = [];
    const runs = [
      first.run(() => {
        had.push(present() !== undefined);
        second.close();
        first.close();
      }),
      second.run(() => {}),
    ];
    await Promise.all(runs);
    await third.run(() => {
      had.push(present() !== undefined);
    });

    expect([...had, present() !== undefined]).toEqual([true, true, false]);
  });
});
