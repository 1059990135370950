import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { World } from '../../src/testing/world.ts';
import { aWorld } from '../support/a-world.ts';

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

const later = (world: World, delayMs: number) =>
  new Promise<void>((resolve) => void world.environment.schedule(delayMs, resolve));
