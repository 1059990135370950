import { expect, it } from 'vitest';
import { soak } from '../../bench/soak/machines.soak.ts';

it(soak.claim, { timeout: 60_000 }, async () => {
  const figures = await soak.run({ scale: 0.005 });

  expect(figures['snapshots seen']).toBeGreaterThan(500);
});
