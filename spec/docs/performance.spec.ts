/** The programs of docs/guides/performance.md. */
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { expect, it } from 'vitest';

interface Order {
  readonly id: number;
}

const Placed = defineTopic('orders.placed', { schema: type<Order>() });

it('whoever sends waits only for room', async () => {
  const seen: number[] = [];
  const shop = defineAgent({
    name: 'shop',
    subscribe: [Placed],
    capacity: 4,
    receive: ({ id }) => void seen.push(id),
  });
  await using system = createSystem({ agents: [shop] });
  const orders = Array.from({ length: 20 }, (_, id) => ({ id }));
  let waits = 0;
  // #region room
  for (const order of orders) {
    const room = system.publish(Placed, order);
    if (room !== undefined) {
      waits += 1;
      await room;
    }
  }
  // #endregion
  await system.drain({ withinMs: 5_000 });

  expect(seen).toEqual(orders.map(({ id }) => id));
  expect(waits).toBeGreaterThan(0);
  expect(waits).toBeLessThan(orders.length);
});

it('an agent that may have several in hand does not wait for each', async () => {
  const gate = Promise.withResolvers<void>();
  let open = 0;
  let most = 0;
  const charge = async (_order: Order): Promise<void> => {
    open += 1;
    most = Math.max(most, open);
    await gate.promise;
    open -= 1;
  };
  // #region concurrency
  const cashier = defineAgent({
    name: 'cashier',
    subscribe: [Placed],
    concurrency: 16,
    receive: async (order) => {
      await charge(order);
    },
  });
  // #endregion
  await using system = createSystem({ agents: [cashier] });
  for (let id = 0; id < 20; id += 1) {
    void system.publish(Placed, { id });
  }
  await new Promise((resolve) => setImmediate(resolve));
  gate.resolve();
  await system.drain({ withinMs: 5_000 });

  expect(most).toBe(16);
});

it('statistics say who has most to do', async () => {
  const shop = defineAgent({ name: 'shop', subscribe: [Placed], receive: () => {} });
  await using system = createSystem({ agents: [shop] });
  for (let id = 0; id < 20; id += 1) {
    void system.publish(Placed, { id });
  }
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  // #region statistics
  const byWaiting = system.statistics().agents.toSorted((a, b) => b.waiting - a.waiting);
  for (const { path, waiting, handled, handlingMs } of byWaiting.slice(0, 5)) {
    write(`${path}: ${waiting} wait, ${handled} handled, half of them within ${handlingMs.p50} ms`);
  }
  // #endregion
  expect(lines).toHaveLength(1);
  expect(byWaiting[0]).toMatchObject({ path: '/shop', waiting: 20 });
});
