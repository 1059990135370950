/**
 * L25, bulkhead: it agrees with its model under any interleaving.
 *
 * Callers, some of them outside and some in an agent that may crash, call work through a
 * bulkhead; work takes its time, fails or never ends; callers leave, or their deadline
 * passes, before their work has begun or after. The model keeps a list of those at work
 * and a list of those in line. After each step both are who they are to be, and at quiet
 * nobody holds a place whose caller is gone.
 */
import { BulkheadFull, bulkhead, defineAgent, defineTopic, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import type { Procedure, Scope } from '../../src/actors/context.ts';
import { explore, type World } from '../../src/testing/index.ts';
import { Trouble } from '../support/asking.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

const Go = defineTopic('go', { schema: type<number>(), reply: type<string>() });

describe('a bulkhead', () => {
  it(
    'law: has at work and in line whom its model has there, in that order, and nobody who has left',
    async () => {
      const rooms = new WeakMap<World, Room>();

      const explored = await explore(
        (_, world) => {
          const room = new Room(world);
          rooms.set(world, room);
          room.live();
        },
        {
          ...lawExploration,
          faults: ['slow', 'drop', 'duplicate', 'crash'],
          tapeMax: 512,
          always: (world) => rooms.get(world)?.check(),
        },
        (world) => rooms.get(world)!.checkAtQuiet(),
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

/** Who calls, and what. Each call has a number of its own. */
class Room {
  readonly #world: World;
  readonly #concurrency: number;
  readonly #queueMax: number;
  readonly #bulkhead;
  /** The model: those that have a place, and those in line, in their order. */
  readonly #placed: number[] = [];
  readonly #line: number[] = [];
  /** Whose work is under way, in the order in which that began. */
  readonly #begun: number[] = [];
  readonly #broken: string[] = [];
  #calls = 0;

  constructor(world: World) {
    this.#world = world;
    this.#concurrency = this.#pick([1, 2, 3]);
    this.#queueMax = this.#pick([0, 1, 4]);
    const waitMsMax = this.#pick([undefined, 15]);
    this.#bulkhead = bulkhead({
      concurrency: this.#concurrency,
      queueMax: this.#queueMax,
      ...(waitMsMax === undefined ? {} : { waitMsMax }),
    });
  }

  live(): void {
    const { system, environment } = this.#world;
    const through: Procedure<number, string> = (_, scope) => this.#call(scope);
    const caller = system.spawn(
      defineAgent({
        name: 'caller',
        subscribe: [Go],
        concurrency: 4,
        receive: (id, context) => context.request(through, id, { timeoutMs: Number.POSITIVE_INFINITY }),
      }),
    );
    for (let id = 0; id < 10; id += 1) {
      const atMs = this.#pick([0, 0, 5, 10, 20, 40]);
      const timeoutMs = this.#pick([200, 25, 60]);
      const leavesMs = this.#pick([undefined, undefined, 0, 10, 40]);
      const target = this.#pick([through, through, caller]);
      environment.schedule(atMs, () => {
        const abort = new AbortController();
        system.request(target, id, { timeoutMs, signal: abort.signal }).catch(() => {});
        if (leavesMs !== undefined) {
          environment.schedule(leavesMs, () => abort.abort(new Error('left')));
        }
      });
    }
  }

  check(): void {
    const { atWork, waiting } = this.#bulkhead.statistics(this.#world.system);
    expect(this.#broken).toEqual([]);
    expect(this.#begun).toEqual(this.#placed);
    expect(this.#begun.length).toBeLessThanOrEqual(this.#concurrency);
    expect(this.#line.length).toBeLessThanOrEqual(this.#queueMax);
    expect([atWork, waiting]).toEqual([this.#placed.length, this.#line.length]);
  }

  /** Every caller has a deadline, so at quiet nobody waits for anything. */
  checkAtQuiet(): void {
    this.check();
    expect(this.#placed).toEqual([]);
    expect(this.#line).toEqual([]);
  }

  /** Calls the work through the bulkhead, in the eyes of the model. */
  #call(scope: Scope): string | Promise<string> {
    this.#calls += 1;
    const call = this.#calls;
    const full = this.#placed.length === this.#concurrency;
    const refused = full && this.#line.length >= this.#queueMax;
    if (!refused) {
      (full ? this.#line : this.#placed).push(call);
      scope.signal.addEventListener('abort', () => this.#leaves(call));
    }
    const guarded = this.#bulkhead((_: undefined, inner: Scope) => this.#work(call, inner));
    try {
      const answer = guarded(undefined, scope);
      this.#must(!refused, 'somebody was let in although all was full');
      if (answer instanceof Promise) {
        answer.catch((failure) => {
          if (failure instanceof BulkheadFull) {
            this.#must(failure.waitedMs === 15, 'somebody who waited was refused for another reason');
            this.#leaves(call);
          }
        });
      }
      return answer;
    } catch (failure) {
      this.#must(refused === failure instanceof BulkheadFull, 'somebody was refused who had a place');
      throw failure;
    }
  }

  #work(call: number, scope: Scope): string | Promise<string> {
    this.#begun.push(call);
    this.#must(!scope.signal.aborted, 'work began of somebody who had left');
    const takesMs = this.#pick([0, 5, 20, 60, undefined]);
    const fails = this.#pick([false, false, true]);
    const finish = (): string => {
      this.#leaves(call);
      if (fails) {
        throw new Trouble();
      }
      return 'done';
    };
    if (takesMs === 0) {
      return finish();
    }
    return new Promise((resolve, reject) => {
      if (takesMs !== undefined) {
        this.#world.environment.schedule(takesMs, () => {
          try {
            resolve(finish());
          } catch (thrown) {
            reject(thrown);
          }
        });
      }
    });
  }

  /** It has ended, or whoever called is gone. */
  #leaves(call: number): void {
    remove(this.#begun, call);
    remove(this.#line, call);
    if (remove(this.#placed, call)) {
      const next = this.#line.shift();
      if (next !== undefined) {
        this.#placed.push(next);
      }
    }
  }

  #must(holds: boolean, otherwise: string): void {
    if (!holds) {
      this.#broken.push(otherwise);
    }
  }

  #pick<T>(among: readonly T[]): T {
    return among[this.#world.choose(among.length)]!;
  }
}

function remove(from: number[], one: number): boolean {
  const at = from.indexOf(one);
  if (at >= 0) {
    from.splice(at, 1);
  }
  return at >= 0;
}
