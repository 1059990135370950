/**
 * L26, the algebra of retry: retrying no times is the work itself.
 *
 * Three callers do the same in one world: one calls work, the others the same
 * work under `retry({ times: 0 })`, alone and nested five deep in other guards that have nothing to
 * do. They get the same answers and the same failures at the same times, and the work has
 * sent the same. And however often it may be tried: what is invalid, permanent or
 * interrupted is tried once, nothing is tried more than `1 + times` times, nor after its
 * caller has gone.
 */
import {
  bulkhead,
  circuitBreaker,
  defineTopic,
  type Procedure,
  type Responder,
  retry,
  type Scope,
  timeout,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { type FailureClass, failureClass } from '../../src/core/failure.ts';
import { explore, type World } from '../../src/testing/index.ts';
import { Trouble } from '../support/asking.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

const News = defineTopic('news', { schema: type<number>() });
const classes: readonly FailureClass[] = [
  'transient',
  'overload',
  'invalid',
  'permanent',
  'interrupted',
  'defect',
];

/** What work does: how long it takes, and what it fails of, if it does. */
interface Errand {
  readonly atMs: number;
  readonly takesMs: number;
  readonly of: FailureClass | undefined;
  readonly timeoutMs: number;
  readonly leavesMs: number | undefined;
}

describe('a retry', () => {
  it(
    'law: of no times is the work itself, also under guards that have nothing to do',
    async () => {
      const lives = new WeakMap<World, readonly string[][]>();

      const explored = await explore(
        (_, world) => {
          const errands = Array.from({ length: 4 }, () => anErrand(world));
          const none = retry({ times: 0 });
          const nested = <I, O>(work: Procedure<I, O>): Procedure<I, O> =>
            bulkhead({ concurrency: 10 })(
              none(circuitBreaker({ failuresInARow: 1_000 })(timeout(100_000)(none(work)))),
            );
          const logs = [(work: Procedure<number, string>) => work, none, nested].map((guard) =>
            aLife(world, errands, guard as (work: Procedure<number, string>) => Procedure<number, string>),
          );
          lives.set(world, logs);
        },
        { ...lawExploration, tapeMax: 512 },
        (world) => {
          // Which of two timers rings first that ring together is not for a guard to say.
          const [plain, ...guarded] = lives.get(world)!.map((life) => life.toSorted());
          for (const life of guarded) {
            expect(life).toEqual(plain);
          }
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );

  it(
    'law: never tries again what may not be, nor too often, nor for nobody',
    async () => {
      const tried = new WeakMap<World, Tried[]>();

      const explored = await explore(
        (_, world) => {
          const times = pick(world, [0, 1, 3]);
          const calls: Tried[] = [];
          tried.set(world, calls);
          const again = retry({ times, backoffMs: pick(world, [0, 5, 20]) });
          for (let left = 5; left > 0; left -= 1) {
            const call = new Tried(world, times);
            calls.push(call);
            call.live(again(call.work));
          }
        },
        {
          ...lawExploration,
          faults: ['slow'],
          tapeMax: 512,
          always: (world) => {
            for (const { broken } of tried.get(world) ?? []) {
              expect(broken).toEqual([]);
            }
          },
        },
        (world) => {
          expect(world.environment.timerCount).toBe(0);
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

/** Runs errands, and writes down what comes of them, each in a line. */
function aLife(
  world: World,
  errands: readonly Errand[],
  guard: (work: Procedure<number, string>) => Procedure<number, string>,
): string[] {
  const log: string[] = [];
  const { environment, system } = world;
  const work: Procedure<number, string> = (id, scope) => {
    const { takesMs, of } = errands[id]!;
    const finish = (): string => {
      scope.publish(News, id);
      log.push(`${world.nowMs}: ${id} ${scope.signal.aborted ? 'is over' : 'ends'}`);
      if (of !== undefined) {
        throw of === 'defect' ? new TypeError('defect') : new Trouble(of);
      }
      return `answer ${id}`;
    };
    if (takesMs === 0) {
      return finish();
    }
    return new Promise((resolve) => void environment.schedule(takesMs, () => resolve(undefined))).then(
      finish,
    );
  };
  const target = guard(work);
  errands.forEach(({ atMs, timeoutMs, leavesMs }, id) => {
    environment.schedule(atMs, () => {
      const abort = new AbortController();
      system.request(target, id, { timeoutMs, signal: abort.signal }).then(
        (answer) => log.push(`${world.nowMs}: ${answer}`),
        (failure) => log.push(`${world.nowMs}: ${id} ${failureClass(failure)} ${failure.code}`),
      );
      if (leavesMs !== undefined) {
        environment.schedule(leavesMs, () => abort.abort(new Error('left')));
      }
    });
  });
  return log;
}

function anErrand(world: World): Errand {
  return {
    atMs: pick(world, [0, 5]),
    takesMs: pick(world, [0, 10, 30]),
    of: pick(world, [undefined, undefined, ...classes]),
    timeoutMs: pick(world, [1_000, 21]),
    leavesMs: pick(world, [undefined, 0, 16]),
  };
}

/** One call, and what was tried for it. */
class Tried {
  readonly broken: string[] = [];
  readonly #world: World;
  readonly #times: number;
  #tries = 0;
  #last: FailureClass | undefined;
  #gone = false;

  constructor(world: World, times: number) {
    this.#world = world;
    this.#times = times;
  }

  live(target: Responder<undefined, string>): void {
    const { system, environment } = this.#world;
    const abort = new AbortController();
    const timeoutMs = pick(this.#world, [1_000, 30]);
    const leavesMs = pick(this.#world, [undefined, 0, 10, 25]);
    system.request(target, undefined, { timeoutMs, signal: abort.signal }).catch(() => {
      this.#gone = true;
    });
    if (leavesMs !== undefined) {
      environment.schedule(leavesMs, () => abort.abort(new Error('left')));
    }
  }

  readonly work = (_: undefined, scope: Scope): string | Promise<string> => {
    this.#tries += 1;
    this.#must(!this.#gone && !scope.signal.aborted, 'it is tried for nobody');
    this.#must(this.#tries <= 1 + this.#times, 'it is tried too often');
    this.#must(
      this.#last === undefined || !['invalid', 'permanent', 'interrupted'].includes(this.#last),
      `it is tried again after it was ${this.#last}`,
    );
    this.#must(this.#tries === 1 || this.#last !== undefined, 'two tries go on at a time');
    this.#last = undefined;
    const of = pick(this.#world, [...classes, 'transient', 'transient', undefined] as const);
    const finish = (): string => {
      if (of === undefined) {
        return 'done';
      }
      this.#last = of;
      throw of === 'defect' ? new TypeError('defect') : new Trouble(of, pick(this.#world, [undefined, 15]));
    };
    const takesMs = pick(this.#world, [0, 7]);
    if (takesMs === 0) {
      return finish();
    }
    return new Promise(
      (resolve) => void this.#world.environment.schedule(takesMs, () => resolve(undefined)),
    ).then(finish);
  };

  #must(holds: boolean, otherwise: string): void {
    if (!holds) {
      this.broken.push(otherwise);
    }
  }
}

function pick<T>(world: World, among: readonly T[]): T {
  return among[world.choose(among.length)]!;
}
