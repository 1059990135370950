import { describe, expect, it } from 'vitest';
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

const Order = defineTopic('order', { schema: type<string>() });
const helper = defineAgent({ name: 'helper', subscribe: [Order], receive: () => {} });
/** Its class is one after which an agent goes on. */
const refused = { class: 'permanent' };

describe('the name of an agent', () => {
  it('is that of its definition, with a number that is not used again', async () => {
    const world = aWorld();
    const refs = [1, 2, 3].map(() => world.system.spawn(helper));
    await world.run(() => world.system.stop(refs[1]!));
    const next = world.system.spawn(helper);

    expect([...refs, next].map(({ path }) => path)).toEqual([
      '/helper',
      '/helper-2',
      '/helper-3',
      '/helper-4',
    ]);
  });

  it('passes over one that somebody has taken', () => {
    const { system } = aWorld();
    system.spawn(helper, { id: 'helper-2' });

    expect([system.spawn(helper), system.spawn(helper)].map(({ path }) => path)).toEqual([
      '/helper',
      '/helper-3',
    ]);
  });

  it.each([
    ['a.b', "an id is one token of letters, digits, '-' and '_'; got 'a.b'"],
    ['a b', "an id is one token of letters, digits, '-' and '_'; got 'a b'"],
    ['', "an id is one token of letters, digits, '-' and '_'; got ''"],
    [7, "an id is one token of letters, digits, '-' and '_'; got '7'"],
    ['taken', "'/taken' is taken; stop that agent first, or choose another id"],
  ])("cannot be '%s'", (id, message) => {
    const { system } = aWorld();
    system.spawn(helper, { id: 'taken' });

    expect(() => system.spawn(helper, { id: id as string })).toThrow(new RangeError(message));
  });
});

describe('an agent that is spawned', () => {
  it('hears what is published, unless it shall not', async () => {
    const world = aWorld();
    const heard: string[] = [];
    const listener = defineAgent({
      name: 'listener',
      subscribe: [Order],
      receive: (_, context) => void heard.push(context.self.path),
    });
    world.system.spawn(listener);
    world.system.spawn(listener, { subscribe: false });

    world.system.publish(Order, 'go');
    await world.runUntilQuiet();

    expect(heard).toEqual(['/listener']);
  });

  it('cannot be by one that is ending', async () => {
    const world = aWorld();
    let thrown: unknown;
    const ref = world.system.spawn(
      defineAgent({
        name: 'boss',
        subscribe: [Order],
        receive: () => {},
        onStop: (context) => {
          try {
            context.spawn(helper);
          } catch (failure) {
            thrown = failure;
          }
        },
      }),
    );
    await world.run(() => world.system.stop(ref));

    expect(thrown).toEqual(new RangeError("'/boss' is ending and spawns no more: 'helper'"));
  });

  it('with a budget spends that of its parent, too', async () => {
    const world = aWorld();
    const spender = defineAgent({
      name: 'spender',
      subscribe: [Order],
      receive: (order, context) => {
        if (order === 'spawn') context.spawn(spender, { subscribe: false, budget: { tokens: 8 } });
        else context.budget.spend('tokens', 6);
      },
    });
    const ref = world.system.spawn(spender, { budget: { tokens: 10 }, subscribe: false });
    world.system.tell(ref, 'spawn');
    await world.runUntilQuiet();

    world.system.tell(world.system.agents.find('/spender/spender')!.ref as AgentRef<string>, 'spend');
    await world.runUntilQuiet();
    world.system.tell(ref, 'spend');
    await world.runUntilQuiet();

    expect(world.system.deadLetters.list()).toMatchObject([{ cause: 'BudgetExceeded', to: '/spender' }]);
  });

  it('with a time to live is at the end of it when that has passed', async () => {
    const world = aWorld();
    const ref = world.system.spawn(helper, { budget: { timeMs: 50 }, subscribe: false });
    await world.advance(60);

    world.system.tell(ref, 'too late');
    await world.runUntilQuiet();

    expect(world.system.deadLetters.list()).toMatchObject([{ cause: 'BudgetExceeded', to: '/helper' }]);
  });
});

