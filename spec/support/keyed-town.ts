/**
 * A keyed town: a keyed group, agents that send to it, and code outside, all of whom
 * do what the tape of a world tells them. The first choice is always the quietest.
 *
 * Every message has an author, a place in what that author said, and a key. The town
 * notes each turn in which the agent of a key began to handle one.
 */
import * as Effect from 'effect/Effect';
import {
  type AgentRef,
  type Context,
  defineAgent,
  defineTopic,
  type FailureReport,
  keyedAgent,
  type Overflow,
  type Result,
  type System,
  type SystemEvent,
  systemFailures,
  type,
} from 'troupe';
import type { Cell } from '../../src/actors/cell.ts';
import type { Envelope } from '../../src/core/envelope.ts';
import type { TopicEntry } from '../../src/core/topic-board.ts';
import { type Explored, type ExploreOptions, explore, type World } from '../../src/testing/index.ts';
import { witness } from '../../src/testing/laws/witnesses.ts';
import { cellOf, kernelOf } from './inside.ts';
import { everyFault, lawExploration } from './law-runs.ts';
import { often } from './unruly-troupe.ts';

export interface Message {
  /** Who said it: an agent in one of its lives, or `outside`. */
  readonly author: unknown;
  /** The how manieth thing its author said. */
  readonly place: number;
  readonly key: string;
  /** Whether it hides its key: then `keyed` throws, or returns a promise or nothing. */
  readonly hides?: 'throws' | 'promises' | 'says nothing' | undefined;
}

const Post = defineTopic('town.post', { schema: type<Message>(), reply: type<number>() });
const Go = defineTopic('town.go', { schema: type<number>() });

export type Door = Context<number, number>;

type Deed =
  | 'nothing'
  | 'tell'
  | 'publish'
  | 'request'
  | 'update'
  | 'stash'
  | 'unstash'
  | 'schedule'
  | 'throw'
  | 'finish';
type Ending =
  | 'returns'
  | 'replies'
  | 'throws'
  | 'resolves'
  | 'rejects'
  | 'runs an Effect'
  | 'yields'
  | 'hangs';
type Call =
  | 'wait'
  | 'tell'
  | 'publish'
  | 'request'
  | 'interrupt'
  | 'crash a key'
  | 'stop a key'
  | 'go'
  | 'hide';

export interface Customs {
  readonly activeMax: readonly number[];
  readonly idleMs: readonly number[];
  readonly windows: readonly number[];
  readonly capacities: readonly number[];
  readonly overflows: readonly Overflow[];
  readonly spills: readonly number[];
  readonly restartsMax: readonly number[];
  readonly lastSteps: readonly ('none' | 'at once' | 'after a while')[];
  readonly deeds: readonly Deed[];
  readonly endings: readonly Ending[];
  readonly calls: readonly Call[];
  readonly energy: number;
}

export const anyCustoms: Customs = {
  activeMax: [2, 1, 3],
  idleMs: [5, 0, 40],
  windows: [1, 1, 2],
  capacities: [1, 2, 3, 8],
  overflows: often({
    suspend: 6,
    'drop-oldest': 1,
    'drop-newest': 1,
    conflate: 1,
    fail: 1,
    reject: 1,
  }),
  spills: [1, 0, 3],
  restartsMax: [1, 2, 0],
  lastSteps: ['none', 'at once', 'after a while'],
  deeds: often({
    nothing: 2,
    tell: 6,
    publish: 3,
    request: 4,
    update: 1,
    stash: 1,
    unstash: 2,
    schedule: 1,
    throw: 1,
    finish: 1,
  }),
  endings: often({
    returns: 5,
    replies: 4,
    resolves: 6,
    'runs an Effect': 2,
    yields: 1,
    throws: 2,
    rejects: 2,
    hangs: 1,
  }),
  calls: often({
    wait: 4,
    tell: 8,
    publish: 5,
    request: 4,
    go: 4,
    interrupt: 1,
    'crash a key': 1,
    'stop a key': 1,
    hide: 1,
  }),
  energy: 70,
};

export interface Turn {
  readonly cell: Cell;
  readonly life: number;
  readonly key: string;
  readonly message: Message;
  readonly envelope: Envelope;
  readonly context: Door;
}

