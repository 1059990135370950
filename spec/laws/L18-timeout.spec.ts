/**
 * L18, timeout: when the time of work is over, or its caller gone, nothing of it is observed
 * any more: no message, no request, no call of a tool, no state, and nobody still works for it.
 *
 * Work under a timeout says and asks many things, with waits between, and goes on doing so
 * when it has been ended, because nothing can stop its code. All it says carries whether it
 * had been ended then.
 */
import {
  type Context,
  capability,
  defineAgent,
  defineTopic,
  type Scope,
  timeout,
  type,
  type Wrapper,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import type { Capability } from '../../src/actors/capability.ts';
import { explore, type World } from '../../src/testing/index.ts';
import { cellOf } from '../support/inside.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

interface Said {
  readonly afterEnd: boolean;
  readonly takesMs: number | undefined;
}

const Go = defineTopic('go', { schema: type<number>(), reply: type<string>() });
const News = defineTopic('news', { schema: type<Said>() });
const Question = defineTopic('question', { schema: type<Said>(), reply: type<string>() });

describe('work under a timeout', () => {
  it(
    'law: nothing of it is observed once it has been ended',
    async () => {
      const offices = new WeakMap<World, Office>();

      const explored = await explore(
        (_, world) => {
          const office = new Office(world);
          offices.set(world, office);
          office.live();
        },
        {
          ...lawExploration,
          faults: ['slow', 'drop', 'duplicate', 'delay', 'crash'],
          tapeMax: 512,
          always: (world) => offices.get(world)?.check(),
        },
        (world) => offices.get(world)!.checkAtQuiet(),
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

/** One call of the work; it has ended when its caller knows. */
interface Call {
  ended: boolean;
}

class Office {
  readonly #world: World;
  readonly #observed: string[] = [];
  #clerk: ReturnType<Office['spawnClerk']> | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  live(): void {
    const { system, environment } = this.#world;
    const lookUp: Capability<Said, string> = capability('look.up', {
      input: type<Said>(),
      output: type<string>(),
      run: (said) => this.#hear(said, 'a call of a tool'),
    });
    this.#clerk = this.spawnClerk(lookUp);
    system.spawn(
      defineAgent({
        name: 'reader',
        subscribe: [News],
        receive: (said) => void this.#hear({ ...said, takesMs: 0 }, 'a message'),
      }),
    );
    const limit = timeout(this.#pick([10, 30]));
    const worker = system.spawn(
      defineAgent({
        name: 'worker',
        subscribe: [Go],
        concurrency: 2,
        state: 0,
        receive: this.#under(limit, (context: Context<number, string>, call) =>
          this.#work(context, context, call),
        ),
      }),
    );
    const procedure = this.#under(limit, (scope: Scope, call) => this.#work(scope, undefined, call));
    for (let id = 0; id < 3; id += 1) {
      const target = this.#pick([worker, procedure]);
      const timeoutMs = this.#pick([1_000, 20]);
      const leavesMs = this.#pick([undefined, 0, 15]);
      environment.schedule(this.#pick([0, 5, 20]), () => {
        const abort = new AbortController();
        system.request(target, id, { timeoutMs, signal: abort.signal }).catch(() => {});
        if (leavesMs !== undefined) {
          environment.schedule(leavesMs, () => abort.abort(new Error('left')));
        }
      });
    }
  }

  check(): void {
    expect(this.#observed).toEqual([]);
  }

  /** Whoever works for one that was ended has been interrupted; all were. What the world doubled is nobody's. */
  checkAtQuiet(): void {
    this.check();
    const copies = this.#world.faults.filter(({ _tag }) => _tag === 'Duplicated').length;
    expect(cellOf(this.#clerk!).open).toBeLessThanOrEqual(copies);
  }

  /** Answers questions, or hangs over them. */
  spawnClerk(lookUp: Capability<Said, string>) {
    return this.#world.system.spawn(
      defineAgent({
        name: 'clerk',
        subscribe: [Question],
        concurrency: 8,
        capabilities: [lookUp],
        receive: (said) => this.#hear(said, 'a request'),
      }),
    );
  }

  /** Puts the timeout around work, and sees when that is over in the eyes of whoever called it. */
  #under<C extends Scope>(
    limit: Wrapper,
    work: (scope: C, call: Call) => Promise<string>,
  ): (id: number, scope: C) => Promise<string> {
    return async (id, scope) => {
      const call: Call = { ended: false };
      try {
        return await limit((_: number, inner: C) => work(inner, call))(id, scope);
      } finally {
        call.ended = true;
      }
    };
  }

  async #work(scope: Scope, context: Context<number, string> | undefined, call: Call): Promise<string> {
    const { signal } = scope;
    for (let left = this.#pick([2, 4, 6]); left > 0; left -= 1) {
      const said: Said = { afterEnd: call.ended || signal.aborted, takesMs: this.#pick([0, 20, undefined]) };
      try {
        await this.#say(said, scope, context);
      } catch {
        // What it asked was ended, or lost; it goes on all the same.
      }
    }
    return 'done';
  }

  #say(said: Said, scope: Scope, context: Context<number, string> | undefined): unknown {
    switch (this.#pick(['publish', 'tell', 'request', 'request', 'tool', 'state', 'nap', 'nap'] as const)) {
      case 'publish':
        return scope.publish(News, said);
      case 'tell':
        return scope.tell(this.#clerk!, { ...said, takesMs: 0 });
      case 'request':
        return scope.request(this.#clerk!, said, { timeoutMs: Number.POSITIVE_INFINITY });
      case 'tool':
        return scope.tool('look.up', said, { timeoutMs: Number.POSITIVE_INFINITY });
      case 'state':
        return context?.update((updates) => {
          if (said.afterEnd) {
            this.#observed.push('a change of state');
          }
          return updates + 1;
        });
      case 'nap':
        return this.#nap(this.#pick([1, 12, 40]));
    }
  }

  #hear({ afterEnd, takesMs }: Said, what: string): string | Promise<string> {
    if (afterEnd) {
      this.#observed.push(what);
    }
    if (takesMs === 0) {
      return 'heard';
    }
    return takesMs === undefined ? new Promise<never>(() => {}) : this.#nap(takesMs).then(() => 'heard');
  }

  #nap(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#world.environment.schedule(ms, resolve));
  }

  #pick<T>(among: readonly T[]): T {
    return among[this.#world.choose(among.length)]!;
  }
}
