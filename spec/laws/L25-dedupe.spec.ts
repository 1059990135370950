/**
 * L25, dedupe: of one key one handling at a time, and none for `withinMs` after one that
 * succeeded, unless its answer was forgotten for want of room; a duplicate gets the answer
 * of the handling it is a duplicate of; when that is interrupted, the next is handled.
 */
import { type Dedupe, dedupe } from 'troupe';
import { describe, expect, it } from 'vitest';
import { explore } from '../../src/testing/index.ts';
import { Broken, type CallEvent, Callers, type Wanted } from '../support/callers.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

const policies = [
  { withinMs: 30, max: 2, overflow: 'forget-oldest', queueMax: 20 },
  { withinMs: 1_000, max: 3, overflow: 'reject', queueMax: 20 },
  { withinMs: 50, max: 1, overflow: 'reject', queueMax: 1 },
  { withinMs: 5, max: 3, overflow: 'forget-oldest', queueMax: 20 },
] as const;

describe('a dedupe', () => {
  it(
    'law: each message is handled once, as its model says',
    async () => {
      let callers: Callers;
      let once: Dedupe<Wanted>;
      let policy: (typeof policies)[number];
      const explored = await explore(
        (_system, world) => {
          callers = new Callers(world, 3);
          policy = policies[world.choose(policies.length, 'which policy')]!;
          once = dedupe({ ...policy, key: ({ key }) => key });
          callers.call(once(callers.work), 9);
        },
        { ...lawExploration, faults: ['crash', 'slow', 'drop', 'delay'] },
        (world) => {
          agreesWithItsModel(callers.events, policy);
          expect(once.statistics(world.system)).toMatchObject({ waiting: 0 });
          expect(once.statistics(world.system).remembered).toBeLessThanOrEqual(policy.max);
          expect(world.environment.timerCount).toBe(0);
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

function agreesWithItsModel(events: readonly CallEvent[], policy: (typeof policies)[number]): void {
  /** Answers that count, oldest first. */
  const kept = new Map<string, { readonly work: number; readonly untilMs: number }>();
  /** The work of a key that is under way, and whose message it handles. */
  const running = new Map<string, { readonly work: number; readonly caller: number }>();
  const waiting = new Map<string, number[]>();
  const due = new Map<number, string>();
  let began: number | undefined;

  const fail = (event: CallEvent, why: string): never => {
    throw new Error(`${event.what} ${event.id} (${event.key}) at ${event.atMs} ms: ${why}`);
  };
  const line = (key: string): number[] => waiting.get(key) ?? waiting.set(key, []).get(key)!;

  /** Handled, or about to be: the next of those who wait succeeds one that was interrupted. */
  const isTaken = (key: string): boolean => running.has(key) || line(key).length > 0;
  const taken = (): number => [...'abc'].filter(isTaken).length;

  for (const event of events) {
    const { what, id, key, atMs, value } = event;
    if (began !== undefined && what !== 'begun') {
      fail(event, `message ${began} should be handled`);
    }
    for (const [one, { untilMs }] of kept) {
      if (atMs >= untilMs) {
        kept.delete(one);
      }
    }
    switch (what) {
      case 'asked':
        if (kept.has(key)) {
          due.set(id, `answer ${kept.get(key)!.work}`);
        } else if (isTaken(key)) {
          if ([...waiting.values()].flat().length >= policy.queueMax) {
            due.set(id, 'refused');
          } else {
            line(key).push(id);
          }
        } else if (kept.size + taken() < policy.max) {
          began = id;
        } else if (policy.overflow === 'forget-oldest' && kept.size > 0) {
          const [oldest] = kept.keys();
          kept.delete(oldest!);
          began = id;
        } else {
          due.set(id, 'refused');
        }
        break;
      case 'begun': {
        if (running.has(key)) {
          fail(event, 'another is being handled');
        }
        // Otherwise it succeeds one that was interrupted, as the first of those who wait.
        if (began !== value && (began !== undefined || line(key).shift() !== value)) {
          fail(event, `message ${value} was handled out of turn`);
        }
        began = undefined;
        running.set(key, { work: id, caller: value as number });
        break;
      }
      case 'left':
        if (waiting.get(key)?.includes(id) === true) {
          line(key).splice(line(key).indexOf(id), 1);
        }
        break;
      case 'cut':
        running.delete(key);
        break;
      case 'done':
      case 'broke': {
        const { caller } = running.get(key)!;
        running.delete(key);
        const outcome = what === 'done' ? `answer ${id}` : `broken ${id}`;
        for (const one of [caller, ...line(key).splice(0)]) {
          due.set(one, outcome);
        }
        if (what === 'done') {
          kept.set(key, { work: id, untilMs: atMs + policy.withinMs });
        }
        break;
      }
      default: {
        const got =
          what === 'answered'
            ? `answer ${value}`
            : value instanceof Broken
              ? `broken ${value.work}`
              : 'refused';
        if (due.get(id) !== got) {
          fail(event, `got ${got}, and ${due.get(id)} was due`);
        }
      }
    }
  }
}
