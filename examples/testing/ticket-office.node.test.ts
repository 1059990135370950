/**
 * The ticket office, explored from node:test, which needs nothing.
 *
 *     npm exec node -- --test examples/testing/ticket-office.node.test.ts
 */
// #region explore
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { System } from 'troupe';
import { CounterexampleFound, explore } from 'troupe/testing';
import { Buy, bank, carefulOffice, carelessOffice, Sold } from './ticket-office.ts';

const twoBuyers = (office: typeof carelessOffice) => async (system: System) => {
  system.spawn(office);
  system.spawn(bank);
  await Promise.all([system.request(Buy, 'ada'), system.request(Buy, 'grace')]);
};

it('sells its last seat twice, when it looks before it asks', async () => {
  const exploring = explore(twoBuyers(carelessOffice), { runs: 1_000 }, (world) => world.count(Sold) <= 1);

  await assert.rejects(exploring, CounterexampleFound);
});

it('sells its last seat once, when it sets it aside before it asks', async () => {
  await explore(twoBuyers(carefulOffice), { runs: 1_000 }, (world) => world.count(Sold) <= 1);
});
// #endregion
