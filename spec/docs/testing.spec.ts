/** The programs of docs/guides/testing.md. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { defineAgent, defineTopic, RequestTimeout, type System, type } from 'troupe';
import { aTape } from 'troupe/fast-check';
import {
  CounterexampleFound,
  exhaustive,
  explore,
  mixed,
  pct,
  random,
  UncontrolledAsync,
} from 'troupe/testing';
import { assert, describe, expect, it } from 'vitest';

// #region auction
type Offer = { readonly from: string; readonly cents: number };
const Opened = defineTopic('auction.opened', { schema: type<{ item: string }>() });
const Bid = defineTopic('auction.bid', { schema: type<Offer>() });

const bidder = (name: string) =>
  defineAgent({
    name,
    subscribe: [Opened],
    receive: (_auction, context) => {
      context.publish(Bid, { from: name, cents: 500 });
    },
  });

/** Sells to the best bid; `isBetter` decides. */
const seller = (isBetter: (bid: Offer, best: Offer) => boolean, sold: (to: Offer) => void) =>
  defineAgent({
    name: 'seller',
    subscribe: [Bid],
    state: { best: undefined as Offer | undefined },
    receive: (bid, context) => {
      const { best } = context.state;
      const leader = best === undefined || isBetter(bid, best) ? bid : best;
      context.update(() => ({ best: leader }));
      sold(leader);
    },
  });
// #endregion

// #region setup
let winner: string | undefined;

const auction = (isBetter: (bid: Offer, best: Offer) => boolean) => (system: System) => {
  winner = undefined;
  const sold = (to: Offer) => {
    winner = to.from;
  };
  system.spawn(seller(isBetter, sold));
  for (const name of ['ada', 'grace']) system.spawn(bidder(name));
  system.publish(Opened, { item: 'a clock' });
};
// #endregion

it('finds the order of arrival that decides an auction', async () => {
  // #region explore
  const higher = (bid: Offer, best: Offer) => bid.cents > best.cents; // A tie goes to whoever came first.

  const exploring = explore(auction(higher), { runs: 1_000, seed: 1 }, () => winner === 'ada');
  // #endregion

  const found = await exploring.catch((thrown: unknown) => thrown);
  assert(found instanceof CounterexampleFound);
  // What the guide prints is what is printed. When this fails because a schedule has become another one, copy it there.
  expect(readFileSync('docs/guides/testing.md', 'utf8')).toContain(`\n${found.message}\n`);

  // #region replay
  const again = explore(auction(higher), { tape: found.tape }, () => winner === 'ada');
  await expect(again).rejects.toThrow('a schedule breaks the property');
  // #endregion
});

it('holds when arrival does not decide', async () => {
  // #region mended
  const higherOrLesserName = (bid: Offer, best: Offer) =>
    bid.cents > best.cents || (bid.cents === best.cents && bid.from < best.from);

  await explore(auction(higherOrLesserName), { runs: 1_000, faults: ['slow'] }, () => winner === 'ada');
  // #endregion
});

it('an hour passes in no time', async () => {
  const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
  const silent = defineAgent({
    name: 'silent',
    subscribe: [Question],
    receive: () => new Promise<never>(() => {}),
  });

  // #region time
  let outcome: unknown;
  await explore(
    async (system) => {
      system.spawn(silent);
      outcome = await system
        .request(Question, 'hello?', { timeoutMs: 3_600_000 })
        .catch((failure: unknown) => failure);
    },
    { runs: 10 },
    ({ nowMs }) => outcome instanceof RequestTimeout && nowMs === 3_600_000,
  );
  // #endregion
});

it('what is not in the world is refused', async () => {
  const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });

  // #region uncontrolled
  const impatient = defineAgent({
    name: 'impatient',
    subscribe: [Question],
    receive: async () => {
      await sleep(1_000); // The machine's timer, not the world's.
      return 'done';
    },
  });

  const outcome = explore(
    (system) => system.spawn(impatient) && system.request(Question, 'hello?', { timeoutMs: Infinity }),
    { runs: 1 },
    () => {},
  );
  await expect(outcome).rejects.toThrow(UncontrolledAsync);
  // #endregion
});

it('crashes are among the faults', async () => {
  const Deposit = defineTopic('deposit', { schema: type<number>() });
  let total = 0;

  // #region crash
  const purse = defineAgent({
    name: 'purse',
    subscribe: [Deposit],
    state: { cents: 0 },
    receive: (cents, context) => {
      context.update((state) => ({ cents: state.cents + cents }));
    },
  });

  const exploring = explore(
    (system, world) => {
      const ref = system.spawn(purse);
      for (const cents of [1, 2, 3]) system.publish(Deposit, cents);
      total = 0;
      ref.subscribe(({ context }) => {
        total = (context as { cents: number }).cents;
      });
      return world.settle();
    },
    { runs: 1_000, seed: 1, faults: ['crash'] },
    () => total === 6, // Not true of an agent that keeps its state in memory: a restart begins anew.
  );
  await expect(exploring).rejects.toThrow("the simulation crashed '/purse'");
  // #endregion
});

describe('the strategies of the guide', () => {
  const higherOrLesserName = (bid: Offer, best: Offer) =>
    bid.cents > best.cents || (bid.cents === best.cents && bid.from < best.from);

  it('look at every schedule, or at some', async () => {
    // #region strategies
    const all = await explore(
      auction(higherOrLesserName),
      { runs: 100_000, strategy: exhaustive() },
      () => winner === 'ada',
    );
    expect(all.complete).toBe(true); // Every schedule was looked at.

    const some = await explore(
      auction(higherOrLesserName),
      { runs: 100_000, timeLimitMs: 500, strategy: mixed(pct({ depth: 4 }), random()) },
      () => winner === 'ada',
    );
    expect(some.complete).toBe(false);
    // #endregion
  });

  it('shrink beside inputs of fast-check', async () => {
    // #region arbitrary
    const property = fc.asyncProperty(
      aTape(),
      fc.uniqueArray(fc.constantFrom('ada', 'grace', 'mary')),
      async (tape, names) => {
        let last: string | undefined;
        const setup = (system: System) => {
          system.spawn(
            seller(higherOrLesserName, (to) => {
              last = to.from;
            }),
          );
          for (const name of names) system.spawn(bidder(name));
          system.publish(Opened, { item: 'a clock' });
        };
        await explore(setup, { tape }, () => last === names.toSorted()[0]);
      },
    );
    await fc.assert(property, { numRuns: 50 });
    // #endregion
  });
});
