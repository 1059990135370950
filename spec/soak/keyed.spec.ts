import { expect, it } from 'vitest';
import { soak } from '../../bench/soak/keyed.soak.ts';

it(soak.claim, { timeout: 60_000 }, async () => {
  const figures = await soak.run({ scale: 0.01 });

  expect(figures['activations']).toBeGreaterThan(figures['keys']!);
});
