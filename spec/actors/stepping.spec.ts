import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { createSystem } from '../../src/actors/system.ts';
import { BudgetExceeded } from '../../src/core/budget.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { World } from '../../src/testing/world.ts';
import { Ask, aScene, Heard, type Scene } from '../support/a-scene.ts';
import { aWorld } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';

const Order = defineTopic('order', { schema: type<string>(), reply: type<string>() });

describe('a handling that was interrupted when its work had just ended', () => {
  it('ends once, although its agent waits for room elsewhere', async () => {
    const world = aWorld();
    const busy = world.system.spawn(
      defineAgent({ name: 'busy', subscribe: [Order], capacity: 1, receive: () => new Promise(() => {}) }),
      { subscribe: false },
    );
    const agent = world.system.spawn(
      defineAgent({
        name: 'agent',
        subscribe: [Order],
        redeliver: { attemptsMax: 2 },
        receive: async (order, context) => {
          context.tell(busy, order);
          context.tell(busy, order);
          context.tell(busy, order);
          await later(world, 5);
          world.system.interrupt(context.self);
          return 'too late';
        },
      }),
      { subscribe: false },
    );

    world.system.tell(agent, 'fill the mailbox of the busy one');
    await world.runUntilQuiet();
    world.crash('/agent');
    await world.runUntilQuiet();

    expect(world.system.statistics().agents[1]).toMatchObject({ interrupted: 1, inFlight: 0 });
  });
});

describe('a handling that fails when it has been interrupted', () => {
  it('is interrupted, and is no failure of its agent', async () => {
    const scene: Scene = aScene(async (_, context) => {
      await later(scene.world, 5);
      scene.system.interrupt(context.self);
      throw new Error('too late');
    });

    await scene.tell('go');

    expect(scene.failures).toEqual([]);
    expect(scene.system.statistics().agents.at(-1)).toMatchObject({ interrupted: 1, failed: 0, restarts: 0 });
  });
});

describe('a handling that is interrupted', () => {
  it('keeps nothing laid aside, nor the room for it', async () => {
    const scene = aScene(
      (message, context) => {
        if (message === 'aside') {
          context.stash();
          return new Promise(() => {});
        }
        context.unstash();
        return context.publish(Heard, message) as undefined;
      },
      { capacity: 1 },
    );
    await scene.tell('aside');

    scene.system.interrupt(scene.actor);
    await scene.settle();
    await scene.tell('next');

    expect(scene.heard).toEqual(['next']);
    expect(scene.causes()).toEqual({ Interrupted: 1 });
    expect(scene.system.statistics().agents.at(-1)).toMatchObject({ stashed: 0, waiting: 0 });
  });

  it('has its requests interrupted', async () => {
    let failure: unknown;
    const scene: Scene = aScene((_, context) => {
      context.request(silent, 'go', { timeoutMs: Number.POSITIVE_INFINITY }).catch((thrown: unknown) => {
        failure = thrown;
      });
      return new Promise(() => {});
    });
    const silent = scene.system.spawn(
      defineAgent({ name: 'silent', subscribe: [Ask], receive: () => new Promise(() => {}) }),
      { subscribe: false },
    );
    await scene.tell('go');

    scene.system.interrupt(scene.actor);
    await scene.settle();

    expect(failure).toMatchObject({ _tag: 'Interrupted', agent: '/actor' });
    expect(scene.system.statistics().agents.at(-1)).toMatchObject({ path: '/silent', inFlight: 0 });
  });

  it('is a dead letter that says how often it was handled', async () => {
    let times = 0;
    const scene = aScene(
      () => {
        times += 1;
        if (times === 1) throw new Error('once');
        return new Promise(() => {});
      },
      { redeliver: { attemptsMax: 3 } },
    );
    await scene.tell('go');

    scene.system.interrupt(scene.actor);
    await scene.settle();

    expect(scene.system.deadLetters.list()).toMatchObject([{ cause: 'Interrupted', attempts: 2 }]);
  });
});

