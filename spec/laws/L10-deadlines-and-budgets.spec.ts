/**
 * L10: a deadline never grows along a chain of requests, a budget never along any
 * chain; spent ≤ limit + the stated bound; reservations return to zero.
 *
 * Every message carries what its sender knew: the envelope it handled, and a purse,
 * which is the law's own account of a budget. The bound (core/budget.ts): steps and
 * tool calls are never over; the rest by at most one chunk for each holder that
 * worked when the limit was passed.
 */

import {
  type AgentRef,
  type Context,
  capability,
  defineAgent,
  defineTopic,
  type Result,
  type System,
  type Topic,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import type { OpenHandling } from '../../src/actors/cell.ts';
import type { Lease, Limits, Resource, Spendable } from '../../src/core/budget.ts';
import type { Envelope } from '../../src/core/envelope.ts';
import { explore, type World } from '../../src/testing/index.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

/** A budget, as the law keeps account of it. */
interface Purse {
  readonly limits: Limits;
  readonly above: Purse | undefined;
  /** The lease itself, since somebody got it. */
  lease: Lease | undefined;
  readonly spent: Map<Resource, number>;
  /** What was in chunks whose spending threw. */
  readonly over: Map<Resource, number>;
  /** Who works under it now. */
  readonly open: Set<Context>;
  /** Who worked under it when a limit was passed. */
  openWhenPassed: Set<Context> | undefined;
}

interface Job {
  readonly verb: 'tell' | 'publish' | 'request';
  /** What its sender was handling. */
  readonly cause: Envelope | undefined;
  readonly purse: Purse | undefined;
  /** When a request is to be settled at the latest, as its sender said. */
  readonly untilMs: number;
}

type Firm = Context<undefined, number>;
type Worker = AgentRef<Job, number>;

const Work = defineTopic('work', { schema: type<Job>(), reply: type<number>() });

const exact: readonly Spendable[] = ['steps', 'toolCalls'];
const metered: readonly Spendable[] = ['tokens', 'work'];

describe('deadlines and budgets', () => {
  it(
    'law: no deadline and no budget grows along a chain, what is spent stays within its bound, and nothing stays reserved',
    async () => {
      const offices = new WeakMap<World, Office>();
      const explored = await explore(
        (_, world) => {
          const office = new Office(world);
          offices.set(world, office);
          return office.run();
        },
        {
          ...lawExploration,
          faults: ['crash', 'slow', 'drop', 'duplicate', 'delay'],
          tapeMax: 1_024,
          always: (world) => offices.get(world)?.audit(),
        },
        async (world) => {
          const office = offices.get(world)!;
          office.auditAtQuiet();
          await world.run(() => world.system.stop());
          office.audit();
          office.auditReserved();
        },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

class Office {
  readonly world: World;
  readonly system: System;
  readonly #workers: Worker[] = [];
  readonly #purses: Purse[] = [];
  /** What the agent at a path lives on. */
  readonly #lives = new Map<string, Purse>();
  readonly #handlings: { readonly context: Firm; readonly purse: Purse | undefined }[] = [];
  /** Budgets of requests that nobody has answered yet, and that wait for ever. */
  readonly #unsettled = new Set<Purse>();
  readonly #wrong: string[] = [];
  #energy = 40;

  constructor(world: World) {
    this.world = world;
    this.system = world.system;
  }

  async run(): Promise<void> {
    for (let left = 2 + this.#number(2, 'workers'); left > 0; left -= 1) {
      const purse = this.#number(3, 'lives on a budget') === 2 ? this.#purse(undefined) : undefined;
      const worker = this.system.spawn(this.#define(), purse === undefined ? {} : { budget: purse.limits });
      this.#workers.push(worker);
      if (purse !== undefined) {
        this.#lives.set(worker.path, purse);
      }
    }
    for (let left = 4 + this.#number(12, 'errands'); left > 0; left -= 1) {
      const purse = this.#number(4, 'on a budget') === 3 ? undefined : this.#purse(undefined);
      const timeoutMs = this.#pick([20, 5], 'timeout');
      const job = this.#job('request', undefined, purse, timeoutMs);
      const budget = purse === undefined ? {} : { budget: purse.limits };
      heeded(this.system.request(this.#anyTarget(), job, { timeoutMs, ...budget }));
      if (this.#number(2, 'waits') === 1) {
        await this.#nap();
      }
    }
  }

  /** What holds after every step. */
  audit(): void {
    for (const purse of this.#purses) {
      if (purse.lease !== undefined) {
        this.#auditOne(purse, purse.lease);
      }
    }
    if (this.#wrong.length > 0) {
      throw new Error(this.#wrong.join('\n'));
    }
  }

  #auditOne({ limits, spent, over }: Purse, lease: Lease): void {
    for (const resource of exact) {
      const most = limits[resource] ?? Infinity;
      const used = Math.max(spent.get(resource) ?? 0, lease.spent(resource));
      this.#mustBe(used <= most, `${used} ${resource} of ${most}`);
    }
    for (const resource of metered) {
      const most = (limits[resource] ?? Infinity) + (over.get(resource) ?? 0);
      const said = lease.spent(resource);
      this.#mustBe(said === (spent.get(resource) ?? 0), `${said} ${resource} said to be spent`);
      this.#mustBe(said <= most, `${said} ${resource} spent of at most ${most}`);
    }
    const ranMs = lease.spent('timeMs');
    this.#mustBe(ranMs <= (limits.timeMs ?? Infinity), `it ran for ${ranMs} ms of ${limits.timeMs}`);
  }

  /** What holds when everybody has settled: whoever still works does so on a budget that is not spent. */
  auditAtQuiet(): void {
    for (const { context } of this.#handlings) {
      const { envelope, self } = context;
      const exceeded = isOpen(context) ? context.budget.exceeded : undefined;
      this.#mustBe(exceeded === undefined, `${self.path} works on ${envelope.topic}: ${exceeded?.message}`);
    }
    const alive = [...this.#lives.values(), ...this.#unsettled].flatMap(chainOf);
    this.auditReserved((purse) => !alive.includes(purse));
    this.audit();
  }

  auditReserved(whose: (purse: Purse) => boolean = () => true): void {
    for (const { lease } of this.#purses.filter(whose)) {
      for (const resource of [...exact, ...metered]) {
        const reserved = lease?.reserved(resource) ?? 0;
        this.#mustBe(reserved === 0, `${reserved} ${resource} are still reserved`);
      }
    }
    this.audit();
  }

  #define() {
    return defineAgent<Job, number>({
      name: 'worker',
      subscribe: [Work],
      concurrency: this.#pick([1, 2, 3], 'window'),
      capabilities: [
        capability('dig', {
          input: type<Job>(),
          output: type<number>(),
          run: (job, context) => {
            this.#check(job, context as Firm);
            for (const purse of chainOf(job.purse)) {
              add(purse.spent, 'toolCalls', 1);
            }
            return this.#work(context as Firm, job.purse, 'message');
          },
        }),
      ],
      receive: (job, context) => {
        this.#check(job, context as Firm);
        return this.#work(context as Firm, job.purse, 'message');
      },
    });
  }

  /** Whether the envelope has got what its sender had, and no more. */
  #check({ verb, cause, purse, untilMs }: Job, { envelope }: Firm): void {
    const { budget } = envelope;
    if (verb === 'request') {
      const latestMs = Math.min(cause?.deadlineMs ?? Infinity, untilMs);
      this.#mustBe(envelope.deadlineMs <= latestMs, `a deadline of ${envelope.deadlineMs}, not ${latestMs}`);
    }
    this.#mustBe((budget === undefined) === (purse === undefined), `a ${verb} has lost its budget`);
    if (budget === undefined || purse === undefined) {
      return;
    }
    purse.lease ??= budget;
    this.#mustBe(budget === purse.lease, `a ${verb} has another budget than its sender`);
    const above = purse.above?.lease;
    this.#mustBe(above === undefined || budget.isPartOf(above), 'a budget is no part of the one above');
    for (const one of chainOf(purse)) {
      for (const resource of [...exact, ...metered, 'timeMs'] as const) {
        const [limit, most] = [budget.limit(resource), one.limits[resource] ?? Infinity];
        this.#mustBe(limit <= most, `a limit of ${limit} ${resource} under one of ${most}`);
      }
    }
  }

  #work(context: Firm, given: Purse | undefined, begins: 'message' | 'timer'): Result<number> {
    const life = this.#lives.get(context.self.path);
    if (life !== undefined && context.envelope.budget === undefined) {
      life.lease ??= context.budget;
    }
    const purse = given ?? life;
    this.#handlings.push({ context, purse });
    if (begins === 'message') {
      for (const one of new Set([...chainOf(purse), ...chainOf(life)])) {
        add(one.spent, 'steps', 1);
      }
    }
    for (const one of chainOf(purse)) {
      one.open.add(context);
    }
    const ended = (): void => {
      for (const one of chainOf(purse)) {
        one.open.delete(context);
      }
    };
    let result: Result<number>;
    try {
      for (let left = this.#number(3, 'deeds at once'); left > 0; left -= 1) {
        this.#do(context, purse);
      }
      result = this.#ending(context, purse);
    } catch (thrown) {
      ended();
      throw thrown;
    }
    if (result instanceof Promise) {
      return result.finally(ended) as Promise<number>;
    }
    ended();
    return result;
  }

  #ending(context: Firm, purse: Purse | undefined): number | undefined | Promise<number> {
    switch (this.#number(5, 'ending')) {
      case 0:
        return 1;
      case 1:
        return undefined;
      case 2:
        return new Promise<number>(() => {});
      default:
        return this.#later(context, purse);
    }
  }

  async #later(context: Firm, purse: Purse | undefined): Promise<number> {
    for (let left = 1 + this.#number(3, 'deeds later'); left > 0; left -= 1) {
      await this.#nap();
      await this.#do(context, purse);
    }
    return 1;
  }

  #do(context: Firm, purse: Purse | undefined): unknown {
    const { envelope } = context;
    if (this.#energy <= 0) {
      return undefined;
    }
    this.#energy -= 1;
    const waits = this.#number(2, 'waits for the reply') === 1;
    const timeoutMs = this.#pick([20, 5, Infinity], 'timeout');
    switch (this.#number(9, 'deed')) {
      case 0:
      case 1:
        return this.#spend(context, purse);
      case 2:
        return heeded(context.tell(this.#anyWorker(), this.#job('tell', envelope, purse)));
      case 3:
        return heeded(context.publish(Work, this.#job('publish', envelope, undefined)));
      case 4: {
        const job = this.#job('request', envelope, purse, timeoutMs);
        const reply = heeded(context.request(this.#anyTarget(), job, { timeoutMs, awaited: waits }));
        return waits ? reply.catch(() => {}) : undefined;
      }
      case 5: {
        const part = this.#purse(purse);
        const job = this.#job('request', envelope, part, timeoutMs);
        const budget = part.limits;
        const reply = heeded(context.request(this.#anyTarget(), job, { timeoutMs, awaited: waits, budget }));
        this.#unsettled.add(part);
        const settled = (): boolean => this.#unsettled.delete(part);
        reply.then(settled, settled);
        return waits ? reply.catch(() => {}) : undefined;
      }
      case 6:
        return heeded(context.tool('dig', this.#job('request', envelope, purse, timeoutMs), { timeoutMs }));
      case 7:
        return this.#schedule(context, purse);
      default:
        return this.#hire(context, purse);
    }
  }

  /** A timer, which rings once or until there is no energy left. */
  #schedule(context: Firm, purse: Purse | undefined): void {
    const every = this.#number(3, 'every') === 2;
    const timer = context.schedule(
      1 + this.#number(6, 'delay'),
      (later) => {
        this.#energy -= 1;
        if (this.#energy <= 0) {
          timer.cancel();
        }
        this.#mustBe(later.budget === context.budget || purse === undefined, 'a timer has another budget');
        return this.#work(later as Firm, purse, 'timer');
      },
      { every },
    );
  }

  #spend(context: Firm, purse: Purse | undefined): void {
    const resource = this.#pick(metered, 'resource');
    const chunk = 1 + this.#number(20, 'chunk');
    for (const one of chainOf(purse)) {
      add(one.spent, resource, chunk);
    }
    try {
      context.budget.spend(resource, chunk);
    } catch (thrown) {
      for (const one of chainOf(purse)) {
        add(one.over, resource, chunk);
        if (metered.some((each) => (one.spent.get(each) ?? 0) > (one.limits[each] ?? Infinity))) {
          one.openWhenPassed ??= new Set(one.open);
          this.#mustBe(one.openWhenPassed.has(context), `${context.self.path} spends, and came too late`);
        }
      }
      throw thrown;
    }
  }

  /** A worker that lives on part of what this work may spend. */
  #hire(context: Firm, purse: Purse | undefined): void {
    if (this.#workers.length < 6) {
      const part = this.#purse(purse);
      const worker = context.spawn(this.#define(), { budget: part.limits });
      this.#workers.push(worker);
      this.#lives.set(worker.path, part);
    }
  }

  #purse(above: Purse | undefined): Purse {
    const limits = {
      tokens: this.#pick([30, 10, 60], 'tokens'),
      ...(this.#number(2, 'limits work') === 1 ? { work: 20 } : {}),
      ...(this.#number(2, 'limits steps') === 1 ? { steps: this.#pick([2, 1, 4], 'steps') } : {}),
      ...(this.#number(2, 'limits calls') === 1 ? { toolCalls: this.#pick([1, 2], 'calls') } : {}),
      ...(this.#number(2, 'limits time') === 1 ? { timeMs: this.#pick([10, 3], 'time') } : {}),
    };
    const purse: Purse = {
      limits,
      above,
      lease: undefined,
      spent: new Map(),
      over: new Map(),
      open: new Set(),
      openWhenPassed: undefined,
    };
    this.#purses.push(purse);
    return purse;
  }

  #job(verb: Job['verb'], cause: Envelope | undefined, purse: Purse | undefined, timeoutMs = Infinity): Job {
    return { verb, cause, purse, untilMs: this.world.nowMs + timeoutMs };
  }

  #mustBe(holds: boolean, what: string): void {
    if (!holds) {
      this.#wrong.push(what);
    }
  }

  #nap(): Promise<void> {
    return new Promise((resolve) => {
      this.world.environment.schedule(this.#number(6, 'how long'), resolve);
    });
  }

  #anyTarget(): Worker | Topic<Job, number> {
    return this.#number(4, 'target') === 3 ? Work : this.#anyWorker();
  }

  #anyWorker(): Worker {
    return this.#pick(this.#workers, 'worker');
  }

  #pick<T>(among: readonly T[], what: string): T {
    return among[this.#number(among.length, what)]!;
  }

  #number(count: number, what: string): number {
    return this.world.choose(count, what);
  }
}

const isOpen = (context: Firm): boolean => !(context as unknown as OpenHandling).over;

/** A purse and all above it. */
function chainOf(purse: Purse | undefined): readonly Purse[] {
  const chain: Purse[] = [];
  for (let one = purse; one !== undefined; one = one.above) {
    chain.push(one);
  }
  return chain;
}

function add(to: Map<Resource, number>, resource: Resource, amount: number): void {
  to.set(resource, (to.get(resource) ?? 0) + amount);
}

/** Looks at a promise, so that its failure ends nobody's process. */
function heeded<T>(promise: T): T {
  if (promise instanceof Promise) {
    promise.catch(() => {});
  }
  return promise;
}
