/**
 * A family: a tree of agents that fail in every way there is, at the word of the tape.
 *
 * How the tree looks, how each parent treats its children, who fails when and how,
 * who takes their time to end: all of it is chosen, and the first choice is always
 * the quietest. The same children are born again whenever their parent restarts.
 */
import * as Effect from 'effect/Effect';
import type { Agent } from '../../src/actors/agent.ts';
import type { Context, SpawnOptions } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import type { Result } from '../../src/actors/result.ts';
import type { AutoShutdown, ChildKind, Strategy, SupervisionOptions } from '../../src/actors/supervision.ts';
import type { System } from '../../src/actors/system.ts';
import { type } from '../../src/core/schema.ts';
import type { DirectiveTag, SystemEvent } from '../../src/core/system-event.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { World } from '../../src/testing/world.ts';

/** What a member is told to do. */
export type Cue =
  | 'work'
  | 'throw'
  | 'reject'
  | 'fail in an Effect'
  | 'fail in a timer'
  | 'fail in a stream'
  | 'fail twice at once'
  | 'finish';

const cues: readonly Cue[] = [
  'work',
  'throw',
  'reject',
  'fail in an Effect',
  'fail in a timer',
  'fail in a stream',
  'fail twice at once',
  'finish',
];

const Told = defineTopic('family.told', { schema: type<Cue>() });

/** Something a member threw on purpose. */
export class Mishap extends Error {
  override readonly name = 'Mishap';
  /** The signal of the handling it happened in. */
  readonly signal: AbortSignal;

  constructor(how: string, context: Context) {
    super(`${context.self.path}: ${how}`);
    this.signal = context.signal;
  }

  /** Whether it is what ended its handling; otherwise that was over, and this is disowned. */
  get ended(): boolean {
    return this.signal.reason === this;
  }
}

/** What may be chosen; the first of each list is the quietest. */
export interface Customs {
  readonly strategies: readonly Strategy[];
  readonly kinds: readonly ChildKind[];
}

/** How the system treats the heads of families. */
export const treatment: Required<SupervisionOptions> = {
  strategy: 'one-for-one',
  restartsMax: 2,
  windowMs: 50,
  backoffMs: 1,
  backoffMsMax: 100,
  jitter: 0,
  directives: {},
};

/** A member of the family, as it is defined: whoever is spawned of it has a path of its own. */
interface Member {
  readonly agent: Agent<Cue>;
  readonly options: SpawnOptions;
}

export class Family {
  readonly world: World;
  readonly system: System;
  /** Everything the members threw, in order. */
  readonly mishaps: Mishap[] = [];
  readonly events: SystemEvent[] = [];
  /** How the agent at a path treats its children; `/` is the system. */
  readonly supervisions = new Map<string, Required<SupervisionOptions>>([['/', treatment]]);
  readonly #customs: Customs;
  #energy = 30;
  #named = 0;

  constructor(world: World, customs: Customs) {
    this.world = world;
    this.system = world.system;
    this.#customs = customs;
    world.system.listen({ next: (event) => void this.events.push(event) });
  }

  /** The family comes to be, and things happen to it. */
  async live(): Promise<void> {
    for (let left = 1 + this.#number(2, 'households'); left > 0; left -= 1) {
      const { agent, options } = this.#member(0);
      this.system.spawn(agent, options);
    }
    for (let left = 6 + this.#number(24, 'events'); left > 0; left -= 1) {
      await this.#something();
    }
  }

