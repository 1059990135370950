/** One clock: whatever waits, rolls dice or takes turns inside of a world does so by the world. */
import * as Duration from 'effect/Duration';
import * as Effect from 'effect/Effect';
import * as Fiber from 'effect/Fiber';
import * as PubSub from 'effect/PubSub';
import * as Queue from 'effect/Queue';
import * as Schedule from 'effect/Schedule';
import * as Stream from 'effect/Stream';
import { defineAgent, defineTopic, on, type System, type } from 'troupe';
import { explore, readTape, World } from 'troupe/testing';
import { describe, expect, it } from 'vitest';
import { createActor, createMachine, fromPromise, waitFor } from 'xstate';

const Asked = defineTopic('asked', { schema: type<string>(), reply: type<unknown>() });

/** What an agent replies that does this, and how long that took in the world. */
async function replied(does: () => unknown): Promise<readonly [unknown, number]> {
  const world = new World({ choose: readTape([]) });
  const agent = defineAgent({ name: 'agent', subscribe: [Asked], receive: () => does() });
  let reply: unknown;
  await world.run(async () => {
    world.system.spawn(agent);
    reply = await world.system.request(Asked, 'now', { timeoutMs: 3_600_000 });
  });
  return [reply, world.nowMs];
}

describe('Effect in a world', () => {
  it.each<[string, () => Effect.Effect<unknown, unknown>, unknown, number]>([
    ['a timeout', () => Effect.as(Effect.timeoutOption(Effect.never, '5 seconds'), 'late'), 'late', 5_000],
    [
      'retries by a schedule',
      () => {
        let tries = 0;
        return Effect.retry(
          Effect.suspend(() => (++tries < 4 ? Effect.fail('again') : Effect.succeed(tries))),
          Schedule.exponential('100 millis'),
        );
      },
      4,
      700,
    ],
    [
      'work of several at once',
      () =>
        Effect.all(
          [30, 10, 20].map((ms) => Effect.as(Effect.sleep(Duration.millis(ms)), ms)),
          { concurrency: 2 },
        ),
      [30, 10, 20],
      30,
    ],
    [
      'a race and the interruption of who loses',
      () =>
        Effect.race(
          Effect.as(Effect.sleep('1 second'), 'first'),
          Effect.as(Effect.sleep('2 seconds'), 'second'),
        ),
      'first',
      1_000,
    ],
    [
      'a stream',
      () =>
        Stream.runCollect(
          Stream.fromIterable([1, 2, 3]).pipe(
            Stream.mapEffect((n) => Effect.as(Effect.sleep('10 millis'), n * 2)),
          ),
        ),
      [2, 4, 6],
      30,
    ],
    [
      'a queue that is waited at',
      () =>
        Effect.gen(function* () {
          const queue = yield* Queue.bounded<string>(1);
          const taker = yield* Effect.forkChild(Queue.take(queue));
          yield* Effect.sleep('40 millis');
          yield* Queue.offer(queue, 'offered');
          return yield* Fiber.join(taker);
        }),
      'offered',
      40,
    ],
    [
      'something published',
      () =>
        Effect.scoped(
          Effect.gen(function* () {
            const pubsub = yield* PubSub.bounded<string>(1);
            const subscription = yield* PubSub.subscribe(pubsub);
            const taker = yield* Effect.forkChild(PubSub.take(subscription));
            yield* Effect.sleep('40 millis');
            yield* PubSub.publish(pubsub, 'published');
            return yield* Fiber.join(taker);
          }),
        ),
      'published',
      40,
    ],
  ])('takes its time and turns from the world: %s', async (_, program, reply, tookMs) => {
    expect(await replied(program)).toEqual([reply, tookMs]);
  });

  it('does so also where user code runs an Effect by itself', async () => {
    const [reply, tookMs] = await replied(() =>
      Effect.runPromise(
        Effect.gen(function* () {
          yield* Effect.sleep('3 seconds');
          yield* Effect.yieldNow;
          return 'slept';
        }),
      ),
    );

    expect([reply, tookMs]).toEqual(['slept', 3_000]);
  });
});

