/**
 * L7 for keyed agents: each key has an intensity of its own. It is restarted just when
 * its own window has room, also when its agent was put away in between; when it has
 * not, that key is stopped and cools down. Neither the group nor another key hears
 * of it.
 */

import { failureClass } from 'troupe';
import { describe, expect, it } from 'vitest';
import { anyCustoms, coolDownMs, exploreTowns, type Town, windowMs } from '../support/keyed-town.ts';
import { everyFaultButCrashes, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { often } from '../support/unruly-troupe.ts';

/** Keys fail all the time; the group has no reason to. */
const failing = {
  ...anyCustoms,
  idleMs: [0, 5],
  overflows: ['suspend', 'reject'] as const,
  deeds: often({ nothing: 2, tell: 4, request: 2 }),
  endings: often({ returns: 2, throws: 4, rejects: 4, resolves: 2 }),
  calls: often({ wait: 6, tell: 8, publish: 4, request: 4, go: 3, hide: 1 }),
};

describe('the intensity of a key', () => {
  it(
    'law: a key is restarted just when its own window has room for one more',
    async () => {
      const explored = await exploreTowns(
        failing,
        { atQuiet: eachKeyHasItsOwnWindow },
        { faults: everyFaultButCrashes },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );

  it(
    'law: no window of a key holds more restarts than its intensity, in any town',
    async () => {
      const explored = await exploreTowns(anyCustoms, {
        atQuiet: (town) => {
          noWindowIsTooFull(town);
          everyFailureIsToldOnce(town);
        },
      });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

function eachKeyHasItsOwnWindow(town: Town): void {
  const { restartsMax, events, turns } = town;
  noWindowIsTooFull(town);
  everyFailureIsToldOnce(town);
  const dueMs = new Map<string, number[]>();
  const coolsUntilMs = new Map<string, number>();
  for (const event of events) {
    if (event._tag === 'AgentRestarted' && event.agent === '/town') {
      throw new Error('the group was restarted');
    }
    if (event._tag === 'AgentRestarted') {
      const restarts = dueMs.get(event.agent) ?? [];
      dueMs.set(event.agent, [...restarts, event.atMs]);
    }
    if (
      event._tag === 'HandlingEnded' &&
      (coolsUntilMs.get(event.agent) ?? 0) > event.atMs &&
      event.outcome === 'handled'
    ) {
      throw new Error(`${event.agent} handled a message while it was cooling down`);
    }
    if (event._tag !== 'Failed' || !event.report.agent.startsWith('/town/')) {
      continue;
    }
    const { agent, directive, supervisor, failure } = event.report;
    const room = within(dueMs.get(agent) ?? [], event.atMs) < restartsMax;
    const expected = room ? 'restart' : 'stop';
    if (failureClass(failure) === 'defect' && (directive !== expected || supervisor !== '/town')) {
      throw new Error(`${event.atMs} ms: ${supervisor} about ${agent}: ${directive}, not ${expected}`);
    }
    if (failureClass(failure) === 'defect' && !room) {
      coolsUntilMs.set(agent, event.atMs + coolDownMs);
    }
  }
  expect(turns.length).toBeGreaterThanOrEqual(0);
}

function noWindowIsTooFull({ events, restartsMax }: Town): void {
  const restarts = new Map<string, number[]>();
  for (const event of events) {
    if (event._tag === 'AgentRestarted' && event.agent.startsWith('/town/')) {
      const ofKey = [...(restarts.get(event.agent) ?? []), event.atMs];
      restarts.set(event.agent, ofKey);
      if (within(ofKey, event.atMs) > restartsMax) {
        throw new Error(
          `${event.agent} was restarted at ${ofKey} ms; ${restartsMax} in ${windowMs} ms are allowed`,
        );
      }
    }
  }
}

/** A failure of a key is told once, of that key, and decided by its group. */
function everyFailureIsToldOnce({ reports }: Town): void {
  const told = new Set<unknown>();
  for (const { failure, agent, envelopeId } of reports) {
    if (told.has(failure) && failureClass(failure) === 'defect') {
      throw new Error(`the failure of ${agent} in message ${envelopeId} was told twice`);
    }
    told.add(failure);
  }
}

const within = (timesMs: readonly number[], endMs: number): number =>
  timesMs.filter((atMs) => atMs >= endMs - windowMs && atMs <= endMs).length;
