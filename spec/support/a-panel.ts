/**
 * A world with experts who answer when a spec lets them, and a chair, an agent that asks them.
 */
import {
  type AgentRef,
  type Context,
  defineAgent,
  defineTopic,
  type Procedure,
  type RequestOptions,
  type System,
  type,
} from 'troupe';
import type { World } from '../../src/testing/world.ts';
import { aWorld, takeTurns } from './a-world.ts';

export const Ask = defineTopic('panel.ask', { schema: type<string>(), reply: type<string>() });
const Chair = defineTopic('panel.chair', { schema: type<string>(), reply: type<unknown>() });

export interface Panel {
  readonly world: World;
  readonly system: System;
  readonly experts: readonly AgentRef<string, string>[];
  readonly chair: AgentRef<string, unknown>;
  /** What happened, in order. */
  readonly log: string[];
  /** Lets an expert answer, and everything go on as far as it can while time stands still. */
  answers(name: string, answer?: string): Promise<void>;
  fails(name: string, failure?: unknown): Promise<void>;
  turns(): Promise<void>;
  /** Asks a procedure from outside, and tells what became of it. */
  asks<O>(procedure: Procedure<string, O>, options?: RequestOptions): Asked<O>;
  /** The same, asked by an agent in the step in which it was asked. */
  chairAsks<O>(procedure: Procedure<string, O>, options?: RequestOptions): Asked<O>;
}

/** What became of a question; both are `undefined` while it is open. */
interface Asked<O> {
  value: O | undefined;
  failure: unknown;
}

export function aPanel(names: readonly string[] = ['a', 'b', 'c']): Panel {
  const world = aWorld();
  const { system } = world;
  const log: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<string>[]>();
  const expert = (name: string) =>
    defineAgent({
      name,
      subscribe: [Ask],
      receive: (_, context) => {
        log.push(`${name} begins`);
        context.budget.spend('tokens', 2);
        const gate = Promise.withResolvers<string>();
        gates.set(name, [...(gates.get(name) ?? []), gate]);
        context.signal.addEventListener('abort', () => {
          const open = gates.get(name)!;
          if (open.includes(gate)) {
            gates.set(
              name,
              open.filter((one) => one !== gate),
            );
            log.push(`${name} is interrupted`);
          }
        });
        return gate.promise;
      },
    });
  const experts = names.map((name) => system.spawn(expert(name)));
  let act: (context: Context<undefined, unknown>) => unknown = () => {};
  const chair = system.spawn(
    defineAgent({
      name: 'chair',
      subscribe: [Chair],
      receive: (_, context) => act(context as never) as never,
    }),
  );
  const turns = (): Promise<void> => takeTurns(world);
  const noted = <O>(answer: Promise<O>): Asked<O> => {
    const asked: Asked<O> = { value: undefined, failure: undefined };
    answer.then(
      (value) => {
        asked.value = value;
        log.push('settled');
      },
      (failure) => {
        asked.failure = failure;
        log.push('failed');
      },
    );
    return asked;
  };
  return {
    world,
    system,
    experts,
    chair,
    log,
    turns,
    answers: async (name, answer = name) => {
      gates.get(name)!.shift()!.resolve(answer);
      await turns();
    },
    fails: async (name, failure = { class: 'permanent' }) => {
      gates.get(name)!.shift()!.reject(failure);
      await turns();
    },
    asks: (procedure, options) => noted(system.request(procedure, 'why?', options)),
    chairAsks: (procedure, options) => {
      const asked = Promise.withResolvers<never>();
      act = (context) => {
        const answer = context.request(procedure, 'why?', options);
        answer.then(asked.resolve as never, asked.reject);
        return answer;
      };
      system.request(chair, 'go', { timeoutMs: 10_000 }).catch(() => {});
      return noted(asked.promise);
    },
  };
}
