/** The programs of README.md that are no example. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { expect, it } from 'vitest';

it('a slow reader slows an endless agent down, and interrupts it by leaving', async () => {
  const sent: number[] = [];
  const send = async (n: number) => {
    sent.push(n);
    await sleep(5);
  };

  // #region stream
  const Count = defineTopic('count', { schema: type<{ from: number }>(), reply: type<number>() });

  const counter = defineAgent({
    name: 'counter',
    subscribe: [Count],
    receive: async function* ({ from }) {
      for (let n = from; ; n += 1) yield n;
    },
  });
  await using system = createSystem({ agents: [counter] });

  for await (const n of system.stream(Count, { from: 1 }, { capacity: 4 })) {
    await send(n); // While the client is slow, the counter waits: at most 4 numbers stand between them.
    if (n === 3) break; // Whoever leaves interrupts the work.
  }
  // #endregion

  await system.quiet();
  expect(sent).toEqual([1, 2, 3]);
  expect(system.statistics().agents).toMatchObject([{ path: '/counter', interrupted: 1 }]);
});
