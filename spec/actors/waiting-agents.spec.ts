import { describe, expect, it } from 'vitest';
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { WaitCycle } from '../../src/actors/wait-cycle.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { World } from '../../src/testing/world.ts';
import { aWorld } from '../support/a-world.ts';

const AtLeft = defineTopic('left', { schema: type<string>(), reply: type<string>() });
const AtRight = defineTopic('right', { schema: type<string>(), reply: type<string>() });

const forAsLongAsItTakes = { timeoutMs: Number.POSITIVE_INFINITY };

describe('agents that wait for each other', () => {
  it('are told so also where one of them asks back in its first step and has another slot free', async () => {
    const world = aWorld();
    world.system.spawn(
      defineAgent({
        name: 'left',
        subscribe: [AtLeft],
        receive: (message, context) => context.request(AtRight, message, forAsLongAsItTakes),
      }),
    );
    world.system.spawn(
      defineAgent({
        name: 'right',
        concurrency: 2,
        subscribe: [AtRight],
        receive: (message, context) => context.request(AtLeft, message, forAsLongAsItTakes),
      }),
    );

    const answer = world.run(() => world.system.request(AtLeft, 'go', forAsLongAsItTakes));

    await expect(answer).rejects.toBeInstanceOf(WaitCycle);
  });

  it('are told so also where one of them asks before it has begun, whatever it could handle at once', async () => {
    const world = aWorld();
    const failures: unknown[] = [];
    world.system.spawn(
      defineAgent({
        name: 'right',
        subscribe: [AtRight],
        receive: (message, context) => context.request(AtLeft, message, forAsLongAsItTakes),
      }),
    );
    world.system.spawn(
      defineAgent({
        name: 'left',
        concurrency: 2,
        subscribe: [AtLeft],
        onStart: async (context) => {
          await context.request(AtRight, 'who am I?', forAsLongAsItTakes).catch((failure) => {
            failures.push(failure);
          });
        },
        receive: () => 'left',
      }),
    );

    await world.runUntilQuiet();

    expect(failures).toEqual([expect.any(WaitCycle)]);
  });

  it('are not told so where one of them can take the message beside what it waits for', async () => {
    const world = aWorld();
    const { system } = world;
    system.spawn(
      defineAgent({
        name: 'left',
        subscribe: [AtLeft],
        receive: async (message, context) => {
          if (message === 'go') {
            await new Promise<void>((resolve) => void world.environment.schedule(5, resolve));
            return context.request(AtRight, 'no question', forAsLongAsItTakes);
          }
          return 'left';
        },
      }),
    );
    system.spawn(
      defineAgent({
        name: 'right',
        concurrency: 2,
        subscribe: [AtRight],
        receive: (message, context) =>
          message === 'ask back' ? context.request(AtLeft, 'back', forAsLongAsItTakes) : 'right',
      }),
    );

    const answers = [
      system.request(AtLeft, 'go', forAsLongAsItTakes),
      system.request(AtRight, 'ask back', forAsLongAsItTakes),
    ];
    await world.runUntilQuiet();

    await expect(Promise.all(answers)).resolves.toEqual(['right', 'left']);
  });

  it('are told so also where the one whose mailbox is full could take a message when it was told', async () => {
    const world = aWorld();
    const { reports, right } = asksBack(world, { spillMax: 1 });
    world.system.spawn(
      defineAgent({
        name: 'left',
        subscribe: [AtLeft],
        receive: async (message, context) => {
          await null;
          const rooms = message === 'go' ? ['first', 'second'].map((text) => context.tell(right, text)) : [];
          await Promise.all(rooms);
          return 'done';
        },
      }),
    );

    const answer = world.run(() => world.system.request(AtLeft, 'go', forAsLongAsItTakes));

    await expect(answer).resolves.toBeUndefined();
    expect(reports[0]).toBeInstanceOf(WaitCycle);
  });

  it('are told so also where one of them has finished and only waits for what it sent to leave', async () => {
    const world = aWorld();
    const { system } = world;
    const Told = defineTopic('told', { schema: type<string>() });
    const chatty = (other: string, texts: readonly string[], finishes: boolean) =>
      defineAgent({
        name: other === 'left' ? 'right' : 'left',
        subscribe: [Told],
        capacity: 1,
        receive: (_, context) => {
          for (const text of texts) {
            void context.tell(system.agents.find(`/${other}`)!.ref as AgentRef<string>, text);
          }
          if (finishes) {
            context.stop();
          }
        },
      });
    const left = system.spawn(chatty('right', ['1', '2', '3'], true), { subscribe: false });
    system.spawn(chatty('left', ['4', '5', '6'], false), { subscribe: false });
    await world.run(() => system.tell(left, 'go'));

    expect(system.deadLetters.list().some(({ cause }) => cause === 'WaitCycle')).toBe(true);
    expect(system.health().inFlight).toBe(0);
  });

  it('are not told so where nobody awaits what was asked', async () => {
    const world = aWorld();
    const { system } = world;
    const failures: unknown[] = [];
    const asking = system.spawn(
      defineAgent({
        name: 'left',
        subscribe: [AtLeft],
        receive: (message, context) => {
          if (message === 'go') {
            context
              .request(context.self as never, 'again' as never, { awaited: false } as never)
              .catch((failure) => failures.push(failure));
          }
          return message;
        },
      }),
    );
    const answer = system.request(asking, 'go');
    await world.runUntilQuiet();

    expect([await answer, failures]).toEqual(['go', []]);
  });

  it('are not told so where a message was refused instead of waiting for room', async () => {
    const world = aWorld();
    const { reports, right } = asksBack(world, { spillMax: 0 });
    world.system.spawn(
      defineAgent({
        name: 'left',
        concurrency: 2,
        subscribe: [AtLeft],
        receive: async (message, context) => {
          await null;
          const tells = message === 'go' ? ['first', 'second'] : [];
          const rooms = tells.map((text) => attempt(() => context.tell(right, text)));
          await new Promise((resolve) => void world.environment.schedule(rooms.length, () => resolve(0)));
          return 'done';
        },
      }),
    );
    void world.system.request(AtLeft, 'go').catch(() => {});
    void world.system.request(AtLeft, 'go').catch(() => {});

    await world.runUntilQuiet();

    expect(reports).toEqual([]);
  });
});

/** An agent with room for one message, that asks `left` whatever it is told, and what its requests failed of. */
function asksBack(world: World, { spillMax }: { readonly spillMax: number }) {
  const reports: unknown[] = [];
  const right = world.system.spawn(
    defineAgent({
      name: 'right',
      capacity: 1,
      spillMax,
      subscribe: [AtRight],
      receive: (message, context) =>
        context.request(AtLeft, message, forAsLongAsItTakes).catch((failure) => {
          reports.push(failure);
          return 'no';
        }),
    }),
  );
  return { reports, right };
}

/** What a call returns or throws. */
function attempt(call: () => unknown): unknown {
  try {
    return call();
  } catch (thrown) {
    return thrown;
  }
}