  async #something(): Promise<void> {
    const paths = this.system.agents.list().map(({ path }) => path);
    const path = paths[this.#number(paths.length, 'whom')];
    const what = this.#number(8, 'what happens');
    if (path === undefined || what === 0) {
      await this.#nap(this.#number(30, 'how long'));
    } else if (what === 1) {
      this.world.crash(path);
    } else if (what === 2) {
      void this.system.stop(this.system.agents.find(path)!.ref, { drain: this.#number(2, 'drains') === 1 });
    } else {
      this.system.tell(this.system.agents.find(path)!.ref as never, this.#pick(cues, 'cue') as never);
    }
  }

  #member(depth: number): Member {
    const children = Array.from({ length: depth < 3 ? this.#number(4 - depth, 'children') : 0 }, () =>
      this.#member(depth + 1),
    );
    const supervision = this.#supervision();
    const onStartFails = this.#number(8, 'onStart fails') === 7;
    const endsAfterMs = this.#pick([0, 5, 40], 'ends after');
    this.#named += 1;
    const agent = defineAgent({
      name: `m${this.#named}`,
      subscribe: [Told],
      concurrency: this.#pick([1, 2], 'concurrency'),
      supervision,
      autoShutdown: this.#pick<AutoShutdown>(['never', 'never', 'any', 'all'], 'shutdown'),
      onStart: (context) => {
        this.supervisions.set(context.self.path, supervision);
        for (const child of children) {
          context.spawn(child.agent, child.options);
        }
        if (onStartFails) {
          this.#spend(() => this.#mishap('in onStart', context as Context));
        }
      },
      ...(endsAfterMs === 0 ? {} : { onStop: () => Effect.sleep(endsAfterMs) }),
      receive: (cue, context) => this.#play(cue, context as Context) as Result<never>,
    });
    const kind = this.#pick(this.#customs.kinds, 'kind');
    const significant = kind !== 'permanent' && this.#number(3, 'significant') === 2;
    return { agent, options: { id: agent.name, kind, significant } };
  }

  /** How a parent treats its children. */
  #supervision(): Required<SupervisionOptions> {
    const directives: readonly DirectiveTag[] = [
      'restart',
      'restart',
      'restart',
      'escalate',
      'resume',
      'stop',
    ];
    const backoffMs = this.#pick([1, 0, 10], 'backoff');
    return {
      strategy: this.#pick(this.#customs.strategies, 'strategy'),
      restartsMax: this.#pick([2, 1, 3, 0], 'restarts'),
      windowMs: this.#pick([50, 20, 200, Number.POSITIVE_INFINITY], 'window'),
      backoffMs,
      backoffMsMax: 100,
      jitter: this.#pick([0, 0.5], 'jitter'),
      directives: { defect: this.#pick(directives, 'directive') },
    };
  }

  #play(cue: Cue, context: Context): Result<unknown> {
    switch (cue) {
      case 'work':
        return undefined;
      case 'throw':
        return this.#mishap('at once', context);
      case 'reject':
        return this.#later().then(() => this.#mishap('after an await', context));
      case 'fail in an Effect':
        return Effect.sleep(this.#number(8, 'how long')).pipe(
          Effect.andThen(Effect.suspend(() => Effect.fail(this.#noted('in an Effect', context)))),
        );
      case 'fail in a timer':
        context.schedule(this.#number(8, 'how long'), (own) => this.#mishap('in a timer', own as Context));
        return undefined;
      case 'fail in a stream':
        return this.#stream(context);
      case 'fail twice at once':
        context.schedule(1, (own) => this.#mishap('in a timer too', own as Context));
        return this.#nap(1).then(() => this.#mishap('beside a timer', context));
      case 'finish':
        context.stop();
        return undefined;
    }
  }

  async *#stream(context: Context): AsyncGenerator<number> {
    yield 1;
    await this.#later();
    this.#mishap('in a stream', context);
  }

  #mishap(how: string, context: Context): never {
    throw this.#noted(how, context);
  }

  #noted(how: string, context: Context): Mishap {
    const mishap = new Mishap(how, context);
    this.mishaps.push(mishap);
    return mishap;
  }

  #later(): Promise<void> {
    return this.#nap(this.#number(8, 'how long'));
  }

  #nap(ms: number): Promise<void> {
    return new Promise((resolve) => void this.world.environment.schedule(ms, resolve));
  }

  /** Does something as long as there is energy, so that each run comes to an end. */
  #spend(act: () => void): void {
    if (this.#energy > 0) {
      this.#energy -= 1;
      act();
    }
  }

  #pick<T>(among: readonly T[], what: string): T {
    return among[this.#number(among.length, what)]!;
  }

  #number(count: number, what: string): number {
    return this.world.choose(count, what);
  }
}
