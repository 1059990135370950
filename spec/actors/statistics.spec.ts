import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { Ask, aScene, Heard, later } from '../support/a-scene.ts';
import { aWorld } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';

const figuresOf = (topic: string, scene: { readonly system: ReturnType<typeof aWorld>['system'] }) =>
  scene.system.statistics().topics.find((one) => one.topic === topic);

describe('the statistics of a topic', () => {
  it('count what was published, to whom it went, and what became a dead letter', async () => {
    const scene = aScene(() => {}, { capacity: 1, overflow: 'drop-newest' });
    scene.system.spawn(defineAgent({ name: 'other', subscribe: [Ask], receive: () => {} }));

    void scene.system.publish(Ask, 'a');
    void scene.system.publish(Ask, 'does not fit');
    await scene.settle();

    expect(figuresOf('ask', scene)).toEqual({
      topic: 'ask',
      published: 2,
      delivered: 4,
      subscribers: 2,
      dropped: { Dropped: 1 },
    });
  });

  it('do not change afterwards for who has asked for them', async () => {
    const scene = aScene(() => {}, { capacity: 1, overflow: 'drop-newest' });
    const publish = async () => {
      void scene.system.publish(Ask, 'a');
      void scene.system.publish(Ask, 'does not fit');
      await scene.settle();
    };
    await publish();
    const before = figuresOf('ask', scene)!;

    await publish();

    expect([before.dropped, figuresOf('ask', scene)!.dropped]).toEqual([{ Dropped: 1 }, { Dropped: 2 }]);
  });
});

describe('the statistics of an agent', () => {
  it('say how long its handlings took', async () => {
    const scene = aScene((ms) => later(scene, ms as number), { concurrency: 4 });

    await scene.tell(10, 20, 40);

    const { count, p50, p99, max } = scene.system.statistics().agents[1]!.handlingMs;
    expect([count, max]).toEqual([3, 40]);
    expect(p50).toBeCloseTo(20, -1);
    expect(p99).toBeGreaterThan(p50);
  });

  it.each([
    ['drop-oldest', { offered: 3, accepted: 3, refused: 0, displaced: 1, inFlight: 1, waiting: 1 }],
    ['drop-newest', { offered: 3, accepted: 2, refused: 1, displaced: 0, inFlight: 1, waiting: 1 }],
  ] as const)('say what became of what did not fit, under %s', async (overflow, figures) => {
    const scene = aScene(() => new Promise<never>(() => {}), { capacity: 1, overflow });
    for (const message of ['a', 'b', 'c']) {
      await scene.tell(message);
    }

    expect(scene.system.statistics().agents[1]).toMatchObject(figures);
  });

  it('say what became of messages across restarts, and what is laid aside', async () => {
    const scene = aScene(
      (message, context) => {
        if (message === 'lay aside') {
          context.stash();
        } else if (message === 'fail') {
          boom();
        }
        return message === 'work on' ? new Promise<never>(() => {}) : undefined;
      },
      { concurrency: 2, redeliver: { attemptsMax: 2 } },
    );
    await scene.tell('fail');
    await scene.tell('lay aside', 'work on');

    expect(scene.system.statistics().agents[1]).toMatchObject({
      offered: 3,
      accepted: 3,
      handled: 0,
      failed: 1,
      redelivered: 1,
      restarts: 2,
      stashed: 1,
      inFlight: 1,
      waiting: 0,
    });
  });

  it('count what is to be handled again as waiting, while a restart is waited for', async () => {
    const scene = aScene(
      boom,
      { redeliver: { attemptsMax: 2 } },
      {
        system: { supervision: { backoffMs: 50 } },
      },
    );
    void scene.system.tell(scene.actor, 'fail');
    await scene.turns();

    expect(scene.system.statistics().agents[1]).toMatchObject({ inFlight: 0, failed: 0, waiting: 1 });
  });

  it('have no times before it has handled anything', () => {
    const { system } = aWorld();
    system.spawn(defineAgent({ name: 'idle', subscribe: [Heard], receive: () => {} }));

    expect(system.statistics().agents[0]!.handlingMs).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
  });
});

describe('the statistics of a system', () => {
  it('count its dead letters by cause', async () => {
    const scene = aScene(() => {});
    await scene.world.run(() => scene.system.stop(scene.actor));
    await scene.tell('late', 'later');

    expect(scene.system.statistics()).toMatchObject({ deadLetters: { Stopped: 2 }, unheard: 0 });
  });
});
