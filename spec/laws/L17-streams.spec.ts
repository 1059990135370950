/**
 * L17 for stream agents, and with it L1, L3 and L4: whatever the operators of a
 * stream do with its messages, and whatever is done to its agent.
 *
 *   L1   no more messages are in a stream than its window
 *   L3   no queue of its agent holds more than its limit
 *   L4   every message is somewhere, once
 *   L17  a message stays in hand while somebody works on it, and at quiet no
 *        credit is out
 */
import { describe, expect, it } from 'vitest';
import type { Cell } from '../../src/actors/cell.ts';
import { statisticsOfCell } from '../../src/actors/statistics.ts';
import { explore, type Fault, type World } from '../../src/testing/index.ts';
import { everyFault, lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { StreamCompany } from '../support/stream-company.ts';

describe('credit in stream agents', () => {
  // What is lost or late leaves less to be done to streams, so they are looked at without that, too.
  it.each<[string, readonly Fault[]]>([
    ['while agents crash', ['crash', 'slow']],
    ['under every fault', everyFault],
  ])(
    'law: a stream holds no more messages than its window, each until it is dealt with, and at quiet none, %s',
    async (_, faults) => {
      const companies = new WeakMap<World, StreamCompany>();
      const explored = await explore(
        async (__, world) => {
          const company = new StreamCompany(world);
          companies.set(world, company);
          await company.perform();
        },
        {
          ...lawExploration,
          faults,
          faultsMax: { total: 8, crash: 3 },
          tapeMax: 512,
          always: (world) => {
            const company = companies.get(world);
            company?.cells.forEach(holdsNoMoreThanItMay);
            company?.cells.forEach(hasAnEvenAccount);
            if (company !== undefined) worksInHand(company);
          },
        },
        async (world) => {
          const company = companies.get(world)!;
          for (;;) {
            await world.runUntilQuiet();
            if (!company.finishOne()) break;
          }
          company.cells.forEach(hasNothingOut);
          noneCameOutTooOften(company);
          await world.run(() => world.system.stop());
          company.cells.forEach(hasNothingOut);
          company.cells.forEach(hasAnEvenAccount);
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

function holdsNoMoreThanItMay(cell: Cell): void {
  const { definition, mailbox, open, openHandlings, outbox, notices, path, window } = cell;
  const { capacity, effectsMax, attemptsMax } = definition;
  atMost(window, open, `messages in the stream of ${path}`);
  atMost(window, openHandlings?.size ?? 0, `open handlings of ${path}`);
  atMost(capacity + (attemptsMax > 1 ? window : 0), mailbox.waiting - mailbox.spilled, `messages at ${path}`);
  // For each message: a step that goes on, the next one that begins, and its end.
  atMost(effectsMax + 3 * window + 1, outbox?.size ?? 0, `effects in the outbox of ${path}`);
  atMost(4 * window + 1, notices?.size ?? 0, `steps of ${path} that wait`);
}

function hasAnEvenAccount(cell: Cell): void {
  const figures = statisticsOfCell(cell);
  const { offered, accepted, refused, handled, failed, interrupted, expired, displaced, conflated } = figures;
  const { unhandledAtStop, inFlight, stashed, waiting } = figures;
  const ended = handled + failed + interrupted + expired + displaced + conflated + unhandledAtStop;
  if (offered !== accepted + refused || accepted !== ended + inFlight + stashed + waiting) {
    throw new Error(`the account of ${cell.path} is not even: ${JSON.stringify(figures)}`);
  }
}

/** Nobody works on a message that is not in hand any more, unless its agent has told it to end. */
function worksInHand(company: StreamCompany): void {
  for (const { cell, handlings, signal, ended, failed } of company.works) {
    // Where a message may be handled again, it may be its second handling that ended well.
    const endedWell =
      cell.definition.attemptsMax === 1 && handlings.some((handling) => company.endedWell(handling));
    if (failed && endedWell) {
      throw new Error(`the work on a message of ${cell.path} failed, and it counts as handled`);
    }
    if (!ended && ((handlings.every(({ over }) => over) && !signal.aborted) || endedWell)) {
      throw new Error(`${cell.path} is done with a message on which somebody works`);
    }
  }
}

function hasNothingOut(cell: Cell): void {
  if (cell.open > 0 || (cell.openHandlings?.size ?? 0) > 0 || cell.hasWork) {
    throw new Error(`${cell.path} is ${cell.phase} and still holds ${cell.open} messages`);
  }
}

/** A message that was told to one agent comes out at most as often as it, and each copy of it, may be handled; a lost one never. */
function noneCameOutTooOften(company: StreamCompany): void {
  const { told, out } = company;
  for (const { n, to } of told) {
    const arrived = 1 - company.timesThat('Dropped', n, to) + company.timesThat('Duplicated', n, to);
    atMost(to.definition.attemptsMax * arrived, out.get(n) ?? 0, `results of message ${n} of ${to.path}`);
  }
}

function atMost(limit: number, held: number, what: string): void {
  if (held > limit) {
    throw new Error(`${held} ${what}, and at most ${limit} may be`);
  }
}
