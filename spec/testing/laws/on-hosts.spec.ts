/**
 * The laws of the pack on hosts: each finds what is broken in the system of a host, in
 * any of its lives, and a crash, a lost message or a cut link breaks none.
 */
import {
  type AgentRef,
  BudgetExceeded,
  capability,
  defineAgent,
  defineTopic,
  type System,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import {
  budgetKept,
  exhaustive,
  explore,
  type Host,
  type Law,
  lawPack,
  noLeak,
  nothingIsLost,
  oneAtATime,
  quietAfterInterrupt,
  settlesOnce,
  toolCallsAnswered,
  type World,
} from '../../../src/testing/index.ts';
import { brokenBy } from '../../support/breaking-a-law.ts';
import { cellOf, kernelOf } from '../../support/inside.ts';
import { lawExploration, lawTimeoutMs } from '../../support/law-runs.ts';

const Job = defineTopic('job', { schema: type<string>(), reply: type<string>() });
const News = defineTopic('news', { schema: type<string>() });

type Plant = (system: System, world: World, host: Host) => unknown;

/** Which law is broken by a host that runs `plant`. */
const brokenOnHost = (laws: readonly Law[], plant: Plant): Promise<string | undefined> =>
  brokenBy(laws, (_, world) => {
    world.host('shop', (system, host) => plant(system, world, host));
  });

const worker = (receive: (job: string, context: Context) => unknown) =>
  defineAgent({ name: 'worker', subscribe: [Job], receive: receive as () => string });

interface Context {
  readonly self: unknown;
  readonly budget: { spend(resource: 'tokens', count: number): void };
  over: boolean;
  publish(topic: typeof News, news: string): unknown;
  tool(name: unknown, input: string, options: { timeoutMs: number }): Promise<unknown>;
}

const nap = (world: World, ms: number) =>
  new Promise<void>((done) => {
    world.environment.schedule(ms, done);
  });

const never = (): Promise<string> => new Promise(() => {});

const hangs: Plant = (system) => {
  system.spawn(worker(never));
  system.publish(Job, 'one');
};

const tool = capability('a.tool', { input: type<string>(), output: type<string>(), run: never });

/** What is wrong on a host, the law that is to find it, and what it says. */
const plants: readonly (readonly [string, Law, Plant, string])[] = [
  [
    'a message that is never done with',
    nothingIsLost(),
    hangs,
    "nothing is lost: on host shop, /worker accepted 'job' from outside, which is still being handled although nothing is left to do",
  ],
  [
    'a window that is not kept',
    oneAtATime(),
    (system) => {
      system.spawn(
        worker((_, { self }) => {
          cellOf(self as AgentRef<never, unknown>).open += 2;
        }),
      );
      system.publish(Job, 'one');
    },
    'one at a time: on host shop, /worker has 2 handlings open in a window of 1',
  ],
  [
    'a request that settles twice',
    settlesOnce(),
    (system) => {
      system.spawn(
        worker(() => {
          const request = { id: 1, target: '/sage', requester: { path: '/worker' } } as never;
          const witness = kernelOf(system).witness!;
          witness.asked(request, 100);
          witness.settled(request);
          witness.settled(request);
          witness.delivered(request);
        }),
      );
      system.publish(Job, 'one');
    },
    'settles once: on host shop, the request of /worker to /sage settled twice',
  ],
  [
    'old code that is heard',
    quietAfterInterrupt(),
    (system, world) => {
      system.spawn(defineAgent({ name: 'reader', subscribe: [News], receive: () => {} }));
      system.spawn(
        worker(async (_, context) => {
          await nap(world, 50);
          context.over = false;
          context.publish(News, 'late');
        }),
      );
      void system.request(Job, 'one', { timeoutMs: 20 }).catch(() => {});
    },
    "quiet after interrupt: on host shop, /worker was interrupted while it handled 'job', and 'news' of that work reached /reader after that",
  ],
  [
    'a call without an answer',
    toolCallsAnswered(),
    (system) => {
      system.spawn(defineAgent({ name: 'toolbox', capabilities: [tool] }));
      system.spawn(
        worker((_, context) => context.tool(tool, 'x', { timeoutMs: Number.POSITIVE_INFINITY }) as never),
      );
      system.publish(Job, 'one');
    },
    'every tool call answered: on host shop, /worker called a.tool and got neither a result nor a failure',
  ],
  [
    'a lease that is overspent',
    budgetKept(),
    (system) => {
      system.spawn(
        worker((_, { budget }) => {
          for (let n = 0; n < 50; n += 1) {
            try {
              budget.spend('tokens', 1);
            } catch (failure) {
              expect(failure).toBeInstanceOf(BudgetExceeded);
            }
          }
        }),
      );
      return system.request(Job, 'one', { budget: { tokens: 10 } }).catch(() => {});
    },
    'budget kept: on host shop, of 10 tokens for a request to job, 50 are spent',
  ],
  [
    'a handling that stays open',
    noLeak(),
    hangs,
    "no leak: on host shop, /worker still handles 'job' although nothing is left to do",
  ],
  [
    'something that is left of a system that has stopped',
    noLeak(),
    (system) => {
      kernelOf(system).board.subscribe('ghost', { path: '/ghost', mailboxCapacity: 1 } as never);
      Object.assign(system.agents, { remove: () => {} });
      system.spawn(worker(() => 'done'));
    },
    'no leak: on host shop, the system has stopped, and there are left: 1 agents',
  ],
];

describe('on a host', () => {
  it.each(plants)('%s is found', async (_, law, plant, says) => {
    expect(await brokenOnHost([law], plant)).toContain(says);
    expect(await brokenOnHost(lawPack(), plant)).toContain('on host shop, ');
  });

  it.each(plants)('%s is found in its second life', async (_, law, plant, says) => {
    const broken = await brokenBy([law], (_system, world) => {
      world.host('quiet', (system) => void system.spawn(worker(() => 'done')));
      const shop = world.host('shop', (system, host) =>
        host.lives === 1 ? undefined : plant(system, world, host),
      );
      world.environment.schedule(10, () => world.restart(shop));
    });

    expect(broken).toContain(says);
  });

  it('what is broken counts, also when the host crashes in the same step', async () => {
    const broken = await brokenOnHost([oneAtATime()], (system, world, host) => {
      system.spawn(
        worker((_, { self }) => {
          cellOf(self as AgentRef<never, unknown>).open += 2;
          world.crash(host);
        }),
      );
      system.publish(Job, 'one');
    });

    expect(broken).toBe('one at a time: on host shop, /worker has 2 handlings open in a window of 1');
  });

  it('a timer that outlives its system is found', async () => {
    const broken = await brokenOnHost([noLeak()], (system) => {
      system.spawn(
        defineAgent({
          name: 'leaver',
          on: [],
          onStop: () => void kernelOf(system).environment.schedule(1_000, () => {}),
        }),
      );
    });

    expect(broken).toBe(
      'no leak: on host shop, the system has stopped, and there are left: 0 agents, 0 messages, 0 subscriptions, 0 capabilities, 1 timers and 0 turns',
    );
  });
});

describe('a crash of a host', () => {
  it('takes with it what was open there, and breaks no law', async () => {
    const open: string[] = [];
    const broken = await brokenOnHost(lawPack(), (system, world, host) => {
      if (host.lives > 1) {
        system.spawn(worker(() => 'done'));
        system.publish(Job, 'again');
        return;
      }
      system.spawn(defineAgent({ name: 'toolbox', capabilities: [tool] }));
      system.spawn(
        worker(async (job, context) => {
          open.push(job);
          await context.tool(tool, job, { timeoutMs: 1_000 });
        }),
      );
      system.publish(Job, 'one');
      void system.request(Job, 'two', { budget: { tokens: 1 }, timeoutMs: 100 }).catch(() => {});
      world.environment.schedule(10, () => world.restart(host));
    });

    expect(open).toEqual(['one']);
    expect(broken).toBeUndefined();
  });

  it('breaks none when it happens while the systems are stopped, and the new life is stopped, too', async () => {
    const lives: number[] = [];
    const stopped: string[] = [];
    const broken = await brokenOnHost(lawPack(), (system, world, host) => {
      lives.push(host.lives);
      system.spawn(
        defineAgent({
          name: 'leaver',
          on: [],
          onStop: async () => {
            if (host.lives === 1) {
              world.restart(host);
              await never();
            }
            stopped.push(`life ${host.lives}`);
          },
        }),
      );
    });

    expect(broken).toBeUndefined();
    expect(lives).toEqual([1, 2]);
    expect(stopped).toEqual(['life 2']);
  });

  it('while nobody starts it again leaves nothing to be stopped', async () => {
    const broken = await brokenOnHost(lawPack(), (system, world, host) => {
      hangs(system, world, host);
      world.environment.schedule(10, () => world.crash(host));
    });

    expect(broken).toBeUndefined();
  });
});

describe('a link', () => {
  it('brings requests that settle once on either side', async () => {
    const asked: string[] = [];
    const broken = await brokenBy(lawPack(), async (system, world) => {
      world.host('shop', (own) => void own.spawn(worker((job) => `${job} done`)));
      world.link('world', 'shop', { topics: [Job] });
      asked.push(await system.request(Job, 'one', { timeoutMs: 100 }));
    });

    expect(asked).toEqual(['one done']);
    expect(broken).toBeUndefined();
  });

  it('shows one that does not, on the side where that is', async () => {
    const broken = await brokenBy([settlesOnce()], async (system, world) => {
      const shop = world.host('shop', (own) => {
        own.spawn(
          worker(() => {
            const { witness } = kernelOf(shop.system);
            witness!.asked({ id: 9, target: 'job', requester: { path: undefined } } as never, 50);
            return 'done';
          }),
        );
      });
      world.link('world', 'shop', { topics: [Job] });
      await system.request(Job, 'one', { timeoutMs: 100 });
    });

    expect(broken).toBe(
      'settles once: on host shop, the request of somebody outside to job was due at 50 ms and has not settled',
    );
  });

  it('may carry what is said when the systems stop', async () => {
    const parting = defineAgent({
      name: 'parting',
      on: [],
      onStop: (context) => void context.publish(News, 'farewell'),
    });
    const broken = await brokenBy(lawPack(), (system, world) => {
      system.spawn(parting);
      system.spawn(defineAgent({ name: 'reader', subscribe: [News], receive: () => {} }));
      world.host('shop', (own) => void own.spawn(parting));
      world.link('world', 'shop', { topics: [News], delayMs: 100 });
    });

    expect(broken).toBeUndefined();
  });
});

/** A shop on two hosts: asks over links, streams, tools, timers, budgets, and agents that fail. */
function aShop(system: System, world: World): void {
  const clerk = (own: System) => {
    own.spawn(defineAgent({ name: 'toolbox', capabilities: [lookUp] }));
    own.spawn(
      defineAgent({
        name: 'clerk',
        concurrency: 2,
        subscribe: [Job],
        receive: async (job, context) => {
          context.budget.spend('tokens', 1);
          if (job === 'break') {
            throw new Error('it broke');
          }
          context.publish(News, `${job} begins`);
          return await context.tool(lookUp, job, { timeoutMs: 50 });
        },
      }),
    );
  };
  world.host('north', clerk);
  world.host('south', clerk);
  world.host('desk', (own) => {
    own.spawn(
      defineAgent({
        name: 'customer',
        on: [],
        onStart: (context) => {
          for (const job of ['a', 'break', 'b']) {
            context.schedule(5, () => {
              void context.publish(News, `${job} is wanted`);
            });
          }
        },
      }),
    );
    void own.request(Job, 'a', { timeoutMs: 200, budget: { tokens: 10 } }).catch(() => {});
    void readAll(own.stream(Job, 'c', { timeoutMs: 200 }));
  });
  world.link('desk', 'north', { topics: [Job, News] });
  world.link('desk', 'south', { topics: [Job, News], delayMs: 3 });
  world.link('world', 'north', { topics: [Job, News] });
  system.spawn(defineAgent({ name: 'reader', subscribe: [News], receive: () => {} }));
  void system.request(Job, 'b', { timeoutMs: 200 }).catch(() => {});
  void system.request(Job, 'break', { timeoutMs: 200 }).catch(() => {});
}

const lookUp = capability('shop.look-up', {
  input: type<string>(),
  output: type<string>(),
  run: (job) => `${job} done`,
});

async function readAll(replies: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of replies) {
      // It is only read.
    }
  } catch {
    // It may run into its deadline.
  }
}