export const windowMs = 60;
export const coolDownMs = 25;
const keys = ['a', 'b', 'c', 'd/e'];

export class Town {
  readonly world: World;
  readonly system: System;
  readonly turns: Turn[] = [];
  readonly told: Message[] = [];
  readonly reports: FailureReport[] = [];
  readonly events: SystemEvent[] = [];
  /** Every agent of a key there ever was. */
  readonly instances = new Set<Cell>();
  readonly senders: Cell[] = [];
  /** What was asked: who asks hears what became of it. */
  readonly asked = new Set<Message>();
  /** What was published: when nobody hears it, nothing happens. */
  readonly published = new Set<Message>();
  /** What has left for somebody. */
  readonly heard = new Set<unknown>();
  /** As it left: a copy that a world makes is an envelope of its own. */
  readonly #originals = new WeakSet<Envelope>();
  /** Requests from outside that have not ended. */
  openRequests = 0;
  /** Whether anybody works for ever. */
  hangs = false;
  readonly group: Cell;
  readonly activeMax: number;
  readonly restartsMax: number;
  readonly ref: AgentRef<Message, number>;
  readonly #customs: Customs;
  readonly #places = new Map<unknown, number>();
  readonly #goers: AgentRef<number, never>[] = [];
  readonly #post: TopicEntry;
  #energy: number;

