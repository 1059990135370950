/** The programs of README.md that are no example. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { expect, it } from 'vitest';

it('a slow reader slows an endless agent down', async () => {
  const read: number[] = [];
  let made = 0;
  let wasInterrupted = false;

  // #region stream
  const Count = defineTopic('count', { schema: type<{ from: number }>(), reply: type<number>() });

  const counter = defineAgent({
    name: 'counter',
    subscribe: [Count],
    receive: async function* ({ from }) {
      try {
        for (let n = from; ; n += 1) {
          made += 1;
          yield n;
        }
      } finally {
        wasInterrupted = true;
      }
    },
  });
  await using system = createSystem({ agents: [counter] });

  for await (const n of system.stream(Count, { from: 1 }, { capacity: 4 })) {
    read.push(n);
    await sleep(5); // While this client is slow, the counter waits: at most 4 numbers stand between them.
    if (n === 3) break; // Whoever leaves interrupts the work.
  }
  // #endregion

  await sleep(1);
  expect(read).toEqual([1, 2, 3]);
  expect(made).toBeLessThanOrEqual(3 + 4 + 2);
  expect(wasInterrupted).toBe(true);
});
