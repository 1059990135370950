/**
 * Courts: several are asked the same question, in every way there is, and a policy decides.
 *
 * Who is asked, what they do with the question, by which policy and in how many levels it
 * is gathered, who asks and when they lose patience: all of it is chosen, and the first
 * choice is always the quietest.
 *
 * A court notes each verdict of its policy and how it settled; what must be true of that
 * is checked when it settles and after each step.
 */
import {
  type AgentRef,
  all,
  any,
  both,
  type Context,
  defineAgent,
  defineTopic,
  either,
  firstK,
  type Gathered,
  type GroupMember,
  type Lease,
  majority,
  NotGathered,
  type Outcome,
  type Policy,
  type Procedure,
  plurality,
  quorum,
  type Scope,
  type System,
  type Timer,
  type,
  withinMs,
} from 'troupe';
import type { Cell } from '../../src/actors/cell.ts';
import { openGroup } from '../../src/primitives/gather.ts';
import { Gathering } from '../../src/primitives/gathering.ts';
import { type GroupPlan, groupPlan } from '../../src/primitives/group-plan.ts';
import { CopiedPort } from '../../src/testing/copied-port.ts';
import type { World } from '../../src/testing/index.ts';
import { cellOf } from './inside.ts';

/** What is asked: by which court. */
interface Case {
  readonly court: Court | undefined;
}

const Question = defineTopic('court.question', { schema: type<Case>(), reply: type<number>() });
const Order = defineTopic('court.order', { schema: type<number>(), reply: type<number>() });

/** One gathering. */
class Court {
  readonly courts: Courts;
  readonly members: number;
  readonly policy: Policy<number, unknown>;
  readonly scope: Scope;
  readonly lease: Lease | undefined;
  readonly deadlineMs: number;
  /** What its policy has said, in order; and how many outcomes it had seen then. */
  readonly verdicts: string[] = [];
  seen = 0;
  /** Who had an outcome by then. */
  #arrived: ReadonlySet<number> = new Set();
  settled = 0;
  outcomes: readonly Outcome<number>[] | undefined;
  /** Members that were asked and lost, by their path. */
  readonly lost = new Set<string>();

  constructor(courts: Courts, scope: Scope, policy: Policy<number, unknown>, plan: GroupPlan) {
    this.courts = courts;
    this.scope = scope;
    this.members = plan.members.length;
    this.lease = courts.hasBudget(scope) ? scope.budget : undefined;
    this.deadlineMs = Math.min(
      scope.deadlineMs,
      courts.world.nowMs + (plan.timeoutMs ?? Number.POSITIVE_INFINITY),
    );
    this.policy = {
      ...policy,
      decide: (ballot) => {
        const verdict = policy.decide(ballot);
        this.#arrived = new Set(ballot.outcomes.map(({ index }) => index));
        this.#heard(verdict._tag, ballot.outcomes.length);
        return verdict;
      },
    };
  }

  gathered({ value, outcomes }: Gathered<unknown, number, unknown>): void {
    this.#settle(outcomes);
    if (this.verdicts.at(-1) !== 'Decided') {
      this.courts.wrong(`it was gathered although the last its policy said is ${this.verdicts.at(-1)}`);
    }
    if (this.policy.name === 'all') {
      const answers = outcomes.flatMap((outcome) => (outcome._tag === 'Replied' ? [outcome.value] : []));
      if (JSON.stringify(value) !== JSON.stringify(answers)) {
        this.courts.wrong(
          `all answered ${JSON.stringify(answers)}, and gathered is ${JSON.stringify(value)}`,
        );
      }
    }
  }

  failed(failure: unknown): void {
    if (failure instanceof NotGathered) {
      this.#settle(failure.outcomes as readonly Outcome<number>[]);
      if (this.verdicts.at(-1) !== 'Impossible') {
        this.courts.wrong(`it failed although the last its policy said is ${this.verdicts.at(-1)}`);
      }
    } else {
      this.courts.wrong(`it failed of ${String(failure)}`);
    }
  }

