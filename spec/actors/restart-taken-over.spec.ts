import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

const Order = defineTopic('order', { schema: type<string>() });

describe('a restart that a later failure takes over before the children have ended', () => {
  it('waits for nothing any more', async () => {
    const world = aWorld();
    const child = defineAgent({ name: 'child', subscribe: [Order], receive: () => {} });
    world.system.spawn(
      defineAgent({
        name: 'parent',
        subscribe: [Order],
        receive: () => {},
        onStart: (context) => void context.spawn(child),
      }),
    );
    await world.runUntilQuiet();
    const timers: number[] = [];
    const childEnded = world.system.watch(world.system.agents.find('/parent/child')!.ref);

    world.crash('/parent');
    await world.run(
      () => childEnded.then(() => world.crash('/parent')),
      () => timers.push(world.environment.timerCount),
    );

    expect(Math.max(...timers)).toBe(1);
    expect(world.system.agents.find('/parent')).toMatchObject({ phase: 'running' });
  });
});
