import { expect, it } from 'vitest';
import { aScene, Heard, later } from '../support/a-scene.ts';

it('that a timer began is finished by a system that drains', async () => {
  const scene = aScene((_, context) => {
    context.schedule(5, async (step) => {
      await later(scene, 20);
      step.publish(Heard, 'done');
    });
  });
  scene.world.environment.schedule(10, () => void scene.system.drain());

  await scene.tell('go');

  expect(scene.heard).toEqual(['done']);
  expect(scene.system.health().status).toBe('stopped');
});

it('that is the first of an agent is waited for by whoever waits for quiet', async () => {
  const times: number[] = [];
  const scene = aScene(() => {}, { onStart: () => later(scene, 20) });
  await scene.turns();

  const quiet = scene.system.quiet().then(() => times.push(scene.world.nowMs));
  await scene.settle();
  await quiet;

  expect(times).toEqual([20]);
});
