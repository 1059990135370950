/**
 * L4 for keyed agents: the account of a group, over all its keys and the door, is even
 * after every step; what was told was taken up or is a dead letter, and so was what was
 * published, unless the group was gone and nobody heard it; and, unless somebody works
 * for ever, nothing is left waiting for a place that never comes. What the world loses on
 * the way was never offered; a copy that it makes is a message of its own.
 */
import { describe, expect, it } from 'vitest';
import type { OpenHandling } from '../../src/actors/cell.ts';
import { statisticsOfCell } from '../../src/actors/statistics.ts';
import type { Envelope } from '../../src/core/envelope.ts';
import { kernelOf } from '../support/inside.ts';
import { anyCustoms, exploreTowns, type Town } from '../support/keyed-town.ts';
import { everyFaultButCrashes, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { often } from '../support/unruly-troupe.ts';

/** Keys come and go all the time, and tell each other where there are few places. */
const crowded = {
  ...anyCustoms,
  activeMax: [1, 2],
  idleMs: [0, 3, 40],
  capacities: [1, 2],
  overflows: ['suspend'] as const,
  deeds: often({ nothing: 1, tell: 8, publish: 3, request: 4 }),
  endings: often({ returns: 4, resolves: 6, rejects: 1, throws: 1 }),
  calls: often({ wait: 3, tell: 8, publish: 4, go: 5, request: 3 }),
};

describe('conservation in a keyed group', () => {
  it.each([
    ['a crowded', crowded],
    ['any', anyCustoms],
  ])(
    'law: every message a group was offered is somewhere, once, in %s town',
    async (_, customs) => {
      const explored = await exploreTowns(customs, {
        always: theAccountIsEven,
        atQuiet: async (town) => {
          noneIsHandledTwice(town);
          noneWaitsForNothing(town);
          await town.world.run(
            () => town.system.stop(),
            () => theAccountIsEven(town),
          );
          nothingIsLeft(town);
          nothingIsLostInSilence(town);
        },
      });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );

  it(
    'law: a group that drains finishes what it has accepted',
    async () => {
      const customs = {
        ...crowded,
        deeds: often({ nothing: 1, tell: 8, publish: 3 }),
        endings: often({ returns: 4, replies: 2, resolves: 6 }),
      };
      const explored = await exploreTowns(
        customs,
        {
          atQuiet: async (town) => {
            const before = statisticsOfCell(town.group).unhandledAtStop;
            await town.world.run(async () => {
              for (let left = 6; left > 0; left -= 1) {
                town.sayMore();
              }
              await town.system.stop(town.ref, { drain: true });
              await town.system.stop();
            });
            nothingIsLeft(town);
            const { unhandledAtStop } = statisticsOfCell(town.group);
            if (unhandledAtStop > before) {
              throw new Error(`${unhandledAtStop - before} were accepted and not handled`);
            }
          },
        },
        { faults: everyFaultButCrashes },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

function theAccountIsEven({ group, senders, system }: Town): void {
  const figures = statisticsOfCell(group);
  const { offered, accepted, refused } = figures;
  const { handled, failed, interrupted, expired, displaced, conflated } = figures;
  const { unhandledAtStop, inFlight, stashed, waiting } = figures;
  const ended = handled + failed + interrupted + expired + displaced + conflated + unhandledAtStop;
  if (offered !== accepted + refused || accepted !== ended + inFlight + stashed + waiting) {
    throw new Error(`the account of ${group.path} is not even: ${JSON.stringify(figures)}`);
  }
  let all = inFlight + waiting;
  for (const sender of senders) {
    const own = statisticsOfCell(sender);
    all += own.inFlight + own.waiting;
  }
  if (kernelOf(system).inFlight !== all) {
    throw new Error(`${kernelOf(system).inFlight} are counted as in flight; the agents have ${all}`);
  }
}

/** What was said is handled once, and each copy that the world made of it once more. */
function noneIsHandledTwice(town: Town): void {
  const seen = new Set<Envelope>();
  const copies = [...town.wordsThat('Duplicated')];
  for (const { message, envelope, context } of town.turns) {
    if (!(context as unknown as OpenHandling).stashing) {
      const copy = town.isCopy(envelope) ? copies.indexOf(message) : undefined;
      if (seen.has(envelope) || copy === -1) {
        throw new Error(`message ${message.place} for ${message.key} was handled twice`);
      }
      seen.add(envelope);
      if (copy !== undefined) {
        copies.splice(copy, 1);
      }
    }
  }
}

/**
 * Unless somebody works for ever, or has laid messages aside for ever, nothing waits at quiet. A message that is
 * being laid aside has taken its room already: whoever then waits for room at itself waits for its own stash.
 */
function noneWaitsForNothing({ group, senders, hangs, openRequests }: Town): void {
  const { waiting, inFlight } = statisticsOfCell(group);
  const keys = [...(group.children?.values() ?? [])];
  const stashes = keys.some(({ mailbox }) => mailbox.stashed > 0);
  const isStuck = waiting > 0 || inFlight > 0 || senders.some((sender) => sender.blocked || sender.hasWork);
  if (!hangs && !stashes && (isStuck || group.holdsMessages || keys.length > 0)) {
    throw new Error(`nothing happens any more, and ${waiting} wait, ${inFlight} are in hand`);
  }
  if (openRequests > 0) {
    throw new Error(`${openRequests} requests from outside have not ended`);
  }
}

function nothingIsLeft({ group, system }: Town): void {
  const { inFlight } = kernelOf(system);
  const { waiting, stashed } = statisticsOfCell(group);
  if (inFlight !== 0 || waiting + stashed > 0 || (group.children?.size ?? 0) > 0) {
    throw new Error(`after the end ${inFlight} are in flight, and ${waiting} wait in the group`);
  }
}

/**
 * What was told was taken up, gave way to another of its key, or is a dead letter; or nobody heard it. What the
 * world lost is nowhere.
 */
function nothingIsLostInSilence(town: Town): void {
  const { told, asked, published, heard, unheard, turns, system, group } = town;
  const lost = new Set(town.wordsThat('Dropped'));
  const takenUp = new Set(turns.map(({ message }) => message));
  const letters = new Set(system.deadLetters.list().map(({ envelope }) => envelope.payload));
  let mayBeUnheard = unheard;
  let mayHaveGivenWay = statisticsOfCell(group).conflated;
  for (const message of told) {
    const isSomewhere = takenUp.has(message) || letters.has(message);
    if (lost.has(message) && isSomewhere) {
      throw new Error(`message ${message.place} for ${message.key} was lost and has arrived`);
    }
    if (!isSomewhere && !lost.has(message) && !asked.has(message)) {
      if (mayHaveGivenWay > 0 && heard.has(message)) {
        mayHaveGivenWay -= 1;
        continue;
      }
      mayBeUnheard -= 1;
      if (!published.has(message) || heard.has(message) || mayBeUnheard < 0) {
        throw new Error(`message ${message.place} for ${message.key} is nowhere`);
      }
    }
  }
}
