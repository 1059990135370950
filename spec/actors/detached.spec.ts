import { describe, expect, it } from 'vitest';
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import type { Context, Verbs } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld, takeTurns } from '../support/a-world.ts';

const Order = defineTopic('order', { schema: type<string>(), reply: type<string>() });
const refused = { class: 'permanent' };

describe('detached verbs', () => {
  it('leave with the step they are used in, in its order', async () => {
    const { order, heard } = aSecretary((secretary, detached, friend) => {
      secretary.tell(friend, 'first');
      detached.tell(friend, 'second');
      secretary.tell(friend, 'third');
    });

    await order();

    expect(heard).toEqual(['first', 'second', 'third']);
  });

  it('do nothing in a step that throws', async () => {
    const { order, heard, outcomes, paths } = aSecretary((_, detached, friend) => {
      detached.tell(friend, 'told');
      detached.publish(Order, 'published');
      detached.spawn(defineAgent({ name: 'child', subscribe: [Order], receive: () => {} }));
      outcomes.push(detached.request(friend, 'asked'));
      throw refused;
    });

    await order();

    expect(heard).toEqual([]);
    expect(paths()).toEqual(['/friend', '/secretary']);
    await expect(outcomes[0]).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('spawn with the step they are used in', async () => {
    const begun: string[] = [];
    const child = defineAgent({ name: 'child', onStart: ({ self }) => void begun.push(self.path) });
    const { order, paths } = aSecretary((_, detached) => {
      detached.spawn(child);
      expect(begun).toEqual([]);
    });

    await order();

    expect([begun, paths()]).toEqual([['/secretary/child'], ['/friend', '/secretary', '/secretary/child']]);
  });

  it('spend from the budget of their agent, not from that of the message', async () => {
    const world = aWorld();
    const limits: number[] = [];
    const clerk = world.system.spawn(
      defineAgent({
        name: 'clerk',
        subscribe: [Order],
        receive: (_, { budget }) => void limits.push(budget.limit('tokens')),
      }),
      { subscribe: false },
    );
    const boss = world.system.spawn(
      defineAgent({
        name: 'boss',
        subscribe: [Order],
        receive: (_, context) => {
          context.tell(clerk, 'by the message');
          context.detach().tell(clerk, 'by the agent');
        },
      }),
      { budget: { tokens: 7 }, subscribe: false },
    );
    void world.system.request(boss, 'go', { budget: { tokens: 5 } }).catch(() => {});
    await world.runUntilQuiet();

    expect(limits).toEqual([5, 7]);
  });

  it('stand behind what their agent has sent and that waits for room', async () => {
    const world = aWorld();
    const { system } = world;
    const heard: string[] = [];
    const slow = system.spawn(
      defineAgent({
        name: 'slow',
        capacity: 1,
        subscribe: [Order],
        receive: async (text) => {
          heard.push(text);
          await new Promise<void>((resolve) => void world.environment.schedule(10, resolve));
          return text;
        },
      }),
      { subscribe: false },
    );
    let kept: Verbs | undefined;
    const boss = system.spawn(
      defineAgent({
        name: 'boss',
        subscribe: [Order],
        receive: (_, context) => {
          kept = context.detach();
          for (const text of ['a', 'b', 'c', 'd']) {
            context.tell(slow, text);
          }
        },
      }),
      { subscribe: false },
    );
    void system.tell(boss, 'go');
    await takeTurns(world);
    void kept!.tell(slow, 'told');
    void kept!.request(slow, 'asked').catch(() => {});
    await world.runUntilQuiet();

    expect(heard).toEqual(['a', 'b', 'c', 'd', 'told', 'asked']);
  });

  it('say whose they were when they are refused', async () => {
    const world = aWorld();
    let kept: Verbs | undefined;
    const boss = world.system.spawn(
      defineAgent({
        name: 'boss',
        subscribe: [Order],
        receive: (_, context) => {
          kept = context.detach();
        },
      }),
    );
    await world.run(() => world.system.tell(boss, 'go'));
    await world.run(() => world.system.stop(boss));

    await expect(kept!.request(boss, 'late')).rejects.toMatchObject({ _tag: 'HandlingOver', agent: '/boss' });
  });

  it('go on when the handling is over', async () => {
    const kept: Verbs[] = [];
    const { order, heard, friend } = aSecretary((_, detached) => kept.push(detached));

    await order();
    await order(() => kept[0]!.tell(friend, 'later'));

    expect(heard).toEqual(['later']);
  });

  it('spawn when the handling is over, and no more when its agent has begun anew', async () => {
    const kept: Verbs[] = [];
    const refusals: unknown[] = [];
    const child = defineAgent({ name: 'child', subscribe: [Order], receive: () => {} });
    let fails = false;
    const { world, order, paths } = aSecretary((_, detached) => {
      if (fails) {
        throw new Error('boom');
      }
      kept.push(detached);
    });
    await order();

    await order(() => void kept[0]!.spawn(child));
    expect(paths()).toContain('/secretary/child');
    fails = true;
    await order();
    await order(() => {
      kept[0]!.publish(Order, 'nobody');
      try {
        kept[0]!.spawn(child, { id: 'other' });
      } catch (refusal) {
        refusals.push(refusal);
      }
    });

    expect(refusals).toHaveLength(1);
    expect(paths()).not.toContain('/secretary/other');
    expect(world.system.deadLetters.list().map(({ to, cause }) => [to, cause])).toContainEqual([
      'order',
      'HandlingOver',
    ]);
  });

  it('make dead letters in the last step of an agent, also behind an effect that never leaves', async () => {
    const world = aWorld();
    const busy = world.system.spawn(
      defineAgent({ name: 'busy', subscribe: [Order], receive: () => new Promise(() => {}), capacity: 1 }),
    );
    const secretary = world.system.spawn(
      defineAgent({
        name: 'secretary',
        state: 0,
        onStop: (context) => {
          context.tell(busy, 'waits for room');
          context.detach().tell(busy, 'too late');
        },
      }),
    );

    await world.run(() => {
      world.system.tell(busy, 'in hand');
      world.system.tell(busy, 'in the mailbox');
      return world.system.stop(secretary);
    });

    expect(world.system.deadLetters.list().map(({ cause, envelope }) => [cause, envelope.payload])).toEqual([
      ['Stopped', 'waits for room'],
      ['HandlingOver', 'too late'],
    ]);
  });

  it('are over from the beginning when they are asked for after the handling', async () => {
    const kept: Context[] = [];
    const { order, heard, friend, world } = aSecretary((secretary) => kept.push(secretary));

    await order();
    await order(() => kept[0]!.detach().tell(friend, 'too late'));

    expect(heard).toEqual([]);
    expect(world.system.deadLetters.countByCause()).toEqual({ HandlingOver: 1 });
  });
});

/** An agent that does something with detached verbs in a step, and a friend who hears what it says. */
function aSecretary(act: (context: Context, detached: Verbs, friend: AgentRef<string, string>) => unknown) {
  const world = aWorld();
  const heard: string[] = [];
  const outcomes: Promise<unknown>[] = [];
  const friend = world.system.spawn(
    defineAgent({ name: 'friend', subscribe: [Order], receive: (order) => void heard.push(order) }),
    { subscribe: false },
  );
  const secretary = world.system.spawn(
    defineAgent({
      name: 'secretary',
      subscribe: [Order],
      receive: (_, context) => void act(context as Context, context.detach(), friend),
    }),
    { subscribe: false },
  );
  const order = async (give: () => unknown = () => world.system.tell(secretary, 'act')): Promise<void> => {
    give();
    await world.runUntilQuiet();
  };
  return {
    world,
    heard,
    outcomes,
    friend,
    order,
    paths: () => world.system.agents.list().map(({ path }) => path),
  };
}
