/**
 * L25, cache: it answers as the model does, which is a map with a time beside each answer.
 *
 * Nothing past its time to live; one call for each key at a time; a call goes on while
 * somebody waits for it and is interrupted when nobody does; what was invalidated while it
 * was on its way is not remembered.
 */
import { type Cache, cache } from 'troupe';
import { describe, expect, it } from 'vitest';
import { explore } from '../../src/testing/index.ts';
import { Broken, type CallEvent, Callers, type Wanted } from '../support/callers.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

interface Policy {
  readonly ttlMs: number;
  readonly max: number;
  readonly negativeTtlMs: number;
  readonly queueMax: number;
}

const policies: readonly Policy[] = [
  { ttlMs: 10, max: 3, negativeTtlMs: 0, queueMax: 20 },
  { ttlMs: 37, max: 3, negativeTtlMs: 7, queueMax: 20 },
  { ttlMs: Number.POSITIVE_INFINITY, max: 1, negativeTtlMs: 0, queueMax: 20 },
  { ttlMs: 40, max: 2, negativeTtlMs: 40, queueMax: 2 },
];

describe('a cache', () => {
  it(
    'law: it never serves past its time to live, and agrees with its model',
    async () => {
      let callers: Callers;
      let policy: Policy;
      let memory: Cache<Wanted>;
      const explored = await explore(
        (_system, world) => {
          callers = new Callers(world, 3);
          policy = policies[world.choose(policies.length, 'which policy')]!;
          memory = cache({ ...policy, key: ({ key }) => key });
          callers.call(memory(callers.work), 9);
          for (const atMs of [9, 45]) {
            if (world.choose(3, 'whether somebody forgets') === 2) {
              world.environment.schedule(atMs, () => {
                callers.say('forgot', 0, 'a');
                memory.invalidate('a');
              });
            }
          }
        },
        { ...lawExploration, faults: ['crash', 'slow', 'drop', 'delay'] },
        (world) => {
          agreesWithItsModel(callers.events, policy);
          expect(memory.statistics(world.system)).toMatchObject({ waiting: 0, inFlight: 0 });
          expect(world.environment.timerCount).toBe(0);
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

interface Work {
  readonly key: string;
  readonly callers: Set<number>;
  forgotten: boolean;
}

interface Kept {
  readonly value: unknown;
  readonly untilMs: number;
}

function agreesWithItsModel(events: readonly CallEvent[], policy: Policy): void {
  const kept = new Map<string, Kept>();
  const works = new Map<number, Work>();
  /** What each caller is to be answered with, and whom it waits for. */
  const due = new Map<number, unknown>();
  /** Whose work begins now. */
  let begins: number | undefined;
  let waiting = 0;

  const onItsWay = (key: string) =>
    [...works.values()].find((work) => work.key === key && !work.forgotten && work.callers.size > 0);
  const fail = (event: CallEvent, why: string): never => {
    throw new Error(`${event.what} ${event.id} (${event.key}) at ${event.atMs} ms: ${why}`);
  };

  for (const event of events) {
    const { what, id, key, atMs, value } = event;
    if (begins !== undefined && what !== 'begun') {
      fail(event, `caller ${begins} should have begun work`);
    }
    switch (what) {
      case 'asked': {
        const known = kept.get(key);
        kept.delete(key);
        if (known !== undefined && atMs < known.untilMs) {
          kept.set(key, known);
          due.set(id, known.value);
        } else if (waiting >= policy.queueMax) {
          due.set(id, 'refused');
        } else if (onItsWay(key) !== undefined) {
          waiting += 1;
          onItsWay(key)!.callers.add(id);
        } else {
          waiting += 1;
          begins = id;
        }
        break;
      }
      case 'begun':
        if (begins !== value) {
          fail(event, `work for ${value} was begun, and ${begins} was to`);
        }
        works.set(id, { key, callers: new Set([begins!]), forgotten: false });
        begins = undefined;
        break;
      case 'left':
        for (const work of works.values()) {
          waiting -= work.callers.delete(id) ? 1 : 0;
        }
        break;
      case 'cut':
        if (works.get(id)!.callers.size > 0) {
          fail(event, 'work was interrupted although somebody waits');
        }
        works.delete(id);
        break;
      case 'forgot':
        kept.delete(key);
        for (const work of works.values()) {
          work.forgotten ||= work.key === key;
        }
        break;
      case 'done':
      case 'broke': {
        const work = works.get(id)!;
        works.delete(id);
        if (work.callers.size === 0) {
          fail(event, 'work went on for nobody');
        }
        waiting -= work.callers.size;
        for (const caller of work.callers) {
          due.set(caller, what === 'done' ? id : `broken ${id}`);
        }
        const forMs = what === 'done' ? policy.ttlMs : policy.negativeTtlMs;
        if (!work.forgotten && forMs > 0) {
          kept.delete(key);
          kept.set(key, { value: what === 'done' ? id : `broken ${id}`, untilMs: atMs + forMs });
          const [oldest] = kept.keys();
          if (kept.size > policy.max) {
            kept.delete(oldest!);
          }
        }
        break;
      }
      default: {
        const got =
          what === 'answered' ? value : value instanceof Broken ? `broken ${value.work}` : 'refused';
        if (due.get(id) !== got) {
          fail(event, `got ${String(got)}, and ${String(due.get(id))} was due`);
        }
      }
    }
  }
  if (works.size > 0) {
    throw new Error(`${works.size} works never ended`);
  }
}