  constructor(world: World, customs: Customs) {
    this.world = world;
    this.system = world.system;
    this.#customs = customs;
    this.#energy = customs.energy;
    this.activeMax = this.#pick(customs.activeMax, 'activeMax');
    this.restartsMax = this.#pick(customs.restartsMax, 'restartsMax');
    const lastStep = this.#pick(customs.lastSteps, 'last step');
    const each = defineAgent({
      name: 'each',
      subscribe: [Post],
      state: 0,
      concurrency: this.#pick(customs.windows, 'window'),
      capacity: this.#pick(customs.capacities, 'capacity'),
      overflow: this.#pick(customs.overflows, 'overflow'),
      spillMax: this.#pick(customs.spills, 'spill'),
      onStart: (context) => void this.instances.add(cellOf(context.self)),
      receive: (message, context) => this.#play(message, context),
      ...(lastStep === 'none' ? {} : { onStop: () => (lastStep === 'at once' ? undefined : this.#nap()) }),
    });
    const town = keyedAgent({
      name: 'town',
      agent: each,
      keyed: (message) => keyOf(message),
      activeMax: this.activeMax,
      idleMs: this.#pick(customs.idleMs, 'idleMs'),
      coolDownMs,
      passivate: 'forget',
      supervision: { restartsMax: this.restartsMax, windowMs, backoffMs: 2, backoffMsMax: 8, jitter: 0 },
    });
    this.system.listen({ next: (event) => void this.events.push(event) });
    this.system
      .observe(systemFailures, { overflow: 'fail', capacity: 10_000 })
      .subscribe((report) => void this.reports.push(report));
    this.ref = this.system.spawn(town);
    this.group = cellOf(this.ref);
    this.#post = kernelOf(this.system).board.entry(Post.name);
    witness(this.system, {
      left: (_, envelope) => {
        this.heard.add(envelope.payload);
        this.#originals.add(envelope);
      },
    });
    const sender = defineAgent({
      name: 'sender',
      subscribe: [Go],
      effectsMax: 8,
      receive: (_, context) => this.#trySome(context as unknown as Door),
    });
    for (const id of ['x', 'y']) {
      const ref = this.system.spawn(sender, { id, subscribe: false });
      this.#goers.push(ref);
      this.senders.push(cellOf(ref));
    }
  }

  /** What was said that never arrived, or that arrived twice, each as often as that happened. */
  wordsThat(became: 'Dropped' | 'Duplicated'): readonly unknown[] {
    return this.world.faults.flatMap((fault) =>
      fault._tag === became && fault.message.kind === 'message' ? [fault.message.payload] : [],
    );
  }

  /** Whether this is not what was said, but a copy that the world made of it. */
  isCopy(envelope: Envelope): boolean {
    return !this.#originals.has(envelope);
  }

  /** How many publications nobody heard: only the town does, while it is there. */
  get unheard(): number {
    return this.#post.published - this.#post.delivered;
  }

  /** Tells some key one thing more, unless there is no room for it. */
  sayMore(): void {
    this.#energy = Math.max(this.#energy, 1);
    try {
      this.#say('outside', (message) => heeded(this.system.tell(this.ref, message)));
    } catch {
      // It is the author's again.
    }
  }

  async perform(): Promise<void> {
    for (let left = 6 + this.world.choose(24, 'calls'); left > 0; left -= 1) {
      try {
        await Promise.race([this.#run(this.#pick(this.#customs.calls, 'call')), this.#nap(30)]);
      } catch {
        // Whoever is outside may be refused.
      }
    }
  }

  #run(call: Call): unknown {
    const { system } = this;
    switch (call) {
      case 'wait':
        return this.#nap();
      case 'tell':
        return this.#say('outside', (message) => this.#mayAwait(system.tell(this.ref, message)));
      case 'publish':
        return this.#say('outside', (message) => this.#mayAwait(this.#publish(system, message)));
      case 'hide':
        return this.#say(
          'outside',
          (message) => this.#mayAwait(this.#publish(system, message)),
          this.#pick(['throws', 'promises', 'says nothing'] as const, 'hides'),
        );
      case 'request':
        return this.#say('outside', (message) => {
          this.openRequests += 1;
          this.asked.add(message);
          const done = (): void => {
            this.openRequests -= 1;
          };
          const reply = system.request(this.#pick([this.ref, Post], 'target'), message, { timeoutMs: 40 });
          reply.then(done, done);
          return this.#mayAwait(reply);
        });
      case 'go':
        return void system.tell(this.#pick(this.#goers, 'goer'), 0);
      case 'interrupt':
        return system.interrupt(this.ref);
      case 'crash a key': {
        const path = this.#anyPath();
        return path === undefined ? undefined : this.world.crash(path);
      }
      case 'stop a key': {
        const path = this.#anyPath();
        const ref = path === undefined ? undefined : system.agents.find(path)?.ref;
        return ref === undefined
          ? undefined
          : void system.stop(ref, { drain: this.world.choose(2, 'drain') === 1 });
      }
    }
  }

  #play(message: Message, context: Door): Result<number> {
    const cell = cellOf(context.self);
    this.turns.push({
      cell,
      life: cell.restarts,
      key: message.key,
      message,
      envelope: context.envelope,
      context,
    });
    const ending = this.#pick(this.#customs.endings, 'ending');
    this.#trySome(context, ending === 'throws');
    switch (ending) {
      case 'returns':
        return undefined;
      case 'resolves':
        return this.#later(context);
      case 'rejects':
        return this.#later(context).then(() => {
          throw new Error('thrown after an await');
        });
      case 'runs an Effect':
        return Effect.sleep(this.#delay()).pipe(Effect.as(1));
      case 'yields':
        return this.#replies();
      case 'hangs':
        this.hangs = true;
        return new Promise<number>(() => {});
      default:
        return 1;
    }
  }

  /** When the step fails, nothing of it was said. */
  #trySome(context: Door, throws = false): void {
    const before = this.told.length;
    try {
      this.#doSome(context);
      if (throws) {
        throw new Error('thrown in a step');
      }
    } catch (thrown) {
      this.told.length = before;
      throw thrown;
    }
  }

