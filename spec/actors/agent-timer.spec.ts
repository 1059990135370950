import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';
import { cellOf } from '../support/inside.ts';

const Order = defineTopic('order', { schema: type<string>(), reply: type<string>() });

describe('a timer of an agent', () => {
  it('calls a step that spends from the budget of the handling that set it', async () => {
    const world = aWorld();
    const limits: number[] = [];
    const agent = world.system.spawn(
      defineAgent({
        name: 'agent',
        subscribe: [Order],
        receive: (_, context) => {
          context.schedule(5, (step) => void limits.push(step.budget.limit('tokens')));
          return 'set';
        },
      }),
    );

    await world.run(() => world.system.request(agent, 'set a timer', { budget: { tokens: 7 } }));

    expect(limits).toEqual([7]);
  });

  it('leaves nothing in the mailbox when it is cancelled after it rang', async () => {
    const world = aWorld();
    const agent = world.system.spawn(
      defineAgent({
        name: 'agent',
        subscribe: [Order],
        receive: async (_, context) => {
          const timer = context.schedule(1, () => {});
          await new Promise<void>((resolve) => void world.environment.schedule(2, resolve));
          timer.cancel();
          await new Promise(() => {});
        },
      }),
    );

    world.system.tell(agent, 'set a timer');
    await world.runUntilQuiet();

    expect(cellOf(agent).mailbox.size).toBe(0);
  });
});
