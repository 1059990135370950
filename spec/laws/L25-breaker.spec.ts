/**
 * L25, circuit breaker: it agrees with its model under any interleaving.
 *
 * Callers, some of them outside and some in an agent that may crash, call work through a
 * breaker; work takes its time, succeeds, fails in one way or another, or never ends;
 * callers leave, or their deadline passes. The model is told of each call and of each end
 * as they happen, remembers them all, and says of each call whether it may go through.
 *
 * Beside that, in words that the model does not use: while it is open nothing is called, and
 * half-open there are no more probes out than it may have, and one for each time they have
 * not come back for as long as it was open.
 */
import {
  type CircuitBreakerOptions,
  CircuitOpen,
  circuitBreaker,
  defineAgent,
  defineTopic,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import type { Procedure, Scope } from '../../src/actors/context.ts';
import { failureClass } from '../../src/core/failure.ts';
import { explore, type World } from '../../src/testing/index.ts';
import { Trouble } from '../support/asking.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

const Go = defineTopic('go', { schema: type<number>(), reply: type<string>() });
const openForMs = 40;

const policies: readonly CircuitBreakerOptions[] = [
  { failuresInARow: 2 },
  { failuresInARow: 1, probesMax: 2, probesToClose: 2 },
  { failuresInARow: 1, openForMsMax: 4 * openForMs },
  { failureRate: 0.5, callsMin: 2, window: { calls: 3 } },
  { failureRate: 0.6, callsMin: 2, window: { ms: 100 }, probesMax: 3, openForMsMax: 3 * openForMs },
];

describe('a circuit breaker', () => {
  it(
    'law: lets through what its model does, and is in the state in which that is',
    async () => {
      const streets = new WeakMap<World, Street>();

      const explored = await explore(
        (_, world) => {
          const street = new Street(world);
          streets.set(world, street);
          street.live();
        },
        {
          ...lawExploration,
          faults: ['slow', 'drop', 'duplicate', 'crash'],
          tapeMax: 512,
          always: (world) => streets.get(world)?.check(),
        },
        (world) => streets.get(world)!.check(),
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

type End = 'success' | 'failure' | 'neither';

interface Call {
  readonly probe: boolean;
  /** In which stretch of one state it was let through. */
  readonly stretch: number;
  ended: boolean;
}

/** Who calls, and what. */
class Street {
  readonly #world: World;
  readonly #breaker;
  readonly #model: Model;
  readonly #broken: string[] = [];

  constructor(world: World) {
    this.#world = world;
    const policy = policies[world.choose(policies.length, 'which policy')]!;
    this.#model = new Model(world, policy);
    this.#breaker = circuitBreaker({ ...policy, openForMs });
  }

  live(): void {
    const { system, environment } = this.#world;
    const through: Procedure<number, string> = (id, scope) => this.#call(id, scope);
    const caller = system.spawn(
      defineAgent({
        name: 'caller',
        subscribe: [Go],
        concurrency: 4,
        receive: (id, context) => context.request(through, id, { timeoutMs: Number.POSITIVE_INFINITY }),
      }),
    );
    for (let id = 0; id < 10; id += 1) {
      const atMs = this.#pick([0, 5, 20, 45, 60, 90, 130, 180]);
      const timeoutMs = this.#pick([1_000, 25, 60]);
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
    const { state } = this.#breaker.statistics(this.#world.system);
    expect(this.#broken).toEqual([]);
    expect(state).toBe(this.#model.state);
  }

  /** Calls the work through the breaker, in the eyes of the model. */
  #call(id: number, scope: Scope): string | Promise<string> {
    let reached = false;
    const wanted = this.#model.calls();
    const guarded = this.#breaker((_: number, inner: Scope): string | Promise<string> => {
      reached = true;
      return this.#work(inner, this.#model.letThrough());
    });
    try {
      const answer = guarded(id, scope);
      this.#must(wanted && reached, 'a call was let through that had to be refused');
      return answer;
    } catch (failure) {
      this.#must(
        reached ? wanted : failure instanceof CircuitOpen && !wanted,
        `a call was ${reached ? 'let through' : 'refused'} wrongly`,
      );
      throw failure;
    }
  }

  #work(scope: Scope, call: Call): string | Promise<string> {
    const end = (how: End): void => this.#model.ends(call, how);
    if (call.probe) {
      scope.signal.addEventListener('abort', () => end(endOf(scope.signal.reason)));
    }
    const takesMs = this.#pick([0, 10, 30, 70, undefined]);
    const failure = this.#pick([
      undefined,
      new Trouble(),
      new Trouble('overload'),
      new Trouble('invalid'),
      new TypeError('defect'),
    ]);
    const finish = (): string => {
      end(failure === undefined ? 'success' : endOf(failure));
      if (failure !== undefined) {
        throw failure;
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

  #must(holds: boolean, otherwise: string): void {
    if (!holds) {
      this.#broken.push(otherwise);
    }
  }

  #pick<T>(among: readonly T[]): T {
    return among[this.#world.choose(among.length)]!;
  }
}

function endOf(failure: unknown): End {
  return ['invalid', 'interrupted'].includes(failureClass(failure)) ? 'neither' : 'failure';
}

/** What a breaker is to do, from all that has happened: nothing is forgotten, and nothing is clever. */
class Model {
  state: 'closed' | 'open' | 'half-open' = 'closed';
  readonly #world: World;
  readonly #policy: CircuitBreakerOptions;
  #stretch = 0;
  /** How the calls of this stretch ended, in their order. */
  #ends: { readonly failed: boolean; readonly atMs: number }[] = [];
  #openings = 0;
  #openedAtMs = 0;
  /** The probes of this stretch that are out, and when the last was let out. */
  #out = new Set<Call>();
  #lastProbeAtMs = 0;
  #probesSucceeded = 0;

  constructor(world: World, policy: CircuitBreakerOptions) {
    this.#world = world;
    this.#policy = policy;
  }

  /** Somebody calls: whether it is let through. */
  calls(): boolean {
    const { nowMs } = this.#world;
    if (this.state === 'open' && nowMs - this.#openedAtMs >= this.#openForMs) {
      this.#begin('half-open');
      return true;
    }
    if (this.state === 'half-open') {
      return this.#out.size < (this.#policy.probesMax ?? 1) || nowMs - this.#lastProbeAtMs >= this.#openForMs;
    }
    return this.state === 'closed';
  }

  letThrough(): Call {
    const call: Call = { probe: this.state === 'half-open', stretch: this.#stretch, ended: false };
    if (call.probe) {
      this.#out.add(call);
      this.#lastProbeAtMs = this.#world.nowMs;
    }
    return call;
  }

  ends(call: Call, end: End): void {
    if (call.ended) {
      return;
    }
    call.ended = true;
    this.#out.delete(call);
    if (call.stretch !== this.#stretch || end === 'neither') {
      return;
    }
    this.#ends.push({ failed: end === 'failure', atMs: this.#world.nowMs });
    if (this.state === 'half-open') {
      this.#probesSucceeded += end === 'success' ? 1 : 0;
      if (end === 'failure') {
        this.#open();
      } else if (this.#probesSucceeded === (this.#policy.probesToClose ?? 1)) {
        this.#openings = 0;
        this.#begin('closed');
      }
    } else if (end === 'failure' && this.#isEnough()) {
      this.#open();
    }
  }

  #isEnough(): boolean {
    const { failuresInARow, failureRate = 1, callsMin = 10, window } = this.#policy;
    if (failuresInARow !== undefined) {
      const last = this.#ends.slice(-failuresInARow);
      return last.length === failuresInARow && last.every(({ failed }) => failed);
    }
    const slice = (atMs: number): number => Math.floor(atMs / ((window as { ms: number }).ms / 10));
    const seen =
      'calls' in window!
        ? this.#ends.slice(-window.calls)
        : this.#ends.filter(({ atMs }) => slice(atMs) > slice(this.#world.nowMs) - 10);
    return seen.length >= callsMin && seen.filter(({ failed }) => failed).length / seen.length >= failureRate;
  }

  get #openForMs(): number {
    return Math.min(openForMs * 2 ** (this.#openings - 1), this.#policy.openForMsMax ?? openForMs);
  }

  #open(): void {
    this.#openings += 1;
    this.#openedAtMs = this.#world.nowMs;
    this.#begin('open');
  }

  #begin(state: Model['state']): void {
    this.state = state;
    this.#stretch += 1;
    this.#ends = [];
    this.#out = new Set();
    this.#probesSucceeded = 0;
  }
}