describe('the law pack on hosts', () => {
  it(
    'raises no false alarm under any fault',
    async () => {
      let crashed = 0;
      const explored = await explore(
        aShop,
        {
          ...lawExploration,
          faults: ['crash', 'partition', 'drop', 'duplicate', 'delay', 'slow'],
          faultsMax: 6,
          laws: lawPack(),
        },
        (world) => {
          crashed += world.faults.some(({ _tag }) => _tag === 'Restarted') ? 1 : 0;
        },
      );

      expect(explored.runs).toBe(lawExploration.runs);
      expect(crashed).toBeGreaterThan(0);
    },
    lawTimeoutMs,
  );
});

describe('exhaustive in a world with hosts', () => {
  /** A host whose agents hear of one thing by two ways, and a bug if it is in one order. */
  const race = (heard: string[]) => (_: System, world: World) => {
    heard.length = 0;
    const host = world.host('shop', (system) => {
      for (const name of ['a', 'b']) {
        system.spawn(
          defineAgent({ name, subscribe: [Job], receive: (job) => void heard.push(`${name}${job}`) }),
        );
      }
    });
    // An agent of the world itself that acts on the host by what only the test knows of.
    world.system.spawn(
      defineAgent({
        name: 'finger',
        subscribe: [News],
        receive: (news) => void host.system.publish(Job, news),
      }),
    );
    world.system.publish(News, '1');
    host.system.publish(Job, '2');
  };

  it('tells all schedules apart, and says complete only of them', async () => {
    const orders = async (hashing: boolean): Promise<[number, string[]]> => {
      const heard: string[] = [];
      const seen = new Set<string>();
      const explored = await explore(
        race(heard),
        { strategy: exhaustive({ hashing }), runs: 10_000, laws: [] },
        () => void seen.add(heard.join()),
      );
      expect(explored).toMatchObject({ complete: true, cut: 0 });
      return [explored.runs, [...seen].sort()];
    };

    const [bySchedules, byStates] = [await orders(false), await orders(true)];

    expect(byStates).toEqual(bySchedules);
    expect(byStates[1].length).toBeGreaterThan(1);
  });
});
