/** The ticket office of the examples, explored from Jest: `describe`, `it` and `expect` are its globals. */
import { explore } from 'troupe/testing';
import { Buy, bank, carefulOffice, carelessOffice, Sold } from '../../examples/testing/ticket-office.ts';

const twoBuyers = (office) => async (system) => {
  system.spawn(office);
  system.spawn(bank);
  await Promise.all([system.request(Buy, 'ada'), system.request(Buy, 'grace')]);
};

describe('the ticket office', () => {
  it('sells its last seat twice, when it looks before it asks', async () => {
    const exploring = explore(twoBuyers(carelessOffice), { runs: 1_000 }, (world) => world.count(Sold) <= 1);

    await expect(exploring).rejects.toThrow('the property does not hold at quiet');
  });

  it('sells its last seat once, when it sets it aside before it asks', async () => {
    await explore(twoBuyers(carefulOffice), { runs: 1_000 }, (world) => world.count(Sold) <= 1);
  });
});
