import { expect, it } from 'vitest';
import { soak } from '../../bench/soak/responsive-loop.soak.ts';

it(soak.claim, { timeout: 60_000 }, async () => {
  const longestMs = Object.values(await soak.run({ scale: 0.3 }));

  expect(Math.max(...longestMs)).toBeLessThan(50);
});
