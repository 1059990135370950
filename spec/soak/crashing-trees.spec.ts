import { expect, it } from 'vitest';
import { soak } from '../../bench/soak/crashing-trees.soak.ts';

it(soak.claim, { timeout: 60_000 }, async () => {
  const escalations = Object.values(await soak.run({ scale: 0.02 }));

  expect(Math.min(...escalations)).toBeGreaterThan(0);
});