describe('a step beside the work of an agent', () => {
  const low = (onBudgetLow: (context: Context<unknown>) => void) =>
    aScene(
      (amount, context) => context.budget.spend('tokens', amount as number),
      { state: 'new', onBudgetLow: (_, context) => onBudgetLow(context as Context<unknown>) },
      {
        system: { supervision: { directives: { defect: 'resume' } } },
        spawn: { budget: { tokens: 10 } },
      },
    );

  it('that throws has sent nothing and changed nothing, and is a failure of the agent', async () => {
    let after: Context<unknown> | undefined;
    const scene = low((context) => {
      after = context;
      void context.publish(Heard, 'low');
      context.update(() => 'changed');
      throw new Error('boom');
    });
    const seen: unknown[] = [];
    scene.actor.subscribe(({ context }) => seen.push(context));

    await scene.tell(9);
    void after?.publish(Heard, 'too late');
    const failures = [...scene.failures];
    await scene.tell(0);

    expect(scene.heard).toEqual([]);
    expect(seen).not.toContain('changed');
    expect(scene.actor.getSnapshot().context).toBe('new');
    expect(failures).toMatchObject([{ agent: '/actor', failure: new Error('boom') }]);
  });

  it('may change the state, of which observers are told, and is over when it returns', async () => {
    let after: Context<unknown> | undefined;
    const scene = low((context) => {
      after = context;
      context.update(() => 'careful');
    });
    const seen: unknown[] = [];
    scene.actor.subscribe(({ context }) => seen.push(context));

    await scene.tell(9);
    void after?.publish(Heard, 'too late');
    await scene.settle();

    expect(seen).toEqual(['careful']);
    expect(scene.heard).toEqual([]);
  });

  it('may change the state although nobody observes it', async () => {
    const scene = low((context) => context.update(() => 'careful'));

    await scene.tell(9);

    expect(scene.actor.getSnapshot().context).toBe('careful');
    expect(scene.failures).toEqual([]);
  });

  it('that changes nothing tells observers nothing', async () => {
    const scene = low(() => {});
    const seen: unknown[] = [];
    scene.actor.subscribe(({ context }) => seen.push(context));

    await scene.tell(9);

    expect(seen).toEqual([]);
  });
});

describe('an agent whose own budget is spent', () => {
  it('has not failed: the message is a dead letter, and those after it are not begun', async () => {
    const scene = aScene(
      (_, context) => {
        context.budget.spend('tokens', 11);
        scene.heard.push('begun');
      },
      {},
      { spawn: { budget: { tokens: 10, steps: 2 } } },
    );

    await scene.tell('a', 'b', 'c');

    expect(scene.failures).toEqual([]);
    expect(scene.heard).toEqual([]);
    expect(scene.causes()).toEqual({ BudgetExceeded: 3 });
    expect(scene.system.statistics().agents.at(-1)).toMatchObject({
      path: '/actor',
      interrupted: 1,
      expired: 2,
      restarts: 0,
    });
  });

  it('hears its timers no more, which are cancelled', async () => {
    let rings = 0;
    const scene = aScene(
      (_, context) => {
        context.schedule(
          10,
          (step) => {
            rings += 1;
            step.budget.spend('tokens', 11);
          },
          { every: true },
        );
      },
      {},
      { spawn: { budget: { tokens: 10 } } },
    );

    await scene.tell('go');

    expect(rings).toBe(1);
    expect(scene.failures).toEqual([]);
    expect(scene.world.environment.timerCount).toBe(0);
  });

  it('fails as others do when what it throws tells of a budget that is none of its own', async () => {
    const exceeded = new BudgetExceeded({ resource: 'tokens', limit: 1, spent: 2 });
    const scene = aScene(() => {
      throw exceeded;
    });

    await scene.tell('go');

    expect(scene.failures).toMatchObject([{ failure: exceeded }]);
  });
});

describe('an agent that wants to be told of its budget', () => {
  it('needs none to do its work', async () => {
    const scene = aScene((message) => message, { onBudgetLow: () => {} });

    expect(await scene.ask('go')).toBe('go');
  });
});

describe('a handling that failed after it had laid its message aside', () => {
  it.each([
    ['at once', () => boom()],
    ['later', () => Promise.reject(new Error('boom'))],
  ] as const)('%s keeps no room for it', async (_, fail) => {
    const scene = aScene(
      (message, context) => {
        if (message === 'aside') {
          context.stash();
          return fail();
        }
        return context.publish(Heard, message) as undefined;
      },
      { capacity: 1 },
      { system: { supervision: { directives: { defect: 'resume' } } } },
    );
    await scene.tell('aside');

    const room = scene.system.tell(scene.actor, 'next');
    await scene.settle();

    expect(room).not.toBeInstanceOf(Promise);
    expect(scene.heard).toEqual(['next']);
  });
});

