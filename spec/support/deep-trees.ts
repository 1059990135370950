/**
 * Crashes by the thousand, in trees up to 1 000 deep.
 *
 * A trunk is a chain of agents, each the child of the one above, with leaves at
 * some of them, and each with a timer that would ring much later. Agents crash one
 * by one, where the dice say. What becomes of it is compared with another model: the
 * lowest ancestor whose window has room restarts its child, once, and everything
 * below that child begins anew.
 */
import type { Agent } from '../../src/actors/agent.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { World } from '../../src/testing/world.ts';
import { kernelOf } from './inside.ts';

export interface DeepTree {
  /** Agents one below the other. */
  readonly depth: number;
  /** Children of every tenth of them, beside the next of the trunk. */
  readonly leaves: number;
  readonly crashes: number;
  readonly restartsMax: number;
  readonly windowMs: number;
  readonly seed: number;
}

export interface Aftermath {
  /** How often somebody higher than the parent had to decide. */
  readonly escalations: number;
  /** What is not as the other model says. */
  readonly wrong: readonly string[];
  /** What is left after the system has stopped. */
  readonly left: { readonly agents: number; readonly timers: number; readonly subscriptions: number };
}

const Rung = defineTopic('deep.rung', { schema: type<number>() });

/** Later than anything else that happens here. */
const muchLaterMs = 1e12;

export function crashDeepTree(tree: DeepTree): Aftermath {
  const { depth, crashes, restartsMax, windowMs, seed } = tree;
  const world = new World({
    choose: () => 0,
    seed,
    // The system itself never gives up.
    system: { supervision: { restartsMax: 1e9, windowMs: 1, backoffMs: 1, jitter: 0 } },
  });
  const { system, environment } = world;
  const wrong: string[] = [];
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
  const random = dice(seed);
  for (let crash = 1; crash <= crashes; crash += 1) {
    const level = depth - Math.floor(random() ** 4 * depth);
    const leaf = `${'/n'.repeat(level)}/leaf`;
    const whom = random() < 0.3 && system.agents.find(leaf) !== undefined ? leaf : '/n'.repeat(level);
    const [supervisor, child] = expectedFor(whom);
    escalations += child === whom ? 0 : 1;
    supervisors.length = 0;
    restarted.length = 0;
    world.crash(whom);
    settle();
    const asExpected =
      supervisors.length === 1 &&
      supervisors[0] === supervisor &&
      restarted.length === 1 &&
      restarted[0] === child &&
      system.agents.size === whole &&
      environment.timerCount === depth;
    if (!asExpected) {
      const [agents, timers] = [system.agents.size, environment.timerCount];
      wrong.push(
        `crash ${crash}, level ${level} of ${depth}: decided ${supervisors.length} times, restarted ${restarted.length}; ${agents} agents of ${whole}, ${timers} timers`,
      );
    }
    // Time goes on, now and then longer than a window, so that windows run full and empty.
    environment.advanceTo(world.nowMs + (random() < 0.1 ? windowMs + 1 : Math.floor(random() * 4)));
  }
  void system.stop();
  settle();
  const left = {
    agents: system.agents.size,
    timers: timersAtEnd,
    subscriptions: kernelOf(system).board.size,
  };
  world.close();
  return { escalations, wrong, left };
}

function trunk(tree: DeepTree, below: number): Agent<number> {
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
