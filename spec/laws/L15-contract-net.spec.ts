/**
 * L15: of a contract net at most one award stands; late bids never win; every bidder
 * hears its fate.
 *
 * Orders are given to a manager that crashes and begins anew, for contractors who
 * refuse, dawdle, fail, crash and never finish; calls, bids, awards, rejections and
 * results are lost, late or doubled; the customer changes its mind, and asks again.
 */
import { describe, expect, it } from 'vitest';
import { type Explored, explore, type World } from '../../src/testing/index.ts';
import { BiddingCompany } from '../support/bidding-company.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

describe('contract nets', () => {
  it(
    'law: among a few contractors at most one award stands, the best bid in time has it, and every bidder hears its fate',
    async () => {
      const explored = await exploreBidding(5, lawRuns);

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );

  // Twenty times as much work: one in twenty of the schedules, unless a long exploration is asked for.
  const runs = lawRuns < 20_000 ? Math.ceil(lawRuns / 20) : lawRuns;
  it(
    'law: the same among a hundred',
    async () => {
      const explored = await exploreBidding(100, runs);

      expect(explored.runs).toBeGreaterThanOrEqual(runs);
    },
    20 * lawTimeoutMs,
  );
});

function exploreBidding(size: number, runs: number): Promise<Explored> {
  const companies = new WeakMap<World, BiddingCompany>();
  return explore(
    (_, world) => {
      const company = new BiddingCompany(world, size);
      companies.set(world, company);
      return company.perform();
    },
    {
      ...lawExploration,
      runs,
      faults: ['crash', 'drop', 'duplicate', 'delay'],
      faultsMax: 5,
      stepsMax: 100_000,
      tapeMax: 1_024,
      shrinkRunsMax: size > 10 ? 100 : 1_000,
      system: {
        supervision: { restartsMax: 100, backoffMs: 1, jitter: 0, directives: { transient: 'resume' } },
      },
      always: (world) => {
        const company = companies.get(world)!;
        expect(company.wrongs).toEqual([]);
        atMostOneWorks(company);
      },
    },
    (world) => {
      const company = companies.get(world)!;
      exactlyOneResult(company);
      everyBidderHeard(company);
    },
  );
}

function atMostOneWorks({ live }: BiddingCompany): void {
  for (const [at, { order, path }] of live.entries()) {
    const other = live.slice(at + 1).find((work) => work.order === order);
    if (other !== undefined) {
      throw new Error(`${order} is worked on by ${path} and by ${other.path} at once`);
    }
  }
}

function exactlyOneResult({ results, completed, world }: BiddingCompany): void {
  for (const [order, found] of results) {
    if (found.size !== 1) {
      throw new Error(`${order} has ${found.size} results: ${[...found].join(', ')}`);
    }
    // Who crashes has forgotten what it did, and two lost words (the result, and that it is there) hide it.
    const crashes = world.faults.filter(({ _tag }) => _tag === 'Crashed').length;
    const lost = world.faults.filter(({ _tag }) => _tag === 'Dropped' || _tag === 'Delayed').length;
    const times = completed.filter((done) => done === order).length;
    if (times > 1 + crashes + Math.floor(lost / 2)) {
      throw new Error(`${order} was done ${times} times`);
    }
  }
  expect(results.size).toBeGreaterThanOrEqual(1);
}

function everyBidderHeard({ standing, lapsed, world }: BiddingCompany): void {
  for (const [path, bids] of standing) {
    if (bids.size > 0) {
      throw new Error(`${path} still waits to hear of its bid for ${[...bids].join()}`);
    }
  }
  for (const path of lapsed) {
    const excused = world.faults.some(
      (fault) =>
        (fault._tag === 'Dropped' || fault._tag === 'Delayed' || fault._tag === 'Duplicated') &&
        (fault.message.receiver === path || fault.message.sender === path),
    );
    if (!excused) {
      throw new Error(`${path} was told nothing of its bid, and nothing was lost`);
    }
  }
}
