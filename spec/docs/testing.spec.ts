/** The programs of docs/guides/testing.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { defineAgent, defineTopic, RequestTimeout, type System, type } from 'troupe';
import { aTape } from 'troupe/fast-check';
import {
  always,
  CounterexampleFound,
  exhaustive,
  explore,
  lawPack,
  leadsTo,
  mixed,
  pct,
  random,
  UncontrolledAsync,
  type World,
} from 'troupe/testing';
import { assert, describe, expect, it } from 'vitest';
import { aFolder } from '../support/a-folder.ts';

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

it('is kept as a test of its own', async () => {
  const higher = (bid: Offer, best: Offer) => bid.cents > best.cents;
  const file = join(aFolder(), 'auction-race.spec.ts');

  // #region keep
  const options = { runs: 1_000, seed: 1 };
  const exploring = explore(
    auction(higher),
    {
      ...options,
      onCounterexample: (found) =>
        writeFileSync(file, found.regressionTest({ runner: 'vitest', from: './auction.ts' })),
    },
    () => winner === 'ada',
  );
  // #endregion
  await expect(exploring).rejects.toThrow(CounterexampleFound);

  const lines = readFileSync(file, 'utf8').split('\n');
  const code = lines.slice(lines.indexOf(' */') + 1).join('\n');
  expect(readFileSync('docs/guides/testing.md', 'utf8')).toContain(`\n${code}`);
});

it('says what a green run saw', async () => {
  const fair = (bid: Offer, best: Offer) =>
    bid.cents > best.cents || (bid.cents === best.cents && bid.from < best.from);

  // #region coverage
  const { coverage } = await explore(auction(fair), { runs: 1_000, seed: 1 }, () => winner === 'ada');

  expect(coverage.messages.every(({ handled }) => handled > 0)).toBe(true);
  // #endregion

  expect(readFileSync('docs/guides/testing.md', 'utf8')).toContain(`\n${coverage.report()}\n`);
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

const Charge = defineTopic('charge', {
  schema: type<{ id: string; cents: number }>(),
  reply: type<string>(),
});

it('finds what a message does that comes twice', async () => {
  // #region duplicate
  let charged = 0;
  const till = defineAgent({
    name: 'till',
    subscribe: [Charge],
    receive: ({ cents }) => {
      charged += cents;
      return 'paid';
    },
  });

  const exploring = explore(
    async (system) => {
      charged = 0;
      system.spawn(till);
      await system.request(Charge, { id: 'a1', cents: 500 });
    },
    { runs: 1_000, seed: 1, faults: ['duplicate'], only: [Charge] },
    () => charged === 500, // Not true of a till that does not look at the id.
  );
  await expect(exploring).rejects.toThrow('duplicated: charge outside → /till');
  // #endregion
});

it('finds what a host forgets that begins anew', async () => {
  // #region hosts
  const charges = new Map<string, number>(); // What the till's disk would keep.
  const till = (keeps: Map<string, number>) =>
    defineAgent({
      name: 'till',
      subscribe: [Charge],
      receive: ({ id, cents }) => {
        if (!keeps.has(id)) {
          keeps.set(id, cents);
          charges.set(`${id} ${charges.size}`, cents);
        }
        return 'paid';
      },
    });

  const shop = (setUpTill: (system: System) => void) => async (system: System, world: World) => {
    charges.clear();
    world.host('bank', setUpTill);
    world.link('world', 'bank', { topics: [Charge], delayMs: 5 });
    const charge = () => system.request(Charge, { id: 'a1', cents: 500 }, { timeoutMs: 1_000 });
    // When nobody has answered in time it is tried once more.
    await charge()
      .catch(charge)
      .catch(() => {});
  };

  const forgetful = shop((system) => void system.spawn(till(new Map())));
  const exploring = explore(
    forgetful,
    { runs: 2_000, seed: 1, faults: ['crash', 'drop', 'partition'], only: { linked: true } },
    () => charges.size <= 1,
  );
  await expect(exploring).rejects.toThrow('crashed: bank');
  // #endregion
});

it('finds what does not come in time', async () => {
  const Ordered = defineTopic('ordered', { schema: type<string>() });
  const Shipped = defineTopic('shipped', { schema: type<string>() });
  const shipper = defineAgent({
    name: 'shipper',
    subscribe: [Ordered],
    receive: (order, context) => void context.publish(Shipped, order),
  });

  // #region time-laws
  const exploring = explore(
    (system) => {
      system.spawn(shipper);
      system.publish(Ordered, 'a clock');
    },
    {
      runs: 1_000,
      seed: 1,
      faults: ['drop'],
      laws: [
        always('nothing is shipped twice', (world) => world.count(Shipped) <= 1),
        leadsTo(
          'an order is shipped',
          (world) => world.count(Ordered) > world.count(Shipped),
          (world) => world.count(Ordered) === world.count(Shipped),
          { withinMs: 60_000 },
        ),
      ],
    },
    () => {},
  );
  await expect(exploring).rejects.toThrow('an order is shipped: it was due within 60000 ms');
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

it('finds by a law what a property does not mention', async () => {
  const Dictate = defineTopic('dictate', { schema: type<string>(), reply: type<string>() });
  const scribe = defineAgent({
    name: 'scribe',
    subscribe: [Dictate],
    // It waits for paper, and nobody ever brings any.
    receive: (_, context) => context.stash(),
  });

  // #region law-pack
  const exploring = explore(
    async (system) => {
      system.spawn(scribe);
      await system.request(Dictate, 'a novel', { timeoutMs: 100 }).catch(() => {});
    },
    { runs: 100, seed: 1, laws: lawPack() },
    () => {}, // No property of its own: the laws know none of the protocol.
  );
  await expect(exploring).rejects.toThrow(
    "/scribe accepted 'dictate' from outside, which is still laid aside",
  );
  // #endregion
});
