/**
 * L9: a request settles exactly once, at the latest at its deadline.
 *
 * Whoever asks (an agent in a step, after an await, detached; code outside),
 * whomever (an agent, a topic with none, one or several who answer, a capability),
 * for one reply or for a stream. When it has settled, nothing of it is left: no
 * timer, no listener on its signal, no entry with whoever asked.
 */

import { NoResponder } from 'troupe';
import { describe, expect, it } from 'vitest';
import type { OpenHandling } from '../../src/actors/cell.ts';
import type { Inquiry } from '../support/inquiry.ts';
import { outsideRequestsOf } from '../support/inside.ts';
import { lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { anyManners, exploreTroupes, often, type Troupe } from '../support/unruly-troupe.ts';

/** Much is asked, and no timer but those of requests, restarts and stops is set that is not counted. */
const inquisitive = {
  ...anyManners,
  deeds: often({
    nothing: 1,
    request: 8,
    'request detached': 2,
    'request a procedure': 4,
    stream: 5,
    abort: 2,
    reply: 4,
    tell: 2,
    stash: 1,
    unstash: 1,
    spawn: 1,
    stop: 1,
    throw: 1,
  }),
  endings: often({
    returns: 3,
    replies: 5,
    resolves: 6,
    yields: 4,
    throws: 1,
    rejects: 2,
    'yields and throws': 1,
    hangs: 2,
  }),
  errands: often({ wait: 2, request: 8, stream: 6, abort: 2, observe: 1, interrupt: 1, stop: 1, drain: 1 }),
  timeoutsMs: [20, 50, 7, 3, 0],
};

describe('requests', () => {
  it(
    'law: a request settles once, at the latest at its deadline, and leaves nothing behind',
    async () => {
      const explored = await exploreTroupes(inquisitive, {
        always: (troupe) => {
          noneIsOverdue(troupe);
          noneIsGivenUpTooEarly(troupe);
          noListenerIsLeft(troupe);
          noTimerIsLeft(troupe);
        },
        atQuiet: (troupe) => {
          everyoneHasEndedOnce(troupe.inquiries);
          noEntryIsLeft(troupe);
        },
      });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );

  it(
    'law: a request has settled once when its system has stopped, also without a deadline',
    async () => {
      const explored = await exploreTroupes(anyManners, {
        always: noneIsOverdue,
        atQuiet: async (troupe) => {
          await troupe.world.run(() => troupe.system.stop());
          everyoneHasEndedOnce(troupe.inquiries);
          noEntryIsLeft(troupe);
        },
      });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

/** An agent is told of the end in a turn of its own, so there the request itself is asked. */
function noneIsOverdue({ inquiries, world }: Troupe): void {
  for (const { dueMs, pending, ends, asker, left, reads } of inquiries) {
    const settled = pending?.settled ?? (ends > 0 || left || asker !== undefined || reads);
    if (!settled && world.nowMs > dueMs) {
      throw new Error(`a request was due at ${dueMs} ms and is not settled at ${world.nowMs} ms`);
    }
  }
}

/** Whoever was asked and still works on it may answer. */
function noneIsGivenUpTooEarly({ inquiries, turns }: Troupe): void {
  const givenUp = new Set(
    inquiries.filter(({ failure }) => failure instanceof NoResponder).map(({ pending }) => pending),
  );
  for (const { context, cell } of turns) {
    const { replyTo } = context.envelope;
    const { over } = context as unknown as OpenHandling;
    if (replyTo !== undefined && !over && givenUp.has(replyTo as never)) {
      throw new Error(`a request has found no responder although ${cell.path} works on it`);
    }
  }
}

function noListenerIsLeft({ inquiries }: Troupe): void {
  for (const { ends, left, listeners } of inquiries) {
    if ((ends > 0 || left) && listeners !== 0) {
      throw new Error(`a request is over and has left ${listeners} listeners on its signal`);
    }
  }
}

function noTimerIsLeft({ cells, naps, system, world }: Troupe): void {
  let most = naps + outsideRequestsOf(system) + world.delivery!.lateCount;
  for (const { phase, stopTimer, requests } of cells) {
    // One that is suspended may wait for its backoff.
    most += (phase === 'suspended' ? 1 : 0) + (stopTimer === undefined ? 0 : 1);
    most += [...(requests ?? [])].filter(({ settled }) => !settled).length;
  }
  if (world.environment.timerCount > most) {
    throw new Error(`there are ${world.environment.timerCount} timers, and only ${most} have a reason`);
  }
}

function everyoneHasEndedOnce(inquiries: readonly Inquiry[]): void {
  for (const { ends, left, valuesTooLate } of inquiries) {
    if (ends !== (left ? 0 : 1) || valuesTooLate > 0) {
      throw new Error(`a request ended ${ends} times, and ${valuesTooLate} values came after that`);
    }
  }
}

function noEntryIsLeft({ cells, system }: Troupe): void {
  const left = [...cells].filter(({ requests }) => requests !== undefined && requests.size > 0);
  if (outsideRequestsOf(system) > 0 || left.length > 0) {
    const agents = left.map(({ path }) => path).join();
    throw new Error(`${outsideRequestsOf(system)} requests are remembered outside, others by ${agents}`);
  }
}
