/**
 * A company of stream agents: each a chain of operators that the tape of a world
 * chooses, and what is asked of them while they fail, are interrupted, stop, and
 * wait for a listener who is slow.
 */
import { filter, map, type Observable, take, tap } from 'rxjs';
import {
  type Agent,
  type AgentRef,
  batch,
  type Context,
  conflate,
  defineAgent,
  defineTopic,
  mapAsync,
  streamAgent,
  throttle,
  type,
} from 'troupe';
import type { Cell, OpenHandling } from '../../src/actors/cell.ts';
import type { MessageToken } from '../../src/actors/message-token.ts';
import { tokenInScope } from '../../src/core/credit.ts';
import type { Envelope } from '../../src/core/envelope.ts';
import type { World } from '../../src/testing/index.ts';
import { witness } from '../../src/testing/laws/witnesses.ts';
import { boom } from './boom.ts';
import { cellOf } from './inside.ts';

const Task = defineTopic('task', { schema: type<number>(), reply: type<number>(), key: (n) => n % 2 });
const Result = defineTopic('result', { schema: type<number>() });

/** Work of an operator on a message. */
export interface WorkSeen {
  readonly cell: Cell;
  /** Those of the messages that its value was made of. */
  readonly handlings: readonly OpenHandling[];
  readonly signal: AbortSignal;
  ended: boolean;
  failed: boolean;
}

/** A value on its way: the numbers of the messages it was made of. */
type Value = readonly number[];

export class StreamCompany {
  readonly world: World;
  readonly cells: Cell[] = [];
  readonly works: WorkSeen[] = [];
  /** How often each message came out, of whichever agent. */
  readonly out = new Map<number, number>();
  /** Messages whose handling ended well, by agent: a copy has the same id, and is an envelope of its own. */
  readonly #handled = new Map<unknown, WeakSet<Envelope>>();
  readonly told: { readonly n: number; readonly to: Cell }[] = [];
  readonly #gates = new Set<() => void>();
  #said = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** Whether the handling of a message ended well, this time or another. */
  endedWell({ cell, envelope }: OpenHandling): boolean {
    return this.#handled.get(cell)?.has(envelope) === true;
  }

  /** How often the world did this to a message on its way to an agent. */
  timesThat(became: 'Dropped' | 'Duplicated', n: number, to: Cell): number {
    return this.world.faults.filter(
      (fault) =>
        fault._tag === became &&
        fault.message.kind === 'message' &&
        fault.message.payload === n &&
        fault.message.receiver === to.path,
    ).length;
  }

