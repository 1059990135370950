import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld, takeTurns } from '../support/a-world.ts';
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

  it('is nothing of the agent any more when it has rung, or was cancelled', async () => {
    const world = aWorld();
    const agent = world.system.spawn(
      defineAgent({
        name: 'agent',
        subscribe: [Order],
        receive: (_, context) => {
          context.schedule(5, () => {});
          context.schedule(50, () => {}).cancel();
        },
      }),
    );
    world.system.tell(agent, 'set timers');
    await takeTurns(world);
    const before = [cellOf(agent).timers?.size, world.environment.timerCount];
    await world.runUntilQuiet();

    expect(before).toEqual([1, 1]);
    expect([cellOf(agent).timers?.size, world.environment.timerCount, world.nowMs]).toEqual([0, 0, 5]);
  });

  it('comes again and again, where it says so, until it is cancelled', async () => {
    const world = aWorld();
    const rang: number[] = [];
    const agent = world.system.spawn(
      defineAgent({
        name: 'agent',
        subscribe: [Order],
        receive: (_, context) => {
          const timer = context.schedule(
            10,
            () => {
              rang.push(world.nowMs);
              if (rang.length === 3) {
                timer.cancel();
              }
            },
            { every: true },
          );
        },
      }),
    );
    world.system.tell(agent, 'set a timer');
    await world.runUntilQuiet();

    expect(rang).toEqual([10, 20, 30]);
    expect([cellOf(agent).timers?.size, world.environment.timerCount]).toEqual([0, 0]);
  });

  it('has a step that is caused by the message that set it', async () => {
    const world = aWorld();
    const seen: unknown[] = [];
    const agent = world.system.spawn(
      defineAgent({
        name: 'agent',
        subscribe: [Order],
        receive: (_, context) => {
          context.schedule(
            5,
            ({ envelope }) =>
              void seen.push([envelope.to, envelope.sender, envelope.causationId === context.envelope.id]),
          );
        },
      }),
    );
    world.system.tell(agent, 'set a timer');
    await world.runUntilQuiet();

    expect(seen).toEqual([['/agent', '/agent', true]]);
  });

  it('is not set by an agent that is about to end', async () => {
    const world = aWorld();
    const agent = world.system.spawn(
      defineAgent({
        name: 'agent',
        subscribe: [Order],
        receive: () => {},
        onStop: (context) => void context.schedule(5, () => {}),
      }),
    );
    await world.runUntilQuiet();
    await world.run(() => world.system.stop(agent));

    expect(world.environment.timerCount).toBe(0);
  });
});
