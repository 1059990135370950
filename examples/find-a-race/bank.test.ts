// #region test
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { System } from 'troupe';
import { explore } from 'troupe/testing';
import { north, south, Transfer } from './bank.ts';

let centsInAll: () => number;

const twoBanks = async (system: System) => {
  const banks = [system.spawn(north), system.spawn(south)];
  centsInAll = () => banks.map((bank) => centsOf(bank.getSnapshot())).reduce((sum, cents) => sum + cents);
  await system.request(Transfer, { cents: 30 }).catch(() => 'whatever came of it');
};
const centsOf = ({ context }: { context: unknown }) => (context as { cents: number }).cents;

test('no money is made, and none is lost', async () => {
  await explore(twoBanks, { runs: 5_000, seed: 1, faults: ['drop', 'delay', 'duplicate'] }, () =>
    assert.equal(centsInAll(), 100),
  );
});
// #endregion
