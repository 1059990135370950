import { expect, it } from 'vitest';
import { soak } from '../../bench/soak/http-shutdown.soak.ts';

it(soak.claim, { timeout: 120_000 }, async () => {
  const { times, accepted, answered } = await soak.run({ scale: 0.03 });

  expect(times).toBe(3);
  expect(answered).toBe(accepted);
});