describe('a handling that is taken back to be handled again', () => {
  it('has its requests interrupted, and keeps nothing laid aside', async () => {
    const failures: unknown[] = [];
    let times = 0;
    const scene: Scene = aScene(
      (_, context) => {
        times += 1;
        if (times > 1) return 'done';
        context.stash();
        const asked = context.request(silent, 'go', { timeoutMs: Number.POSITIVE_INFINITY });
        asked.catch((failure: unknown) => failures.push(failure));
        return asked;
      },
      { capacity: 1, redeliver: { attemptsMax: 2 } },
    );
    const silent = scene.system.spawn(
      defineAgent({ name: 'silent', subscribe: [Ask], receive: () => new Promise(() => {}) }),
      { subscribe: false },
    );
    const reply = scene.system.request(scene.actor, 'go');
    await scene.turns();

    scene.world.crash('/actor');
    await scene.settle();
    const room = scene.system.tell(scene.actor, 'next');

    expect(await reply).toBe('done');
    expect(failures).toMatchObject([{ _tag: 'Interrupted', agent: '/actor' }]);
    expect(room).not.toBeInstanceOf(Promise);
    expect(scene.system.statistics().agents.at(-2)).toMatchObject({ path: '/actor', stashed: 0 });
  });
});

describe('what comes of a handling that was interrupted meanwhile', () => {
  it.each([
    ['is a late reply where somebody had asked', true, { LateReply: 1 }],
    ['is nothing where nobody had', false, { Interrupted: 1 }],
  ] as const)('%s', async (_, asked, causes) => {
    const scene: Scene = aScene(async (_, context) => {
      await later(scene.world, 5);
      scene.system.interrupt(context.self);
      return 'too late';
    });

    await (asked ? scene.ask('go') : scene.tell('go'));

    expect(scene.causes()).toEqual(causes);
  });
});

describe('what a handler returns', () => {
  it('comes behind its other replies, and the stream ends behind it, also where the reader is slow', async () => {
    const scene = aScene((_, context) => {
      void context.reply('a');
      void context.reply('b');
      return 'c';
    });
    const replies: unknown[] = [];

    await scene.world.run(async () => {
      for await (const reply of scene.system.stream(scene.actor, 'go', { capacity: 1 })) {
        await later(scene.world, 10);
        replies.push(reply);
      }
    });

    expect(replies).toEqual(['a', 'b', 'c']);
    expect(scene.system.statistics().agents.at(-1)).toMatchObject({ handled: 1, inFlight: 0 });
  });
});

describe('a turn in which there is time for several messages', () => {
  it('takes no second one while the first is being worked on', async () => {
    const log: string[] = [];
    await using system = createSystem();
    const agent = system.spawn(
      defineAgent({
        name: 'agent',
        subscribe: [Order],
        receive: async (order) => {
          log.push(`begins ${order}`);
          await null;
          await null;
          log.push(`ends ${order}`);
          return order;
        },
      }),
    );

    await Promise.all([system.request(agent, 'a'), system.request(agent, 'b')]);

    expect(log).toEqual(['begins a', 'ends a', 'begins b', 'ends b']);
  });

  it('lets nothing leave before what waits for room, although something else has ended', async () => {
    const [work, room] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const heard: string[] = [];
    await using system = createSystem();
    const slow = system.spawn(
      defineAgent({ name: 'slow', subscribe: [Order], capacity: 1, receive: () => room.promise as never }),
      { subscribe: false },
    );
    const listener = system.spawn(
      defineAgent({ name: 'listener', subscribe: [Order], receive: (order) => void heard.push(order) }),
      { subscribe: false },
    );
    const agent = system.spawn(
      defineAgent({
        name: 'agent',
        subscribe: [Order],
        concurrency: 2,
        receive: (order, context) => {
          if (order === 'work') return work.promise as never;
          for (const word of ['a', 'b', 'c']) void context.tell(slow, word);
          void context.tell(listener, 'last');
          return undefined as never;
        },
      }),
      { subscribe: false },
    );
    void system.tell(agent, 'work');
    void system.tell(agent, 'send');
    await turnsOfTheHost();

    work.resolve();
    await turnsOfTheHost();
    const before = [...heard];
    room.resolve();
    await system.quiet();

    expect([before, heard]).toEqual([[], ['last']]);
  });

  it('takes no more when the first has asked to stop or has failed', async () => {
    const heard: string[] = [];
    await using system = createSystem({ supervision: { directives: { defect: 'stop' } } });
    const agent = system.spawn(
      defineAgent({
        name: 'agent',
        subscribe: [Order],
        receive: (order) => {
          heard.push(order);
          throw new Error('broken');
        },
      }),
    );

    void system.tell(agent, 'a');
    void system.tell(agent, 'b');
    await system.watch(agent);

    expect(heard).toEqual(['a']);
  });
});

const later = (world: World, delayMs: number) =>
  new Promise<void>((resolve) => void world.environment.schedule(delayMs, resolve));

async function turnsOfTheHost(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) {
    await new Promise((resolve) => void setImmediate(resolve));
  }
}
