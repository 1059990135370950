/**
 * An unruly troupe: agents that do whatever the tape of a world tells them.
 *
 * How many there are, how they are defined, what each does with a message before
 * and after it awaits something, how that ends, and what is done to them from
 * outside is all chosen. The first choice is always the quietest, so a troupe that
 * breaks a law shrinks to a short story.
 *
 * Every message has an author and a place in what that author said. The troupe
 * notes each turn in which an agent began to handle one.
 */
import * as Effect from 'effect/Effect';
import { Observable } from 'rxjs';
import {
  type Agent,
  type AgentRef,
  type Bounded,
  bounded,
  type ChildKind,
  type Context,
  capability,
  defineAgent,
  defineTopic,
  type Overflow,
  on,
  type Procedure,
  type Result,
  type System,
  type Target,
  type Timer,
  type Topic,
  type,
  type Verbs,
} from 'troupe';
import type { Cell } from '../../src/actors/cell.ts';
import type { Envelope } from '../../src/core/envelope.ts';
import { type Explored, type ExploreOptions, explore, type World } from '../../src/testing/index.ts';
import { witness } from '../../src/testing/laws/witnesses.ts';
import { Inquiry } from './inquiry.ts';
import { cellOf, stagedBy } from './inside.ts';
import { lawExploration } from './law-runs.ts';

/** A message of a troupe. */
export interface Word {
  /** Who said it; `undefined` for code outside of agents. */
  readonly author: Cell | undefined;
  /** The how manieth thing its author said. */
  readonly place: number;
  readonly key: number;
}

/** What members are told, and hear when it is published. */
const Said = defineTopic('troupe.said', {
  schema: type<Word>(),
  reply: type<number>(),
  key: (word) => word.key,
});

/** What members hear beside it. */
const Sung = defineTopic('troupe.sung', {
  schema: type<Word>(),
  reply: type<number>(),
  key: (word) => word.key,
});

/** What nobody hears. */
const Unheard = defineTopic('troupe.unheard', { schema: type<Word>(), reply: type<number>() });

export type Member = AgentRef<Word, number>;
/** What a member sees of its context. */
export type Scene = Context<number, number>;

/** What a member can do in a step, and again after it has awaited something. */
export type Deed =
  | 'nothing'
  | 'tell'
  | 'publish'
  | 'request'
  | 'request detached'
  | 'request a procedure'
  | 'stream'
  | 'abort'
  | 'reply'
  | 'tell detached'
  | 'update'
  | 'stash'
  | 'unstash'
  | 'schedule'
  | 'schedule every'
  | 'cancel'
  | 'spawn'
  | 'watch'
  | 'unwatch'
  | 'stop'
  | 'stop a child'
  | 'throw';

/** How a handler ends. */
type Ending =
  | 'returns'
  | 'replies'
  | 'throws'
  | 'resolves'
  | 'rejects'
  | 'runs an Effect'
  | 'fails in an Effect'
  | 'yields'
  | 'yields and throws'
  | 'pushes'
  | 'hangs';

/** What code outside of agents can do. */
export type Errand =
  | 'wait'
  | 'tell'
  | 'publish'
  | 'request'
  | 'stream'
  | 'abort'
  | 'send'
  | 'observe'
  | 'interrupt'
  | 'stop'
  | 'drain'
  | 'spawn';

/** What may be chosen; the first of each list is the quietest. */
export interface Manners {
  readonly members: readonly number[];
  readonly windows: readonly number[];
  readonly capacities: readonly number[];
  readonly overflows: readonly Overflow[];
  readonly spills: readonly number[];
  readonly effectsMax: readonly number[];
  readonly attemptsMax: readonly number[];
  readonly deeds: readonly Deed[];
  readonly endings: readonly Ending[];
  readonly errands: readonly Errand[];
  readonly timeoutsMs: readonly number[];
  /** Most messages and agents in one run, so that each comes to an end. */
  readonly energy: number;
}