describe('XState in a world', () => {
  it('takes its time from the world also where user code starts an actor by itself', async () => {
    const machine = createMachine({
      initial: 'thinks',
      states: {
        thinks: { invoke: { src: fromPromise(async () => 'thought'), onDone: 'waits' } },
        waits: { after: { 2000: 'done' } },
        done: { type: 'final' },
      },
    });

    const [reply, tookMs] = await replied(async () => {
      const actor = createActor(machine).start();
      return (await waitFor(actor, ({ status }) => status === 'done', { timeout: 10_000 })).value;
    });

    expect([reply, tookMs]).toEqual(['done', 2_000]);
  });
});

describe('what user code waits for', () => {
  const Heard = defineTopic('heard', { schema: type<string>() });
  const Slow = defineTopic('slow', { schema: type<string>(), reply: type<string>() });

  /** All orders in which two agents that do this were heard, each with its name. */
  async function orders(does: (name: string, system: System) => unknown): Promise<readonly string[]> {
    const found = new Set<string>();
    let heard: string[] = [];
    const setup = (system: System) => {
      heard = [];
      const listener = defineAgent({
        name: 'listener',
        subscribe: [Heard],
        receive: (name) => void heard.push(name),
      });
      system.spawn(listener);
      system.spawn(
        defineAgent({ name: 'slow', subscribe: [Slow], concurrency: 2, receive: async (name) => name }),
      );
      for (const name of ['a', 'b']) {
        system.spawn(
          defineAgent({
            name,
            on: [
              on(Asked, async (_, context) => {
                await (does(name, system) as PromiseLike<unknown>);
                await context.publish(Heard, name);
              }),
            ],
          }),
        );
      }
      void system.publish(Asked, 'now');
    };
    await explore(setup, { runs: 200, seed: 1 }, () => void found.add(heard.join('')));
    return [...found].sort();
  }

  it('goes on in either order: awaited replies', async () => {
    expect(await orders((name, system) => system.request(Slow, name))).toEqual(['ab', 'ba']);
  });

  it.each<[string, (name: string) => unknown]>([
    ['a promise', (name) => Promise.resolve(name)],
    ['an Effect', (name) => Effect.as(Effect.yieldNow, name)],
    [
      'a stream of replies',
      async function* (name) {
        yield name;
      },
    ],
  ])('comes back in either order: %s that a handler returned', async (_, result) => {
    const found = new Set<string>();
    await explore(
      async (system) => {
        for (const name of ['a', 'b']) {
          system.spawn(defineAgent({ name, subscribe: [Asked], receive: () => result(name) }));
        }
        // The first reply counts.
        found.add(String(await system.request(Asked, 'now')));
      },
      { runs: 200, seed: 1 },
      () => {},
    );

    expect([...found].sort()).toEqual(['a', 'b']);
  });

  it('comes back in either order although both began in the order of their names', async () => {
    const found = new Set<string>();
    let began: string[] = [];
    await explore(
      async (system) => {
        began = [];
        const ended: string[] = [];
        const agents = ['a', 'b'].map((name) =>
          defineAgent({
            name,
            subscribe: [Asked],
            receive: async () => {
              began.push(name);
              await null;
              return name;
            },
          }),
        );
        const replies = agents.map((agent) => system.request(system.spawn(agent), 'now'));
        await Promise.all(replies.map((reply) => reply.then((name) => void ended.push(String(name)))));
        found.add(`${began.join('')} ${ended.join('')}`);
      },
      { runs: 300, seed: 1 },
      () => {},
    );

    expect([...found]).toEqual(expect.arrayContaining(['ab ab', 'ab ba', 'ba ab', 'ba ba']));
  });
});
