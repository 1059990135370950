/**
 * A boss who asks procedures, and agents by name whose handlers a spec writes where it
 * needs them. What is said to whom is on a log.
 */
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import type { Context, Procedure, RequestOptions } from '../../src/actors/context.ts';
import { type AgentOptions, defineAgent } from '../../src/actors/define-agent.ts';
import type { Result } from '../../src/actors/result.ts';
import { Failure } from '../../src/core/failure.ts';
import { type } from '../../src/core/schema.ts';
import type { FailureReport } from '../../src/core/system-event.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { World, WorldOptions } from '../../src/testing/world.ts';
import { aWorld, takeTurns } from './a-world.ts';

const Order = defineTopic('order', { schema: type<unknown>(), reply: type<unknown>() });

/** A failure of the kind that agents answer with. */
export class SoldOut extends Failure {
  readonly _tag = 'SoldOut';
  readonly code = 'SOLD_OUT';
  readonly class = 'permanent';
  override get message(): string {
    return 'nothing is left';
  }
}

export interface Cast {
  readonly world: World;
  readonly boss: AgentRef<unknown, unknown>;
  readonly log: string[];
  readonly failures: FailureReport[];
  /** An agent that says on the log what it takes, and when it is interrupted. */
  agent<M = never, R = unknown>(
    name: string,
    receive: (message: M, context: Context<unknown, unknown>) => Result<R>,
    options?: Partial<AgentOptions<unknown, unknown>>,
  ): AgentRef<M, R>;
  /** Has the boss ask, lets everything go on until it is quiet, and gives the answer or the failure. */
  asks<I, O>(
    procedure: Procedure<I, O>,
    input: I,
    options?: RequestOptions,
    meanwhile?: () => unknown,
  ): Promise<O>;
}

/** Work that does not end by itself. */
export const forGood = (): Promise<never> => new Promise(() => {});

export function aCast(options: Partial<WorldOptions> = {}): Cast {
  const world = aWorld(options);
  const { system } = world;
  const log: string[] = [];
  const failures: FailureReport[] = [];
  system.observe(systemFailures, { overflow: 'drop-newest' }).subscribe((report) => {
    failures.push(report);
  });
  let act: ((context: Context) => Promise<unknown>) | undefined;
  const boss = system.spawn(
    defineAgent({ name: 'boss', subscribe: [Order], receive: (_, context) => act?.(context as Context) }),
  ) as AgentRef<unknown, unknown>;

  return {
    world,
    boss,
    log,
    failures,
    agent: <M, R>(
      name: string,
      receive: (message: M, context: Context<unknown, unknown>) => Result<R>,
      more: Partial<AgentOptions<unknown, unknown>> = {},
    ) =>
      system.spawn(
        defineAgent({
          ...more,
          name,
          subscribe: [defineTopic(`to.${name}`, { schema: type<M>(), reply: type<R>() })],
          receive: (message, context) => {
            log.push(`${name} takes ${JSON.stringify(message)}`);
            context.signal.addEventListener('abort', () => {
              // A handling that fails is over, too.
              if (['INTERRUPTED', 'TIMEOUT', 'BUDGET_EXCEEDED'].includes(context.signal.reason.code)) {
                log.push(`${name} is interrupted`);
              }
            });
            return receive(message, context as Context<unknown, unknown>);
          },
        }),
      ) as AgentRef<M, R>,
    asks: async <I, O>(
      procedure: Procedure<I, O>,
      input: I,
      asked?: RequestOptions,
      meanwhile?: () => unknown,
    ): Promise<O> => {
      let outcome: { value: unknown } | { failure: unknown } | undefined;
      act = (context) =>
        context.request(procedure, input as never, asked).then(
          (value) => {
            outcome = { value };
          },
          (failure) => {
            outcome = { failure };
          },
        );
      await world.run(async () => {
        system.tell(boss, 'go');
        if (meanwhile !== undefined) {
          await takeTurns(world);
          await meanwhile();
        }
      });
      if (outcome === undefined) {
        throw new Error('the boss was told nothing');
      }
      if ('failure' in outcome) {
        throw outcome.failure;
      }
      return outcome.value as O;
    },
  };
}
