/**
 * Crashes by the thousand, in trees up to 1 000 deep.
 *
 * A trunk is a chain of agents, each the child of the one above, with leaves at
 * some of them, and each with a timer that would ring much later. Agents crash one
 * by one, where the dice say. What becomes of it is compared with another model: the
 * lowest ancestor whose window has room restarts its child, once, and everything
 * below that child begins anew.
 */
import assert from 'node:assert/strict';
import { type Agent, defineAgent, defineTopic, type } from 'troupe';
import { World } from 'troupe/testing';
import type { Soak } from './soak.ts';

interface Tree {
  /** Agents one below the other. */
  readonly depth: number;
  /** Children of every tenth of them, beside the next of the trunk. */
  readonly leaves: number;
  readonly crashes: number;
  readonly restartsMax: number;
  readonly windowMs: number;
}

const trees: readonly Tree[] = [
  { depth: 1_000, leaves: 1, crashes: 4_000, restartsMax: 1, windowMs: 20 },
  { depth: 300, leaves: 2, crashes: 16_000, restartsMax: 2, windowMs: 30 },
  { depth: 100, leaves: 2, crashes: 30_000, restartsMax: 2, windowMs: 30 },
  { depth: 10, leaves: 3, crashes: 40_000, restartsMax: 3, windowMs: 40 },
  { depth: 3, leaves: 1, crashes: 10_000, restartsMax: 0, windowMs: 40 },
];

export const soak: Soak = {
  claim:
    'of 100 000 agents that crash in trees up to 1 000 deep none is lost, every restart window is exact, and nothing is left',
  run: async ({ scale }) =>
    Object.fromEntries(
      trees.map((tree) => {
        const escalations = crashIn({ ...tree, crashes: Math.ceil(tree.crashes * scale) });
        return [`escalations in a tree ${tree.depth} deep`, escalations];
      }),
    ),
};

const Rung = defineTopic('deep.rung', { schema: type<number>() });

/** Later than anything else that happens here. */
const muchLaterMs = 1e12;

/** Crashes agents of a tree and returns how often somebody higher than the parent had to decide. */
function crashIn(tree: Tree): number {
  const { depth, crashes, restartsMax, windowMs } = tree;
  const world = new World({
    choose: () => 0,
    // The system itself never gives up.
    system: { supervision: { restartsMax: 1e9, windowMs: 1, backoffMs: 1, jitter: 0 } },
  });
  const { system, environment } = world;
  const restartsMs = new Map<string, readonly number[]>();
  const supervisors: string[] = [];
  const restarted: string[] = [];
  let escalations = 0;
  let timersAtEnd = -1;
  system.listen({
    next: (event) => {
      if (event._tag === 'Failed') {
        supervisors.push(event.report.supervisor);
      } else if (event._tag === 'AgentStopped') {
        restartsMs.delete(event.agent);
      } else if (event._tag === 'AgentRestarted') {
        restarted.push(event.agent);
        const recent = (restartsMs.get(event.agent) ?? []).filter((atMs) => atMs >= event.atMs - windowMs);
        restartsMs.set(event.agent, [...recent, event.atMs]);
      } else if (event._tag === 'SystemStopped') {
        timersAtEnd = environment.timerCount;
      }
    },
  });
  /** Whoever restarts its child when the agent at a path crashes, and that child. */
  const expectedFor = (path: string): readonly [supervisor: string, child: string] => {
    let child = path;
    for (;;) {
      const supervisor = child.slice(0, child.lastIndexOf('/')) || '/';
      const recent = (restartsMs.get(child) ?? []).filter((atMs) => atMs >= world.nowMs - windowMs);
      if (supervisor === '/' || recent.length < restartsMax) {
        return [supervisor, child];
      }
      child = supervisor;
    }
  };
  const settle = (): void => {
    while (environment.readyCount > 0 || (environment.nextDueMs ?? Number.POSITIVE_INFINITY) < muchLaterMs) {
      environment.step();
    }
  };

  system.spawn(trunk(tree, depth - 1));
  settle();
  const whole = system.agents.size;
  const random = dice(depth);
  let level = depth;
  for (let crash = 1; crash <= crashes; crash += 1) {
    // Mostly where the last one was, so that windows run full.
    level = random() < 0.7 ? level : depth - Math.floor(random() ** 4 * depth);
    const leaf = `${'/n'.repeat(level)}/leaf`;
    const whom = random() < 0.1 && system.agents.find(leaf) !== undefined ? leaf : '/n'.repeat(level);
    const [supervisor, child] = expectedFor(whom);
    escalations += child === whom ? 0 : 1;
    supervisors.length = 0;
    restarted.length = 0;
    world.crash(whom);
    settle();
    assert.deepEqual(
      {
        supervisors,
        restarted,
        agents: system.agents.size,
        timers: environment.timerCount,
      },
      { supervisors: [supervisor], restarted: [child], agents: whole, timers: depth },
      `crash ${crash}, of ${whom}`,
    );
    // Time goes on, now and then longer than a window, so that windows run full and empty.
    environment.advanceTo(world.nowMs + (random() < 0.1 ? windowMs + 1 : Math.floor(random() * 4)));
  }
  void system.stop();
  settle();
  const { board } = (system as unknown as { readonly kernel: { readonly board: { readonly size: number } } })
    .kernel;
  assert.deepEqual(
    { agents: system.agents.size, timers: timersAtEnd, subscriptions: board.size },
    { agents: 0, timers: 0, subscriptions: 0 },
  );
  world.close();
  return escalations;
}

function trunk(tree: Tree, below: number): Agent<number> {
  const next = below === 0 ? undefined : trunk(tree, below - 1);
  const { restartsMax, windowMs, leaves } = tree;
  const leaf = defineAgent({ name: 'leaf', subscribe: [Rung], receive: () => {} });
  return defineAgent({
    name: 'n',
    subscribe: [Rung],
    supervision: { restartsMax, windowMs, backoffMs: 1, backoffMsMax: 4, jitter: 0 },
    receive: () => {},
    onStart: (context) => {
      context.schedule(muchLaterMs, () => {});
      if (next !== undefined) {
        context.spawn(next);
      }
      for (let left = below % 10 === 0 ? leaves : 0; left > 0; left -= 1) {
        context.spawn(leaf);
      }
    },
  });
}

/** Numbers from 0 up to 1, the same for the same seed: Park and Miller's generator. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
