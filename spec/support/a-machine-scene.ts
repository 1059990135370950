/**
 * A world for machines: what failed in it and was logged, what was published on
 * `Heard`, and how to let it go on. What fails is told by its message.
 */
import { defineAgent } from '../../src/actors/define-agent.ts';
import type { SystemOptions } from '../../src/actors/system.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { World } from '../../src/testing/world.ts';
import { aWorld, takeTurns } from './a-world.ts';

export const Heard = defineTopic('heard', { schema: type<unknown>() });

/** A failure is the machine's own affair here: it goes on where it was. */
export const resuming = { supervision: { directives: { defect: 'resume' } } } as const;

export interface MachineScene {
  readonly world: World;
  readonly system: World['system'];
  /** What failed. */
  readonly failed: string[];
  /** What was published on `Heard`. */
  readonly heard: unknown[];
  causes(): Readonly<Record<string, number | undefined>>;
  /** Lets everything go on as far as it can while time stands still. */
  turns(): Promise<void>;
  quiet(): Promise<void>;
  /** Asks, and gives the reply or the failure. */
  request(target: unknown, payload: unknown, timeoutMs?: number): Promise<unknown>;
  tell(target: object, ...types: readonly string[]): void;
}

export function aMachineScene(options: Omit<SystemOptions, 'environment'> = {}): MachineScene {
  const world = aWorld({ system: options });
  const { system } = world;
  const failed: string[] = [];
  const heard: unknown[] = [];
  system.listen({
    next: (event) => {
      if (event._tag === 'Failed') {
        failed.push((event.report.failure as Error).message);
      }
    },
  });
  system.spawn(
    defineAgent({ name: 'listener', subscribe: [Heard], receive: (message) => void heard.push(message) }),
  );
  return {
    world,
    system,
    failed,
    heard,
    causes: () => system.deadLetters.countByCause(),
    turns: () => takeTurns(world),
    quiet: () => world.runUntilQuiet(),
    request: (target, payload, timeoutMs = 1_000) =>
      system.request(target as never, payload as never, { timeoutMs }).catch((failure: unknown) => failure),
    tell: (target, ...types) => {
      for (const one of types) {
        void system.tell(target as never, { type: one } as never);
      }
    },
  };
}
