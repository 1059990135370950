import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import type { System } from '../../src/actors/system.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { CounterexampleFound } from '../../src/testing/counterexample.ts';
import { delayBounded } from '../../src/testing/delay-bounded.ts';
import { exhaustive } from '../../src/testing/exhaustive.ts';
import { type ExploreOptions, explore } from '../../src/testing/explore.ts';
import { mixed } from '../../src/testing/mixed.ts';
import { pct } from '../../src/testing/pct.ts';
import { random } from '../../src/testing/random.ts';
import type { World } from '../../src/testing/world.ts';
import { boom } from '../support/boom.ts';

const Withdraw = defineTopic('withdraw', { schema: type<number>() });
const Read = defineTopic('read', { schema: type<undefined>(), reply: type<number>() });
const Write = defineTopic('write', { schema: type<number>() });

/** A race: two clerks read a balance, and each writes what it makes of it. */
const setUpRace = (system: System): void => {
  const account = defineAgent({
    name: 'account',
    state: 100,
    on: (on) => [
      on(Read, (_, context) => context.state),
      on(Write, (balance, context) => context.update(() => balance)),
    ],
  });
  const clerk = defineAgent({
    name: 'clerk',
    subscribe: [Withdraw],
    receive: async (amount, context) => {
      const balance = await context.request(Read, undefined);
      void context.publish(Write, balance - amount);
    },
  });
  system.spawn(account);
  const [first, second] = [system.spawn(clerk), system.spawn(clerk)];
  void system.tell(first, 10);
  void system.tell(second, 20);
};

const balanceOf = (world: World) => world.system.agents.find('/account')?.ref.getSnapshot().context;
const nothingIsLost = (world: World) => balanceOf(world) === 70;

const found = async (exploring: Promise<unknown>): Promise<CounterexampleFound> => {
  const failure = await exploring.then(
    () => new Error('nothing was found'),
    (thrown: unknown) => thrown,
  );
  if (!(failure instanceof CounterexampleFound)) {
    throw failure;
  }
  return failure;
};

