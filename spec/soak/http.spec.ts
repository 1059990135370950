import { expect, it } from 'vitest';
import { soak } from '../../bench/soak/http.soak.ts';
import { leftoversOf } from '../support/leftovers.ts';

it(soak.claim, { timeout: 120_000 }, async () => {
  let left: unknown;

  const figures = await soak.run({
    scale: 0.003,
    atRest: (system) => {
      left = leftoversOf(system);
    },
  });

  expect(left).toEqual({});
  expect(figures['work interrupted']).toBe(figures['work begun for them']);
  // Kernels hold some megabytes of it for a connection of this machine.
  expect(figures['most KB made for a slow client']).toBeLessThan(20_000);
});