/** Everything there is, and more often what keeps a troupe going than what ends it. */
export const anyManners: Manners = {
  members: [2, 3, 4],
  windows: [1, 1, 2, 3],
  capacities: [1, 2, 3, 8],
  overflows: ['suspend', 'drop-oldest', 'drop-newest', 'conflate', 'fail', 'reject'],
  spills: [1, 0, 3],
  effectsMax: [8, 3, 1],
  attemptsMax: [1, 2, 3],
  deeds: often({
    nothing: 1,
    tell: 6,
    publish: 4,
    request: 4,
    'request detached': 1,
    'request a procedure': 2,
    stream: 2,
    abort: 1,
    reply: 2,
    'tell detached': 1,
    update: 1,
    stash: 2,
    unstash: 2,
    schedule: 1,
    'schedule every': 1,
    cancel: 1,
    spawn: 2,
    watch: 1,
    unwatch: 1,
    'stop a child': 1,
    stop: 1,
    throw: 1,
  }),
  endings: often({
    returns: 4,
    replies: 4,
    resolves: 6,
    'runs an Effect': 3,
    yields: 3,
    pushes: 1,
    throws: 2,
    rejects: 2,
    'fails in an Effect': 1,
    'yields and throws': 1,
    hangs: 1,
  }),
  errands: often({
    wait: 2,
    tell: 8,
    publish: 6,
    request: 5,
    stream: 2,
    abort: 1,
    send: 1,
    observe: 1,
    interrupt: 1,
    spawn: 1,
    stop: 1,
    drain: 1,
  }),
  timeoutsMs: [20, 50, 3, 0, Number.POSITIVE_INFINITY],
  energy: 80,
};

/** Each as often as it says. */
export function often<T extends string>(times: Readonly<Record<T, number>>): readonly T[] {
  return (Object.keys(times) as T[]).flatMap((one) => Array<T>(times[one]).fill(one));
}

/** A member began to handle something: a message, or, without a word, a step of its own. */
export interface Turn {
  readonly cell: Cell;
  /** The how manieth life of that cell. */
  readonly life: number;
  readonly word: Word | undefined;
  readonly topic: string | undefined;
  readonly context: Scene;
}

/** Something an author said, when it was certain that it would leave. */
export interface Telling {
  readonly word: Word;
  /** Whom it was told; `undefined` when it was published. */
  readonly to: Cell | undefined;
}

const longestMs = 8;

const directives = often({ restart: 5, resume: 4, stop: 1, escalate: 1 });