  async #later(context: Door): Promise<number> {
    await this.#nap();
    for (let left = this.world.choose(3, 'deeds after an await'); left > 0; left -= 1) {
      try {
        await this.#mayAwait(this.#do(this.#pick(this.#customs.deeds, 'deed'), context));
      } catch (thrown) {
        if (this.world.choose(4, 'heeds what was thrown') === 3) {
          throw thrown;
        }
      }
    }
    return 1;
  }

  async *#replies(): AsyncGenerator<number> {
    yield 1;
    await this.#nap();
    yield 2;
  }

  #doSome(context: Door): void {
    for (let left = this.world.choose(4, 'deeds'); left > 0; left -= 1) {
      this.#do(this.#pick(this.#customs.deeds, 'deed'), context);
    }
  }

  #do(deed: Deed, context: Door): unknown {
    const author = authorOf(context);
    switch (deed) {
      case 'nothing':
        return undefined;
      case 'tell':
        return this.#say(author, (message) => context.tell(this.ref, message));
      case 'publish':
        return this.#say(author, (message) => this.#publish(context, message));
      case 'request':
        return this.#say(author, (message) => {
          this.asked.add(message);
          return heeded(context.request(this.#pick([this.ref, Post], 'target'), message, { timeoutMs: 30 }));
        });
      case 'update':
        return context.update((times) => times + 1);
      case 'stash':
        return isOfKey(context) ? context.stash() : undefined;
      case 'unstash':
        return context.unstash();
      case 'schedule':
        return this.#spend(() => context.schedule(this.#delay(), (step) => this.#trySome(step as Door)));
      case 'throw':
        throw new Error('thrown between two verbs');
      case 'finish':
        return isOfKey(context) ? context.stop() : undefined;
    }
  }

  #say<T>(author: unknown, say: (message: Message) => T, hides?: Message['hides']): T | undefined {
    return this.#spend(() => {
      const place = (this.#places.get(author) ?? 0) + 1;
      this.#places.set(author, place);
      const message: Message = { author, place, key: this.#pick(keys, 'key'), hides };
      this.told.push(message);
      try {
        return say(message);
      } catch (thrown) {
        // It was refused, and is its author's again.
        this.told.splice(this.told.indexOf(message), 1);
        throw thrown;
      }
    });
  }

  #publish(by: System | Door, message: Message): Promise<void> | undefined {
    this.published.add(message);
    return by.publish(Post, message);
  }

  #spend<T>(act: () => T): T | undefined {
    if (this.#energy <= 0) {
      return undefined;
    }
    this.#energy -= 1;
    return act();
  }

  #anyPath(): string | undefined {
    const paths = [...(this.group.children?.values() ?? [])].map((cell) => cell.path);
    return paths.length === 0 ? undefined : this.#pick(paths, 'which key');
  }

  /** Whoever does not wait must not be told so by a failure nobody looks at. */
  #mayAwait(promise: unknown): unknown {
    heeded(promise);
    return this.world.choose(2, 'awaits it') === 0 ? promise : undefined;
  }

  #nap(ms = this.#delay()): Promise<void> {
    return new Promise((resolve) => void this.world.environment.schedule(ms, resolve));
  }

  #delay(): number {
    return this.world.choose(8, 'delay');
  }

  #pick<T>(from: readonly T[], what: string): T {
    return from[this.world.choose(from.length, what)]!;
  }
}

export function exploreTowns(
  customs: Customs,
  looks: { readonly always?: (town: Town) => void; readonly atQuiet?: (town: Town) => unknown },
  options: ExploreOptions = {},
): Promise<Explored> {
  const towns = new WeakMap<World, Town>();
  return explore(
    (_, world) => {
      const town = new Town(world, customs);
      towns.set(world, town);
      return town.perform();
    },
    {
      ...lawExploration,
      tapeMax: 1_024,
      faults: everyFault,
      faultsMax: { total: 8, crash: 3 },
      ...options,
      always: (world) => {
        const town = towns.get(world);
        if (town !== undefined) {
          looks.always?.(town);
        }
      },
    },
    (world) => looks.atQuiet?.(towns.get(world)!),
  );
}

/** Under this key a message of the town is known. */
function keyOf({ key, hides }: Message): string {
  switch (hides) {
    case undefined:
      return key;
    case 'throws':
      throw new Error('no key for this one');
    case 'promises':
      return Promise.reject(new Error('never')) as unknown as string;
    case 'says nothing':
      return undefined as unknown as string;
  }
}

/** One life of an agent is an author: what an earlier one said is no longer ordered with what it says. */
const lives = new WeakMap<Cell, Map<number, object>>();
function authorOf(context: Door): object {
  const cell = cellOf(context.self);
  const ofCell = lives.get(cell) ?? new Map<number, object>();
  lives.set(cell, ofCell);
  const life = ofCell.get(cell.restarts) ?? { path: cell.path, life: cell.restarts };
  ofCell.set(cell.restarts, life);
  return life;
}

const isOfKey = (context: Door): boolean => context.parent !== undefined;

function heeded<T>(promise: T): T {
  if (promise instanceof Promise) {
    promise.catch(() => {});
  }
  return promise;
}
