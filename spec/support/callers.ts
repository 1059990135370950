/**
 * Callers of something that is called through a primitive: when each calls, what it wants,
 * whether it gives up, how long the work takes and how it ends is chosen by the world.
 *
 * Some call from outside of agents, some from an agent that may crash. What happens is
 * written down in its order, for a model to read.
 */
import type { Procedure, Scope } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { Failure } from '../../src/core/failure.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { World } from '../../src/testing/index.ts';

export interface Wanted {
  readonly id: number;
  readonly key: string;
}

export interface CallEvent {
  /** `asked`, `answered`, `failed` and `left` are of a caller, `begun`, `done`, `broke` and `cut` of work. */
  readonly what: 'asked' | 'answered' | 'failed' | 'left' | 'begun' | 'done' | 'broke' | 'cut' | 'forgot';
  /** Of the caller, or of the work. */
  readonly id: number;
  readonly key: string;
  readonly atMs: number;
  /** What it ended with. */
  readonly value?: unknown;
}

/** Work failed, as it may. */
export class Broken extends Failure {
  readonly _tag = 'Broken';
  readonly code = 'BROKEN';
  readonly class = 'permanent';
  readonly work: number;

  constructor(work: number) {
    super();
    this.work = work;
  }
}

const Go = defineTopic('go', { schema: type<Wanted>(), reply: type<unknown>() });

export class Callers {
  readonly world: World;
  readonly events: CallEvent[] = [];
  readonly #keys: number;
  #works = 0;
  #callers = 0;

  constructor(world: World, keys = 2) {
    this.world = world;
    this.#keys = keys;
  }

  say(what: CallEvent['what'], id: number, key: string, value?: unknown): void {
    this.events.push({ what, id, key, atMs: this.world.nowMs, value });
  }

  /** Work that takes as long as the world says. Its answer is its own number. */
  readonly work = async (wanted: Wanted, scope: Scope): Promise<number> => {
    this.#works += 1;
    const id = this.#works;
    this.say('begun', id, wanted.key, wanted.id);
    let over = false;
    scope.signal.addEventListener('abort', () => {
      if (!over) {
        over = true;
        this.say('cut', id, wanted.key);
      }
    });
    const takesMs = [0, 5, 20, 60][this.world.choose(4, 'how long work takes')]!;
    if (takesMs > 0) {
      await this.sleep(takesMs);
    }
    if (over) {
      return id;
    }
    over = true;
    if (this.world.choose(4, 'how work ends') === 3) {
      this.say('broke', id, wanted.key);
      throw new Broken(id);
    }
    this.say('done', id, wanted.key);
    return id;
  };

  /** So many calls, at times the world chooses. */
  call(through: Procedure<Wanted, unknown>, count: number): void {
    const { world } = this;
    const watched: Procedure<Wanted, unknown> = (wanted, scope) => this.#watch(through, wanted, scope);
    const caller = world.system.spawn(
      defineAgent({
        name: 'caller',
        subscribe: [Go],
        concurrency: 4,
        receive: (wanted, context) =>
          context.request(watched, wanted, { timeoutMs: Number.POSITIVE_INFINITY }),
      }),
    );
    for (let n = 0; n < count; n += 1) {
      const atMs = [0, 3, 10, 40, 100][world.choose(5, 'when somebody calls')]!;
      const leavesMs = [undefined, 0, 7, 30][world.choose(4, 'when it leaves')];
      const timeoutMs = [1_000, 25, 60][world.choose(3, 'its deadline')]!;
      const target = world.choose(2, 'who calls') === 0 ? watched : caller;
      const key = 'abc'[world.choose(this.#keys, 'what is wanted')]!;
      world.environment.schedule(atMs, () => {
        this.#callers += 1;
        const wanted = { id: this.#callers, key };
        const abort = new AbortController();
        const { signal } = abort;
        world.system.request(target, wanted, { timeoutMs, signal }).catch(() => {});
        if (leavesMs !== undefined) {
          world.environment.schedule(leavesMs, () => abort.abort(new Error('changed their mind')));
        }
      });
    }
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.world.environment.schedule(ms, resolve));
  }

  #watch(through: Procedure<Wanted, unknown>, wanted: Wanted, scope: Scope): unknown {
    let over = false;
    const end = (what: 'answered' | 'failed' | 'left', value?: unknown): void => {
      if (!over) {
        over = true;
        this.say(what, wanted.id, wanted.key, value);
      }
    };
    scope.signal.addEventListener('abort', () => end('left'));
    this.say('asked', wanted.id, wanted.key, scope.deadlineMs);
    let answer: unknown;
    try {
      answer = through(wanted, scope);
    } catch (failure) {
      end('failed', failure);
      throw failure;
    }
    if (!(answer instanceof Promise)) {
      end('answered', answer);
      return answer;
    }
    answer.then(
      (value) => end('answered', value),
      (failure) => end('failed', failure),
    );
    return answer;
  }
}