  /** What holds after each step. */
  audit(): void {
    const decided = this.verdicts.filter((verdict) => verdict !== 'Undecided').length;
    if (decided !== this.settled) {
      this.courts.wrong(`its policy has decided ${decided} times, and it has settled ${this.settled} times`);
    }
  }

  /** What was spent on it is what its members spent. */
  auditSpent(): void {
    if (this.lease !== undefined && this.outcomes !== undefined) {
      for (const resource of ['tokens', 'steps'] as const) {
        const spent = this.outcomes.reduce((sum, outcome) => sum + (outcome.spent[resource] ?? 0), 0);
        if (spent !== this.lease.spent(resource)) {
          this.courts.wrong(
            `its members spent ${spent} ${resource}, and its caller was charged ${this.lease.spent(resource)}`,
          );
        }
      }
    }
  }

  #heard(verdict: string, arrived: number): void {
    if (this.settled > 0 || (this.verdicts.length > 0 && this.verdicts.at(-1) !== 'Undecided')) {
      this.courts.wrong('its policy was asked again after it had decided');
    }
    if (arrived > this.seen + 1) {
      this.courts.wrong(`its policy was not asked after each outcome: ${arrived} came, it saw ${this.seen}`);
    }
    this.seen = arrived;
    this.verdicts.push(verdict);
  }

  #settle(outcomes: readonly Outcome<number>[]): void {
    this.settled += 1;
    this.outcomes = outcomes;
    if (this.settled > 1) {
      this.courts.wrong('it settled twice');
    }
    const places = outcomes.map(({ index }) => index).join();
    const wanted = Array.from({ length: this.members }, (_, index) => index).join();
    if (places !== wanted) {
      this.courts.wrong(`its outcomes are those of ${places}; asked were ${wanted}`);
    }
    const answered = outcomes.filter(({ _tag }) => _tag === 'Replied').length;
    if (answered > this.seen) {
      this.courts.wrong(`${answered} are said to have answered, and its policy has seen ${this.seen}`);
    }
    // Of one who was asked twice nobody can tell which of its answers lost.
    const done = new Set(outcomes.flatMap(({ _tag, agent }) => (_tag === 'Interrupted' ? [] : [agent])));
    for (const { _tag, agent } of outcomes) {
      if (_tag === 'Interrupted' && !done.has(agent)) {
        this.lost.add(agent);
      }
    }
    const isAskedOnce = (agent: string): boolean =>
      outcomes.filter((one) => one.agent === agent).length === 1;
    const losers = outcomes.filter(
      ({ agent, index }) => this.lost.has(agent) && !this.#arrived.has(index) && isAskedOnce(agent),
    );
    // Before whoever asked goes on; but one that was being interrupted when this settled is so by then.
    void Promise.resolve().then(() =>
      this.courts.auditLosers(this, new Set(losers.map(({ agent }) => agent))),
    );
  }
}

/** A juror at work on a question. */
interface Deliberation {
  readonly court: Court;
  readonly cell: Cell;
  readonly context: Context<undefined, number>;
}

/** Whether it has ended, or its agent has a signal by which it will in its next turn. */
function isEnding({ cell, context }: Deliberation): boolean {
  const { over } = context as unknown as { readonly over: boolean };
  return (
    over ||
    cell.signals?.some(
      (signal) => signal._tag !== 'interrupt' || signal.handling === (context as unknown),
    ) === true
  );
}

export class Courts {
  readonly world: World;
  readonly system: System;
  readonly #jurors: AgentRef<Case, number>[] = [];
  readonly #courts: Court[] = [];
  readonly #deliberations: Deliberation[] = [];
  readonly #clerks: AgentRef<number, number>[] = [];
  readonly #wrong: string[] = [];
  readonly #withBudget = new WeakSet<object>();
  #energy = 60;

  constructor(world: World) {
    this.world = world;
    this.system = world.system;
  }

