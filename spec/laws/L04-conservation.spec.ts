/**
 * L4: every message is somewhere, once.
 *
 *     offered  = accepted + refused
 *     accepted = handled + failed + interrupted + expired + displaced + conflated
 *                + unhandled at stop + in flight + stashed + waiting
 *
 * for every agent, the ended ones included, after every step. What the world loses on
 * the way was never offered; a copy that it makes is a message of its own.
 */
import { describe, expect, it } from 'vitest';
import type { Cell, OpenHandling } from '../../src/actors/cell.ts';
import { statisticsOfCell } from '../../src/actors/statistics.ts';
import type { Envelope } from '../../src/core/envelope.ts';
import { kernelOf } from '../support/inside.ts';
import { lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { anyManners, exploreTroupes, often, type Troupe } from '../support/unruly-troupe.ts';

/** Little room, much laid aside, and those who send wait. */
const crowded = {
  ...anyManners,
  capacities: [2, 1],
  overflows: ['suspend'] as const,
  deeds: often({ nothing: 1, tell: 8, publish: 3, stash: 5, unstash: 2, throw: 1 }),
  endings: often({ returns: 4, resolves: 5, rejects: 4, throws: 2, hangs: 1 }),
  errands: often({ wait: 2, tell: 8, publish: 4, interrupt: 2 }),
};

describe('conservation', () => {
  it.each([
    ['any', anyManners],
    ['crowded', crowded],
  ])(
    'law: every message an agent was offered is somewhere, once, in %s company',
    async (_, manners) => {
      const explored = await exploreTroupes(manners, {
        always: (troupe) => {
          everyAccountIsEven(troupe);
          whatIsInFlightAddsUp(troupe);
        },
        atQuiet: async (troupe) => {
          noneIsHandledTooOften(troupe);
          noneWaitsForNothing(troupe);
          await troupe.world.run(
            () => troupe.system.stop(),
            () => everyAccountIsEven(troupe),
          );
          nothingIsLeft(troupe);
          nothingIsLostInSilence(troupe);
        },
      });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

function everyAccountIsEven({ cells }: Troupe): void {
  for (const cell of cells) {
    const figures = statisticsOfCell(cell);
    const { offered, accepted, refused } = figures;
    const { handled, failed, interrupted, expired, displaced, conflated } = figures;
    const { unhandledAtStop, inFlight, stashed, waiting } = figures;
    const ended = handled + failed + interrupted + expired + displaced + conflated + unhandledAtStop;
    if (offered !== accepted + refused || accepted !== ended + inFlight + stashed + waiting) {
      throw new Error(`the account of ${cell.path} is not even: ${JSON.stringify(figures)}`);
    }
  }
}

function whatIsInFlightAddsUp({ cells, system }: Troupe): void {
  let inFlight = 0;
  for (const cell of cells) {
    const figures = statisticsOfCell(cell);
    inFlight += figures.inFlight + figures.waiting;
  }
  const { inFlight: counted } = kernelOf(system);
  if (counted !== inFlight) {
    throw new Error(`${counted} messages are counted as in flight; the agents have ${inFlight}`);
  }
}

/**
 * Without redelivery once; with it, as often as its agent allows; each copy that the world made of it as often once
 * more. Laying a message aside is not handling it.
 */
function noneIsHandledTooOften(troupe: Troupe): void {
  const times = new Map<Cell, Map<Envelope, number>>();
  const copies = new Map<Cell, unknown[]>();
  for (const { cell, word, context } of troupe.turns) {
    if (word !== undefined && !(context as unknown as OpenHandling).stashing) {
      const { envelope } = context;
      const ofCell = times.get(cell) ?? new Map<Envelope, number>();
      const before = ofCell.get(envelope) ?? 0;
      times.set(cell, ofCell.set(envelope, before + 1));
      if (before === 0 && troupe.isCopy(envelope)) {
        const left = copies.get(cell) ?? [...troupe.wordsThat('Duplicated', cell)];
        copies.set(cell, left);
        const at = left.indexOf(word);
        if (at < 0) {
          throw new Error(`${cell.path} handled a copy of a message that was not doubled`);
        }
        left.splice(at, 1);
      }
      if (before >= cell.definition.attemptsMax) {
        throw new Error(`${cell.path} handled a message ${before + 1} times`);
      }
    }
  }
}

/** At quiet, whoever could take a message has none, and whoever stands in line does so where there is no room. */
function noneWaitsForNothing({ cells }: Troupe): void {
  for (const cell of cells) {
    const { mailbox, phase, parked = [] } = cell;
    const mayTakeMore = cell.mayTake && !cell.blocked && (mailbox.size > 0 || !hasRoomOrStash(cell));
    const isLate = phase !== 'stopped' && phase !== 'running' && cell.open === 0 && !isHeldUp(cell);
    const standsAtNothing = parked.some(({ receiver }) => !receiver.mustWait);
    if (cell.hasWork || mayTakeMore || isLate || standsAtNothing) {
      throw new Error(
        `${cell.path} is ${phase} and has ${mailbox.waiting} waiting, but nothing happens any more`,
      );
    }
  }
}

/** Whether one more would come in; where all room is stashed, nobody but the agent itself can change that. */
const hasRoomOrStash = ({ mailbox }: Cell): boolean => mailbox.hasRoom || mailbox.stashed >= mailbox.capacity;

/** Whether it, or the beginning of it, waits for room elsewhere. */
const isHeldUp = (cell: Cell): boolean => cell.blocked || (cell.phase === 'starting' && cell.parent!.blocked);

function nothingIsLeft({ cells, system }: Troupe): void {
  const { inFlight } = kernelOf(system);
  const left = [...cells].filter((cell) => cell.phase !== 'stopped' || statisticsOfCell(cell).waiting > 0);
  if (inFlight !== 0 || left.length > 0) {
    throw new Error(`after the end ${inFlight} are in flight, and there is ${left.map((cell) => cell.path)}`);
  }
}

/** What was told was taken up, gave way to another of its key, or is a dead letter. What the world lost is nowhere. */
function nothingIsLostInSilence(troupe: Troupe): void {
  const { tellings, turns, system } = troupe;
  const lost = new Set(troupe.wordsThat('Dropped'));
  const takenUp = new Set(turns.map(({ word }) => word));
  const letters = new Set(system.deadLetters.list().map(({ envelope }) => envelope.payload));
  for (const { word, to } of tellings) {
    if (to !== undefined && lost.has(word) && (takenUp.has(word) || letters.has(word))) {
      throw new Error(`what was told ${to.path} was lost and has arrived`);
    }
    const mayHaveGivenWay = to === undefined || to.definition.overflow === 'conflate';
    if (!mayHaveGivenWay && !lost.has(word) && !takenUp.has(word) && !letters.has(word)) {
      throw new Error(`what ${word.author?.path ?? 'somebody outside'} told ${to.path} is nowhere`);
    }
  }
}
