/**
 * A world whose agents do what they are told and write down what happens to them.
 *
 * A player hears cues: `fail` throws, `finish` stops it from within, `wait` leaves
 * its handling open until the spec ends it. Any other cue is only written down.
 */
import type { Agent } from '../../src/actors/agent.ts';
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import type { Context, SpawnOptions } from '../../src/actors/context.ts';
import { type AgentOptions, defineAgent } from '../../src/actors/define-agent.ts';
import type { SystemOptions } from '../../src/actors/system.ts';
import { type } from '../../src/core/schema.ts';
import type { FailureReport } from '../../src/core/system-event.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { World } from '../../src/testing/world.ts';
import { aWorld, takeTurns } from './a-world.ts';
import { boom } from './boom.ts';

export const Cue = defineTopic('cue', { schema: type<string>(), reply: type<string>() });

/** A child that a player spawns whenever it starts. */
type Child = Agent<string, string> | readonly [Agent<string, string>, SpawnOptions];

export type PlayerOptions = Partial<AgentOptions<number, string>> & { readonly children?: readonly Child[] };

export interface Troupe {
  readonly world: World;
  readonly system: World['system'];
  /** What happened, a line each: `/a starts`, `/a hears go`, `/a stops`. */
  readonly log: string[];
  readonly failures: readonly FailureReport[];
  player(name: string, options?: PlayerOptions): Agent<string, string>;
  ref(path: string): AgentRef<string, string>;
  /** Tells the agent at a path a cue, and lets everything go on until it is quiet. */
  cue(path: string, ...cues: string[]): Promise<void>;
  settle(): Promise<void>;
  /** Lets everything go on as far as it can while time stands still. */
  turns(): Promise<void>;
  /** Ends the handlings that wait, oldest first: one, in the way given. */
  go(failure?: unknown): Promise<void>;
  paths(): readonly string[];
}

export function aTroupe(options: Omit<SystemOptions, 'environment'> = {}): Troupe {
  const world = aWorld({ system: options });
  const { system } = world;
  const log: string[] = [];
  const failures: FailureReport[] = [];
  const waiting: PromiseWithResolvers<void>[] = [];
  system.observe(systemFailures, { overflow: 'drop-newest' }).subscribe((report) => {
    failures.push(report);
  });
  const settle = () => world.runUntilQuiet();
  const ref = (path: string) => {
    const entry = system.agents.find(path);
    if (entry === undefined) {
      throw new RangeError(`nobody is at ${path}; there are ${system.agents.list().map((one) => one.path)}`);
    }
    return entry.ref as AgentRef<string, string>;
  };

  return {
    world,
    system,
    log,
    failures,
    settle,
    turns: () => takeTurns(world),
    ref,
    paths: () => system.agents.list().map(({ path }) => path),
    cue: async (path, ...cues) => {
      cues.forEach((cue) => {
        void system.tell(ref(path), cue);
      });
      await settle();
    },
    go: async (failure) => {
      const one = waiting.shift();
      if (failure === undefined) {
        one?.resolve();
      } else {
        one?.reject(failure);
      }
      await settle();
    },
    player: (name, { children = [], ...rest } = {}) =>
      defineAgent({
        name,
        subscribe: [Cue],
        onStart: (context) => {
          log.push(`${context.self.path} starts`);
          children.forEach((child) => {
            const [agent, how] = Array.isArray(child) ? child : [child as Agent<string, string>, {}];
            context.spawn(agent, how);
          });
        },
        onStop: (context) => {
          log.push(`${context.self.path} stops`);
        },
        ...rest,
        receive: (cue, context) => {
          log.push(`${context.self.path} hears ${cue}`);
          return played(cue, context as Context<unknown, string>, waiting);
        },
      }),
  };
}

function played(cue: string, context: Context<unknown, string>, waiting: PromiseWithResolvers<void>[]) {
  switch (cue) {
    case 'fail':
      return boom();
    case 'finish':
      context.stop();
      return undefined;
    case 'wait': {
      const open = Promise.withResolvers<void>();
      waiting.push(open);
      return open.promise;
    }
    default:
      return undefined;
  }
}
