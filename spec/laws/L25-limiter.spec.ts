/**
 * L25, limiter: in any window at most `burst + rate × time` calls are begun for each key, in
 * the order in which they came, each as soon as that allows, or refused at once.
 *
 * The model knows no bucket: it looks at the windows that end now.
 */
import { RateLimited, type RateLimiter, rateLimit } from 'troupe';
import { describe, expect, it } from 'vitest';
import { explore } from '../../src/testing/index.ts';
import { type CallEvent, Callers, type Wanted } from '../support/callers.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

interface Limit {
  readonly count: number;
  readonly perMs: number;
  readonly burst: number;
  readonly overflow: 'wait' | 'reject';
  readonly queueMax: number;
}

const limits: readonly Limit[] = [
  { count: 1, perMs: 20, burst: 1, overflow: 'wait', queueMax: 10 },
  { count: 3, perMs: 100, burst: 2, overflow: 'wait', queueMax: 10 },
  { count: 3, perMs: 100, burst: 1, overflow: 'reject', queueMax: 10 },
  { count: 2, perMs: 7, burst: 3, overflow: 'wait', queueMax: 1 },
];

describe('a rate limit', () => {
  it.each([
    ['nothing is slow', []],
    [
      'agents crash, messages are lost or late, and the machine is slow',
      ['crash', 'slow', 'drop', 'delay'] as const,
    ],
  ] as const)(
    'law: no window sees more calls begun than burst and rate allow, and each in its turn, when %s',
    async (_, faults) => {
      let callers: Callers;
      let limit: Limit;
      let limiter: RateLimiter<Wanted>;
      const explored = await explore(
        (_system, world) => {
          callers = new Callers(world);
          limit = limits[world.choose(limits.length, 'which limit')]!;
          limiter = rateLimit({ ...limit, key: ({ key }) => key });
          callers.call(limiter(callers.work), 8);
        },
        { ...lawExploration, faults },
        (world) => {
          keepsToItsRate(callers.events, limit);
          keepsTheOrder(callers.events);
          beginsNobodyWhoLeft(callers.events);
          refusesWhatItMust(callers.events, limit, faults.length === 0);
          if (faults.length === 0) {
            beginsAsSoonAsItMay(callers.events, limit);
          }
          expect(limiter.statistics(world.system)).toMatchObject({
            waiting: 0,
            begun: count(callers.events, 'begun'),
          });
          expect(world.environment.timerCount).toBe(0);
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

const count = (events: readonly CallEvent[], what: CallEvent['what']) =>
  events.filter((event) => event.what === what).length;

const begunOf = (events: readonly CallEvent[], key: string) =>
  events.filter((event) => event.what === 'begun' && event.key === key);

/** The earliest time at which one more may begin, given when the others have. */
function earliestMs(begunAtMs: readonly number[], { count, perMs, burst }: Limit): number {
  return Math.max(
    0,
    ...begunAtMs.map((atMs, index) => {
      const withThis = begunAtMs.length - index + 1;
      return Math.ceil(atMs + ((withThis - burst) * perMs) / count);
    }),
  );
}

function keepsToItsRate(events: readonly CallEvent[], { count, perMs, burst }: Limit): void {
  for (const key of 'ab') {
    const begun = begunOf(events, key);
    for (const [first, { atMs: fromMs }] of begun.entries()) {
      for (const [last, { atMs: untilMs }] of begun.entries()) {
        if (last >= first && (last - first + 1 - burst) * perMs > (untilMs - fromMs) * count) {
          throw new Error(`${last - first + 1} calls were begun between ${fromMs} and ${untilMs} ms`);
        }
      }
    }
  }
}

/** Who begins had asked before all who asked and begin later. */
function keepsTheOrder(events: readonly CallEvent[]): void {
  for (const key of 'ab') {
    const asked = events.filter(({ what, key: one }) => what === 'asked' && one === key);
    const order = asked.map(({ id }) => id);
    const places = begunOf(events, key).map(({ value }) => order.indexOf(value as number));
    if (places.some((place, index) => index > 0 && place < places[index - 1]!)) {
      throw new Error(`calls for ${key} asked as ${order} and were begun as ${places}`);
    }
  }
}

function beginsNobodyWhoLeft(events: readonly CallEvent[]): void {
  const left = new Set<unknown>();
  for (const { what, id, value } of events) {
    if (what === 'left') {
      left.add(id);
    }
    if (what === 'begun' && left.has(value)) {
      throw new Error(`call ${value} was begun, and had left`);
    }
  }
}

function refusesWhatItMust(events: readonly CallEvent[], limit: Limit, exactly: boolean): void {
  for (const { what, id, key, atMs, value } of events) {
    if (what !== 'failed' || !(value instanceof RateLimited)) {
      continue;
    }
    const asked = events.find((event) => event.what === 'asked' && event.id === id)!;
    if (atMs !== asked.atMs) {
      throw new Error(`call ${id} was refused ${atMs - asked.atMs} ms after it had asked`);
    }
    const before = events.slice(0, events.indexOf(asked));
    const waiting = waitingBefore(before, key);
    const begunAtMs = begunOf(before, key).map((event) => event.atMs);
    for (let n = 0; n < waiting; n += 1) {
      begunAtMs.push(Math.max(atMs, earliestMs(begunAtMs, limit)));
    }
    const waitMs = earliestMs(begunAtMs, limit) - atMs;
    const reason =
      limit.overflow === 'reject' ? 'no token' : waiting >= limit.queueMax ? 'queue full' : 'deadline';
    if (value.reason !== reason || (reason === 'deadline' && atMs + waitMs < Number(asked.value))) {
      throw new Error(
        `call ${id} was refused for ${value.reason}, with ${waiting} waiting and ${waitMs} ms to go`,
      );
    }
    if (exactly && value.retryAfterMs !== waitMs) {
      throw new Error(`call ${id} was told to wait for ${value.retryAfterMs} ms, not ${waitMs} ms`);
    }
  }
}

/** How many had asked, and neither begun nor ended. */
function waitingBefore(before: readonly CallEvent[], key: string): number {
  const gone = new Set(
    before.flatMap(({ what, id, value }) =>
      what === 'begun' ? [value] : what === 'left' || what === 'failed' ? [id] : [],
    ),
  );
  return before.filter(({ what, id, key: one }) => what === 'asked' && one === key && !gone.has(id)).length;
}

function beginsAsSoonAsItMay(events: readonly CallEvent[], limit: Limit): void {
  for (const key of 'ab') {
    const begunAtMs: number[] = [];
    for (const { value, atMs } of begunOf(events, key)) {
      const asked = events.find(({ what, id }) => what === 'asked' && id === value)!;
      const soonestMs = Math.max(asked.atMs, earliestMs(begunAtMs, limit));
      if (atMs !== soonestMs) {
        throw new Error(`call ${value} was begun at ${atMs} ms and could be at ${soonestMs} ms`);
      }
      begunAtMs.push(atMs);
    }
  }
}
