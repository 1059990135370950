import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import type { Strategy } from '../../src/actors/supervision.ts';
import { type } from '../../src/core/schema.ts';
import type { SystemEvent } from '../../src/core/system-event.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { World } from '../../src/testing/world.ts';
import { aWorld } from '../support/a-world.ts';

const Work = defineTopic('work', { schema: type<string>() });

describe('a restart', () => {
  it.each<Strategy>(['one-for-one', 'one-for-all', 'rest-for-one'])(
    'counts from when it happened, not from when it fell due, under %s',
    async (strategy) => {
      const { world, restartsMs } = aTeamThatFailsWhenItHasBegun({
        supervision: { strategy, restartsMax: 1, windowMs: 100, backoffMs: 10 },
        childEndsAfterMs: 500,
      });

      await world.runUntilQuiet();

      expect(restartsMs()).toEqual([511]);
    },
  );

  it('counts once, also when the one before happened as this one fell due', async () => {
    const { world, restartsMs } = aTeamThatFailsWhenItHasBegun({
      supervision: { restartsMax: 2, windowMs: 20, backoffMs: 0 },
      childEndsAfterMs: 40,
      failsAfterMs: 0,
      times: 3,
    });

    await world.runUntilQuiet();

    expect(restartsMs()).toEqual([40, 80, 120]);
  });

  it('lets the agent treat its new children as if there had been no others', async () => {
    const world = aWorld();
    const worker = defineAgent({ name: 'worker', subscribe: [Work], receive: () => {} });
    const boss = world.system.spawn(
      defineAgent({
        name: 'boss',
        subscribe: [Work],
        onStart: (context) => void context.spawn(worker),
        receive: () => {},
      }),
    );

    world.crash(boss.path);
    await world.runUntilQuiet();

    expect(world.system.agents.list().map(({ path }) => path)).toEqual(['/boss', '/boss/worker']);
  });
});

describe('a failure that goes up two levels', () => {
  it('stops the agent that failed, and leaves nobody suspended, when it is resumed up there', async () => {
    const world = aWorld();
    const leaf = defineAgent({ name: 'leaf', subscribe: [Work], receive: () => {} });
    const branch = defineAgent({
      name: 'branch',
      subscribe: [Work],
      supervision: { directives: { defect: 'escalate' } },
      onStart: (context) => void context.spawn(leaf),
      receive: () => {},
    });
    const trunk = defineAgent({
      name: 'trunk',
      subscribe: [Work],
      supervision: { directives: { defect: 'escalate' } },
      onStart: (context) => void context.spawn(branch),
      receive: () => {},
    });
    world.system.spawn(
      defineAgent({
        name: 'root',
        subscribe: [Work],
        supervision: { directives: { defect: 'resume' } },
        onStart: (context) => void context.spawn(trunk),
        receive: () => {},
      }),
    );
    await world.runUntilQuiet();

    world.crash('/root/trunk/branch/leaf');
    await world.runUntilQuiet();

    expect(world.system.agents.list().map(({ path, phase }) => [path, phase])).toEqual([
      ['/root', 'running'],
      ['/root/trunk', 'running'],
      ['/root/trunk/branch', 'running'],
    ]);
  });
});

/** An agent that fails each time it has begun, and whose child takes its time to end. */
function aTeamThatFailsWhenItHasBegun(options: {
  readonly supervision: NonNullable<Parameters<typeof defineAgent>[0]['supervision']>;
  readonly childEndsAfterMs: number;
  readonly failsAfterMs?: number;
  readonly times?: number;
}): { readonly world: World; readonly restartsMs: () => number[] } {
  const events: SystemEvent[] = [];
  let left = options.times ?? 10;
  const world = aWorld({ system: { events: [{ next: (event) => void events.push(event) }] } });
  const child = defineAgent({
    name: 'child',
    subscribe: [Work],
    receive: () => {},
    onStop: () =>
      new Promise<void>((resolve) => void world.environment.schedule(options.childEndsAfterMs, resolve)),
  });
  const team = defineAgent({
    name: 'team',
    subscribe: [Work],
    receive: () => {},
    onStart: (context) => {
      context.spawn(child);
      if (left > 0) {
        left -= 1;
        context.schedule(options.failsAfterMs ?? 1, () => Promise.reject(new Error('broken')));
      }
    },
  });
  world.system.spawn(
    defineAgent({
      name: 'boss',
      subscribe: [Work],
      supervision: options.supervision,
      onStart: (context) => void context.spawn(team),
      receive: () => {},
    }),
    { kind: 'temporary' },
  );
  const restartsMs = () =>
    events.filter((event) => event._tag === 'AgentRestarted').map(({ atMs }) => Math.floor(atMs));
  return { world, restartsMs };
}
