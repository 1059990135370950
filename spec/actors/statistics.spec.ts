import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { Ask, aScene, Heard, later } from '../support/a-scene.ts';
import { aWorld } from '../support/a-world.ts';

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