  async perform(): Promise<void> {
    const { system } = this.world;
    witness(system, {
      ended: (agent, envelope, outcome) => {
        if (outcome === 'handled') {
          const byAgent = this.#handled.get(agent) ?? new WeakSet();
          this.#handled.set(agent, byAgent.add(envelope));
        }
      },
    });
    this.cells.push(cellOf(system.spawn(this.#listener())));
    const members = Array.from({ length: 1 + this.#number(2, 'members') }, () => this.#member());
    for (let left = 6 + this.#number(24, 'events'); left > 0; left -= 1) {
      const member = this.#pick(members, 'whom');
      switch (this.#number(10, 'what happens')) {
        case 0:
        case 1:
        case 2:
          this.#say((n) => {
            this.told.push({ n, to: cellOf(member) });
            return system.tell(member, n);
          });
          break;
        case 3:
          this.#say((n) => system.publish(Task, n));
          break;
        case 4: {
          const abort = new AbortController();
          this.#say((n) => void system.request(member, n, { signal: abort.signal }).catch(() => {}));
          if (this.#number(3, 'aborts') === 2) {
            await this.#nap();
            abort.abort();
          }
          break;
        }
        case 5:
        case 6:
          this.finishOne();
          break;
        case 7:
          if (this.#number(3, 'interrupts') === 2) system.interrupt(member);
          break;
        case 8:
          if (this.#number(6, 'stops') === 5)
            void system.stop(member, { drain: this.#number(2, 'drains') === 1 });
          break;
        default:
          await this.#nap();
      }
    }
  }

  /** Ends one of the works that are open, and says whether there was one. */
  finishOne(): boolean {
    if (this.#gates.size === 0) {
      return false;
    }
    const finish = this.#pick([...this.#gates], 'which work');
    this.#gates.delete(finish);
    finish();
    return true;
  }

  #member(): AgentRef<number, number> {
    const { system } = this.world;
    const given = this.#pick([undefined, undefined, 3, 1], 'window');
    const operators = 1 + this.#number(3, 'operators');
    const agent = (streamAgent as (options: object) => Agent<number, number>)({
      name: 'member',
      subscribe: [Task],
      ...(given === undefined ? {} : { concurrency: given }),
      capacity: this.#pick([8, 1, 3], 'capacity'),
      overflow: this.#pick(
        ['suspend', 'suspend', 'suspend', 'drop-oldest', 'conflate', 'reject'] as const,
        'overflow',
      ),
      effectsMax: this.#pick([16, 3], 'effects'),
      redeliver: { attemptsMax: this.#pick([1, 2], 'attempts') },
      ...(this.#number(2, 'publishes') === 0 ? {} : { publishes: Result }),
      stream: ((inbox: Observable<number> & AsyncIterable<number>, context: { current: Context }) => {
        if (this.#number(5, 'generator') === 4) {
          return this.#generated(inbox);
        }
        let stream: Observable<Value> = inbox.pipe(map((n) => [n]));
        for (let left = operators; left > 0; left -= 1) {
          stream = this.#operate(stream, context);
        }
        return stream.pipe(map((value) => this.#outOf(value)));
      }) as never,
    });
    const ref = system.spawn(agent, { kind: this.#pick(['transient', 'temporary'], 'kind') });
    this.cells.push(cellOf(ref));
    return ref;
  }

  async *#generated(inbox: AsyncIterable<number>) {
    for await (const n of inbox) {
      if (this.#number(3, 'works') === 2) await this.#gate();
      if (this.#number(8, 'throws') === 7) boom();
      if (this.#number(4, 'skips') < 3) yield this.#outOf([n]);
    }
  }

  #operate(stream: Observable<Value>, context: { current: Context }): Observable<Value> {
    switch (this.#number(13, 'operator')) {
      case 0:
        return stream.pipe(map((value) => value));
      case 1:
        return stream.pipe(filter((value) => value[0]! % 3 !== 0));
      case 2:
        return stream.pipe(tap(() => (this.#number(8, 'throws') === 7 ? boom() : undefined)));
      case 3:
        return stream.pipe(
          batch({ count: 1 + this.#number(3, 'count'), withinMs: 1 + this.#number(4, 'within') }),
          map((values) => values.flat()),
        );
      case 4:
        return stream.pipe(conflate({ key: (value) => value[0]! % 2, keysMax: 1 + this.#number(2, 'keys') }));
      case 5:
        return stream.pipe(
          throttle({ everyMs: 2, overflow: this.#pick(['suspend', 'drop-newest'] as const, 'throttles') }),
        );
      case 6:
        return stream.pipe(take(1 + this.#number(6, 'takes')));
      default: {
        const ordered = this.#number(2, 'ordered') === 0;
        return stream.pipe(
          mapAsync(
            this.#pick([2, 3, 1], 'concurrency'),
            (value, { signal }) => {
              const { cell } = context.current as unknown as OpenHandling;
              const handlings = tokenInScope()!.sources.map((token) => (token as MessageToken).handling);
              const work: WorkSeen = { cell, handlings, signal, ended: false, failed: false };
              this.works.push(work);
              if (this.#number(4, 'how') === 3) {
                work.ended = true;
                return value;
              }
              return this.#gate().then(
                () => {
                  work.ended = true;
                  return value;
                },
                (failure) => {
                  work.ended = true;
                  work.failed = true;
                  throw failure;
                },
              );
            },
            { ordered },
          ),
        );
      }
    }
  }

  #outOf(value: Value): number {
    for (const n of value) {
      this.out.set(n, (this.out.get(n) ?? 0) + 1);
    }
    return value[0]!;
  }

  /** Waits until somebody ends it, well or, now and then, not. */
  #gate(): Promise<void> {
    const gate = Promise.withResolvers<void>();
    this.#gates.add(() => (this.#number(4, 'fails') === 3 ? gate.reject(new Error('boom')) : gate.resolve()));
    return gate.promise;
  }

  /** Hears what comes out, slowly. */
  #listener(): Agent<number, never> {
    return defineAgent({
      name: 'listener',
      subscribe: [Result],
      capacity: 1,
      receive: async () => {
        if (this.#number(2, 'slow') === 1) await this.#nap();
      },
    });
  }

  #say(say: (n: number) => unknown): void {
    this.#said += 1;
    try {
      void say(this.#said);
    } catch {
      // Whoever sends without waiting is refused in the end.
    }
  }

  #nap(): Promise<void> {
    return new Promise(
      (resolve) => void this.world.environment.schedule(1 + this.#number(4, 'naps'), resolve),
    );
  }

  #pick<T>(among: readonly T[], what: string): T {
    return among[this.#number(among.length, what)]!;
  }

  #number(count: number, what: string): number {
    return this.world.choose(count, what);
  }
}
