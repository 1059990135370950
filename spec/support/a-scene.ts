/**
 * A world with one agent, whose handler a spec writes where it needs it.
 *
 * What the agent is asked is whatever the spec likes; who hears `Heard` is a
 * listener that only writes down.
 */
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import type { Context, RequestOptions, SpawnOptions } from '../../src/actors/context.ts';
import { type AgentOptions, defineAgent } from '../../src/actors/define-agent.ts';
import type { Result } from '../../src/actors/result.ts';
import type { SystemOptions } from '../../src/actors/system.ts';
import type { Envelope } from '../../src/core/envelope.ts';
import { type } from '../../src/core/schema.ts';
import type { FailureReport } from '../../src/core/system-event.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { World } from '../../src/testing/world.ts';
import { aWorld, takeTurns } from './a-world.ts';

export const Ask = defineTopic('ask', { schema: type<unknown>(), reply: type<unknown>() });
export const Heard = defineTopic('heard', { schema: type<unknown>() });

export type Play = (message: unknown, context: Context<unknown, unknown>) => Result<unknown>;

export interface Scene {
  readonly world: World;
  readonly system: World['system'];
  readonly actor: AgentRef<unknown, unknown>;
  /** What the listener heard. */
  readonly heard: unknown[];
  /** The envelopes it came in. */
  readonly envelopes: Envelope[];
  readonly failures: readonly FailureReport[];
  settle(): Promise<void>;
  /** Lets everything go on as far as it can while time stands still. */
  turns(): Promise<void>;
  /** Asks the actor, lets everything go on until it is quiet, and gives its reply or its failure. */
  ask(message?: unknown, options?: RequestOptions): Promise<unknown>;
  /** Tells the actor, and lets everything go on until it is quiet. */
  tell(...messages: unknown[]): Promise<void>;
  causes(): Readonly<Record<string, number | undefined>>;
}

export function aScene(
  play: Play,
  options: Partial<AgentOptions<unknown, unknown>> = {},
  more: { readonly system?: Omit<SystemOptions, 'environment'>; readonly spawn?: SpawnOptions } = {},
): Scene {
  const world = aWorld({ system: more.system ?? {} });
  const { system } = world;
  const heard: unknown[] = [];
  const envelopes: Envelope[] = [];
  const failures: FailureReport[] = [];
  system.observe(systemFailures, { overflow: 'drop-newest' }).subscribe((report) => {
    failures.push(report);
  });
  system.spawn(
    defineAgent({
      name: 'listener',
      subscribe: [Heard],
      receive: (message, { envelope }) => {
        heard.push(message);
        envelopes.push(envelope);
      },
    }),
  );
  const actor = system.spawn(
    defineAgent({ name: 'actor', ...options, subscribe: [Ask], receive: play as never }),
    more.spawn ?? {},
  ) as AgentRef<unknown, unknown>;
  const settle = () => world.runUntilQuiet();

  return {
    world,
    system,
    actor,
    heard,
    envelopes,
    failures,
    settle,
    turns: () => takeTurns(world),
    ask: async (message, how) => {
      const reply = system.request(actor, message, how).catch((failure: unknown) => failure);
      await settle();
      return reply;
    },
    tell: async (...messages) => {
      messages.forEach((message) => {
        void system.tell(actor, message);
      });
      await settle();
    },
    causes: () => system.deadLetters.countByCause(),
  };
}

/** Resolves when this much of the world's time has passed. */
export const later = (scene: Scene, ms: number): Promise<void> =>
  new Promise((resolve) => void scene.world.environment.schedule(ms, resolve));
