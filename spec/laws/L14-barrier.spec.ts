/**
 * L14: a barrier opens exactly once, or once in each generation; when, and only when, as
 * many parties as it takes are there at once.
 *
 * Agents come to a gate that they share, some twice, some for a short time only; they
 * crash, their messages are lost, doubled and late. In the second law the values of a
 * stream wait for each other.
 */
import { ignoreElements, tap } from 'rxjs';
import {
  barrier,
  defineAgent,
  defineTopic,
  type GateOptions,
  gate,
  type Scope,
  streamAgent,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { explore, type World } from '../../src/testing/index.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

/** Somebody who came to the gate. */
interface Visit {
  readonly party: string;
  readonly n: number;
  /** The moments of the run, counted. */
  readonly cameAt: number;
  leftAt: number | undefined;
  values: readonly Visit[] | undefined;
  failure: { readonly _tag?: string } | undefined;
}

interface Plan extends GateOptions<Visit> {
  readonly cyclic: boolean;
}

const Come = defineTopic('come', { schema: type<{ readonly n: number; readonly staysMs: number }>() });

/** Three agents and a gate; what is chosen is how the gate is, who comes when, and for how long. */
class Meeting {
  readonly plan: Plan;
  readonly visits: Visit[] = [];
  #moments = 0;

  constructor(world: World) {
    const { system } = world;
    const one = <T>(of: readonly T[], what: string): T => of[world.choose(of.length, what)]!;
    this.plan = {
      parties: one([2, 3, 1], 'how many it takes'),
      withinMs: one([Number.POSITIVE_INFINITY, 30, 5], 'how long it waits'),
      onTimeout: one(['fail', 'partial'] as const, 'what it does then'),
      cyclic: one([false, true], 'whether it begins anew'),
      party: ({ party }) => party,
    };
    const shared = gate<Visit>(this.plan);
    const agents = ['ada', 'bob', 'eve'].map((name) =>
      system.spawn(
        defineAgent({
          name,
          subscribe: [Come],
          concurrency: 2,
          receive: ({ n, staysMs }, context) =>
            context
              .request((input: number, scope: Scope) => this.#visit(shared, name, input, scope), n, {
                timeoutMs: staysMs,
              })
              .then(
                () => {},
                () => {},
              ),
        }),
        { subscribe: false },
      ),
    );
    for (let n = 0; n < 7; n += 1) {
      const who = one(agents, 'who comes');
      const staysMs = one([Number.POSITIVE_INFINITY, 10, 40], 'for how long');
      world.environment.schedule(
        n * one([0, 8], 'how much later'),
        () => void system.tell(who, { n, staysMs }),
      );
    }
  }

  async #visit(
    shared: (visit: Visit, scope: Scope) => unknown,
    party: string,
    n: number,
    scope: Scope,
  ): Promise<void> {
    this.#moments += 1;
    const visit: Visit = {
      party,
      n,
      cameAt: this.#moments,
      leftAt: undefined,
      values: undefined,
      failure: undefined,
    };
    this.visits.push(visit);
    scope.signal.addEventListener('abort', () => {
      this.#moments += 1;
      visit.leftAt ??= this.#moments;
    });
    try {
      visit.values = (await shared(visit, scope)) as readonly Visit[];
    } catch (failure) {
      visit.failure = failure as Visit['failure'];
    }
  }
}

