/**
 * L3 for keyed agents: never more than `activeMax` keys have an agent, no mailbox of
 * one holds more than its capacity, and no more than `spillMax` messages stand at the
 * door without their senders. Nobody stands in line who need not: only at a full
 * mailbox of their own key, or at the door while all places are taken.
 */
import { describe, expect, it } from 'vitest';
import type { Cell } from '../../src/actors/cell.ts';
import type { KeyedInstance } from '../../src/actors/keyed-instance.ts';
import { isIdle } from '../../src/actors/passivation.ts';
import { WaitingKey } from '../../src/actors/waiting-key.ts';
import { agentAt } from '../../src/actors/waits.ts';
import { anyCustoms, exploreTowns, type Message, type Town } from '../support/keyed-town.ts';
import { lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { often } from '../support/unruly-troupe.ts';

/** Agents send much to keys that are slow. */
const crowded = {
  ...anyCustoms,
  activeMax: [2, 1],
  idleMs: [40, 5],
  capacities: [1, 2],
  overflows: ['suspend'] as const,
  deeds: often({ nothing: 1, tell: 8, publish: 4 }),
  endings: often({ returns: 2, resolves: 8, rejects: 1 }),
  calls: often({ wait: 2, tell: 8, publish: 4, request: 2, go: 8 }),
};

describe('the bounds of a keyed group', () => {
  it.each([
    ['a crowded', crowded],
    ['any', anyCustoms],
  ])(
    'law: nothing of a group holds more than its limit, and nobody waits for another key, in %s town',
    async (_, customs) => {
      const explored = await exploreTowns(customs, {
        always: (town) => {
          nothingIsTooFull(town);
          nobodyWaitsInVain(town);
        },
      });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

function nothingIsTooFull({ group, activeMax, instances }: Town): void {
  const { capacity, spillMax } = group.definition;
  const active = [...(group.children?.values() ?? [])];
  if (active.length > activeMax) {
    throw new Error(`${active.length} keys are active; ${activeMax} may be`);
  }
  const begun = [...instances].filter((cell) => cell.begun && cell.phase !== 'stopped');
  if (begun.length > activeMax) {
    throw new Error(`${begun.map((cell) => cell.path)} have begun; ${activeMax} may be active`);
  }
  for (const { mailbox, path } of active) {
    if (mailbox.waiting - mailbox.spilled > capacity || mailbox.spilled > spillMax) {
      throw new Error(`${path} holds ${mailbox.waiting}, of them ${mailbox.spilled} outside`);
    }
  }
  // All that can be accepted: a mailbox and a line for each active key, as much for each that waits for a place
  // of one that leaves, and the line at the door.
  const most = 2 * activeMax * (capacity + spillMax) + spillMax;
  if (group.counts().waiting > most) {
    throw new Error(`${group.counts().waiting} wait in the group; ${most} may`);
  }
}

function nobodyWaitsInVain({ group, senders, activeMax }: Town): void {
  const active = [...(group.children?.values() ?? [])];
  for (const sender of [...active, ...senders]) {
    for (const { receiver, envelope } of sender.parked ?? []) {
      const { key } = envelope.payload as Message;
      if ((receiver as WaitingKey | KeyedInstance).key !== key) {
        throw new Error(`what ${sender.path} has for ${key} waits at another key`);
      }
      const thereIsRoom = active.length < activeMax || active.some(givesUpItsPlace);
      const atTheDoor = receiver instanceof WaitingKey && !receiver.isOver;
      if (!atTheDoor && agentAt(receiver)!.mailbox.hasRoom) {
        throw new Error(`${sender.path} stands in line for ${key}, and there is room`);
      }
      const mayBegin = group.phase === 'running' && !group.restarting && group.signals === undefined;
      if (atTheDoor && thereIsRoom && mayBegin) {
        throw new Error(`${sender.path} stands at the door for ${key}, and there is a place`);
      }
    }
  }
}

/** Whether it should have given up its place: one that has just been let go on does so in the turn it is about to take. */
const givesUpItsPlace = (cell: Cell): boolean => isIdle(cell) && !cell.queued;