describe('explore', () => {
  it('finds a race, shrinks it, and replays it by its tape', async () => {
    const failure = await found(explore(setUpRace, { runs: 500, seed: 1 }, nothingIsLost));

    const again = await found(explore(setUpRace, { tape: failure.tape }, nothingIsLost));

    expect(failure.tape.length).toBeLessThanOrEqual(6);
    expect(again.trace).toEqual(failure.trace);
    expect(again.tape).toEqual(failure.tape);
    expect(failure.trace.some((line) => line.includes('→ all: write'))).toBe(true);
  });

  it('says how the counterexample came about and how to see it again', async () => {
    const failure = await found(explore(setUpRace, { runs: 500, seed: 1 }, nothingIsLost));

    const lines = failure.message.split('\n');

    expect(lines[0]).toMatch(
      /^a schedule breaks the property \(run \d+\): the property does not hold at quiet$/,
    );
    expect(lines.at(-1)).toBe(
      `replay it with explore(setup, { …, tape: ${JSON.stringify(failure.tape)} }, atQuiet); found with seed 1 by delayBounded(3) + random + pct(3)`,
    );
    expect(failure.name).toBe('CounterexampleFound');
    expect(failure.seed).toBe(1);
  });

  it('explores the same schedules from the same seed', async () => {
    const tapes = await Promise.all(
      [1, 2].map(async () => (await found(explore(setUpRace, { runs: 500, seed: 7 }, nothingIsLost))).tape),
    );

    expect(tapes[0]).toEqual(tapes[1]);
  });

  it('is content when the property holds in every schedule', async () => {
    const explored = await explore(setUpRace, { runs: 20 }, (world) => balanceOf(world) !== 100);

    expect(explored.runs).toBe(20);
    expect(explored.steps).toBeGreaterThan(100);
  });

  it('runs a thousand schedules when nothing is said', async () => {
    const explored = await explore(
      () => {},
      {},
      () => {},
    );

    expect(explored.runs).toBe(1_000);
  });

  it('replays one schedule that breaks nothing', async () => {
    const explored = await explore(setUpRace, { tape: [] }, () => true);

    expect(explored.runs).toBe(1);
  });

  it('looks after every step', async () => {
    const failure = await found(
      explore(setUpRace, { runs: 5, seed: 1, always: (world) => world.count(Write) < 2 }, () => true),
    );

    expect(failure.message).toContain('the property does not hold always');
    expect(failure.tape).toEqual([]);
  });

  it('needs no more than that nothing throws', async () => {
    const failure = await found(explore(setUpRace, { runs: 5, seed: 1 }, boom));

    expect(failure.message).toContain('boom');
    expect(failure.cause).toEqual(new Error('boom'));
  });

  it('says also what was thrown that is no error', async () => {
    const throwing = () => {
      throw 'a string';
    };

    expect((await found(explore(throwing, { runs: 5, seed: 1 }, () => {}))).message).toContain('a string');
  });

  it('says so when the setup waits for a promise that nobody resolves', async () => {
    const failure = await found(
      explore(
        () => new Promise(() => {}),
        { runs: 1, seed: 1 },
        () => {},
      ),
    );

    expect(failure.message).toContain('the setup waits for something that is not in this world');
  });

  it('says so when a run that failed does not fail again', async () => {
    let runs = 0;
    const once = () => {
      runs += 1;
      return runs > 1;
    };

    await expect(explore(setUpRace, { runs: 5, seed: 1 }, once)).rejects.toThrow(
      'a run failed that does not fail again with the same tape',
    );
  });

  it('finds what only a crash brings about', async () => {
    const options: ExploreOptions = { runs: 500, seed: 1, faults: ['crash'] };
    const setUp = (system: System) => {
      system.spawn(
        defineAgent({
          name: 'counter',
          subscribe: [Withdraw],
          state: 0,
          receive: (n, context) => context.update((sum) => sum + n),
        }),
      );
      void system.publish(Withdraw, 1);
    };
    const sum = (world: World) => world.system.agents.find('/counter')?.ref.getSnapshot().context;

    await expect(explore(setUp, { runs: 50 }, (world) => sum(world) === 1)).resolves.toMatchObject({
      runs: 50,
    });
    expect((await found(explore(setUp, options, (world) => sum(world) === 1))).trace.join()).toContain(
      'SimulatedCrash',
    );
  });

  it('says what it looked at', async () => {
    const strategy = mixed(random(), pct());

    expect(await explore(setUpRace, { runs: 4, seed: 3, strategy }, () => {})).toMatchObject({
      runs: 4,
      cut: 0,
      ended: 'runs',
      complete: false,
      strategy: 'random + pct(3)',
      seed: 3,
    });
  });

  it('gives each run of a strategy again by its tape', async () => {
    for (const strategy of [random(), pct(), delayBounded(), exhaustive()]) {
      const failure = await found(explore(setUpRace, { runs: 2_000, seed: 1, strategy }, nothingIsLost));
      const again = await found(explore(setUpRace, { tape: failure.tape }, nothingIsLost));

      expect(again.trace, strategy.name).toEqual(failure.trace);
      expect(failure.tape.filter((answer) => answer !== 0).length, strategy.name).toBeLessThanOrEqual(2);
    }
  });

  it('looks at every schedule when it is told to', async () => {
    const ends = new Set<unknown>();
    const explored = await explore(
      setUpRace,
      { runs: 100_000, strategy: exhaustive(), tapeMax: 1_000 },
      (world) => void ends.add(balanceOf(world)),
    );

    expect(explored).toMatchObject({ complete: true, ended: 'strategy' });
    expect(explored.cut).toBeGreaterThan(0);
    expect(ends).toEqual(new Set([70, 80, 90]));
  });

  it('ends when its time is over', async () => {
    expect(await explore(setUpRace, { runs: 1e9, timeLimitMs: 60 }, () => {})).toMatchObject({
      ended: 'time',
    });
    expect(await explore(setUpRace, { timeLimitMs: 0 }, () => {})).toMatchObject({ runs: 0, ended: 'time' });
  });

  it('ends when a signal says so, also while the event loop has other things to do', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 1);

    await expect(explore(setUpRace, { runs: 1e9, signal: controller.signal }, () => {})).rejects.toThrow(
      'enough',
    );
  });

  it('asks for no more choices than a tape may have', async () => {
    const failure = await found(
      explore(
        setUpRace,
        { runs: 500, seed: 1, tapeMax: 4, strategy: random(), shrinkRunsMax: 0 },
        (world) => {
          return world.count(Write) < 2;
        },
      ),
    );

    expect(failure.tape.length).toBeLessThanOrEqual(4);
  });

  it.each(['time', 'signal'])(
    'tells what was found when the %s ends while it is made quieter',
    async (how) => {
      const controller = new AbortController();
      const options =
        how === 'time' ? { timeLimitMs: 40 } : ({ signal: controller.signal } satisfies ExploreOptions);
      let runs = 0;
      const failing = (world: World): boolean => {
        runs += 1;
        if (runs === 1) {
          controller.abort(new Error('enough'));
          if (how === 'time') for (const begin = performance.now(); performance.now() - begin < 50; );
        }
        return nothingIsLost(world) && runs > 1e9;
      };

      const failure = await found(
        explore(setUpRace, { ...options, runs: 500, seed: 1, strategy: random() }, failing),
      );

      expect(failure.why).toBe('the property does not hold at quiet');
      // The one that found it, and the two that are told.
      expect(runs).toBe(failure.tape.length === 0 ? 2 : 3);
    },
  );

  it('says how many runs were longer than their tape', async () => {
    const { coverage } = await explore(setUpRace, { runs: 10, seed: 1, tapeMax: 1 }, () => {});
    const whole = await explore(setUpRace, { runs: 10, seed: 1 }, () => {});

    expect(coverage.longerThanTape).toBe(10);
    expect(coverage.report()).toContain('10 of 10 runs were longer than their tape');
    expect(whole.coverage.report()).not.toContain('longer than their tape');
  });

  it('is complete when a tape is just long enough', async () => {
    const explored = await explore(setUpRace, { runs: 1e6, seed: 1, strategy: exhaustive() }, () => {});
    const longest = explored.coverage.choices.length;

    expect(longest).toBeGreaterThan(0);
    expect(explored).toMatchObject({ complete: true, coverage: { longerThanTape: 0 } });
  });

  it.each([5, -1, Number.NaN, 0.5])('refuses a strategy that answers %d', async (answer) => {
    const strategy = { name: 'mine', begin: () => ({ begin: () => () => answer }) };

    await expect(explore(setUpRace, { strategy, faults: ['drop'] }, () => {})).rejects.toThrow(
      new RegExp(`^'.*' is answered with a whole number .*; the strategy answered ${answer}$`),
    );
  });

  it('tells what a strategy throws, also inside of an agent', async () => {
    const begin = () => ({
      begin: () => (_: number, what: string) => (what.startsWith('fault: what') ? boom() : 0),
    });

    await expect(
      explore(setUpRace, { strategy: { name: 'mine', begin }, faults: ['drop'] }, () => {}),
    ).rejects.toThrow(/^boom$/);
  });

  it.each([[-1], [1.5], [Number.NaN]])('refuses a tape with %d', async (answer) => {
    await expect(explore(setUpRace, { tape: [0, answer] }, () => {})).rejects.toThrow(
      `a tape is a list of whole numbers, at least 0; got ${answer} at place 1`,
    );
  });

  it('says what a run failed of that does not fail again', async () => {
    let runs = 0;
    const failure = await explore(setUpRace, { runs: 5, seed: 1 }, () => {
      runs += 1;
      return runs === 1 ? boom() : true;
    }).catch((thrown: Error) => thrown);

    expect(failure).toMatchObject({
      message: expect.stringContaining('does not fail again with the same tape; it failed of: '),
      cause: expect.objectContaining({ message: 'boom' }),
    });
  });

  it('refuses what is to hold after each step when it cannot be waited for', async () => {
    const failure = await found(
      explore(setUpRace, { runs: 1, always: (async () => true) as never }, () => {}),
    );

    expect(failure.why).toMatch(/^always returned a promise; .* make it synchronous$/);
  });

  it.each<ExploreOptions>([
    { faults: ['dorp' as never] },
    { stepsMax: Number.NaN },
    { stepsMax: 0 },
    { runs: 0 },
  ])('refuses %o, which would look at nothing', async (options) => {
    await expect(explore(setUpRace, { runs: 1, ...options }, () => {})).rejects.toThrow(RangeError);
  });

  it.each([{ to: 'account' }, { from: 'nohost/account' }])(
    'refuses faults restricted to nobody: %o',
    async (only) => {
      const options: ExploreOptions = { runs: 1, faults: ['drop'], only };

      expect((await found(explore(setUpRace, options, () => {}))).why).toContain('nor the name of a host');
    },
  );

  it.each([[{ to: '/account', from: 'world' }], [[Write]], [() => true]])(
    'takes faults restricted to %o',
    async (only) => {
      await explore(setUpRace, { runs: 1, faults: ['drop'], only }, () => {});
    },
  );

  it.each<ExploreOptions>([{ runs: -1 }, { runs: 1.5 }, { tapeMax: Number.NaN }, { timeLimitMs: -5 }])(
    'refuses %j',
    async (options) => {
      await expect(explore(setUpRace, options, () => {})).rejects.toThrow(RangeError);
    },
  );
});
