import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { createSystem } from '../../src/actors/system.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { Ask, aScene, Heard, type Scene } from '../support/a-scene.ts';

const Other = defineTopic('other', { schema: type<unknown>(), reply: type<unknown>() });
const forever = { timeoutMs: Number.POSITIVE_INFINITY };

/** An actor that plays behind three messages to a slow one, of which the last waits for room until `open` is called. */
function aSenderThatWaits(play: (context: Context<unknown, unknown>, scene: Scene) => unknown) {
  const took: unknown[] = [];
  const gates: (() => void)[] = [];
  const scene: Scene = aScene(
    (message, context) => {
      if (message !== 'go') return message;
      for (const word of ['a', 'b', 'c']) void context.tell(slow, word);
      return play(context, scene) as never;
    },
    {},
    { system: { supervision: { directives: { defect: 'resume' } } } },
  );
  const slow = scene.system.spawn(
    defineAgent({
      name: 'slow',
      subscribe: [Ask],
      capacity: 1,
      receive: (word) => {
        took.push(word);
        return new Promise<void>((resolve) => void gates.push(resolve)) as never;
      },
    }),
    { subscribe: false },
  );
  const open = async () => {
    for (let n = 0; n < 5; n += 1) {
      gates.shift()?.();
      await scene.turns();
    }
  };
  return { scene, took, open };
}

describe('what waits behind a message that finds no room', () => {
  it('leaves in order when there is room, and is counted then', async () => {
    const { scene, took, open } = aSenderThatWaits((context) => void context.publish(Heard, 'news'));
    const topic = () => scene.system.statistics().topics.find((one) => one.topic === 'heard');
    void scene.system.tell(scene.actor, 'go');
    await scene.turns();
    const before = [[...scene.heard], topic()?.published];

    await open();

    expect(before).toEqual([[], 0]);
    expect(took).toEqual(['a', 'b', 'c']);
    expect(scene.heard).toEqual(['news']);
    expect(topic()).toMatchObject({ published: 1, delivered: 1 });
  });

  it('becomes dead letters when its sender is stopped, and never arrives', async () => {
    const helper = defineAgent({ name: 'helper', subscribe: [Heard], receive: () => {} });
    const { scene, took, open } = aSenderThatWaits((context, { actor }) => {
      void context.publish(Heard, 'news');
      void context.tell(actor, 'to myself');
      context.spawn(helper);
    });
    void scene.system.tell(scene.actor, 'go');
    await scene.turns();

    void scene.system.stop(scene.actor);
    await scene.turns();
    await open();

    expect(took).toEqual(['a', 'b']);
    expect(scene.heard).toEqual([]);
    expect(
      scene.system.deadLetters
        .list()
        .map(({ cause, to, envelope }) => `${cause} ${to} ${String(envelope.payload)}`)
        .toSorted(),
    ).toEqual(['Stopped /actor go', 'Stopped /actor to myself', 'Stopped /slow c', 'Stopped heard news']);
    expect(scene.system.agents.list().map(({ path }) => path)).toEqual(['/listener', '/slow']);
  });

  it.each(['an agent', 'a topic'] as const)(
    'is not asked of %s when it is a request that has been given up',
    async (whom) => {
      const failures: unknown[] = [];
      const { scene, open } = aSenderThatWaits((context, { system }) => {
        const other = system.spawn(
          defineAgent({
            name: 'other',
            subscribe: [Other],
            receive: (question) => {
              scene.heard.push(question);
              return question;
            },
          }),
        );
        const how = { timeoutMs: 5 };
        const request =
          whom === 'an agent' ? context.request(other, 'late', how) : context.request(Other, 'late', how);
        request.catch((failure: unknown) => failures.push(failure));
      });
      void scene.system.tell(scene.actor, 'go');
      await scene.settle();

      await open();
      await scene.settle();

      expect(failures).toMatchObject([{ _tag: 'RequestTimeout' }]);
      expect(scene.heard).toEqual([]);
      expect(scene.causes()).toEqual({});
    },
  );

  it('fails when it is a request whose reply could never come', async () => {
    let failure: unknown;
    const { scene, open } = aSenderThatWaits((context, { actor }) =>
      context.request(actor, 'on', forever).catch((thrown: unknown) => {
        failure = thrown;
      }),
    );
    void scene.system.tell(scene.actor, 'go');
    await scene.turns();

    await open();

    expect(failure).toMatchObject({ _tag: 'WaitCycle' });
    expect(scene.causes()).toEqual({});
    expect(scene.system.statistics().agents.find(({ path }) => path === '/actor')).toMatchObject({
      inFlight: 0,
    });
  });
});

describe('a message to oneself that finds no room', () => {
  it('fails its agent, since room could never come', async () => {
    const scene: Scene = aScene(
      (message, context) => {
        if (message === 'go') for (const word of ['a', 'b', 'c']) void context.tell(scene.actor, word);
      },
      { capacity: 1 },
      { system: { supervision: { directives: { defect: 'resume' } } } },
    );

    await scene.tell('go');

    expect(scene.causes()).toMatchObject({ WaitCycle: expect.any(Number) });
    expect(scene.failures[0]).toMatchObject({ agent: '/actor', failure: { _tag: 'WaitCycle' } });
    expect(scene.system.statistics().agents.at(-1)).toMatchObject({ waiting: 0, inFlight: 0 });
  });
});

it('keeps what a full agent refuses as a dead letter, also where nobody looks', async () => {
  const gate = Promise.withResolvers<unknown>();
  await using system = createSystem();
  const shy = system.spawn(
    defineAgent({
      name: 'shy',
      subscribe: [Other],
      capacity: 1,
      overflow: 'reject',
      receive: () => gate.promise,
    }),
  );
  const sender = system.spawn(
    defineAgent({
      name: 'sender',
      subscribe: [Ask],
      receive: (_, context) => {
        for (const word of ['handled', 'waits', 'refused', 'refused, too']) {
          context.tell(shy, word);
        }
      },
    }),
    { subscribe: false },
  );
  void system.tell(shy, 'first');
  await new Promise((resolve) => setImmediate(resolve));
  void system.tell(sender, 'go');
  await new Promise((resolve) => setImmediate(resolve));

  expect(system.deadLetters.countByCause()).toEqual({ Rejected: 3 });
  gate.resolve(undefined);
});
