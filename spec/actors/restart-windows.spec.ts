import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import type { Strategy } from '../../src/actors/supervision.ts';
import { type } from '../../src/core/schema.ts';
import type { FailureReport, SystemEvent } from '../../src/core/system-event.ts';
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

  it('that is overdue leaves that of others in the history of its siblings', async () => {
    const { world, decisions, restartsMs } = await twoRestartsBesideEachOther({ restartsMax: 2 });

    await world.advance(290);
    world.crash('/boss/second/child');
    await world.advance(430);
    world.crash('/boss/first');
    await world.runUntilQuiet();

    expect(restartsMs).toEqual(['/boss/second 520', '/boss/third 520', '/boss/first 700']);
    expect(decisions()).toEqual(['/boss restart', '/boss restart', '/ stop']);
  });

  it('that is overdue counts as one that happens now, where another would happen beside it', async () => {
    const { world, decisions } = await twoRestartsBesideEachOther({ restartsMax: 1 });

    await world.advance(290);
    world.crash('/boss/second/child');
    await world.runUntilQuiet();

    expect(decisions()).toEqual(['/boss restart', '/ stop']);
  });

  it('that is overdue does not count beside one that takes it over', async () => {
    const { world, decisions, restartsMs } = await twoRestartsBesideEachOther({ restartsMax: 1 });

    await world.advance(290);
    world.crash('/boss/first/child');
    await world.runUntilQuiet();

    expect(decisions()).toEqual(['/boss restart', '/boss restart']);
    expect(restartsMs).toEqual(['/boss/first 910', '/boss/second 910', '/boss/third 910']);
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

/**
 * Three siblings, of which the first has failed, so that all of them are to be restarted: the third ends at 500 ms,
 * those before it after that. What fails below one of them meanwhile is passed on to their parent.
 */
async function twoRestartsBesideEachOther({ restartsMax }: { readonly restartsMax: number }) {
  const restartsMs: string[] = [];
  const reports: FailureReport[] = [];
  const note = (event: SystemEvent): void => {
    if (event._tag === 'AgentRestarted') restartsMs.push(`${event.agent} ${event.atMs}`);
    if (event._tag === 'Failed') reports.push(event.report);
  };
  const world = aWorld({ system: { events: [{ next: note }] } });
  const nap = (ms: number) =>
    new Promise<void>((resolve) => void world.environment.schedule(ms, () => resolve()));
  const sibling = (name: string, childEndsAfterMs: number) =>
    defineAgent({
      name,
      subscribe: [Work],
      supervision: { directives: { defect: 'escalate' } },
      onStart: (context) =>
        void context.spawn(
          defineAgent({
            name: 'child',
            subscribe: [Work],
            onStop: () => nap(childEndsAfterMs),
            receive: () => {},
          }),
        ),
      receive: () => {},
    });
  const siblings = [sibling('first', 400), sibling('second', 0), sibling('third', 500)];
  world.system.spawn(
    defineAgent({
      name: 'boss',
      subscribe: [Work],
      supervision: { strategy: 'rest-for-one', restartsMax, windowMs: 250, backoffMs: 10, jitter: 0 },
      onStart: (context) => siblings.forEach((one) => void context.spawn(one)),
      receive: () => {},
    }),
    { kind: 'temporary' },
  );
  await world.advance(0);
  world.crash('/boss/first');
  const decisions = () => reports.map(({ supervisor, directive }) => `${supervisor} ${directive}`);
  return { world, restartsMs, decisions };
}

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