export class Troupe {
  readonly world: World;
  readonly system: System;
  /** Every agent there ever was, in the order in which they came. */
  readonly cells = new Set<Cell>();
  readonly turns: Turn[] = [];
  readonly tellings: Telling[] = [];
  readonly inquiries: Inquiry[] = [];
  /** Timers of the troupe itself. */
  naps = 0;
  /** An agent that had more on the stage than it may. */
  overstaged: Cell | undefined;
  readonly #manners: Manners;
  readonly #members: Member[] = [];
  readonly #timers: Timer[] = [];
  readonly #said = new Map<Cell | undefined, number>();
  /** What each member can do for others. */
  readonly #lent = capability('troupe.lent', {
    input: type<Word>(),
    output: type<number>(),
    run: (word, context) => this.#play(context as Scene, word),
  });
  /** As they left: a copy that a world makes is an envelope of its own. */
  readonly #originals = new WeakSet<Envelope>();
  #energy: number;

  constructor(world: World, manners: Manners) {
    this.world = world;
    this.system = world.system;
    this.#manners = manners;
    this.#energy = manners.energy;
    witness(this.system, { left: (_, envelope) => void this.#originals.add(envelope) });
  }

  /** Whether this is not what was said, but a copy that the world made of it. */
  isCopy(envelope: Envelope): boolean {
    return !this.#originals.has(envelope);
  }

  /** What was said that never arrived, or that arrived twice, at whomever or at this agent, each as often as that happened. */
  wordsThat(became: 'Dropped' | 'Duplicated', at?: Cell): readonly unknown[] {
    return this.world.faults.flatMap((fault) =>
      fault._tag === became &&
      fault.message.kind === 'message' &&
      (at === undefined || fault.message.receiver === at.path)
        ? [fault.message.payload]
        : [],
    );
  }

  /** Spawns the members and runs errands. */
  async perform(): Promise<void> {
    const { members } = this.#manners;
    for (let left = this.#pick(members, 'members'); left > 0; left -= 1) {
      this.#join((agent, options) => this.system.spawn(agent, options), 0);
    }
    for (let left = 8 + this.world.choose(24, 'errands'); left > 0; left -= 1) {
      try {
        // Whoever is outside loses patience before a hanging agent does.
        await Promise.race([this.#run(this.#pick(this.#manners.errands, 'errand')), this.#nap(30)]);
      } catch {
        // Whoever is outside may be refused.
      }
    }
  }

  #run(errand: Errand): unknown {
    const { system } = this;
    const member = this.#anyMember();
    switch (errand) {
      case 'wait':
        return this.#nap();
      case 'tell':
        return this.#say(undefined, member, (word) => this.#mayAwait(system.tell(member, word)));
      case 'publish':
        return this.#say(undefined, undefined, (word) =>
          this.#mayAwait(system.publish(this.#anyTopic(), word)),
        );
      case 'request':
        return this.#mayAwait(this.#request(system, undefined, Number.POSITIVE_INFINITY));
      case 'stream':
        return void this.#stream(system, undefined, Number.POSITIVE_INFINITY);
      case 'abort':
        return this.#abortOne();
      case 'send':
        return this.#say(undefined, undefined, (word) => member.send(word));
      case 'observe':
        return void this.#read(
          system.observe(this.#anyTopic(), {
            overflow: this.#pick(['drop-oldest', 'suspend', 'drop-newest', 'conflate', 'fail'], 'overflow'),
            capacity: this.#pick([1, 2], 'capacity'),
          }),
        );
      case 'interrupt':
        return system.interrupt(member);
      case 'stop':
        return void system.stop(member);
      case 'drain':
        return void system.stop(member, { drain: true, withinMs: this.#pick([50, 3], 'within') });
      case 'spawn':
        return this.#join((agent, options) => system.spawn(agent, options), 0);
    }
  }

  /** What a member does with a message, or in a step of its own. */
  #play(context: Scene, word?: Word): Result<number> {
    const cell = cellOf(context.self);
    const { envelope } = context;
    const before = this.tellings.length;
    this.turns.push({
      cell,
      life: cell.restarts,
      word,
      topic: envelope.topic,
      context,
    });
    try {
      return this.#act(context);
    } catch (thrown) {
      // The step has failed, so nothing of it was said.
      this.tellings.length = before;
      throw thrown;
    }
  }

  #act(context: Scene): Result<number> {
    const ending = this.#pick(this.#manners.endings, 'ending');
    this.#doSome(context);
    switch (ending) {
      case 'returns':
        return undefined;
      case 'replies':
        return 1;
      case 'throws':
        throw new Error('thrown in a step');
      case 'resolves':
        return this.#later(context);
      case 'rejects':
        return this.#later(context).then(() => {
          throw new Error('thrown after an await');
        });
      case 'runs an Effect':
        return Effect.sleep(this.#delay()).pipe(
          Effect.andThen(Effect.sync(() => this.#doSome(context))),
          Effect.as(1),
        );
      case 'fails in an Effect':
        return Effect.sleep(this.#delay()).pipe(
          Effect.andThen(Effect.fail(new Error('failed in an Effect'))),
        );
      case 'yields':
        return this.#replies(context, false);
      case 'yields and throws':
        return this.#replies(context, true);
      case 'pushes':
        return bounded(this.#burst(), { overflow: 'drop-oldest', capacity: 1 });
      case 'hangs':
        return new Promise<number>(() => {});
    }
  }

  async #later(context: Scene): Promise<number> {
    await this.#nap();
    for (let left = this.world.choose(3, 'deeds after an await'); left > 0; left -= 1) {
      try {
        await this.#mayAwait(this.#do(this.#pick(this.#manners.deeds, 'deed'), context));
      } catch (thrown) {
        if (this.world.choose(4, 'heeds what was thrown') === 3) {
          throw thrown;
        }
      }
    }
    return 1;
  }

  async *#replies(context: Scene, throws: boolean): AsyncGenerator<number> {
    for (let left = 1 + this.world.choose(4, 'replies'); left > 0; left -= 1) {
      yield 1;
      await this.#nap();
      this.#doSome(context);
    }
    if (throws) {
      throw new Error('thrown in a stream');
    }
  }

  /** Three values at once, after a while. */
  #burst(): Observable<number> {
    return new Observable((subscriber) => {
      const timer = this.world.environment.schedule(this.#delay(), () => {
        for (const value of [1, 2, 3]) {
          subscriber.next(value);
        }
        subscriber.complete();
      });
      return () => timer.cancel();
    });
  }

  #doSome(context: Scene): void {
    for (let left = this.world.choose(4, 'deeds'); left > 0; left -= 1) {
      this.#do(this.#pick(this.#manners.deeds, 'deed'), context);
      if (stagedBy(context) > cellOf(context.self).definition.effectsMax) {
        this.overstaged = cellOf(context.self);
      }
    }
  }

  /** Does one thing; what it returns may be awaited. */
  #do(deed: Deed, context: Scene): unknown {
    const self = cellOf(context.self);
    switch (deed) {
      case 'nothing':
        return undefined;
      case 'tell': {
        const member = this.#anyMember();
        return this.#say(self, member, (word) => context.tell(member, word));
      }
      case 'publish':
        return this.#say(self, undefined, (word) => context.publish(this.#anyTopic(), word));
      case 'request':
        return this.#request(context, self, context.deadlineMs);
      case 'request detached':
        return this.#request(context.detach(), self, Number.POSITIVE_INFINITY);
      case 'request a procedure':
        return this.#branch(context, self);
      case 'stream':
        return this.#stream(context, self, context.deadlineMs);
      case 'abort':
        return this.#abortOne();
      case 'reply':
        return context.reply(2);
      case 'tell detached': {
        const member = this.#anyMember();
        return this.#say(self, member, (word) => context.detach().tell(member, word));
      }
      case 'update':
        return context.update((times) => times + 1);
      case 'stash':
        return context.stash();
      case 'unstash':
        return context.unstash();
      case 'schedule':
        return this.#spend(() =>
          this.#timers.push(context.schedule(this.#delay(), (step) => this.#play(step as Scene))),
        );
      case 'schedule every':
        return this.#spend(() => {
          const timer = context.schedule(
            this.#delay(),
            (step) => {
              this.#spend(() => undefined);
              if (this.#energy <= 0) {
                timer.cancel();
              }
              return this.#play(step as Scene);
            },
            { every: true },
          );
        });
      case 'cancel':
        return this.#timers.pop()?.cancel();
      case 'spawn':
        return this.#join((agent, options) => context.spawn(agent, options), depthOf(self));
      case 'watch':
        return context.watch(this.#anyMember());
      case 'unwatch':
        return context.unwatch(this.#anyMember());
      case 'stop':
        return context.stop();
      case 'stop a child': {
        const [child] = context.children;
        return child === undefined ? undefined : context.stop(child);
      }
      case 'throw':
        throw new Error('thrown between two verbs');
    }
  }

  /** Asks somebody, and waits for one reply. */
  #request(verbs: Verbs, asker: Cell | undefined, causeDueMs: number): Promise<unknown> | undefined {
    return this.#say(asker, undefined, (word) => {
      const { inquiry, options } = this.#inquire(asker, causeDueMs, false);
      const target = this.#anyTarget();
      const reply = inquiry.made(() => verbs.request(target, word, options));
      reply.then(
        () => inquiry.end(this.world.nowMs),
        (failure) => inquiry.end(this.world.nowMs, failure),
      );
      return reply;
    });
  }

  /** Does something, and waits for it or not, in a branch of a handling, which ends with what it was begun for. */
  #branch(context: Scene, asker: Cell): Promise<unknown> | undefined {
    return this.#spend(() => {
      const { inquiry, options } = this.#inquire(asker, context.deadlineMs, false);
      const deed = this.#pick(this.#manners.deeds, 'deed of a branch');
      const waits = this.world.choose(2, 'branch waits') === 0;
      const work: Procedure<undefined, unknown> = async (_, scope) => {
        const done = this.#do(deed, scope as Scene);
        if (waits) {
          await done;
          this.#do(this.#pick(this.#manners.deeds, 'deed of a branch'), scope as Scene);
        }
      };
      const reply = inquiry.made(() => context.request(work, undefined, options));
      reply.then(
        () => inquiry.end(this.world.nowMs),
        (failure) => inquiry.end(this.world.nowMs, failure),
      );
      return reply;
    });
  }

  /** Asks somebody for a stream of replies, and reads all or some of it, pulled or pushed. */
  #stream(verbs: Verbs, asker: Cell | undefined, causeDueMs: number): Promise<void> | undefined {
    return this.#say(asker, undefined, (word) => {
      const { inquiry, options } = this.#inquire(asker, causeDueMs, true);
      const replies = verbs.stream(this.#anyTarget(), word, { ...options, capacity: 1 });
      return this.world.choose(2, 'reads') === 0
        ? this.#read(replies, inquiry)
        : this.#subscribe(replies, inquiry);
    });
  }

  #inquire(asker: Cell | undefined, causeDueMs: number, reads: boolean) {
    const timeoutMs = this.#pick(this.#manners.timeoutsMs, 'timeout');
    const { nowMs } = this.world;
    const dueMs = Math.max(nowMs, Math.min(causeDueMs, nowMs + timeoutMs));
    const abortable = this.world.choose(3, 'abortable') === 2;
    const inquiry = new Inquiry({ asker, dueMs, abortable, reads });
    this.inquiries.push(inquiry);
    const signal = inquiry.abort?.signal;
    return { inquiry, options: signal === undefined ? { timeoutMs } : { timeoutMs, signal } };
  }

  #abortOne(): void {
    const open = this.inquiries.filter(({ abort, ends }) => abort !== undefined && ends === 0);
    if (open.length > 0) {
      this.#pick(open, 'whom to abort').abort!.abort();
    }
  }

  /** Says something new, as far as there is energy. */
  #say<T>(author: Cell | undefined, to: Member | undefined, say: (word: Word) => T): T | undefined {
    return this.#spend(() => {
      const place = (this.#said.get(author) ?? 0) + 1;
      this.#said.set(author, place);
      const word = { author, place, key: this.world.choose(2, 'key') };
      const said = say(word);
      this.tellings.push({ word, to: to === undefined ? undefined : cellOf(to) });
      return said;
    });
  }

  #join(spawn: (agent: Agent<Word, number>, options: object) => Member, depth: number): void {
    if (depth < 3) {
      this.#spend(() => {
        const kind = this.#pick<ChildKind>(['transient', 'permanent', 'temporary'], 'kind');
        const member = spawn(this.define(), {
          kind,
          significant: kind !== 'permanent' && this.world.choose(4, 'significant') === 3,
          subscribe: this.world.choose(4, 'subscribe') !== 3,
        });
        this.#members.push(member);
        this.cells.add(cellOf(member));
      });
    }
  }

  /** Defines an agent at random. */
  define(): Agent<Word, number> {
    const manners = this.#manners;
    const step = (chance: number) =>
      this.world.choose(chance, 'hook') === chance - 1
        ? (context: object) => this.#play(context as Scene)
        : undefined;
    const directive = () => this.#pick(directives, 'directive');
    const onStart = step(6);
    const onStop = step(6);
    return (defineAgent as (options: object) => Agent<Word, number>)({
      name: 'member',
      state: 0,
      on: [
        on(Said, (word, context: Scene) => this.#play(context, word)),
        on(Sung, (word, context: Scene) => this.#play(context, word)),
      ],
      capabilities: [this.#lent],
      concurrency: this.#pick(manners.windows, 'window'),
      capacity: this.#pick(manners.capacities, 'capacity'),
      overflow: this.#pick(manners.overflows, 'overflow'),
      spillMax: this.#pick(manners.spills, 'spill'),
      effectsMax: this.#pick(manners.effectsMax, 'effects'),
      redeliver: { attemptsMax: this.#pick(manners.attemptsMax, 'attempts') },
      autoShutdown: this.#pick(['never', 'never', 'any', 'all'], 'shutdown'),
      supervision: {
        strategy: this.#pick(['one-for-one', 'one-for-all', 'rest-for-one'], 'strategy'),
        restartsMax: this.#pick([3, 5, 1, 0], 'restarts'),
        windowMs: 100,
        backoffMs: this.#pick([1, 10], 'backoff'),
        directives: { defect: directive(), overload: directive() },
      },
      ...(onStart === undefined ? {} : { onStart }),
      ...(onStop === undefined ? {} : { onStop }),
      onTerminated: (_: unknown, context: Scene) => this.#play(context),
    });
  }

  /** Reads a stream, perhaps only its beginning, at the pace of the world. */
  async #read(stream: AsyncIterable<unknown>, inquiry?: Inquiry): Promise<void> {
    const reader = stream[Symbol.asyncIterator]();
    const next = (): Promise<IteratorResult<unknown>> =>
      inquiry === undefined ? reader.next() : inquiry.made(() => reader.next());
    try {
      for (let left = this.#pick([8, 1, 2], 'values read'); left > 0; left -= 1) {
        const { done } = await next();
        if (done === true) {
          inquiry?.end(this.world.nowMs);
          return;
        }
        inquiry?.value();
        await this.#nap();
      }
    } catch (failure) {
      inquiry?.end(this.world.nowMs, failure);
      return;
    }
    this.#leave(inquiry);
    await reader.return?.();
  }

  async #subscribe(stream: Bounded<unknown>, inquiry: Inquiry): Promise<void> {
    const end = (failure?: unknown): void => inquiry.end(this.world.nowMs, failure);
    const subscription = inquiry.made(() =>
      stream.subscribe({ next: () => inquiry.value(), error: end, complete: () => end() }),
    );
    if (this.world.choose(3, 'unsubscribes') === 2) {
      await this.#nap();
      this.#leave(inquiry);
      subscription.unsubscribe();
    }
  }

  #leave(inquiry: Inquiry | undefined): void {
    if (inquiry !== undefined && inquiry.ends === 0) {
      inquiry.left = true;
    }
  }

  #mayAwait(done: unknown): unknown {
    return this.world.choose(2, 'awaits') === 1 ? done : void heeded(done);
  }

  async #nap(ms = this.#delay()): Promise<void> {
    this.naps += 1;
    await new Promise<void>((resolve) => this.world.environment.schedule(ms, resolve));
    this.naps -= 1;
  }

  #spend<T>(act: () => T): T | undefined {
    if (this.#energy <= 0) {
      return undefined;
    }
    this.#energy -= 1;
    return act();
  }

  #delay(): number {
    return this.world.choose(longestMs, 'delay');
  }

  #anyMember(): Member {
    return this.#pick(this.#members, 'member');
  }

  #anyTopic(): Topic<Word, number> {
    return this.#pick([Said, Sung], 'topic');
  }

  #anyTarget(): Target<Word, number> {
    switch (this.world.choose(6, 'target')) {
      case 3:
        return this.#lent;
      case 4:
        return this.#anyTopic();
      case 5:
        return this.#pick([this.#anyTopic(), Unheard], 'topic');
      default:
        return this.#anyMember();
    }
  }

  #pick<T>(among: readonly T[], what: string): T {
    return among[this.world.choose(among.length, what)]!;
  }
}

