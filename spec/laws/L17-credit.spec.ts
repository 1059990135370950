/**
 * L17: a credit is settled once; at quiet none is out.
 *
 * Readers of a topic, each with a window. Behind it stand synchronous operators,
 * and asynchronous ones that retain the token until their work settles. Readers
 * throw, fail, leave midway, are left by the end of the system. What is out is
 * counted twice: by a meter at the outlet, and by the operators themselves.
 */
import { filter, map, type Observable, type Subscriber, type Subscription, tap } from 'rxjs';
import { defineAgent, defineTopic, type System, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import type { Outlet } from '../../src/actors/outlet.ts';
import { askingForWindow, pushWithToken, retainToken } from '../../src/core/credit.ts';
import { explore, type World } from '../../src/testing/index.ts';
import { boom } from '../support/boom.ts';
import { kernelOf } from '../support/inside.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

const Value = defineTopic('value', { schema: type<number>(), key: (value) => value % 2 });
const Order = defineTopic('order', { schema: type<number>() });

describe('credit', () => {
  it(
    'law: a credit is settled once, no window is ever exceeded, and at quiet none is out',
    async () => {
      const audiences = new WeakMap<World, Audience>();
      const explored = await explore(
        async (_, world) => {
          const audience = new Audience(world);
          audiences.set(world, audience);
          await audience.listen();
        },
        {
          ...lawExploration,
          faults: ['crash', 'slow', 'drop', 'duplicate', 'delay'],
          tapeMax: 512,
          always: (world) => audiences.get(world)?.readers.forEach(hasItsBooksInOrder),
        },
        async (world) => {
          const audience = audiences.get(world)!;
          audience.readers.forEach(waitsForNothing);
          while (audience.finishOne()) {
            await world.runUntilQuiet();
          }
          audience.readers.forEach(waitsForNothing);
          audience.readers.forEach(hasNothingOut);
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

/** What the outlet says is out is what is out, and no more than the window. */
function hasItsBooksInOrder({ name, window, pushed, settled, out, mostOut }: Reader): void {
  if (pushed - settled !== out.size) {
    throw new Error(`${name}: ${out.size} of ${pushed} values are out, and ${settled} were settled`);
  }
  if (mostOut > window) {
    throw new Error(`${name}: ${mostOut} values were out in a window of ${window}`);
  }
}

/** Whoever has credit left has read everything. */
function waitsForNothing({ name, outlet, window, out, subscription }: Reader): void {
  if (subscription?.closed === false && out.size < window && outlet.mailbox.size > 0) {
    throw new Error(`${name}: ${outlet.mailbox.size} wait, although only ${out.size} are out`);
  }
}

function hasNothingOut(reader: Reader): void {
  hasItsBooksInOrder(reader);
  if (reader.out.size > 0) {
    throw new Error(`${reader.name}: ${reader.out.size} are still out`);
  }
}

/** A subscriber, and what it knows of the values it was pushed. */
interface Reader {
  readonly name: string;
  readonly window: number;
  readonly outlet: Outlet<unknown>;
  subscription: Subscription | undefined;
  pushed: number;
  settled: number;
  /** Values that are being pushed or worked on, and by how many. */
  readonly out: Map<number, number>;
  /** Most that were ever out. */
  mostOut: number;
}

class Audience {
  readonly world: World;
  readonly system: System;
  readonly readers: Reader[] = [];
  /** Work that asynchronous operators have begun: each call ends one. */
  readonly #works = new Set<() => void>();
  #published = 0;

  constructor(world: World) {
    this.world = world;
    this.system = world.system;
  }

  /** Readers come and go while somebody publishes. */
  async listen(): Promise<void> {
    const author = this.system.spawn(
      defineAgent({
        name: 'author',
        subscribe: [Order],
        receive: async (values, context) => {
          for (let left = values; left > 0; left -= 1) {
            await context.publish(Value, this.#next());
          }
        },
      }),
    );
    this.#join();
    for (let left = 8 + this.#number(32, 'events'); left > 0; left -= 1) {
      switch (this.#number(11, 'what happens')) {
        case 0:
        case 1:
        case 2:
          this.#publish();
          break;
        case 3:
          void this.system.tell(author, 1 + this.#number(5, 'how many'));
          break;
        case 4:
        case 5:
        case 6:
          this.finishOne();
          break;
        case 7:
          this.#join();
          break;
        case 8:
          this.#pick(this.readers, 'who leaves').subscription?.unsubscribe();
          break;
        case 9:
          if (this.#number(4, 'the end') === 3) {
            await this.system.stop();
            return;
          }
          break;
        default:
          await new Promise<void>((resolve) => void this.world.environment.schedule(1, resolve));
      }
    }
  }

  /** Ends one of the works that are open, and says whether there was one. */
  finishOne(): boolean {
    if (this.#works.size === 0) {
      return false;
    }
    const finish = this.#pick([...this.#works], 'which work');
    this.#works.delete(finish);
    finish();
    return true;
  }

  #publish(): void {
    try {
      void this.system.publish(Value, this.#next());
    } catch {
      // Whoever publishes without waiting is refused in the end.
    }
  }

  #join(): void {
    if (this.readers.length >= 4) {
      return;
    }
    const window = 1 + this.#number(3, 'window');
    const values = this.system.observe(Value, {
      window,
      capacity: 1 + this.#number(4, 'capacity'),
      overflow: this.#pick(['drop-oldest', 'suspend', 'drop-newest', 'conflate', 'fail'], 'overflow'),
    });
    const out = new Map<number, number>();
    let reader: Reader | undefined;
    let stream = liftOver<number>(values, (subscriber, source) =>
      source.subscribe({
        next: (value) => {
          reader!.pushed += 1;
          hold(out, value);
          reader!.mostOut = Math.max(reader!.mostOut, out.size);
          subscriber.next(value);
          letGo(out, value);
        },
        error: (failure) => subscriber.error(failure),
        complete: () => subscriber.complete(),
      }),
    );
    for (let left = this.#number(4, 'operators'); left > 0; left -= 1) {
      stream = this.#operate(stream, out, window);
    }
    const before = receiversOf(this.system);
    const leavesAt = this.#pick([Infinity, 1, 2, 5], 'leaves at');
    const throwsAt = this.#pick([Infinity, 1, 3], 'throws at');
    let read = 0;
    const subscription = stream.subscribe({
      next: () => {
        read += 1;
        if (read === leavesAt) {
          reader!.subscription!.unsubscribe();
        }
        if (read === throwsAt) {
          boom();
        }
      },
      error: () => {},
    });
    const outlet = receiversOf(this.system).find((one) => !before.includes(one)) as Outlet<unknown>;
    const name = `reader ${this.readers.length + 1}`;
    reader = { name, window, outlet, subscription, pushed: 0, settled: 0, out, mostOut: 0 };
    this.readers.push(reader);
    metered(reader);
  }

  #operate(stream: Observable<number>, out: Map<number, number>, window: number): Observable<number> {
    switch (this.#number(5, 'operator')) {
      case 0:
        return stream.pipe(map((value) => value));
      case 1:
        return stream.pipe(filter((value) => value % 3 !== 0));
      case 2:
        return stream.pipe(tap((value) => (value % 7 === 6 ? boom() : undefined)));
      default:
        return this.#workingOn(stream, out, 1 + this.#number(window, 'values worked on'));
    }
  }

  /** An asynchronous operator: it passes a value on whenever somebody has finished a work on it, of which there may be two. */
  #workingOn(stream: Observable<number>, out: Map<number, number>, values: number): Observable<number> {
    const works = 1 + this.#number(2, 'works on each value');
    return liftOver(stream, (subscriber, source) => {
      const open = new Map<() => void, () => void>();
      let ended = false;
      const work = (value: number): void => {
        const token = retainToken();
        hold(out, value);
        const forget = (): void => {
          open.delete(finish);
          this.#works.delete(finish);
          letGo(out, value);
          token!.release();
        };
        const finish = (): void => {
          if (this.#number(8, 'the work fails') === 7) {
            subscriber.error(new Error('the work failed'));
          } else {
            pushWithToken(token, (done) => subscriber.next(done), value);
          }
          // Unless passing it on made the reader leave.
          if (open.has(finish)) {
            forget();
          }
          if (ended && open.size === 0) {
            subscriber.complete();
          }
        };
        open.set(finish, forget);
        this.#works.add(finish);
      };
      const subscription = askingForWindow(values, () =>
        source.subscribe({
          next: (value) => {
            for (let left = works; left > 0; left -= 1) {
              work(value);
            }
          },
          error: (failure) => subscriber.error(failure),
          complete: () => {
            ended = true;
            if (open.size === 0) {
              subscriber.complete();
            }
          },
        }),
      );
      subscriber.add(() => {
        subscription.unsubscribe();
        for (const forget of [...open.values()]) {
          forget();
        }
      });
      return subscription;
    });
  }

  #next(): number {
    this.#published += 1;
    return this.#published;
  }

  #pick<T>(among: readonly T[], what: string): T {
    return among[this.#number(among.length, what)]!;
  }

  #number(count: number, what: string): number {
    return this.world.choose(count, what);
  }
}

/** Counts what is settled where the credit comes from. */
function metered(reader: Reader): void {
  const { outlet } = reader;
  const settled = outlet.settled.bind(outlet);
  outlet.settled = () => {
    reader.settled += 1;
    settled();
  };
}

function hold(out: Map<number, number>, value: number): void {
  out.set(value, (out.get(value) ?? 0) + 1);
}

function letGo(out: Map<number, number>, value: number): void {
  const holders = out.get(value)! - 1;
  if (holders === 0) {
    out.delete(value);
  } else {
    out.set(value, holders);
  }
}

/** An operator that is guarded like those of RxJS: what its subscribers throw ends nobody's process. */
function liftOver<T>(
  source: Observable<T>,
  subscribe: (subscriber: Subscriber<T>, source: Observable<T>) => Subscription,
): Observable<T> {
  return source.pipe((stream) =>
    (stream as unknown as { lift(operator: object): Observable<T> }).lift({
      call: (subscriber: Subscriber<T>, from: Observable<T>) => subscribe(subscriber, from),
    }),
  );
}

const receiversOf = (system: System) => [
  ...kernelOf(system).board.upToDate(kernelOf(system).board.entry(Value.name)).receivers,
];
