import { expect, it } from 'vitest';
import { soak } from '../../bench/soak/steady.soak.ts';
import { leftoversOf } from '../support/leftovers.ts';

it(`${soak.claim}: a slice of three seconds, which says nothing of the slope`, {
  timeout: 60_000,
}, async () => {
  let left: unknown;

  const figures = await soak.run({
    scale: 3 / 3_600,
    atRest: (system) => {
      left = leftoversOf(system);
    },
  });

  expect(left).toEqual({});
  expect(figures['orders']).toBeGreaterThan(0);
});
