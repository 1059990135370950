import { defineAgent, defineTopic, type } from 'troupe';
import { expect, it } from 'vitest';
import { aStreamScene, Number_ } from '../support/a-stream-scene.ts';

it('an agent that asked to stop stops, also when it was interrupted while what it sent before waited for room', async () => {
  const Slow = defineTopic('slow', { schema: type<number>() });
  const { system, turns, gate, open } = aStreamScene();
  const ref = system.spawn(
    defineAgent({
      name: 'leaving',
      subscribe: [Number_],
      receive: (n, context) => {
        for (let left = 3; left > 0; left -= 1) void context.publish(Slow, n);
        context.stop();
      },
    }),
  );
  system.spawn(
    defineAgent({ name: 'slow', subscribe: [Slow], capacity: 1, receive: (n) => gate(n) as never }),
  );
  const ended = system.watch(ref);
  await turns();
  void system.publish(Number_, 1);
  await turns();
  system.interrupt(ref);
  await turns();
  await open(1);
  await open(1);

  expect(await ended).toMatchObject({ reason: 'finished' });
});
