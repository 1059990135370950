import { describe, expect, it } from 'vitest';
import { aScene } from '../support/a-scene.ts';

/** How many handlings of the actor of a scene have been timed. */
const timed = (scene: ReturnType<typeof aScene>): number =>
  scene.system.statistics().agents.find(({ path }) => path === '/actor')!.handlingMs.count;

describe('the handlings of an agent', () => {
  it('are timed one by one at first, and then one in 64 while nobody listens', async () => {
    const scene = aScene(() => undefined);
    await scene.tell(...Array.from({ length: 64 }));
    const first = timed(scene);
    await scene.tell(...Array.from({ length: 128 }));

    expect([first, timed(scene)]).toEqual([64, 66]);
  });

  it('are all timed while somebody listens', async () => {
    const scene = aScene(() => undefined);
    scene.system.listen({ next: () => {} });
    await scene.tell(...Array.from({ length: 150 }));

    expect(timed(scene)).toBe(150);
  });
});
