import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import type { SystemEvent } from '../../src/core/system-event.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { aScene, later, type Scene } from '../support/a-scene.ts';

/** How many handlings of the actor of a scene have been timed. */
const timed = (scene: ReturnType<typeof aScene>): number =>
  scene.system.statistics().agents.find(({ path }) => path === '/actor')!.handlingMs.count;

describe('the handlings of an agent', () => {
  it('are timed one by one at first, and then one in 64 while nobody listens', async () => {
    const scene = aScene(() => undefined);
    await scene.tell(...Array.from({ length: 64 }));
    const first = timed(scene);
    await scene.tell(...Array.from({ length: 128 }));

    expect([first, timed(scene)]).toEqual([16, 18]);
  });

  it('are all timed that take a while, and for as long as they take', async () => {
    const scene: Scene = aScene((ms) => (ms === 0 ? undefined : (later(scene, ms as number) as never)));
    await scene.tell(...Array.from({ length: 64 }, () => 0));
    await scene.tell(...Array.from({ length: 10 }, () => 100));

    const { handlingMs } = scene.system.statistics().agents.find(({ path }) => path === '/actor')!;
    expect(handlingMs.count).toBe(26);
    expect(handlingMs.max).toBeCloseTo(100);
  });

  it('are told to whoever listens, but those of what the system says about itself', async () => {
    const scene: Scene = aScene((ms) => later(scene, ms as number) as never);
    const events: SystemEvent[] = [];
    scene.system.listen({ next: (event) => void events.push(event) });
    scene.system.spawn(defineAgent({ name: 'nurse', subscribe: [systemFailures], receive: () => undefined }));
    await scene.tell(20);
    scene.world.crash('/actor');
    await scene.settle();

    expect(events.filter(({ _tag }) => _tag === 'HandlingEnded')).toMatchObject([
      { agent: '/actor', topic: 'ask', startedAtMs: 0, atMs: 20, outcome: 'handled' },
    ]);
  });

  it('are all timed while somebody listens', async () => {
    const scene = aScene(() => undefined);
    scene.system.listen({ next: () => {} });
    await scene.tell(...Array.from({ length: 150 }));

    expect(timed(scene)).toBe(150);
  });
});
