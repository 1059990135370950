/** What a witness sees of a system, and what a world may ask code outside of agents about its requests. */
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { capability } from '../../src/actors/define-capability.ts';
import type { Outside } from '../../src/actors/outside.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { Witness } from '../../src/core/witness.ts';
import { aWorld, takeTurns } from '../support/a-world.ts';
import { kernelOf } from '../support/inside.ts';

const Order = defineTopic('order', { schema: type<string>(), reply: type<string>() });

describe('a witness', () => {
  it('sees what leaves, what is accepted, and what has ended, also behind an agent that had no room', async () => {
    const { world, seen } = aWitness();
    const slow = world.system.spawn(
      defineAgent({
        name: 'slow',
        capacity: 1,
        subscribe: [Order],
        receive: () => new Promise<string>((done) => world.environment.schedule(10, () => done('done'))),
      }),
      { subscribe: false },
    );
    world.system.spawn(
      defineAgent({
        name: 'keen',
        subscribe: [Order],
        receive: (order, context) => {
          for (const n of [1, 2, 3]) {
            context.tell(slow, `${order} ${n}`);
          }
        },
      }),
    );
    world.system.publish(Order, 'go');

    await world.runUntilQuiet();

    const count = (what: string): number => seen.filter((one) => one === what).length;
    expect(count('left for /slow')).toBe(3);
    expect(count('accepted by /slow')).toBe(3);
    expect(count('handled by /slow')).toBe(3);
    expect(seen.indexOf('left for /keen')).toBeLessThan(seen.indexOf('accepted by /keen'));
    expect(seen).toContain('spawned /keen');
  });

  it('sees which requests have a budget of their own, and which capability is called by whom', async () => {
    const { world, seen } = aWitness();
    const half = capability('half', {
      input: type<number>(),
      output: type<number>(),
      run: (number) => number / 2,
    });
    const keen = world.system.spawn(
      defineAgent({
        name: 'keen',
        subscribe: [Order],
        receive: async (_, context) => `${await context.tool(half, 4)}`,
      }),
    );
    world.system.spawn(defineAgent({ name: 'halves', capabilities: [half] }));
    const budget = { tokens: 5 };
    const one = (): number => 1;

    await world.run(() =>
      Promise.all([
        world.system.request(keen, 'go', { budget }),
        world.system.request(keen, 'go'),
        world.system.request(one, 'go', { budget }),
        world.system.request(() => 1, 'go', { budget }),
        world.system.request(one, 'go'),
        world.system.tool(half, 2),
      ]),
    );

    expect(seen.filter((what) => what.startsWith('a budget'))).toEqual([
      'a budget for a request to /keen',
      'a budget for a request to one',
      'a budget for a request to a procedure',
    ]);
    expect(seen.filter((what) => what.startsWith('half')).sort()).toEqual([
      'half called by /keen',
      'half called by /keen',
      'half called by undefined',
    ]);
  });

  it('sees nothing of what was refused, and nothing when it has left', async () => {
    const { world, seen } = aWitness();
    const full = world.system.spawn(
      defineAgent({
        name: 'full',
        capacity: 1,
        overflow: 'reject',
        subscribe: [Order],
        receive: () => new Promise<string>(() => {}),
      }),
    );
    for (const order of ['a', 'b', 'c', 'd']) {
      void Promise.resolve(world.system.request(full, order, { timeoutMs: 10 })).catch(() => {});
      await takeTurns(world);
    }
    expect(seen.filter((one) => one === 'accepted by /full').length).toBe(2);

    const { length } = seen;
    kernelOf(world.system).witness = undefined;
    await world.runUntilQuiet();

    expect(kernelOf(world.system).witness).toBeUndefined();
    expect(seen.length).toBe(length);
  });
});

describe('requests of code outside', () => {
  it('are counted until they are answered, with how many may still say something', async () => {
    const world = aWorld();
    const outside = world.system as unknown as Outside;
    for (const name of ['one', 'other']) {
      world.system.spawn(defineAgent({ name, subscribe: [Order], receive: () => name }));
    }
    const answer = world.system.request(Order, 'who?');

    expect(outside.requestCount).toBe(1);
    expect(Array.from(outside.openRequests, ({ unanswered }) => unanswered)).toEqual([2]);
    await world.runUntilQuiet();

    expect(await answer).toBe('one');
    expect([outside.requestCount, [...outside.openRequests]]).toEqual([0, []]);
  });
});

function aWitness() {
  const world = aWorld();
  const seen: string[] = [];
  const witness: Partial<Witness> = {
    leased: (_, what) => void seen.push(`a budget for ${what}`),
    called: (_, name, by) => void seen.push(`${name} called by ${by}`),
    spawned: ({ path }) => void seen.push(`spawned ${path}`),
    left: ({ path }) => void seen.push(`left for ${path}`),
    accepted: ({ path }) => void seen.push(`accepted by ${path}`),
    ended: ({ path }, _, outcome) => void seen.push(`${outcome} by ${path}`),
  };
  kernelOf(world.system).witness = new Proxy(witness, {
    get: (all, name: keyof Witness) => all[name] ?? (() => {}),
  }) as Witness;
  return { world, seen };
}
