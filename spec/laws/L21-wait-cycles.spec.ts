/**
 * L21: every wait cycle is reported, none falsely.
 *
 * Agents ask and tell each other, in and after their first steps, with tiny
 * mailboxes and no deadline. Every wait can only end by an answer, by room, or by a
 * report; so whoever still waits when nothing is left to do is in a cycle that
 * nobody was told of. And where nobody waits for whom it was called by, directly or
 * through others, there is no cycle to report.
 *
 * The world doubles messages and answers, and has them come late. What it loses nobody
 * is told of, and nobody can be: so whoever asked gives up just that, when nothing is
 * left to do, and then nobody may wait any more.
 *
 * That a free slot or an open way round keeps a cycle from being reported is held
 * against a model in `spec/actors/wait-cycle.spec.ts`, for the analysis alone.
 */
import { type AgentRef, type Context, defineAgent, defineTopic, type, type Verbs } from 'troupe';
import { describe, expect, it } from 'vitest';
import { WaitCycle } from '../../src/actors/wait-cycle.ts';
import { type ExploreOptions, explore, type World } from '../../src/testing/index.ts';
import { cellOf } from '../support/inside.ts';
import { everyFault, lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

describe('wait cycles', () => {
  it(
    'law: nobody waits for ever without having been told of a cycle',
    async () => {
      const circles = new WeakMap<World, Circle>();

      const explored = await explore(
        (_, world) => liveIn(circles, world, 'anybody'),
        exploration,
        async (world) => {
          expect(await circles.get(world)!.whoWaits()).toEqual([]);
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );

  it(
    'law: nobody is told of a cycle where all wait in one direction',
    async () => {
      const circles = new WeakMap<World, Circle>();

      const explored = await explore(
        (_, world) => liveIn(circles, world, 'those after it'),
        exploration,
        async (world) => {
          expect(await circles.get(world)!.whoWaits()).toEqual([]);
          expect(circles.get(world)!.reports).toEqual([]);
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

const Ask = defineTopic('circle.ask', { schema: type<number>(), reply: type<number>() });

const exploration: ExploreOptions = {
  ...lawExploration,
  faults: everyFault,
  faultsMax: { total: 8, crash: 1 },
  // Of a failure that is lost it could not be said to which request it was the answer.
  only: ({ kind }) => kind === 'message' || kind === 'reply',
  tapeMax: 512,
};

type Whom = 'anybody' | 'those after it';

function liveIn(circles: WeakMap<World, Circle>, world: World, whom: Whom): Promise<void> {
  const circle = new Circle(world, whom);
  circles.set(world, circle);
  return circle.live();
}

class Circle {
  readonly reports: WaitCycle[] = [];
  readonly #world: World;
  readonly #whom: Whom;
  readonly #members: AgentRef<number, number>[] = [];
  /** Requests that have not ended, by their number; a reply has the number of its request. */
  readonly #open = new Map<number, AbortController>();
  #energy = 40;
  #answersDue = 0;
  #number = 0;

  constructor(world: World, whom: Whom) {
    this.#world = world;
    this.#whom = whom;
  }

  async live(): Promise<void> {
    const { system } = this.#world;
    for (let place = 0, left = this.#pick([2, 3, 4, 5]); left > 0; left -= 1, place += 1) {
      this.#members.push(system.spawn(this.#member(place)));
    }
    for (let left = this.#pick([1, 2, 4, 8]); left > 0; left -= 1) {
      this.#answersDue += 1;
      void this.#ask(system, this.#pick(this.#members)).then(
        () => this.#answered(undefined),
        (failure) => this.#answered(failure),
      );
      await this.#nap(this.#pick([0, 1, 3]));
    }
  }

  /** Who still waits for something, when nothing is left to do, that was not lost. */
  async whoWaits(): Promise<readonly string[]> {
    while (this.#giveUpWhatWasLost()) {
      await this.#world.runUntilQuiet();
    }
    const waiting = this.#members
      .map(cellOf)
      .filter(({ open, blocked, mailbox }) => open > 0 || blocked || mailbox.waiting > 0)
      .map(({ path }) => path);
    return this.#answersDue === 0 ? waiting : [...waiting, `${this.#answersDue} outside`];
  }

  /** Says whether there was something. */
  #giveUpWhatWasLost(): boolean {
    let gaveUp = false;
    for (const fault of this.#world.faults) {
      const lost = fault._tag === 'Dropped' ? this.#open.get(fault.message.payload as number) : undefined;
      if (lost?.signal.aborted === false) {
        lost.abort();
        gaveUp = true;
      }
    }
    return gaveUp;
  }

  /** Asks for as long as it takes. */
  async #ask(verbs: Verbs, whom: AgentRef<number, number>, awaited = true): Promise<number> {
    this.#number += 1;
    const n = this.#number;
    const abort = new AbortController();
    this.#open.set(n, abort);
    const ended = (): void => void this.#open.delete(n);
    const { signal } = abort;
    const reply = verbs.request(whom, n, { timeoutMs: Number.POSITIVE_INFINITY, awaited, signal });
    reply.then(ended, ended);
    return reply;
  }

  #member(place: number) {
    return defineAgent({
      name: `member-${place}`,
      subscribe: [Ask],
      concurrency: this.#pick([1, 2, 3]),
      capacity: this.#pick([1, 2]),
      spillMax: this.#pick([8, 2]),
      supervision: { restartsMax: 0 },
      receive: (n, context: Context<unknown, number>) => this.#handle(place, n, context),
    });
  }

  async #handle(place: number, n: number, context: Context<unknown, number>): Promise<number> {
    // What is done before the first await is part of the first step.
    for (let left = this.#pick([1, 2, 3]); left > 0; left -= 1) {
      try {
        await this.#act(place, context);
      } catch (failure) {
        this.#note(failure);
      }
    }
    return n;
  }

  #act(place: number, context: Context<unknown, number>): unknown {
    const others = this.#whom === 'anybody' ? this.#members : this.#members.slice(place + 1);
    const deed = this.#pick(['ask', 'ask', 'tell', 'nap', 'ask without waiting'] as const);
    if (others.length === 0 || this.#energy === 0 || deed === 'nap') {
      return this.#nap(this.#pick([0, 1, 3]));
    }
    this.#energy -= 1;
    const other = this.#pick(others);
    switch (deed) {
      case 'ask':
        return this.#ask(context, other);
      case 'tell':
        return context.tell(other, 0);
      case 'ask without waiting':
        void this.#ask(context, other, false).catch((failure) => this.#note(failure));
        return undefined;
    }
  }

  #answered(failure: unknown): void {
    this.#answersDue -= 1;
    this.#note(failure);
  }

  #note(failure: unknown): void {
    if (failure instanceof WaitCycle) {
      this.reports.push(failure);
    }
  }

  #nap(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#world.environment.schedule(ms, resolve));
  }

  #pick<T>(among: readonly T[]): T {
    return among[this.#world.choose(among.length)]!;
  }
}
