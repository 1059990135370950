/** The ticket office, explored from vitest. */
// #region explore
import type { System } from 'troupe';
import { behaviour, explore, probe, World } from 'troupe/testing';
import { expect, it } from 'vitest';
import { Buy, bank, carefulOffice, carelessOffice, Sold } from './ticket-office.ts';

const twoBuyers = (office: typeof carelessOffice) => async (system: System) => {
  system.spawn(office);
  system.spawn(bank);
  await Promise.all([system.request(Buy, 'ada'), system.request(Buy, 'grace')]);
};

it('sells its last seat twice, when it looks before it asks', async () => {
  const exploring = explore(twoBuyers(carelessOffice), { runs: 1_000 }, (world) => world.count(Sold) <= 1);

  await expect(exploring).rejects.toThrow('the property does not hold at quiet');
});

it('sells its last seat once, when it sets it aside before it asks', async () => {
  await explore(twoBuyers(carefulOffice), { runs: 1_000 }, (world) => world.count(Sold) <= 1);
});
// #endregion

it('gives the seat back when the bank refuses', async () => {
  const office = behaviour(carefulOffice);

  expect(office.receive(Buy, 'ada')).toMatchObject({
    outcome: 'open',
    state: { left: 0 },
    effects: [{ request: 'bank.charge', payload: 'ada' }],
  });
  expect((await office.answer('bank.charge', false)).state).toEqual({ left: 1 });
});

it('tells everybody who bought', async () => {
  const world = new World({ choose: () => 0 });
  const office = world.system.spawn(carefulOffice);
  world.system.spawn(bank);
  const board = probe(world, { topics: [Sold] });
  world.system.tell(office, 'ada');

  expect(await board.expect(Sold)).toBe('ada');
  world.close();
});
