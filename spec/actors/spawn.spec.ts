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
