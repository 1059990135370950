/**
 * L26: combinators keep their algebra, whatever is asked by them.
 *
 *   fallback and pipeline are associative; parallel of one is that one
 *   mapReduce answers as a fold from left to right does, and holds no more than it may
 *   a pipeline keeps the order of each key
 *   a saga undoes what had acted, last first, each once, also when it is interrupted
 *
 * The parts are agents that answer late, fail in every way, hang and crash; what is
 * nested is nested five deep.
 */
import fc from 'fast-check';
import {
  AgentDefect,
  type AgentRef,
  BudgetExceeded,
  defineAgent,
  defineTopic,
  Failure,
  fallback,
  Interrupted,
  InvalidParams,
  inOrder,
  mapReduce,
  mapRequest,
  type Procedure,
  parallel,
  pipeline,
  RequestTimeout,
  type Responder,
  route,
  type SagaStep,
  saga,
  streamAgent,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { explore, type World } from '../../src/testing/index.ts';
import { World as AWorld } from '../../src/testing/world.ts';
import { lawExploration, lawParameters, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

const Item = defineTopic('item', { schema: type<number>(), reply: type<number>() });

class SoldOut extends Failure {
  readonly _tag = 'SoldOut';
  readonly code = 'SOLD_OUT';
  readonly class = 'permanent';
}

/** How one who is asked behaves. */
interface Manner {
  readonly afterMs: number;
  readonly ends: number;
}

const failures: readonly (() => unknown)[] = [
  () => new SoldOut(),
  () => new RequestTimeout({ target: '/x', timeoutMs: 1 }),
  () => new Interrupted({ agent: '/x', reason: 'so' }),
  () => new InvalidParams({ what: 'it', value: 1, issues: [] }),
  () => new BudgetExceeded({ resource: 'tokens', limit: 1, spent: 1 }),
  () => new AgentDefect({ agent: '/x', cause: new TypeError('no') }),
];

const aManner: fc.Arbitrary<Manner> = fc.record({
  afterMs: fc.constantFrom(0, 0, 5, 20),
  ends: fc.integer({ min: -4, max: failures.length - 1 }),
});

/** Asks, in a world of its own, for what `compose` makes of three agents; tells what came of it, and who was asked. */
async function outcomeOf(
  manners: readonly Manner[],
  compose: (
    a: Responder<number, number>,
    b: Responder<number, number>,
    c: Responder<number, number>,
  ) => Procedure<number, unknown>,
): Promise<unknown> {
  const world = new AWorld({ choose: () => 0 });
  const asked: string[] = [];
  const [a, b, c] = manners.map(({ afterMs, ends }, at): Procedure<number, number> => {
    const agent = world.system.spawn(
      defineAgent({
        name: 'abc'[at]!,
        subscribe: [Item],
        receive: (n) => {
          asked.push(`${'abc'[at]} is asked ${n}`);
          const failed = failures[ends];
          const answers = Promise.withResolvers<number>();
          world.environment.schedule(afterMs, () =>
            failed === undefined ? answers.resolve(n * 10 + at) : answers.reject(failed()),
          );
          return answers.promise;
        },
      }),
      { subscribe: false },
    );
    return (n, scope) => scope.request(agent, n);
  });
  let outcome: unknown;
  await world.run(async () => {
    await world.system.request(compose(a!, b!, c!), 1).then(
      (value) => {
        outcome = { value };
      },
      (failure) => {
        outcome = { failed: whatFailed(failure) };
      },
    );
  });
  await world.close();
  return { outcome, asked };
}

/** Whom a fallback asks: until one answers, or asking on would not help. */
function askedInTurn(manners: readonly Manner[]): readonly string[] {
  const last = manners.findIndex(({ ends }) => ends < 0 || (ends >= 2 && ends <= 4));
  return manners.slice(0, last < 0 ? 3 : last + 1).map((_, at) => `${'abc'[at]} is asked 1`);
}

/** What it all comes down to, without the way that leads there. */
function whatFailed(failure: unknown): unknown {
  const { _tag, cause, tried, untried } = failure as Record<string, unknown>;
  if (_tag === 'PartFailed') {
    return whatFailed(cause);
  }
  if (_tag === 'FallbackFailed') {
    return { untried, tried: (tried as { failure: unknown }[]).map((one) => whatFailed(one.failure)) };
  }
  return `${failure}`;
}

const deep = <I, A>(responder: Responder<I, A>): Procedure<I, A> =>
  fallback(
    route(() => 'only', {
      only: pipeline(
        parallel([pipeline(responder)] as const) as Procedure<I, readonly [A]>,
        ([answer]) => answer,
      ),
    }) as Procedure<I, A>,
  );

describe('combinators', () => {
  it(
    'law: fallback and pipeline are associative, and parallel of one is that one',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.tuple(aManner, aManner, aManner), async (manners) => {
          const line = await outcomeOf(manners, (a, b, c) => fallback(a, b, c));
          expect(line).toMatchObject({ asked: askedInTurn(manners) });
          expect(await outcomeOf(manners, (a, b, c) => fallback(fallback(a, b), c))).toEqual(line);
          expect(await outcomeOf(manners, (a, b, c) => fallback(a, fallback(b, c)))).toEqual(line);

          const pipe = await outcomeOf(manners, (a, b, c) => pipeline(a, b, c));
          expect(await outcomeOf(manners, (a, b, c) => pipeline(pipeline(a, b), c))).toEqual(pipe);
          expect(await outcomeOf(manners, (a, b, c) => pipeline(a, pipeline(b, c)))).toEqual(pipe);

          const alone = await outcomeOf(manners, (a) => pipeline(a));
          expect(await outcomeOf(manners, (a) => pipeline(parallel([a]), ([one]) => one))).toEqual(alone);
        }),
        { ...lawParameters, numRuns: Math.ceil(lawRuns / 10) },
      );
    },
    lawTimeoutMs,
  );

  it(
    'law: mapReduce answers as a fold from left to right does, in whatever order its parts are done',
    async () => {
      const outcomes = new WeakMap<
        World,
        { items: number; answer: unknown; mostOpen: number; concurrency: number }
      >();
      const explored = await explore(
        (system, world) => {
          const run = {
            items: world.choose(7, 'items'),
            answer: undefined as unknown,
            mostOpen: 0,
            concurrency: 1 + world.choose(3, 'at once'),
          };
          outcomes.set(world, run);
          let open = 0;
          const slowly = async <T>(answer: T): Promise<T> => {
            open += 1;
            run.mostOpen = Math.max(run.mostOpen, open);
            const { promise, resolve } = Promise.withResolvers<void>();
            world.environment.schedule([0, 5, 30][world.choose(3, 'how long')]!, resolve);
            await promise;
            open -= 1;
            return answer;
          };
          const all = mapReduce({
            map: (n: number) => slowly(`${n}.`),
            reduce: ([left, right]: readonly [string, string]) => slowly(left + right),
            concurrency: run.concurrency,
            empty: '',
          });
          const boss = system.spawn(
            defineAgent({
              name: 'boss',
              subscribe: [Item],
              receive: async (items, context) => {
                run.answer = await context.request(
                  deep(all),
                  Array.from({ length: items }, (_, n) => n),
                );
              },
            }),
          );
          void system.tell(boss, run.items);
        },
        { ...lawExploration, faults: ['slow'], system: { requestTimeoutMs: Number.POSITIVE_INFINITY } },
        (world) => {
          const { items, answer, mostOpen, concurrency } = outcomes.get(world)!;
          expect(answer).toBe(Array.from({ length: items }, (_, n) => `${n}.`).join(''));
          expect(mostOpen).toBeLessThanOrEqual(concurrency);
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );

  it.each([
    ['whole pipelines', true],
    ['stage by stage', false],
  ] as const)(
    'law: a pipeline keeps the order of each key in a stream, %s',
    async (_, whole) => {
      interface Numbered {
        readonly key: string;
        readonly n: number;
      }
      const Value = defineTopic('value', { schema: type<Numbered>(), reply: type<Numbered>() });
      const Out = defineTopic('out', { schema: type<Numbered>() });
      const seen = new WeakMap<World, Map<string, Numbered[]>>();
      const explored = await explore(
        (system, world) => {
          const log = new Map<string, Numbered[]>([
            ['a', []],
            ['b', []],
            ['out', []],
          ]);
          seen.set(world, log);
          const stage = (name: string): AgentRef<Numbered, Numbered> =>
            system.spawn(
              defineAgent({
                name,
                subscribe: [Value],
                concurrency: 3,
                receive: (value) => {
                  log.get(name)!.push(value);
                  const { promise, resolve } = Promise.withResolvers<Numbered>();
                  world.environment.schedule([0, 5, 30][world.choose(3, 'how long')]!, () => resolve(value));
                  return promise;
                },
              }),
              { subscribe: false },
            );
          const [a, b] = [stage('a'), stage('b')];
          const keeping = inOrder({ key: ({ key }: Numbered) => key });
          const line = streamAgent({
            name: 'line',
            subscribe: [Value],
            publishes: Out,
            stream: (inbox) =>
              whole
                ? inbox.pipe(mapRequest(4, deep(keeping(pipeline(a, deep(b))))))
                : inbox.pipe(mapRequest(3, a), mapRequest(2, deep(b))),
          });
          system.spawn(
            defineAgent({
              name: 'out',
              subscribe: [Out],
              receive: (value) => void log.get('out')!.push(value),
            }),
          );
          const ref = system.spawn(line, { subscribe: false });
          for (let n = 0; n < 6; n += 1) {
            void system.tell(ref as never, { key: 'xy'[world.choose(2, 'which key')]!, n } as never);
          }
        },
        { ...lawExploration, faults: ['delay', 'crash', 'slow'] },
        (world) => {
          for (const [who, values] of seen.get(world)!) {
            for (const key of ['x', 'y']) {
              const order = values.filter((value) => value.key === key).map(({ n }) => n);
              if (order.some((n, at) => at > 0 && n <= order[at - 1]!)) {
                throw new Error(`${who} saw the values of ${key} as ${order}`);
              }
            }
          }
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );

  it(
    'law: a saga undoes what had acted, last first, each once, whatever interrupts it',
    async () => {
      interface Trip {
        ends: 'answered' | 'failed' | undefined;
        readonly acted: number[];
        readonly undone: number[];
      }
      const trips = new WeakMap<World, Trip[]>();
      const explored = await explore(
        (system, world) => {
          const all: Trip[] = [0, 1].map(() => ({ ends: undefined, acted: [], undone: [] }));
          trips.set(world, all);
          const steps = [0, 1, 2].map((at) => {
            const actor = system.spawn(
              defineAgent({
                name: `actor-${at}`,
                subscribe: [Item],
                concurrency: 2,
                receive: (trip) => {
                  const { promise, resolve, reject } = Promise.withResolvers<number>();
                  const how = world.choose(4, 'how it ends');
                  world.environment.schedule([0, 5, 30][world.choose(3, 'how long')]!, () => {
                    if (how === 1) reject(new SoldOut());
                    else if (how !== 2) resolve(trip);
                  });
                  return promise;
                },
              }),
              { subscribe: false },
            );
            const step: SagaStep<number, number> = {
              name: `step ${at}`,
              act: deep(async (trip: number, scope) => {
                const answer = await scope.request(actor, trip);
                all[trip]!.acted.push(at);
                return answer;
              }),
              compensate: ({ input }) => all[input]!.undone.push(at),
            };
            return step;
          });
          const trip = saga(steps);
          const boss = system.spawn(
            defineAgent({
              name: 'boss',
              subscribe: [Item],
              concurrency: 2,
              receive: (n, context) =>
                context
                  .request(
                    async (input: number, scope) => {
                      try {
                        await trip(input, scope);
                        all[input]!.ends = 'answered';
                      } catch {
                        all[input]!.ends = 'failed';
                      }
                    },
                    n,
                    { timeoutMs: [Number.POSITIVE_INFINITY, 20, 40][world.choose(3, 'its time')]! },
                  )
                  .catch(() => {}),
            }),
            { subscribe: false },
          );
          for (const n of [0, 1]) {
            void system.tell(boss, n);
          }
          if (world.choose(2, 'interrupts') === 1) {
            world.environment.schedule(10, () => system.interrupt(boss));
          }
        },
        { ...lawExploration, faults: ['drop', 'delay', 'crash', 'slow'] },
        (world) => {
          for (const { ends, acted, undone } of trips.get(world)!) {
            const lastFirst = undone.every((at, n) => n === 0 || at < undone[n - 1]!);
            const allActed =
              ends === 'failed' ? acted.every((at) => undone.includes(at)) : undone.length === 0;
            const noneElse = undone.every((at) => acted.includes(at) || at === acted.length);
            if (!lastFirst || !allActed || !noneElse) {
              throw new Error(`a saga ${ends}; acted: ${acted}; undone: ${undone}`);
            }
          }
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});
