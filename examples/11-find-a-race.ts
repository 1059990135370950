// Explores two banks that work, and finds the order of events in which they make money.
//
// The guide docs/guides/find-a-race.md tells it step by step; the banks are in examples/find-a-race/.
import assert from 'node:assert/strict';
import type { Agent, System, Topic } from 'troupe';
import { CounterexampleFound, explore } from 'troupe/testing';
import * as asksAgain from './find-a-race/asks-again.ts';
import * as first from './find-a-race/bank.ts';
import * as mended from './find-a-race/mended.ts';

interface Banks {
  readonly north: Agent<never, unknown>;
  readonly south: Agent<never, unknown>;
  readonly Transfer: Topic<{ cents: number }, string>;
}

/** Looks for a run in which money is made or lost; the one it finds, if it finds one. */
async function lookInto({ north, south, Transfer }: Banks): Promise<CounterexampleFound | undefined> {
  let centsInAll = (): number => 0;
  const setup = async (system: System): Promise<void> => {
    const banks = [system.spawn(north), system.spawn(south)];
    centsInAll = () =>
      banks.reduce((sum, bank) => sum + (bank.getSnapshot().context as { cents: number }).cents, 0);
    await system.request(Transfer, { cents: 30 }).catch(() => 'whatever came of it');
  };
  try {
    await explore(setup, { runs: 5_000, seed: 1, faults: ['drop', 'delay', 'duplicate'] }, () =>
      assert.equal(centsInAll(), 100),
    );
    return undefined;
  } catch (found) {
    assert(found instanceof CounterexampleFound);
    return found;
  }
}

const made = await lookInto(first);
const lost = await lookInto(asksAgain);

assert.match(made?.message ?? '', /130 !== 100/);
assert.match(lost?.message ?? '', /70 !== 100/);
assert.equal(await lookInto(mended), undefined);
console.log(made?.message);
