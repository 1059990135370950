import { expect, it } from 'vitest';
import { soak } from '../../bench/soak/stuck-consumer.soak.ts';
import { leftoversOf } from '../support/leftovers.ts';

it(soak.claim, { timeout: 60_000 }, async () => {
  const left: Record<string, number>[] = [];

  await soak.run({ scale: 0.05, atRest: (system) => left.push(leftoversOf(system)) });

  const stuck = { '/stuck open handlings': 1, '/stuck tasks': 1 };
  expect(left).toEqual([
    { ...stuck, '/stuck waiting': 2_048 }, // suspend, with its line outside
    { ...stuck, '/stuck waiting': 1_024 }, // drop-oldest
    { ...stuck, '/stuck waiting': 1_024 }, // drop-newest
    { ...stuck, '/stuck waiting': 1_024 }, // reject
    { ...stuck, '/stuck waiting': 100 }, //   conflate, one for each key
    { ...stuck, '/stuck waiting': 1_024 }, // fail
  ]);
});