describe('an agent spawned in a step that throws', () => {
  it('has never been there, and its id is free for the next step', async () => {
    const { world, changes, paths } = aSpawner({ effectsMax: 8 });

    world.system.publish(Order, 'spawn, then throw');
    world.system.publish(Order, 'spawn');
    await world.runUntilQuiet();

    expect(paths()).toEqual(['/spawner', '/spawner/named', '/spawner/helper']);
    expect(changes).toEqual(['Added /spawner', 'Added /spawner/named', 'Added /spawner/helper']);
  });

  it('has never been there when the step has staged too much to spawn it', async () => {
    const { world, paths } = aSpawner({ effectsMax: 1 });

    world.system.publish(Order, 'spawn');
    await world.runUntilQuiet();

    expect(paths()).toEqual(['/spawner']);
  });
});

describe('an agent without an id of its own', () => {
  it('is given the next one that nobody has', async () => {
    const world = aWorld();
    world.system.spawn(helper, { id: 'helper-2' });

    const refs = [1, 2].map(() => world.system.spawn(helper));

    expect(refs.map(({ path }) => path)).toEqual(['/helper', '/helper-3']);
    expect(() => world.system.spawn(helper, { id: 'helper' })).toThrow("'/helper' is taken");
  });

  it('has a budget of its own, of that of its parent where there is one', async () => {
    const world = aWorld();
    const left: number[] = [];
    const child = defineAgent({
      name: 'child',
      on: [],
      onStart: (context) => void left.push(context.budget.remaining('tokens')),
    });
    world.system.spawn(
      defineAgent({
        name: 'parent',
        on: [],
        onStart: (context) => void context.spawn(child, { budget: { tokens: 5 } }),
      }),
      { budget: { tokens: 10 } },
    );
    world.system.spawn(child, { budget: { tokens: 7 } });

    await world.runUntilQuiet();

    expect(left.sort()).toEqual([5, 7]);
  });
});

describe('an agent stopped while what spawned it waits for room', () => {
  it('has ended, and is not found when there is room', async () => {
    const world = aWorld();
    const { system } = world;
    let open = (): void => {};
    let child: AgentRef<string> | undefined;
    const busy = system.spawn(
      defineAgent({
        name: 'busy',
        capacity: 1,
        subscribe: [Order],
        receive: () =>
          new Promise<void>((resolve) => {
            open = resolve;
          }),
      }),
      { subscribe: false },
    );
    system.spawn(
      defineAgent({
        name: 'spawner',
        subscribe: [Order],
        receive: (_, context) => {
          context.tell(busy, 'one more');
          child = context.spawn(helper, { subscribe: true });
        },
      }),
    );
    for (const order of ['first', 'second']) {
      system.tell(busy, order);
      await world.runUntilQuiet();
    }
    system.publish(Order, 'spawn');
    await world.runUntilQuiet();

    const stopped = system.stop(child as AgentRef<never>);
    await world.runUntilQuiet();
    await stopped;
    open();
    await world.runUntilQuiet();

    expect(system.agents.list().map(({ path }) => path)).toEqual(['/busy', '/spawner']);
  });
});

/** An agent that spawns two others, one under a name of its own, when it is told to. */
function aSpawner(options: { readonly effectsMax: number }) {
  const world = aWorld();
  const changes: string[] = [];
  world.system.agents.changes.subscribe(({ _tag, path }) => changes.push(`${_tag} ${path}`));
  world.system.spawn(
    defineAgent({
      name: 'spawner',
      subscribe: [Order],
      ...options,
      receive: (order, context) => {
        context.spawn(helper, { id: 'named', subscribe: false });
        context.spawn(helper, { subscribe: false });
        if (order !== 'spawn') {
          throw refused;
        }
      },
    }),
  );
  return { world, changes, paths: () => world.system.agents.list().map(({ path }) => path) };
}
