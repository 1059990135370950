import { expect, it } from 'vitest';
import { soak } from '../../bench/soak/crowded-publishers.soak.ts';

it(soak.claim, { timeout: 60_000 }, async () => {
  const leads = Object.values(await soak.run({ scale: 0.1 }));

  expect(Math.max(...leads)).toBeLessThanOrEqual(64);
});
