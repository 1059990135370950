import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

const Order = defineTopic('order', { schema: type<string>() });

describe('an agent that hears of failures and fails itself when its mailbox is full', () => {
  it('is not told of its own failure, and the others go on', async () => {
    const world = aWorld();
    const heard: string[] = [];
    world.system.spawn(
      defineAgent({
        name: 'listener',
        subscribe: [systemFailures],
        capacity: 1,
        overflow: 'fail',
        receive: ({ agent }) => void heard.push(agent),
      }),
    );
    for (const name of ['a', 'b', 'c']) {
      world.system.spawn(
        defineAgent({
          name,
          subscribe: [Order],
          lane: 'realtime',
          receive: () => {
            throw { class: 'permanent' };
          },
        }),
      );
    }

    world.system.publish(Order, 'fail');
    await world.runUntilQuiet();

    expect(heard.length).toBeGreaterThan(0);
    expect(heard).not.toContain('/listener');
  });
});
