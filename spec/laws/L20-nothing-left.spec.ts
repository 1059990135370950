/**
 * L20: after a system stopped, none of its timers, listeners, subscriptions,
 * fibres or directory entries is left.
 *
 * It is ended at any point of any schedule, in each of the ways there are, while
 * an unruly troupe goes about its business and a household borrows whatever can be
 * borrowed: from agents' code and from code outside. Both go on after the end, as
 * code of users does that nobody can stop. For what they do then holds the same.
 * A fibre is one whose finalizers do not wait: at the end there is no time left for them.
 */
import { getEventListeners } from 'node:events';
import * as Effect from 'effect/Effect';
import { Observable } from 'rxjs';
import {
  type AgentRef,
  bounded,
  type Context,
  capability,
  defineAgent,
  defineTopic,
  type Result,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import type { Cell } from '../../src/actors/cell.ts';
import { explore, type World } from '../../src/testing/index.ts';
import { childProgram } from '../support/child-program.ts';
import { cellOf, kernelOf, outsideRequestsOf } from '../support/inside.ts';
import { everyFault, lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { anyManners, Troupe } from '../support/unruly-troupe.ts';

describe('the end of a system', () => {
  it(
    'law: nothing of it is left, whenever and however it was ended',
    async () => {
      const houses = new WeakMap<World, Household>();

      const explored = await explore(
        (_, world) => {
          const house = new Household(world);
          houses.set(world, house);
          return house.live();
        },
        {
          ...lawExploration,
          tapeMax: 1_024,
          faults: everyFault,
          faultsMax: { total: 8, crash: 3 },
          always: (world) => nothingIsHeld(houses.get(world)!),
        },
        async (world) => {
          const house = houses.get(world)!;
          await house.liveOn();
          nothingIsHeld(house);
          nothingIsBorrowed(house);
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );

  it('law: the process is as it was before there were systems, and ends by itself', async () => {
    const program = childProgram('systems-that-end.ts');

    const ended = await program.ended;

    expect(program.lines.slice(1)).toEqual([
      'listeners: none more',
      'resources: none more',
      'timers: none more',
    ]);
    expect(ended).toBe(0);
  });
});

/** From the moment in which the system has ended, on. */
function nothingIsHeld({ world, cells }: Household): void {
  const { system } = world;
  if (system.health().status !== 'stopped') {
    return;
  }
  const kernel = kernelOf(system);
  const held = {
    timers: world.environment.timerCount,
    agents: system.agents.size,
    capabilities: system.capabilities.size,
    subscriptions: kernel.board.size,
    requests: outsideRequestsOf(system),
    inFlight: kernel.inFlight,
    ...Object.assign({}, ...[...cells].map(heldBy)),
  };
  if (Object.values(held).some((count) => count !== 0)) {
    throw new Error(`the system has stopped and holds ${JSON.stringify(held)}`);
  }
}

/** What an agent holds that has ended: nothing, so only what is not 0 is named. */
function heldBy(cell: Cell): object {
  const { path, mailbox, open, timers, requests, children, watchers, watching, parked, outbox } = cell;
  const held = [
    ['not stopped', cell.phase === 'stopped' ? 0 : 1],
    ['handlings', open + (cell.openHandlings?.size ?? 0)],
    ['waiting', mailbox.waiting],
    ['stashed', cell.stashed?.length ?? 0],
    ['timers', (timers?.size ?? 0) + (cell.stopTimer === undefined ? 0 : 1)],
    ['children', children?.size ?? 0],
    ['watches', (watchers?.size ?? 0) + (watching?.size ?? 0)],
    ['effects', (parked?.length ?? 0) + (outbox?.size ?? 0)],
    ['open requests', [...(requests ?? [])].filter(({ settled }) => !settled).length],
  ] as const;
  return Object.fromEntries(
    held.filter(([, count]) => count !== 0).map(([what, count]) => [`${what} of ${path}`, count]),
  );
}

/** When nothing is left to do, also for code that goes on after the end. */
function nothingIsBorrowed({ world, cells, borrowed, signals }: Household): void {
  const lent = [...borrowed].filter(([, count]) => count !== 0);
  const listeners = signals.reduce((sum, signal) => sum + getEventListeners(signal, 'abort').length, 0);
  const notTold = [...cells].filter(
    (cell) => (cell.requests?.size ?? 0) + (cell.notices?.size ?? 0) + (cell.signals?.length ?? 0) > 0,
  );
  const left = [
    ...lent.map(([what, count]) => `${count} of ${what}`),
    ...(listeners === 0 ? [] : [`${listeners} who listen to a signal`]),
    ...notTold.map(({ path }) => `${path}, who was not told`),
    ...(kernelOf(world.system).listening ? ['somebody who listens to events'] : []),
    ...(world.environment.readyCount === 0 ? [] : ['somebody who is ready']),
  ];
  if (world.system.health().status !== 'stopped' || left.length > 0) {
    throw new Error(`the system is ${world.system.health().status}, and there is left: ${left.join(', ')}`);
  }
}

const Chore = defineTopic('household.chore', { schema: type<number>(), reply: type<number>() });
const Double = capability('household.double', {
  input: type<number>(),
  output: type<number>(),
  run: (n) => 2 * n,
});

type Keeper = AgentRef<number, number>;

/** How a keeper does a chore, the quietest first. */
const manners = [
  'at once',
  'in an Effect',
  'in an Effect without end',
  'in a stream',
  'in a long stream',
  'pushing',
  'with its signal',
  'with a request',
  'with a stream',
  'with a timer',
  'with a watch',
  'with a child',
  'with a tool',
] as const;

/** What is borrowed from outside, the quietest first. */
const loans = [
  'a reply',
  'an observer',
  'a reader',
  'a stream',
  'a watch',
  'a snapshot observer',
  'changes of agents',
  'changes of capabilities',
  'a listener',
  'quiet',
] as const;

const endings = ['stop', 'drain', 'await using', 'stop and drain', 'drain and stop'] as const;

/** Those who borrow, and the notes of what they have not got back. */
class Household {
  readonly world: World;
  /** Every agent there ever was. */
  readonly cells = new Set<Cell>();
  /** What was begun and has not ended, by what it is. */
  readonly borrowed = new Map<string, number>();
  /** Those whose abortion was listened to. */
  readonly signals: AbortSignal[] = [];
  readonly #naps = new Set<{ rounds: number; readonly wake: () => void }>();
  readonly #keepers: Keeper[] = [];

  constructor(world: World) {
    this.world = world;
    const { system } = world;
    system.agents.changes.subscribe(({ _tag, path }) => {
      if (_tag === 'Added') {
        this.cells.add(cellOf(system.agents.find(path)!.ref));
      }
    });
  }

  /** Lives until the system has been ended. */
  async live(): Promise<void> {
    const rounds = this.#choose(40, 'when it ends');
    const ending = this.#pick(endings, 'how it ends');
    const withinMs = this.#pick([0, 5, 50], 'within');
    let ended = false;
    void this.#troupe().perform();
    void this.#keepHouse();
    await this.#goRound(rounds);
    void this.#end(ending, withinMs).then(() => {
      ended = true;
    });
    while (!ended) {
      await this.#goRound(1);
    }
  }

  /** Lets all that has been begun come to its end, without a system. */
  async liveOn(): Promise<void> {
    while (this.#naps.size > 0) {
      await this.#goRound(1);
      await this.world.runUntilQuiet();
    }
  }

  /** A troupe whose naps are no timers of the system, and do not end with it. */
  #troupe(): Troupe {
    const { world } = this;
    const environment = { schedule: (rounds: number, wake: () => void) => this.#nap(rounds, wake) };
    const choose = (count: number, what?: string) => world.choose(count, what);
    return new Troupe({ system: world.system, environment, choose } as unknown as World, anyManners);
  }

  async #goRound(times: number): Promise<void> {
    for (let left = times; left > 0; left -= 1) {
      await this.world.settle();
      for (const nap of this.#naps) {
        nap.rounds -= 1;
        if (nap.rounds <= 0) {
          this.#naps.delete(nap);
          nap.wake();
        }
      }
    }
  }

  #nap(rounds: number, wake: () => void): { cancel(): void } {
    const nap = { rounds, wake };
    this.#naps.add(nap);
    return { cancel: () => this.#naps.delete(nap) };
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => void this.#nap(this.#choose(8, 'rest'), resolve));
  }

  async #end(ending: (typeof endings)[number], withinMs: number): Promise<void> {
    const { system } = this.world;
    switch (ending) {
      case 'stop':
        return system.stop();
      case 'drain':
        return system.drain({ withinMs });
      case 'await using': {
        await using _ending = system;
        return;
      }
      case 'stop and drain':
        await Promise.all([system.stop(), system.drain({ withinMs })]);
        return;
      case 'drain and stop':
        await Promise.all([system.drain({ withinMs }), this.#rest().then(() => system.stop())]);
        return;
    }
  }

  async #keepHouse(): Promise<void> {
    const { system } = this.world;
    for (let left = 2; left > 0; left -= 1) {
      this.#keepers.push(system.spawn(this.#aKeeper()));
    }
    for (let left = 24; left > 0; left -= 1) {
      try {
        this.#borrow(this.#pick(loans, 'loan'));
      } catch {
        // Whoever is outside may be refused.
      }
      await this.#rest();
    }
  }

  #aKeeper() {
    return defineAgent({
      name: 'keeper',
      subscribe: [Chore],
      concurrency: 3,
      capacity: 4,
      overflow: this.#pick(['suspend', 'drop-oldest'], 'overflow'),
      spillMax: 2,
      capabilities: [Double],
      onStop: () => (this.#choose(3, 'takes leave') === 2 ? this.#rest() : undefined),
      receive: (_, context: Context<unknown, number>): Result<number> => this.#keep(context),
    });
  }

  #keep(context: Context<unknown, number>): Result<number> {
    const keeper = this.#anyKeeper();
    switch (this.#pick(manners, 'manner')) {
      case 'at once':
        return 1;
      case 'in an Effect':
        return this.#fibre(Effect.sleep(this.#choose(8, 'how long')));
      case 'in an Effect without end':
        return this.#fibre(Effect.never);
      case 'in a stream':
        return this.#replies(3);
      case 'in a long stream':
        return this.#replies(30);
      case 'pushing':
        return bounded(this.#pushing(), { overflow: 'drop-oldest', capacity: 1 });
      case 'with its signal': {
        const back = this.#lent('work with a signal');
        context.signal.addEventListener('abort', back, { once: true });
        return this.#rest().then(() => {
          context.signal.removeEventListener('abort', back);
          back();
          return 1;
        });
      }
      case 'with a request':
        return this.#settled('reply to a keeper', () =>
          context.request(keeper, 1, { timeoutMs: this.#timeoutMs(), signal: this.#aSignal() }),
        );
      case 'with a stream':
        return this.#settled('stream to a keeper', () =>
          this.#read(context.stream(keeper, 1, { timeoutMs: this.#timeoutMs(), signal: this.#aSignal() })),
        );
      case 'with a timer':
        context.schedule(1 + this.#choose(8, 'delay'), () => {}, { every: this.#choose(2, 'every') === 1 });
        return this.#rest().then(() => 1);
      case 'with a watch':
        context.watch(keeper);
        return 1;
      case 'with a child':
        if (context.self.path.split('/').length < 4) {
          context.spawn(this.#aKeeper(), { subscribe: false });
        }
        return 1;
      case 'with a tool':
        return this.#settled('tool', () => context.tool(Double, 1, { signal: this.#aSignal() }));
    }
  }

  #borrow(loan: (typeof loans)[number]): void {
    const { system } = this.world;
    const keeper = this.#anyKeeper();
    switch (loan) {
      case 'a reply':
        void this.#settled(loan, () =>
          system.request(this.#anyTarget(), 1, { timeoutMs: this.#timeoutMs(), signal: this.#aSignal() }),
        );
        return;
      case 'an observer':
        this.#completed(loan, (observer) => this.#observed().subscribe(observer));
        return;
      case 'a reader':
        void this.#settled(loan, () => this.#read(this.#observed()));
        return;
      case 'a stream':
        this.#completed(loan, (observer) =>
          system
            .stream(this.#anyTarget(), 1, { timeoutMs: this.#timeoutMs(), signal: this.#aSignal() })
            .subscribe(observer),
        );
        return;
      case 'a watch':
        void this.#settled(loan, () => system.watch(keeper, { signal: this.#aSignal() }));
        return;
      case 'a snapshot observer':
        this.#completed(loan, (observer) => keeper.subscribe(observer));
        return;
      case 'changes of agents':
        this.#completed(loan, (observer) => system.agents.changes.subscribe(observer));
        return;
      case 'changes of capabilities':
        this.#completed(loan, (observer) => system.capabilities.changes.subscribe(observer));
        return;
      case 'a listener':
        this.#completed(loan, (observer) => system.listen(observer));
        return;
      case 'quiet':
        void this.#settled(loan, () => system.quiet());
        return;
    }
  }

  #observed() {
    const overflow = this.#pick(['drop-oldest', 'suspend', 'fail'] as const, 'overflow');
    return this.world.system.observe(Chore, { overflow, capacity: 2 });
  }

  #fibre(program: Effect.Effect<void>): Effect.Effect<number> {
    return Effect.suspend(() => {
      const back = this.#lent('fibre');
      return program.pipe(Effect.as(1), Effect.ensuring(Effect.sync(back)));
    });
  }

  async *#replies(count: number): AsyncGenerator<number> {
    const back = this.#lent('generator');
    try {
      for (let left = count; left > 0; left -= 1) {
        yield 1;
        await this.#rest();
      }
    } finally {
      back();
    }
  }

  #pushing(): Observable<number> {
    return new Observable((subscriber) => {
      const back = this.#lent('subscription to an Observable');
      const nap = this.#nap(this.#choose(8, 'rest'), () => {
        subscriber.next(1);
        if (this.#choose(2, 'completes') === 1) {
          subscriber.complete();
        }
      });
      return () => {
        nap.cancel();
        back();
      };
    });
  }

  async #read(stream: AsyncIterable<number>): Promise<number> {
    let left = this.#pick([Number.POSITIVE_INFINITY, 1, 2], 'values read');
    for await (const _ of stream) {
      left -= 1;
      if (left === 0) {
        return 1;
      }
      await this.#rest();
    }
    return 1;
  }

  /** Notes that a promise has been lent, until it is settled. It does not reject. */
  async #settled(what: string, begin: () => Promise<unknown>): Promise<number> {
    const back = this.#lent(what);
    try {
      await begin();
    } catch {
      // Refused or failed: settled all the same.
    }
    back();
    return 1;
  }

  /** Notes that somebody has been lent who is told of the end of something. */
  #completed(
    what: string,
    lend: (observer: { next(): void; error(): void; complete(): void }) => unknown,
  ): void {
    const back = this.#lent(what);
    try {
      lend({ next: () => {}, error: back, complete: back });
    } catch {
      back();
    }
  }

  /** Notes that something has begun, and returns what notes its end, however often it is told of it. */
  #lent(what: string): () => void {
    let out = 1;
    this.borrowed.set(what, (this.borrowed.get(what) ?? 0) + 1);
    return () => {
      this.borrowed.set(what, this.borrowed.get(what)! - out);
      out = 0;
    };
  }

  #aSignal(): AbortSignal {
    const controller = new AbortController();
    this.signals.push(controller.signal);
    if (this.#choose(4, 'aborts') === 3) {
      this.#nap(this.#choose(8, 'rest'), () => controller.abort());
    }
    return controller.signal;
  }

  #timeoutMs(): number {
    return this.#pick([Number.POSITIVE_INFINITY, 20, 3], 'timeout');
  }

  #anyTarget(): Keeper | typeof Chore {
    return this.#choose(3, 'target') === 2 ? Chore : this.#anyKeeper();
  }

  #anyKeeper(): Keeper {
    return this.#pick(this.#keepers, 'keeper');
  }

  #pick<T>(among: readonly T[], what: string): T {
    return among[this.#choose(among.length, what)]!;
  }

  #choose(count: number, what: string): number {
    return this.world.choose(count, what);
  }
}
