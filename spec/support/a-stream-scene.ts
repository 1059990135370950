/**
 * A world in which stream agents are tried: what they publish is heard, what they
 * fail of is noted, and work that they wait for ends when the spec says so.
 */

import { defineTopic, type SystemOptions, type } from 'troupe';
import type { FailureReport } from '../../src/core/system-event.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import type { World } from '../../src/testing/world.ts';
import { aWorld, takeTurns } from './a-world.ts';

export const Number_ = defineTopic('number', { schema: type<number>(), reply: type<number>() });
export const Word = defineTopic('word', { schema: type<string>(), reply: type<string>() });
export const Out = defineTopic('out', { schema: type<unknown>() });

export interface StreamScene {
  readonly world: World;
  readonly system: World['system'];
  /** What was published on `Out`. */
  readonly heard: unknown[];
  readonly failures: readonly FailureReport[];
  /** Work that waits to be ended, by name. */
  readonly gates: Map<unknown, PromiseWithResolvers<unknown>>;
  /** Waits until the spec opens the gate of that name. */
  gate<T>(name: T): Promise<T>;
  open(name: unknown, value?: unknown): Promise<void>;
  refuse(name: unknown, failure: unknown): Promise<void>;
  settle(): Promise<void>;
  turns(): Promise<void>;
  /** Dead letters, a line each: `cause payload`. */
  letters(): readonly string[];
}

export function aStreamScene(options: Omit<SystemOptions, 'environment'> = {}): StreamScene {
  const world = aWorld({ system: options });
  const { system } = world;
  const heard: unknown[] = [];
  const failures: FailureReport[] = [];
  const gates = new Map<unknown, PromiseWithResolvers<unknown>>();
  system.observe(systemFailures, { overflow: 'drop-newest' }).subscribe((report) => {
    failures.push(report);
  });
  system.observe(Out, { overflow: 'suspend' }).subscribe((value) => {
    heard.push(value);
  });
  const turns = () => takeTurns(world);
  return {
    world,
    system,
    heard,
    failures,
    gates,
    gate: (name) => {
      const gate = Promise.withResolvers<unknown>();
      gates.set(name, gate);
      return gate.promise as Promise<never>;
    },
    open: async (name, value = name) => {
      gates.get(name)!.resolve(value);
      gates.delete(name);
      await turns();
    },
    refuse: async (name, failure) => {
      gates.get(name)!.reject(failure);
      gates.delete(name);
      await turns();
    },
    settle: () => world.runUntilQuiet(),
    turns,
    letters: () =>
      system.deadLetters.list().map(({ cause, envelope }) => `${cause} ${String(envelope.payload)}`),
  };
}
