/** Properties, and setups, that have the world go on. */
import { readFile } from 'node:fs/promises';
import { defineAgent, defineTopic, type System, type } from 'troupe';
import {
  CounterexampleFound,
  type ExploreOptions,
  explore,
  type Law,
  probe,
  type World,
} from 'troupe/testing';
import { describe, expect, it } from 'vitest';

const Question = defineTopic('question', { schema: type<number>(), reply: type<number>() });
const Said = defineTopic('said', { schema: type<number>() });
const Never = defineTopic('never', { schema: type<number>(), reply: type<number>() });

const troupe = (system: System): void => {
  system.spawn(defineAgent({ name: 'double', subscribe: [Question], receive: (n: number) => 2 * n }));
  system.spawn(
    defineAgent({ name: 'mute', subscribe: [Never], receive: () => new Promise<number>(() => {}) }),
  );
  system.spawn(
    defineAgent({
      name: 'listener',
      on: (on) => [on(Said, (n, context) => context.update(() => n))],
      state: 0,
    }),
  );
};
const stateOf = (world: World): unknown => world.system.agents.find('/listener')?.ref.getSnapshot().context;

const outcomeOf = (property: (world: World) => unknown, options: ExploreOptions = {}): Promise<string> =>
  explore(troupe, { runs: 3, seed: 1, ...options }, property).then(
    () => 'held',
    (failure: Error) => (failure instanceof CounterexampleFound ? failure.why : failure.message),
  );

describe('a property', () => {
  it('may ask the agents', async () => {
    expect(await outcomeOf(async ({ system }) => (await system.request(Question, 21)) === 42)).toBe('held');
    expect(await outcomeOf(async ({ system }) => (await system.request(Question, 21)) === 43)).toBe(
      'the property does not hold at quiet',
    );
  });

  it('may wait until time has passed in the world', async () => {
    expect(await outcomeOf(({ system }) => system.request(Never, 1, { timeoutMs: 60_000 }))).toContain(
      '60000 ms',
    );
  });

  it('may ask through a probe, which tells why nothing came', async () => {
    const property = async ({ system }: World): Promise<void> => {
      await probe(system, { topics: [Said] }).expect(Said, { withinMs: 50 });
    };

    expect(await outcomeOf(property)).toContain('said within 50 ms');
  });

  it('may drive the world, which goes on nowhere else meanwhile', async () => {
    const times: number[] = [];
    const property = async (world: World): Promise<void> => {
      world.environment.schedule(50, () => {});
      await world.advance(10);
      times.push(world.nowMs);
      await world.advance(10);
      times.push(world.nowMs);
      await world.runUntilQuiet();
      times.push(world.nowMs);
    };

    expect(await outcomeOf(property, { runs: 1 })).toBe('held');
    expect(times).toEqual([10, 20, 50]);
  });

  it('may wait for input and output of the host', async () => {
    const property = async (): Promise<boolean> => (await readFile(import.meta.filename, 'utf8')).length > 0;

    expect(await outcomeOf(property)).toBe('held');
  });

  it('does not hang when nobody brings what it waits for', async () => {
    expect(await outcomeOf(() => new Promise(() => {}), { runs: 1 })).toMatch(
      /^the property waits for something that nobody will bring/,
    );
  });

  it('does not wait for ever in a world that is never quiet', async () => {
    const ring = (world: World): void => void world.environment.schedule(1, () => ring(world));
    const property = (world: World): Promise<never> => {
      ring(world);
      return new Promise(() => {});
    };

    expect(await outcomeOf(property, { runs: 1, shrinkRunsMax: 0 })).toMatch(/steps/);
  });

  it('ends with the signal', async () => {
    const controller = new AbortController();
    const property = (): Promise<never> => {
      controller.abort(new Error('enough'));
      return new Promise(() => {});
    };

    expect(await outcomeOf(property, { runs: 1, signal: controller.signal })).toBe('enough');
  });

  it('is looked at, too: the steps that it has the world take are checked as all others', async () => {
    const law: Law = {
      name: 'nothing is said',
      begin: (world) => ({
        afterStep: () => {
          if (stateOf(world) !== 0) throw new Error('something is');
        },
      }),
    };
    const say = (go: (world: World) => Promise<unknown>) => async (world: World) => {
      world.system.publish(Said, 1);
      // What it catches ends the run all the same.
      await go(world).catch(() => {});
      world.system.publish(Said, 0);
      await go(world);
    };
    const ways = [
      say((world) => world.advance(5)),
      say((world) => world.runUntilQuiet()),
      say((world) => world.step()),
      say((world) => world.system.request(Question, 1)),
    ];

    for (const property of ways) {
      expect(await outcomeOf(property, { laws: [law] })).toBe('nothing is said: something is');
      expect(await outcomeOf(property, { always: (world) => stateOf(world) !== 1 })).toBe(
        'the property does not hold always',
      );
    }
  });
});

describe('a setup that drives its world', () => {
  it('does so alone', async () => {
    const times: number[] = [];
    const setup = async (_: System, world: World): Promise<void> => {
      for (const ms of [15, 50, 5_000]) world.environment.schedule(ms, () => void times.push(-world.nowMs));
      await world.advance(10);
      times.push(world.nowMs);
      await world.advance(10);
      times.push(world.nowMs);
      await world.run(async () => {
        await world.step();
        times.push(world.nowMs);
        await world.advance(1);
        times.push(world.nowMs);
      });
      times.push(world.nowMs);
    };

    await explore(setup, { runs: 1, seed: 1 }, () => {});

    expect(times).toEqual([10, -15, 20, -50, 50, 51, -5_000, 5_000]);
  });

  it('may do so twice at once', async () => {
    const times: number[] = [];
    const setup = async (_: System, world: World): Promise<void> => {
      world.environment.schedule(50, () => {});
      await Promise.all([world.advance(10), world.advance(20)]);
      times.push(world.nowMs);
    };

    await explore(setup, { runs: 1, seed: 1 }, () => {});

    expect(times).toEqual([20]);
  });
});

describe('explorations at the same time', () => {
  it("leave each other's properties and what they begin alone", async () => {
    const property = async (world: World): Promise<void> => {
      for (let n = 0; n < 5; n += 1) {
        await undefined;
        Date.now();
      }
      await world.advance(5);
      Math.random();
      await undefined;
      Date.now();
    };

    const all = await Promise.all([1, 2, 3].map((seed) => outcomeOf(property, { runs: 20, seed })));

    expect(all).toEqual(['held', 'held', 'held']);
  });
});

describe('a date inside of a world', () => {
  it('is made by the `Date` that is there', async () => {
    let inside: unknown;
    await explore(
      () => {
        inside = new Date(0).constructor === Date && new Date(0) instanceof Date;
      },
      { runs: 1 },
      () => {},
    );

    expect(inside).toBe(true);
    expect(new Date(0).constructor).toBe(Date);
  });
});
