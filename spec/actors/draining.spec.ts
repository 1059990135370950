import { describe, expect, it } from 'vitest';
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import type { Procedure } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { createSystem } from '../../src/actors/system.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });

/** Lets a live system come to rest. */
const breath = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('a draining agent', () => {
  it('ends also when the last message it takes is one that nobody waits for any more', async () => {
    const world = aWorld();
    const { system } = world;
    const slow = system.spawn(
      defineAgent({
        name: 'slow',
        subscribe: [Question],
        receive: () =>
          new Promise<string>((resolve) => void world.environment.schedule(20, () => resolve('at last'))),
      }),
    );
    void system.request(slow, 'first').catch(() => {});
    void system.request(slow, 'second', { timeoutMs: 5 }).catch(() => {});

    await expect(world.run(() => system.stop(slow, { drain: true }))).resolves.toBeUndefined();
  });

  it('answers also whoever asked what it lays aside last', async () => {
    const world = aWorld();
    const { system } = world;
    const shy = system.spawn(
      defineAgent({ name: 'shy', subscribe: [Question], receive: (_, context) => context.stash() }),
    );
    const answers: unknown[] = [];
    void system.request(shy, 'first', { timeoutMs: Number.POSITIVE_INFINITY }).catch((failure) => {
      answers.push(failure.code);
    });

    await world.run(() => system.stop(shy, { drain: true }));

    expect(answers).toEqual(['NO_RESPONDER']);
    expect(system.deadLetters.countByCause()).toEqual({ Stopped: 1 });
  });

  it('hears of it when somebody far below it has ended by itself, with messages left', async () => {
    const gate = Promise.withResolvers<void>();
    const leaf = defineAgent({
      name: 'leaf',
      subscribe: [Question],
      receive: async (_, context) => {
        await gate.promise;
        context.stop();
      },
    });
    const middle = defineAgent({
      name: 'middle',
      on: [],
      onStart: (context) => void context.spawn(leaf),
    });
    const top = defineAgent({ name: 'top', on: [], onStart: (context) => void context.spawn(middle) });
    await using system = createSystem();
    const ref = system.spawn(top);
    await breath();
    void system.publish(Question, 'first');
    void system.publish(Question, 'second');
    await breath();

    const stopped = system.stop(ref, { drain: true });
    gate.resolve();

    await expect(stopped).resolves.toBeUndefined();
  });

  it('ends when what a child had sent has left, though the work that sent it was interrupted', async () => {
    const gate = Promise.withResolvers<void>();
    const slow = defineAgent({
      name: 'slow',
      subscribe: [Question],
      capacity: 1,
      receive: () => gate.promise as never,
    });
    await using system = createSystem();
    const full = system.spawn(slow, { subscribe: false });
    let child: AgentRef<string, string> | undefined;
    const sender = defineAgent({
      name: 'sender',
      subscribe: [Question],
      receive: async (_, context) => {
        for (const text of ['one', 'two', 'three']) {
          context.tell(full, text);
        }
        await new Promise(() => {});
        return '';
      },
    });
    const parent = system.spawn(
      defineAgent({
        name: 'parent',
        on: [],
        onStart: (context) => {
          child = context.spawn(sender);
        },
      }),
    );
    await breath();
    void system.tell(child!, 'go');
    await breath();
    system.interrupt(child!);
    await breath();

    const stopped = system.stop(parent, { drain: true });
    await breath();
    gate.resolve();

    await expect(stopped).resolves.toBeUndefined();
  });
});

describe('a draining system', () => {
  it('lets procedures finish that were requested before, each of their steps', async () => {
    const { system, world, slow } = aSlowSystem();
    const answers: unknown[] = [];
    const told: string[] = [];
    const listener = system.spawn(
      defineAgent({ name: 'listener', subscribe: [Question], receive: (word) => void told.push(word) }),
    );
    const asksTwice: Procedure<string, string> = async (word, scope) => {
      const first = await scope.request(slow, word);
      scope.tell(listener, first);
      return scope.request((again: string, inner) => inner.request(slow, again), first);
    };

    await world.run(async () => {
      void system.request(asksTwice, 'go').then((answer) => answers.push(answer));
      void system.request(asksTwice, 'on').then((answer) => answers.push(answer));
      await world.advance(5);
      const ended = system.drain();
      system.request(asksTwice, 'late').catch((failure) => answers.push(failure.code));
      await ended;
    });

    expect(answers).toEqual(['NO_RESPONDER', 'go!!', 'on!!']);
    expect(told).toEqual(['go!', 'on!']);
  });

  it('ends procedures that go on when its time is over', async () => {
    const { system, world, slow } = aSlowSystem();
    const answers: unknown[] = [];
    const seen: unknown[] = [];
    const gate = Promise.withResolvers<void>();

    await world.run(async () => {
      system
        .request(async (word: string, scope) => {
          await gate.promise;
          seen.push(scope.tell(slow, word));
          return scope.request(slow, word);
        }, 'go')
        .catch((failure) => answers.push(failure.code));
      await system.drain({ withinMs: 30 });
      gate.resolve();
    });

    expect(answers).toEqual(['INTERRUPTED']);
    expect(seen).toEqual([undefined]);
    expect(system.deadLetters.countByCause()).toEqual({ HandlingOver: 1 });
  });
});

describe('a system that stops', () => {
  it('takes nothing more from procedures that go on while its agents take their last steps', async () => {
    const { system, world } = aSlowSystem();
    const gate = Promise.withResolvers<void>();
    const failures: unknown[] = [];
    const slowToGo = system.spawn(
      defineAgent({
        name: 'slow-to-go',
        subscribe: [Question],
        receive: () => {},
        onStop: () => new Promise<void>((resolve) => void world.environment.schedule(50, resolve)),
      }),
    );

    await world.run(async () => {
      system
        .request(async (word: string, scope) => {
          await gate.promise;
          scope.tell(slowToGo, word);
          return scope.request(slowToGo, word);
        }, 'go')
        .catch((failure) => failures.push(failure.code));
      const ended = system.stop();
      await world.advance(10);
      gate.resolve();
      await ended;
    });

    expect(failures).toEqual(['NO_RESPONDER']);
    expect(system.deadLetters.countByCause()).toEqual({ Stopped: 1 });
  });
});

/** A system with an agent that takes 20 ms for each answer. */
function aSlowSystem() {
  const world = aWorld();
  const { system } = world;
  const slow = system.spawn(
    defineAgent({
      name: 'slow',
      subscribe: [Question],
      concurrency: 2,
      receive: (word) =>
        new Promise<string>((resolve) => {
          world.environment.schedule(20, () => resolve(`${word}!`));
        }),
    }),
    { subscribe: false },
  );
  return { world, system, slow };
}