/** What is looked at in a troupe: whoever finds something wrong throws. */
export interface Looks {
  /** After each step. */
  readonly always?: (troupe: Troupe) => void;
  /** When nothing is left to do. */
  readonly atQuiet?: (troupe: Troupe) => unknown;
}

/** Explores troupes that behave so, faults of every kind included, as often as laws do. */
export function exploreTroupes(
  manners: Manners,
  { always = () => {}, atQuiet = () => {} }: Looks,
  options: ExploreOptions = {},
): Promise<Explored> {
  const troupes = new WeakMap<World, Troupe>();
  return explore(
    (_, world) => {
      const troupe = new Troupe(world, manners);
      troupes.set(world, troupe);
      return troupe.perform();
    },
    {
      ...lawExploration,
      tapeMax: 2_048,
      faults: ['crash', 'slow', 'drop', 'duplicate', 'delay'],
      faultsMax: { total: 8, crash: 3 },
      ...options,
      always: (world) => always(troupes.get(world)!),
    },
    (world) => atQuiet(troupes.get(world)!),
  );
}

const depthOf = (cell: Cell): number => cell.path.split('/').length - 1;

/** Looks at a promise, so that its failure ends nobody's process. */
function heeded<T>(promise: T): T {
  if (promise instanceof Promise) {
    promise.catch(() => {});
  }
  return promise;
}