describe('barriers', () => {
  it(
    'law: a gate opens exactly once in each generation, with as many parties as it takes, all of them there',
    async () => {
      const meetings = new WeakMap<World, Meeting>();
      const explored = await explore(
        (_, world) => {
          meetings.set(world, new Meeting(world));
        },
        { ...lawExploration, faults: ['drop', 'duplicate', 'delay', 'crash', 'slow'] },
        async (world) => {
          const meeting = meetings.get(world)!;
          opensAsOftenAsItMay(meeting);
          for (const together of openings(meeting)) {
            theyWereThere(meeting, together);
          }
          nobodyWaitsWhoNeedNot(meeting);
          await world.run(() => world.system.stop());
          expect(meeting.visits.filter(isWaiting)).toEqual([]);
          expect(world.environment.timerCount).toBe(0);
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );

  it(
    'law: a value of a stream goes through a barrier once, with one of each party of its key',
    async () => {
      const Part = defineTopic('part', { schema: type<{ key: string; party: number; n: number }>() });
      const out = new WeakMap<World, { key: string; party: number; n: number }[][]>();
      const explored = await explore(
        (system, world) => {
          const together: { key: string; party: number; n: number }[][] = [];
          out.set(world, together);
          const assembler = system.spawn(
            streamAgent({
              name: 'assembler',
              subscribe: [Part],
              stream: (inbox) =>
                inbox.pipe(
                  barrier({
                    parties: 2,
                    withinMs: 20,
                    onTimeout: 'partial',
                    cyclic: true,
                    key: ({ key }) => key,
                    keysMax: 2,
                    party: ({ party }) => party,
                  }),
                  tap((values) => void together.push([...values])),
                  ignoreElements(),
                ),
            }),
          );
          for (let n = 0; n < 6; n += 1) {
            const part = {
              key: 'ab'[world.choose(2, 'which key')]!,
              party: world.choose(2, 'which party'),
              n,
            };
            const laterMs = [0, 9, 25][world.choose(3, 'how much later')]!;
            world.environment.schedule(n * laterMs, () => void system.tell(assembler, part));
          }
        },
        { ...lawExploration, faults: ['drop', 'delay', 'crash', 'slow'] },
        (world) => {
          const together = out.get(world)!;
          const all = together.flat().map(({ n }) => n);
          if (new Set(all).size !== all.length) {
            throw new Error(`a value went through twice: ${all}`);
          }
          for (const values of together) {
            const keys = new Set(values.map(({ key }) => key));
            const parties = new Set(values.map(({ party }) => party));
            if (keys.size !== 1 || parties.size !== values.length || values.length > 2) {
              throw new Error(`these went through together: ${JSON.stringify(values)}`);
            }
          }
          const [figures] = world.system.statistics().agents;
          expect(figures?.inFlight).toBe(0);
          expect(world.environment.timerCount).toBe(0);
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

const isWaiting = ({ values, failure, leftAt }: Visit): boolean =>
  values === undefined && failure === undefined && leftAt === undefined;

/** Those who went on together: they got one and the same array. */
const openings = ({ visits }: Meeting): ReadonlySet<readonly Visit[]> =>
  new Set(visits.flatMap(({ values }) => (values === undefined ? [] : [values])));

function opensAsOftenAsItMay(meeting: Meeting): void {
  const opened = openings(meeting).size;
  const expired = meeting.visits.some(({ failure }) => failure?._tag === 'BarrierTimeout');
  if (!meeting.plan.cyclic && opened + (expired ? 1 : 0) > 1) {
    throw new Error(`it opened ${opened} times${expired ? ' and expired' : ''}`);
  }
}

function theyWereThere({ plan, visits }: Meeting, together: readonly Visit[]): void {
  const parties = new Set(together.map(({ party }) => party));
  const mayBeFewer = plan.onTimeout === 'partial' && plan.withinMs < Number.POSITIVE_INFINITY;
  if (parties.size !== together.length || together.length > plan.parties) {
    throw new Error(`${together.length} of ${parties.size} parties went on, and it takes ${plan.parties}`);
  }
  if (together.length < plan.parties && !mayBeFewer) {
    throw new Error(`${together.length} went on, and it takes ${plan.parties}`);
  }
  const openedAt = Math.max(...together.map(({ cameAt }) => cameAt));
  for (const { leftAt, party, n } of together) {
    if (leftAt !== undefined && leftAt < openedAt) {
      throw new Error(`visit ${n} of ${party} had left at ${leftAt}, before it opened at ${openedAt}`);
    }
  }
  if (!together.every((visit) => visits.includes(visit))) {
    throw new Error('somebody went on who had never come');
  }
}

/** At quiet: those who wait are too few, and there is somebody to wait for. */
function nobodyWaitsWhoNeedNot(meeting: Meeting): void {
  const waiting = meeting.visits.filter(isWaiting);
  const parties = new Set(waiting.map(({ party }) => party)).size;
  const { plan } = meeting;
  const closed = !plan.cyclic && openings(meeting).size > 0;
  if (
    parties >= plan.parties ||
    (waiting.length > 0 && (closed || plan.withinMs < Number.POSITIVE_INFINITY))
  ) {
    throw new Error(
      `${parties} parties wait at a gate for ${plan.parties} that ${closed ? 'has opened' : 'is open'}`,
    );
  }
}
