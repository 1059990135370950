/**
 * L18: after an interrupt no token, tool call or message of that work is observed.
 *
 * A boss has procedures done in branches, and they in branches of their own, which
 * talk, ask, call a capability and wait, each after the other. They are ended by their
 * deadline, by whoever asked, by their boss's failure, restart and end, and by a budget.
 * Every branch says whose it is, and notes when it was ended; whatever it says after
 * that must be heard by nobody, and whom it had asked must be told. No message is doubled
 * here: whoever gets a copy cannot know that what it is a copy of was ended.
 */
import { capability, defineAgent, defineTopic, type Procedure, type Scope, type System, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import type { OpenHandling } from '../../src/actors/cell.ts';
import { explore, type World } from '../../src/testing/index.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

/** A branch, as whoever began it knows it. */
interface Begun {
  /** Its request has settled. */
  over: boolean;
  /** Whether what it was begun in is over. */
  readonly orphaned: () => boolean;
}

/** What is said, by which branch, and whether that was over by then. */
interface Word {
  readonly late: boolean;
  readonly by: Begun;
}

const Asked = defineTopic('asked', { schema: type<Word>(), reply: type<number>() });
const Told = defineTopic('told', { schema: type<Word>() });
const Order = defineTopic('order', { schema: type<number>(), reply: type<number>() });

/** So that nobody else ends it before the branch does. */
const forEver = { timeoutMs: Number.POSITIVE_INFINITY };

describe('a branch', () => {
  it(
    'law: is not observed any more when it is over, and whom it asked is told',
    async () => {
      const offices = new WeakMap<World, Office>();
      const seen = { late: 0, ended: 0, interrupted: 0 };
      const explored = await explore(
        async (system, world) => {
          const office = new Office(system, world);
          offices.set(world, office);
          await office.order();
        },
        { ...lawExploration, faults: ['crash', 'slow', 'drop', 'delay'], tapeMax: 256 },
        async (world) => {
          const office = offices.get(world)!;
          office.nobodyWorksInVain();
          await office.wakeAll();
          office.nobodyHeardTheLate();
          seen.late += office.saidLate;
          seen.ended += office.ended;
          seen.interrupted += office.interrupted;
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
      // It is about something: there were such words, such ends and such interrupts.
      expect(Math.min(seen.late, seen.ended, seen.interrupted)).toBeGreaterThan(lawRuns / 20);
    },
    lawTimeoutMs,
  );
});

class Office {
  readonly #system: System;
  readonly #world: World;
  readonly #sleepers: (() => void)[] = [];
  /** What the clerk works on and was not told to leave. */
  readonly #working = new Set<Word>();
  readonly #branches: Begun[] = [];
  #heardLate: string | undefined;
  saidLate = 0;
  ended = 0;
  interrupted = 0;
  readonly #typing = capability('typing', {
    input: type<Word>(),
    output: type<number>(),
    run: (word) => this.#hears(word, 'the capability was called'),
  });

  constructor(system: System, world: World) {
    this.#system = system;
    this.#world = world;
  }

  /** Spawns everybody, and has some work done, and some of it ended. */
  async order(): Promise<void> {
    const system = this.#system;
    system.spawn(
      defineAgent({
        name: 'clerk',
        subscribe: [Asked],
        concurrency: 3,
        capabilities: [this.#typing],
        receive: (word, context) => {
          this.#hears(word, 'the clerk was asked');
          if (this.#world.choose(4, 'clerk') === 0) {
            return 1;
          }
          this.#working.add(word);
          context.signal.addEventListener('abort', () => {
            this.interrupted += 1;
            this.#working.delete(word);
          });
          return this.#sleep().then(() => {
            this.#working.delete(word);
            return 1;
          });
        },
      }),
    );
    system.spawn(
      defineAgent({
        name: 'listener',
        subscribe: [Told],
        receive: (word) => void this.#hears(word, 'the listener was told'),
      }),
    );
    const boss = system.spawn(
      defineAgent({
        name: 'boss',
        subscribe: [Order],
        concurrency: 2,
        supervision: { directives: () => 'restart', restartsMax: 100 },
        receive: async (depth, context) => {
          const work = this.#begin(depth, context, () => (context as unknown as OpenHandling).over);
          switch (this.#world.choose(5, 'boss')) {
            case 0:
              return work;
            case 1:
              work.catch(() => {});
              throw new Error('the boss has enough');
            case 2:
              work.catch(() => {});
              return 0;
            default:
              await work.catch(() => {});
              await this.#sleep();
              return 1;
          }
        },
      }),
    );
    for (let left = 1 + this.#world.choose(3, 'orders'); left > 0; left -= 1) {
      system
        .request(boss, 1 + this.#world.choose(3, 'depth'), { timeoutMs: this.#timeoutMs() })
        .catch(() => {});
      if (this.#world.choose(4, 'outside') === 1) {
        this.#begin(2, system, () => false).catch(() => {});
      }
    }
    if (this.#world.choose(3, 'interrupts') === 1) {
      await this.#world.settle();
      system.interrupt(boss);
    }
  }

  /** Everybody goes on who waits for the spec, late or not. */
  async wakeAll(): Promise<void> {
    while (this.#sleepers.length > 0) {
      this.#sleepers.shift()!();
      await this.#world.runUntilQuiet();
      this.nobodyWorksInVain();
    }
  }

  nobodyHeardTheLate(): void {
    if (this.#heardLate !== undefined) {
      throw new Error(`${this.#heardLate} by a branch that was over`);
    }
  }

  nobodyWorksInVain(): void {
    for (const word of this.#working) {
      if (word.by.over) {
        throw new Error('the clerk works for a branch that is over');
      }
    }
    for (const { over, orphaned } of this.#branches) {
      if (!over && orphaned()) {
        throw new Error('a branch goes on, although what it was begun in is over');
      }
    }
  }

  /** Has work done in a branch of somebody's, and notes when it was told that it is over. */
  #begin(depth: number, by: Pick<Scope, 'request'>, orphaned: () => boolean): Promise<number> {
    const branch: Begun = { over: false, orphaned };
    this.#branches.push(branch);
    const gone = new AbortController();
    const work: Procedure<number, number> = (input, scope) => this.#work(input, scope, branch);
    const budget = this.#world.choose(4, 'budget') === 1 ? { budget: { work: 1 } } : {};
    const done = by.request(work, depth, { timeoutMs: this.#timeoutMs(), signal: gone.signal, ...budget });
    const over = (): void => {
      branch.over = true;
      this.ended += 1;
    };
    done.then(over, over);
    if (this.#world.choose(3, 'leaves') !== 0) {
      void this.#sleep().then(() => gone.abort());
    }
    return done;
  }

  async #work(depth: number, scope: Scope, branch: Begun): Promise<number> {
    for (let left = 1 + this.#world.choose(3, 'deeds'); left > 0; left -= 1) {
      this.saidLate += branch.over ? 1 : 0;
      const word = { late: branch.over, by: branch };
      switch (this.#world.choose(7, 'deed')) {
        case 0:
          break;
        case 1:
          scope.publish(Told, word);
          break;
        case 2:
          await scope.request(Asked, word, forEver);
          break;
        case 3:
          scope.request(Asked, word, forEver).catch(() => {});
          break;
        case 4:
          await scope.tool(this.#typing, word);
          break;
        case 5:
          scope.budget.spend('work', 1);
          break;
        default:
          if (depth > 0) {
            const inner = this.#begin(depth - 1, scope, () => branch.over);
            await (this.#world.choose(2, 'goes on') === 0 ? inner : inner.catch(() => {}));
          }
      }
      if (this.#world.choose(2, 'sleeps') === 1) {
        await this.#sleep();
      }
    }
    return depth;
  }

  #timeoutMs(): number {
    return [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 20, 5][this.#world.choose(4, 'timeout')]!;
  }

  /** Until the spec says so, or some time has passed. */
  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#world.choose(2, 'sleep') === 0) {
        this.#world.environment.schedule(1 + this.#world.choose(9, 'sleep'), resolve);
      } else {
        this.#sleepers.push(resolve);
      }
    });
  }

  #hears(word: Word, how: string): number {
    if (word.late) {
      this.#heardLate ??= how;
    }
    return 1;
  }
}
