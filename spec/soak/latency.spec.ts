import { expect, it } from 'vitest';
import { soak } from '../../bench/soak/latency.soak.ts';
import { leftoversOf } from '../support/leftovers.ts';

it(`${soak.claim}: a slice, which says nothing of time`, { timeout: 60_000 }, async () => {
  const left: unknown[] = [];

  const figures = await soak.run({ scale: 0.01, atRest: (system) => left.push(leftoversOf(system)) });

  expect(left).toEqual([{}, {}]);
  expect(figures['timer, count']).toBe(figures['realtime message, count']);
  expect(figures['timer of the host, count']).toBe(figures['realtime message, count']);
});
