/**
 * L24: a step that throws leaves state and outbox as before it.
 *
 * Everything a step makes carries the step. It may be seen by anybody only when
 * that step has committed: not before, and never when it threw. And when it has
 * thrown, its agent is compared with what it was at the beginning of the step:
 * state, outbox, timers, requests, children and their names, stash, watches, leases.
 */

import {
  type Agent,
  type AgentRef,
  type Context,
  defineAgent,
  defineTopic,
  type Result,
  type SpawnOptions,
  type System,
  type Topic,
  type,
  type Verbs,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import type { Cell, OpenHandling } from '../../src/actors/cell.ts';
import { explore, type World } from '../../src/testing/index.ts';
import { cellOf } from '../support/inside.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

/** One step of an agent, as the law sees it. */
interface Step {
  committed: boolean;
}

/** What a step has made: a message, a reply, the input of a child. */
interface Made {
  readonly by: Step;
}

type Scene = Context<readonly Step[], Made>;
type Player = AgentRef<Made, Made>;

const Said = defineTopic('said', { schema: type<Made>(), reply: type<Made>() });

describe('step', () => {
  it(
    'law: a step that throws leaves its agent as it was, and nothing of it is ever observed',
    async () => {
      const companies = new WeakMap<World, Company>();
      const explored = await explore(
        (_, world) => {
          const company = new Company(world);
          companies.set(world, company);
          return company.perform();
        },
        {
          ...lawExploration,
          faults: ['crash', 'slow', 'drop', 'duplicate', 'delay'],
          tapeMax: 1_024,
          always: (world) => companies.get(world)?.report(),
        },
        async (world) => {
          await world.run(() => world.system.stop());
          companies.get(world)!.report();
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

/** A step that has thrown, until its failure has been told. */
interface Thrown {
  readonly cell: Cell;
  readonly context: Scene;
  readonly before: Inside;
}

class Company {
  readonly world: World;
  readonly system: System;
  readonly #players: Player[] = [];
  /** Contexts of handlings that are open, or were. */
  readonly #contexts: Scene[] = [];
  /** Agents that have committed their own end. */
  readonly #finished = new Set<string>();
  readonly #wrong: string[] = [];
  #thrown: Thrown | undefined;
  #energy = 40;

  constructor(world: World) {
    this.world = world;
    this.system = world.system;
    this.system.agents.changes.subscribe(({ _tag, path }) => {
      if (_tag === 'Added') {
        this.#see(cellOf(this.system.agents.find(path)!.ref).input, `${path} in the directory`);
      }
    });
    this.system.listen({
      next: (event) => {
        if (event._tag === 'DeadLettered') {
          this.#see(event.letter.envelope.payload, 'a dead letter');
        } else if (event._tag === 'Failed') {
          this.#compare(event.report.agent);
        } else if (event._tag === 'AgentStopped' && event.reason === 'finished') {
          this.#mustBe(this.#finished.delete(event.agent), `${event.agent} has finished`);
        }
      },
    });
  }

  /** Throws what was found wrong, if anything was. */
  report(): void {
    // What ends the work as an interrupt does, a budget that is spent, is not told as a failure.
    this.#thrown = undefined;
    if (this.#wrong.length > 0) {
      throw new Error(this.#wrong.join('\n'));
    }
  }

  async perform(): Promise<void> {
    for (let left = 2 + this.#number(2, 'players'); left > 0; left -= 1) {
      this.#players.push(this.system.spawn(this.#define(0)));
    }
    for (let left = 6 + this.#number(20, 'messages'); left > 0; left -= 1) {
      try {
        this.#heed(this.#errand());
      } catch {
        // Whoever is outside may be refused.
      }
      if (this.#number(3, 'waits') === 2) {
        await this.#nap();
      }
    }
  }

  #errand(): Promise<void> | undefined {
    const made = { by: { committed: true } };
    const player = this.#anyPlayer();
    switch (this.#number(4, 'errand')) {
      case 0:
      case 1:
        return this.system.tell(player, made);
      case 2:
        return this.system.publish(Said, made);
      default:
        this.#expect(
          this.system.request(player, made, { timeoutMs: 20, budget: { tokens: 100, timeMs: 15 } }),
        );
        return undefined;
    }
  }

  #define(depth: number): Agent<Made, Made> {
    const take = (context: Scene): Result<Made> => this.#step(context, depth);
    const sometimes = <K extends string>(hook: K): Partial<Record<K, typeof take>> =>
      this.#number(4, hook) === 3 ? ({ [hook]: take } as Record<K, typeof take>) : {};
    const directives = ['resume', 'resume', 'restart', 'stop', 'escalate'] as const;
    return defineAgent<Made, Made, readonly Step[]>({
      name: 'player',
      subscribe: [Said],
      state: (input: unknown) => {
        this.#see(input, 'the input of a child');
        return [];
      },
      concurrency: this.#pick([1, 2, 3], 'window'),
      capacity: this.#pick([8, 1, 2], 'capacity'),
      effectsMax: this.#pick([64, 3], 'effects'),
      redeliver: { attemptsMax: this.#pick([1, 2], 'attempts') },
      supervision: { backoffMs: 1, directives: { defect: this.#pick(directives, 'directive') } },
      ...sometimes('onStart'),
      ...sometimes('onStop'),
      onTerminated: (_, context) => take(context),
      onBudgetLow: (_, context) => {
        // Nobody awaits what it returns, so what that throws later is the player's own.
        Promise.resolve(take(context)).catch(() => {});
      },
      receive: (message, context) => {
        this.#see(message, `a message to ${context.self.path}`);
        return take(context);
      },
    });
  }

  /** One step: some deeds, and perhaps a throw. */
  #step(context: Scene, depth: number): Result<Made> {
    const step: Step = { committed: false };
    const cell = cellOf(context.self);
    const before = insideOf(cell, context);
    const finishes: Cell[] = [];
    try {
      for (let left = this.#number(5, 'deeds'); left > 0; left -= 1) {
        this.#do(context, step, depth, finishes);
      }
      if (this.#number(3, 'throws') === 2) {
        throw new Error('thrown at the end of a step');
      }
    } catch (thrown) {
      this.#thrown = { cell, context, before };
      throw thrown;
    }
    step.committed = true;
    for (const { path } of finishes) {
      this.#finished.add(path);
    }
    this.#contexts.push(context);
    switch (this.#number(4, 'result')) {
      case 0:
        return undefined;
      case 1:
        return { by: step };
      case 2:
        return this.#nap().then(() => ({ by: step }));
      default:
        return this.#later(context, depth);
    }
  }

  /** After an await each verb is a step of its own. */
  async #later(context: Scene, depth: number): Promise<Made> {
    await this.#nap();
    const finishes: Cell[] = [];
    this.#do(context, { committed: true }, depth, finishes);
    for (const { path } of finishes) {
      this.#finished.add(path);
    }
    return { by: { committed: true } };
  }

  #do(own: Scene, by: Step, depth: number, finishes: Cell[]): unknown {
    if (this.#energy <= 0) {
      return undefined;
    }
    this.#energy -= 1;
    const made: Made = { by };
    const context = this.#anyContext(own);
    const player = this.#anyPlayer();
    const detached = this.#number(4, 'detached') === 3 ? context.detach() : undefined;
    const verbs: Verbs = detached ?? context;
    switch (this.#number(15, 'deed')) {
      case 0:
        return this.#heed(verbs.tell(player, made));
      case 1:
        return this.#heed(verbs.publish(Said, made));
      case 2:
      case 3:
        return this.#expect(
          verbs.request(this.#pick<Player | Topic<Made, Made>>([player, Said], 'target'), made, {
            timeoutMs: this.#pick([20, Infinity], 'timeout'),
            ...this.#budget(),
          }),
        );
      case 4:
        return verbs
          .stream(player, made, { timeoutMs: 20, ...this.#budget() })
          .subscribe({ next: (reply) => this.#see(reply, 'a reply of a stream'), error: () => {} });
      case 5:
        return this.#heed(context.reply(made));
      case 6:
      case 7:
        return this.#spawn(verbs, made, depth);
      case 8:
        return context.schedule(this.#number(4, 'delay'), (later) => {
          this.#see(made, 'a timer');
          return this.#step(later as Scene, depth);
        });
      case 9:
        return context.watch(player);
      case 10:
        return context.unwatch(player);
      case 11:
        return context.stash();
      case 12:
        return context.unstash();
      case 13:
        return context.update((state) => [...state, by]);
      default:
        return this.#stop(context, finishes);
    }
  }

  #spawn(verbs: Verbs, input: Made, depth: number): void {
    if (depth < 2) {
      const id = this.#pick([undefined, undefined, 'player', 'player-2', 'player-3'], 'id');
      const options: SpawnOptions = { input, ...(id === undefined ? {} : { id }), ...this.#budget() };
      this.#players.push(verbs.spawn(this.#define(depth + 1), options));
    }
  }

  #stop(context: Scene, finishes: Cell[]): void {
    const [child] = context.children;
    if (child !== undefined) {
      context.stop(child);
    } else if (this.#number(4, 'finishes') === 3) {
      finishes.push(cellOf(context.self));
      context.stop();
    } else if (this.#number(2, 'spends') === 1) {
      context.budget.spend('tokens', 45);
    }
  }

  #budget(): { readonly budget?: { readonly tokens: number; readonly timeMs: number } } {
    return this.#number(3, 'budget') === 2
      ? { budget: { tokens: this.#pick([10, 60], 'tokens'), timeMs: 10 } }
      : {};
  }

  /** Its own, mostly; or that of another open handling of the same agent, which then is part of the step. */
  #anyContext(own: Scene): Scene {
    const others = this.#contexts.filter((one) => isOpen(one) && cellOf(one.self) === cellOf(own.self));
    return others.length > 0 && this.#number(4, 'context') === 3 ? this.#pick(others, 'which context') : own;
  }

  /** Somebody sees something. */
  #see(made: unknown, where: string): void {
    const by = (made as Partial<Made> | undefined)?.by;
    this.#mustBe(by === undefined || by.committed, where);
  }

  #mustBe(committed: boolean, what: string): void {
    if (!committed) {
      this.#wrong.push(`${what}: seen of a step that has not committed`);
    }
  }

  /** An agent is told to have failed: of its step, if that has just thrown. */
  #compare(path: string): void {
    const thrown = this.#thrown;
    this.#thrown = undefined;
    if (thrown !== undefined && thrown.cell.path === path) {
      const { cell, context, before } = thrown;
      const after = insideOf(cell, context);
      for (const what of Object.keys(before) as (keyof Inside)[]) {
        const [was, is] = [JSON.stringify(before[what]), JSON.stringify(after[what])];
        if (was !== is) {
          this.#wrong.push(`${path} has failed, and its ${what} is ${is}; before the step it was ${was}`);
        }
      }
    }
  }

  #expect(reply: Promise<unknown>): void {
    reply.then(
      (made) => this.#see(made, 'a reply'),
      () => {},
    );
  }

  #heed(room: Promise<void> | undefined): void {
    room?.catch(() => {});
  }

  #nap(): Promise<void> {
    return new Promise((resolve) => {
      this.world.environment.schedule(this.#number(6, 'how long'), resolve);
    });
  }

  #anyPlayer(): Player {
    return this.#pick(this.#players, 'player');
  }

  #pick<T>(among: readonly T[], what: string): T {
    return among[this.#number(among.length, what)]!;
  }

  #number(count: number, what: string): number {
    return this.world.choose(count, what);
  }
}

const isOpen = (context: Scene): boolean => !(context as unknown as OpenHandling).over;

type Inside = ReturnType<typeof insideOf>;

/** What a step can change of an agent. */
function insideOf(cell: Cell, { envelope }: Scene) {
  const { kernel, mailbox } = cell;
  const lease = envelope.budget ?? cell.lease;
  return {
    state: cell.state,
    outbox: cell.outbox?.size ?? 0,
    standingInLine: (cell.parked ?? []).map((parked) => parked.envelope.id),
    timers: cell.timers?.size ?? 0,
    requests: [...(cell.requests ?? [])].filter(({ settled }) => !settled).map(({ id }) => id),
    children: [...(cell.children?.values() ?? [])].map(({ path, signals }) => [path, signals?.length ?? 0]),
    names: [...(cell.children?.counts ?? [])].filter(([, count]) => count > 0),
    stashed: (cell.stashed ?? []).map(({ id }) => id),
    roomOfStash: mailbox.stashed,
    waiting: mailbox.waiting,
    watching: [...(cell.watching ?? [])].map(({ path }) => path),
    inFlight: kernel.inFlight,
    reserved: [lease?.reserved('tokens'), cell.lease?.reserved('tokens')],
  };
}