  wrong(what: string): void {
    this.#wrong.push(what);
  }

  hasBudget(scope: Scope): boolean {
    return this.#withBudget.has(scope.budget.root);
  }

  /** Spawns the jurors and opens courts. */
  async sit(): Promise<void> {
    for (let left = 2 + this.#number(4, 'jurors'); left > 0; left -= 1) {
      this.#jurors.push(this.system.spawn(this.#juror()));
    }
    for (let left = 1 + this.#number(2, 'clerks'); left > 0; left -= 1) {
      this.#clerks.push(this.system.spawn(this.#clerk()));
    }
    for (let left = 1 + this.#number(4, 'errands'); left > 0; left -= 1) {
      const gone = new AbortController();
      const timeoutMs = this.#pick([50, 8, 200], 'patience');
      const asked =
        this.#number(2, 'who asks') === 0
          ? this.system.request(this.#top(), undefined, { timeoutMs, signal: gone.signal })
          : this.system.request(this.#pick(this.#clerks, 'clerk'), 0, { timeoutMs, signal: gone.signal });
      asked.catch(() => {});
      const what = this.#number(6, 'meanwhile');
      if (what === 1) {
        await this.#nap();
      } else if (what === 2) {
        await this.#nap();
        gone.abort();
      } else if (what === 3) {
        this.system.interrupt(this.#pick(this.#jurors, 'whom'));
      }
    }
  }

  /** What holds after each step. */
  audit(): void {
    for (const court of this.#courts) {
      court.audit();
    }
    const { nowMs } = this.world;
    for (const { court, cell, context } of this.#deliberations) {
      const { over } = context as unknown as { readonly over: boolean };
      // Whoever has a signal waits for a turn, in which the work ends.
      if (over || cell.queued) {
        continue;
      }
      if (court.lost.has(cell.path)) {
        this.wrong(`${cell.path} lost, and goes on`);
      }
      if (nowMs > court.deadlineMs) {
        this.wrong(`${cell.path} works at ${nowMs} ms for a court whose deadline was ${court.deadlineMs} ms`);
      }
    }
    if (this.#wrong.length > 0) {
      throw new Error(this.#wrong.join('\n'));
    }
  }

  /** Whoever has lost is on its way to hear so when the court settles, not when whoever asked is done. */
  auditLosers(court: Court, losers: ReadonlySet<string>): void {
    for (const one of this.#deliberations) {
      if (one.court === court && losers.has(one.cell.path) && !isEnding(one)) {
        this.wrong(`${one.cell.path} lost, and is not interrupted when its court settles`);
      }
    }
  }

  auditAtQuiet(): void {
    for (const court of this.#courts) {
      court.auditSpent();
      if (court.settled === 0) {
        this.wrong('a court has not settled');
      }
    }
    this.audit();
  }

  get settledCount(): number {
    return this.#courts.filter(({ settled }) => settled > 0).length;
  }

  /** A court nobody is above of, perhaps with a budget. */
  #top(): Procedure<undefined, number> {
    const tokens = this.#pick([1_000, undefined, 6], 'budget');
    const court = this.#court(0);
    const asks: Procedure<undefined, number> = async (_, scope) => {
      this.#withBudget.add(scope.budget.root);
      return await scope.request(court, { court: undefined });
    };
    return tokens === undefined
      ? (_, scope) => scope.request(court, { court: undefined })
      : (_, scope) => scope.request(asks, undefined, { budget: { tokens } });
  }

  /** Asks several and answers how many outcomes there were. */
  #court(depth: number): Procedure<Case, number> {
    this.#energy -= 1;
    const members: GroupMember<Case, number>[] = [];
    for (let left = 1 + this.#number(4, 'members'); left > 0; left -= 1) {
      members.push(this.#member(depth));
    }
    const plan = groupPlan('court', members, {
      concurrency: this.#pick([members.length, 1, 2], 'concurrency'),
      ...this.#pick([{}, { timeoutMs: 6 }, { budget: { tokens: 20 } }], 'options'),
    });
    const policy = this.#policy(members.length, 2);
    return (_, scope) =>
      new Promise((resolve, reject) => {
        const court = new Court(this, scope, policy, plan);
        this.#courts.push(court);
        const group = openGroup<Case, number>({ court }, plan, scope);
        new Gathering(group, court.policy, {
          gathered: (gathered) => {
            court.gathered(gathered);
            resolve(gathered.outcomes.length);
          },
          failed: (failure) => {
            court.failed(failure);
            reject(failure);
          },
        }).begin(() => this.world.environment);
      });
  }

  #member(depth: number): GroupMember<Case, number> {
    const kind = this.#energy <= 0 ? 0 : this.#number(6, 'member');
    if (kind === 1 && depth < 5) {
      return this.#court(depth + 1);
    }
    switch (kind) {
      case 2:
        return this.#juror();
      case 3:
        return () => this.#pick([1, 2], 'says');
      case 4:
        return () => {
          throw new Error('a procedure that fails');
        };
      default:
        return this.#pick(this.#jurors, 'juror');
    }
  }

  #policy(size: number, nesting: number): Policy<number, unknown> {
    const by = (answer: number): number => answer;
    const some = 1 + this.#number(size, 'how many');
    const inner = (): Policy<number, unknown> => this.#policy(size, nesting - 1);
    const kinds: (() => Policy<number, unknown>)[] = [
      () => all(),
      () => any(),
      () => firstK(some),
      () => majority(by),
      () => quorum(some),
      () => quorum(some, by),
      () => plurality(by),
      () => all({ onFailure: 'collect' }),
      () => all({ onFailure: 'quorum', quorum: some }),
      () => any({ onFailure: 'fail-fast' }),
      () => withinMs(this.#pick([5, 0, 30], 'within')),
      ...(nesting === 0
        ? []
        : [
            () => withinMs(this.#pick([5, 0, 30], 'within'), inner()),
            () => either(inner(), inner()),
            () => both(inner(), inner()),
          ]),
    ];
    return kinds[this.#number(kinds.length, 'policy')]!();
  }

  #juror() {
    const concurrency = this.#pick([1, 2], 'window');
    return defineAgent({
      name: 'juror',
      subscribe: [Question],
      concurrency,
      receive: async ({ court }, context: Context<undefined, number>) => {
        const cell = cellOf(context.self);
        // Whoever gets a copy cannot know that the first has been dealt with.
        if (court !== undefined && !(context.envelope.replyTo instanceof CopiedPort)) {
          if (court.lost.has(cell.path)) {
            this.wrong(`${cell.path} begins to work for a court that it has lost`);
          }
          this.#deliberations.push({ court, cell, context });
        }
        context.budget.spend('tokens', 1);
        for (let left = this.#number(3, 'thinks'); left > 0; left -= 1) {
          await this.#nap();
          context.budget.spend('tokens', 1);
        }
        const end = this.#number(8, 'ends');
        if (end === 6) {
          throw new Error('a juror that fails');
        }
        return end === 7 ? new Promise<never>(() => {}) : 1 + (end % 2);
      },
    });
  }

  /** An agent that opens a court, in its step or after it. */
  #clerk() {
    return defineAgent({
      name: 'clerk',
      subscribe: [Order],
      receive: async (_, context) => {
        if (this.#number(2, 'after its step') === 1) {
          await this.#nap();
        }
        return await context.request(this.#top(), undefined);
      },
    });
  }

  #nap(): Promise<void> {
    const ms = 1 + this.#number(8, 'how long');
    return new Promise((resolve) => {
      const timer: Timer = this.world.environment.schedule(ms, resolve);
      void timer;
    });
  }

  #number(count: number, what: string): number {
    return this.world.choose(count, what);
  }

  #pick<T>(from: readonly T[], what: string): T {
    return from[this.#number(from.length, what)]!;
  }
}
