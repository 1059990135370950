/**
 * L3: no queue, spill, stage or outbox ever holds more than its limit.
 *
 * Beside what a definition limits, whatever else an agent keeps has a bound that
 * follows: a notice has a slot that was reserved for it, a conclusion an open
 * handling, a sender in line one envelope. Looked at after every step.
 */
import { describe, expect, it } from 'vitest';
import type { Cell } from '../../src/actors/cell.ts';
import { Outlet } from '../../src/actors/outlet.ts';
import type { Mailbox } from '../../src/core/mailbox.ts';
import { kernelOf, noticesIn, readerOf } from '../support/inside.ts';
import { lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { anyManners, exploreTroupes, often, type Troupe } from '../support/unruly-troupe.ts';

const deadLettersMax = 3;

/** Much is sent to whoever has no room, and nobody waits for it. */
const pushy = {
  ...anyManners,
  capacities: [1, 2],
  deeds: often({
    nothing: 1,
    tell: 8,
    publish: 6,
    reply: 6,
    stream: 4,
    request: 2,
    schedule: 2,
    cancel: 2,
    stash: 1,
  }),
  errands: often({ wait: 1, tell: 6, publish: 6, stream: 4, observe: 3, request: 2, interrupt: 1 }),
};

describe('bounds', () => {
  it.each([
    ['pushy', pushy],
    ['any', anyManners],
  ])(
    'law: no queue holds more than its limit, in %s company',
    async (_, manners) => {
      const explored = await exploreTroupes(
        manners,
        { always: nothingIsTooFull },
        { system: { deadLettersMax } },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

function nothingIsTooFull(troupe: Troupe): void {
  const { deadLetters, board } = kernelOf(troupe.system);
  atMost(deadLettersMax, deadLetters.size, 'dead letters');
  atMost(0, troupe.overstaged === undefined ? 0 : 1, 'agents with too much on the stage');
  for (const cell of troupe.cells) {
    agentIsNotTooFull(cell);
  }
  for (const { receivers } of board.entries()) {
    for (const receiver of receivers) {
      outletIsNotTooFull(receiver instanceof Outlet ? receiver : undefined);
    }
  }
  for (const { context } of troupe.turns) {
    outletIsNotTooFull(readerOf(context.envelope));
  }
}

function agentIsNotTooFull(cell: Cell): void {
  const { definition, mailbox, path } = cell;
  const { concurrency, effectsMax, attemptsMax } = definition;
  const [open, timers, watching, requests] = [cell.openHandlings, cell.timers, cell.watching, cell.requests];
  // What was in hand at a restart comes back on top.
  mailboxIsNotTooFull(mailbox, attemptsMax > 1 ? concurrency : 0, path);
  atMost((timers?.size ?? 0) + (watching?.size ?? 0), noticesIn(cell), `notices of ${path}`);
  atMost(2 * concurrency + (requests?.size ?? 0), cell.notices?.size ?? 0, `ends of work of ${path}`);
  // Each handling may wait to be concluded behind them, interrupted ones included, and its own end may.
  atMost(effectsMax + concurrency + 1, cell.outbox?.size ?? 0, `effects in the outbox of ${path}`);
  atMost(concurrency, open?.size ?? 0, `open handlings of ${path}`);
  atMost(
    1,
    new Set(cell.parked?.map(({ envelope }) => envelope)).size,
    `effects of ${path} in line elsewhere`,
  );
  atMost(
    mailbox.capacity + concurrency + definition.spillMax,
    cell.attempts?.size ?? 0,
    `attempts of ${path}`,
  );
}

function outletIsNotTooFull(outlet: Outlet<unknown> | undefined): void {
  if (outlet !== undefined) {
    mailboxIsNotTooFull(outlet.mailbox, 0, outlet.path);
  }
}

function mailboxIsNotTooFull(mailbox: Mailbox, extra: number, path: string): void {
  const { capacity, spillMax, spilled, stashed, waiting } = mailbox;
  atMost(capacity + extra, waiting - spilled + stashed, `messages at ${path}`);
  atMost(spillMax, spilled, `messages spilled at ${path}`);
}

function atMost(limit: number, held: number, what: string): void {
  if (held > limit) {
    throw new Error(`${held} ${what}, and at most ${limit} may be`);
  }
}
