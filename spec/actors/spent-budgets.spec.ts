/** What becomes of the work of an agent when a budget is low or spent. */
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

const Write = defineTopic('write', { schema: type<number>(), reply: type<string>() });

describe('an agent that is told that its budget is low', () => {
  it('may change its state, and its observers see that', async () => {
    const { write, seen } = aWriter((_, context) => void context.update((pages) => pages + 100));

    await write(9);

    expect(seen).toEqual([100, 101]);
  });

  it('and throws then changes nothing in that step, and fails', async () => {
    const { write, seen, failures } = aWriter((_, context) => {
      context.update((pages) => pages + 100);
      throw new Error('too late');
    });

    await write(9);

    expect(seen).not.toContain(100);
    expect(failures()).toContain('Error: too late');
  });
});

describe('work that has spent its budget', () => {
  it('ends early, is a failure of the request, and none of the agent', async () => {
    const { world, writer, failures } = aWriter();

    const outcome = world.system
      .request(writer, 12, { budget: { tokens: 10 } })
      .catch(({ code }: { code: string }) => code);
    await world.runUntilQuiet();

    expect(await outcome).toBe('BUDGET_EXCEEDED');
    expect(failures()).toEqual([]);
    expect(world.system.agents.list().map(({ phase }) => phase)).toEqual(['running']);
  });

  it('is rung for no more by timers of an agent that has spent its own', async () => {
    const world = aWorld();
    const rung: number[] = [];
    world.system.spawn(
      defineAgent({
        name: 'clock',
        on: [],
        onStart: (context) => {
          for (const ms of [10, 15, 20]) {
            context.schedule(ms, (step) => {
              rung.push(world.nowMs);
              step.budget.spend('tokens', 6);
            });
          }
        },
      }),
      { budget: { tokens: 10 } },
    );

    await world.runUntilQuiet();

    expect(rung).toEqual([10, 15]);
    expect(world.environment.timerCount).toBe(0);
  });
});

/** A writer that spends as many tokens as pages it is asked for, and waits a moment. */
function aWriter(onBudgetLow?: (notice: unknown, context: Context<number>) => void) {
  const world = aWorld();
  const seen: unknown[] = [];
  const failures: string[] = [];
  world.system.observe(systemFailures, { overflow: 'drop-oldest' }).subscribe(({ failure }) => {
    failures.push(String(failure));
  });
  const writer = world.system.spawn(
    defineAgent({
      name: 'writer',
      subscribe: [Write],
      state: 0,
      ...(onBudgetLow === undefined ? {} : { onBudgetLow }),
      receive: async (pages, context) => {
        context.budget.spend('tokens', pages);
        await new Promise<void>((done) => world.environment.schedule(5, done));
        context.update((before) => before + 1);
        return 'done';
      },
    }),
  );
  writer.subscribe(({ context }) => void seen.push(context));
  return {
    world,
    writer,
    seen,
    write: async (pages: number): Promise<void> => {
      world.system.request(writer, pages, { budget: { tokens: 10 } }).catch(() => {});
      await world.runUntilQuiet();
    },
    failures: () => failures,
  };
}
