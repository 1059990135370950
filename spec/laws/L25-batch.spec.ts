/**
 * L25, batched: no batch is larger than `max`, none is held back longer than `withinMs`; who
 * left before is not in it; each caller gets what is theirs, whoever else has left.
 */
import { batched } from 'troupe';
import { describe, expect, it } from 'vitest';
import type { Procedure, Scope } from '../../src/actors/context.ts';
import { explore } from '../../src/testing/index.ts';
import { Broken, Callers, type Wanted } from '../support/callers.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

interface Gone {
  readonly atMs: number;
  readonly ids: readonly number[];
  /** Of the events that were there before it went. */
  readonly after: number;
}

const policies = [
  { max: 3, withinMs: 10 },
  { max: 2, withinMs: 50 },
  { max: 10, withinMs: 5 },
  { max: 4, withinMs: 0 },
] as const;

describe('batched calls', () => {
  it.each([
    ['nothing is slow', []],
    [
      'agents crash, messages are lost or late, and the machine is slow',
      ['crash', 'slow', 'drop', 'delay'] as const,
    ],
  ] as const)(
    'law: batches never exceed size or age, and everybody gets their own, when %s',
    async (_, faults) => {
      let callers: Callers;
      let gone: Gone[];
      let policy: (typeof policies)[number];
      let one: Procedure<Wanted, unknown> & { statistics(verbs: object): unknown };
      const explored = await explore(
        (_system, world) => {
          callers = new Callers(world);
          gone = [];
          policy = policies[world.choose(policies.length, 'which policy')]!;
          const call = async (inputs: readonly Wanted[], _scope: Scope) => {
            gone.push({ atMs: world.nowMs, ids: inputs.map(({ id }) => id), after: callers.events.length });
            await callers.sleep([0, 10, 40][world.choose(3, 'how long a batch takes')]!);
            switch (world.choose(5, 'how a batch ends')) {
              case 3:
                throw new Broken(0);
              case 4:
                return inputs.slice(1).map(({ id }) => `for ${id}`);
              default:
                return inputs.map(({ id, key }) => (key === 'b' ? new Broken(id) : `for ${id}`));
            }
          };
          one = batched<Wanted, string>({ ...policy, call }) as unknown as typeof one;
          callers.call(one, 8);
        },
        { ...lawExploration, faults },
        (world) => {
          keepToTheirSize(gone, policy.max);
          goInTime(callers, gone, policy, faults.length === 0);
          areOfThoseWhoWait(callers, gone);
          everybodyGetsTheirOwn(callers, gone);
          expect(one.statistics(world.system)).toMatchObject({
            waiting: 0,
            inFlight: 0,
            batches: gone.length,
          });
          expect(world.environment.timerCount).toBe(0);
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

function keepToTheirSize(gone: readonly Gone[], max: number): void {
  for (const { ids } of gone) {
    if (ids.length < 1 || ids.length > max) {
      throw new Error(`a batch of ${ids.length}, where ${max} are the most`);
    }
  }
}

/** Where nothing is slow, no one who is in a batch had waited longer. */
function goInTime(
  { events }: Callers,
  gone: readonly Gone[],
  { max, withinMs }: { readonly max: number; readonly withinMs: number },
  exactly: boolean,
): void {
  for (const { atMs, ids } of gone) {
    const asked = ids.map((id) => events.find((event) => event.what === 'asked' && event.id === id)!.atMs);
    const waitedMs = atMs - Math.min(...asked);
    if (exactly && waitedMs > withinMs) {
      throw new Error(`a batch was held back for ${waitedMs} ms`);
    }
    if (ids.length === max && atMs !== Math.max(...asked)) {
      throw new Error('a full batch did not go at once');
    }
  }
}

function areOfThoseWhoWait({ events }: Callers, gone: readonly Gone[]): void {
  const all = gone.flatMap(({ ids }) => ids);
  if (new Set(all).size !== all.length) {
    throw new Error(`somebody is in two batches: ${all}`);
  }
  for (const { ids, after } of gone) {
    const left = events.slice(0, after).filter(({ what, id }) => what === 'left' && ids.includes(id));
    if (left.length > 0) {
      throw new Error(`${left.map(({ id }) => id)} had left before their batch went`);
    }
  }
}

function everybodyGetsTheirOwn({ events }: Callers, gone: readonly Gone[]): void {
  for (const { what, id, key, value } of events) {
    if (what === 'answered' && value !== `for ${id}`) {
      throw new Error(`caller ${id} got ${String(value)}`);
    }
    if (
      what === 'failed' &&
      value instanceof Broken &&
      value.work !== 0 &&
      (key !== 'b' || value.work !== id)
    ) {
      throw new Error(`caller ${id} got the failure of ${value.work}`);
    }
    if ((what === 'answered' || what === 'failed') && !gone.some(({ ids }) => ids.includes(id))) {
      throw new Error(`caller ${id} was told ${String(value)} and was in no batch`);
    }
  }
}
