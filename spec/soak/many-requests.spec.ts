import { expect, it } from 'vitest';
import { soak } from '../../bench/soak/many-requests.soak.ts';
import { leftoversOf } from '../support/leftovers.ts';

it(soak.claim, { timeout: 60_000 }, async () => {
  let left: unknown;

  const { inSequence, atOnce } = await soak.run({
    scale: 0.05,
    atRest: (system) => {
      left = leftoversOf(system);
    },
  });

  expect(left).toEqual({});
  expect({ inSequence, atOnce }).toEqual({ inSequence: 50_000, atOnce: 5_000 });
});
