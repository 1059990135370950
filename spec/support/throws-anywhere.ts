/**
 * A program whose code throws wherever a user's code can be, one place after the
 * other, each in a system of its own. It prints, for each place, what the system
 * told of on `system.failures`; if it ends by itself, nothing has ended it.
 */
import * as Effect from 'effect/Effect';
import { map, Observable } from 'rxjs';
import {
  type Agent,
  type AgentRef,
  bounded,
  type Context,
  capability,
  createSystem,
  defineAgent,
  defineTopic,
  type EventListener,
  type Result,
  type System,
  systemFailures,
  type,
} from 'troupe';

const Work = defineTopic('work', { schema: type<string>(), reply: type<string>() });

/** What is thrown at a place: the name of the place. */
const thrownAt = (place: string): never => {
  throw new Error(place);
};

interface Place {
  /** What the agent is made of beside its handler. */
  readonly agent?: (thrown: () => never, system: () => System) => object;
  /** The agent's handler. */
  readonly receive?: (thrown: () => never, context: Context<unknown, string>) => unknown;
  readonly listener?: (thrown: () => never) => EventListener;
  readonly permit?: (thrown: () => never) => () => boolean;
  /** What code outside does, beside telling the agent to work. */
  readonly outside?: (thrown: () => never, system: System, agent: AgentRef<string, string>) => unknown;
  /** How often it is told of, when not once. */
  readonly told?: number;
}

const ping = capability('ping', { input: type<string>(), output: type<string>(), run: (text) => text });
const never = (): Promise<never> => new Promise(() => {});
const later = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1));

/** Ends the agent's work from outside, when it has begun. */
const interrupts: Place['outside'] = async (_, system, agent) => {
  await later();
  system.interrupt(agent);
};
const stops: Place['outside'] = async (_, system, agent) => {
  await later();
  await system.stop(agent);
};

const hostile = (thrown: () => never): object => ({
  get class() {
    return thrown();
  },
  get _tag() {
    return thrown();
  },
  get message() {
    return thrown();
  },
  get withPartial() {
    return thrown();
  },
});

export const places: Readonly<Record<string, Place>> = {
  'a handler': { receive: (thrown) => thrown() },
  'the reducer of an update': { receive: (thrown, context) => context.update(thrown) },
  'after an await': { receive: (thrown) => later().then(thrown) },
  'an Effect that fails': { receive: () => Effect.fail(new Error('an Effect that fails')) },
  'an Effect that dies': { receive: (thrown) => Effect.sync(thrown) },
  'a finalizer of an interrupted Effect': {
    receive: (thrown) => Effect.never.pipe(Effect.ensuring(Effect.sync(thrown))),
    outside: interrupts,
  },
  'a generator': {
    // biome-ignore lint/correctness/useYield: it throws before.
    receive: async function* (thrown) {
      thrown();
    },
  },
  'a generator after a yield': {
    receive: async function* (thrown) {
      yield 'one';
      thrown();
    },
  },
  'the finally of a generator that was left': {
    receive: async function* (thrown) {
      try {
        yield 'one';
        yield 'two';
      } finally {
        thrown();
      }
    },
    outside: (_, system, agent) => system.request(agent, 'work'),
    told: 2,
  },
  'the next of an iterator': {
    receive: (thrown) => ({ [Symbol.asyncIterator]: () => ({ next: thrown }) }),
  },
  'the return of an iterator': {
    receive: (thrown) => ({ [Symbol.asyncIterator]: () => ({ next: never, return: thrown }) }),
    outside: interrupts,
  },
  'a return that rejects': {
    receive: (thrown) => ({
      [Symbol.asyncIterator]: () => ({ next: never, return: () => later().then(thrown) }),
    }),
    outside: interrupts,
  },
  'the making of an iterator': { receive: (thrown) => ({ [Symbol.asyncIterator]: thrown }) },
  'a ReadableStream': { receive: (thrown) => new ReadableStream({ pull: thrown }) },
  // biome-ignore lint/suspicious/noThenProperty: just what this is about.
  'a then that throws': { receive: (thrown) => ({ then: thrown }) },
  'a then that is a getter': {
    receive: (thrown) => Object.defineProperty({}, 'then', { get: thrown }),
  },
  'a then that calls back twice': {
    receive: () => ({
      // biome-ignore lint/suspicious/noThenProperty: just what this is about.
      then: (_: unknown, reject: (failure: unknown) => void) => {
        reject(new Error('a then that calls back twice'));
        reject(new Error('a then that calls back twice'));
      },
    }),
  },
  'an Observable': {
    receive: (thrown) => bounded(new Observable(() => thrown()), { overflow: 'drop-oldest', capacity: 1 }),
  },
  'what is told of values that are dropped': {
    receive: (thrown) =>
      bounded(
        new Observable((subscriber) => {
          subscriber.next('one');
          subscriber.next('two');
          subscriber.next('three');
          subscriber.complete();
        }),
        { overflow: 'drop-oldest', capacity: 1, onDropped: thrown },
      ),
  },
  'the teardown of an Observable': {
    receive: (thrown) => bounded(new Observable(() => thrown), { overflow: 'drop-oldest', capacity: 1 }),
    outside: interrupts,
  },
  'a timer': { receive: (thrown, context) => void context.schedule(1, thrown) },
  'a timer that rejects': {
    receive: (thrown, context) => void context.schedule(1, () => later().then(thrown)),
  },
  onStart: { agent: (thrown) => ({ onStart: once(thrown) }) },
  'onStart, later': {
    agent: (thrown) => ({ onStart: once(() => later().then(thrown)) }),
  },
  onStop: { agent: (thrown) => ({ onStop: thrown }), outside: stops },
  'onStop, later': { agent: (thrown) => ({ onStop: () => later().then(thrown) }), outside: stops },
  onTerminated: {
    agent: (thrown) => ({ onTerminated: thrown }),
    receive: (_, context) => {
      const child = context.spawn(defineAgent({ name: 'child', subscribe: [Work], receive: () => 'x' }), {
        subscribe: false,
      });
      context.watch(child);
      context.stop(child);
    },
  },
  'the state': { agent: (thrown) => ({ state: once(thrown) }) },
  'an observer of snapshots': {
    receive: (_, context) => context.update(() => 1),
    outside: (thrown, _, agent) => agent.subscribe(thrown),
  },
  'an observer of the end': {
    outside: async (thrown, system, agent) => {
      agent.subscribe({ complete: thrown });
      await system.stop(agent);
    },
  },
  'a selection': {
    receive: (_, context) => context.update(() => 1),
    outside: (thrown, _, agent) => agent.select(once(() => 0, thrown)).subscribe(() => {}),
  },
  'a listener of events': { listener: (thrown) => ({ next: thrown }) },
  'a subscriber of a topic': {
    outside: (thrown, system) => system.observe(Work, { overflow: 'drop-oldest' }).subscribe(thrown),
  },
  'an operator behind a topic': {
    outside: (thrown, system) =>
      system.observe(Work, { overflow: 'drop-oldest' }).pipe(map(thrown)).subscribe(),
  },
  'a subscriber of the end of a topic': {
    outside: async (thrown, system) => {
      system.stream(defineTopic('nobody', { schema: type<string>() }), 'x').subscribe({ error: thrown });
      await later();
    },
  },
  'a reader of a stream': {
    receive: () => 'one',
    outside: (thrown, system, agent) => system.stream(agent, 'go').subscribe(thrown),
  },
  'a follower of agents': {
    outside: (thrown, system) => {
      system.agents.changes.subscribe(thrown);
      system.spawn(defineAgent({ name: 'other', subscribe: [Work], receive: () => 'x' }), {
        subscribe: false,
      });
    },
  },
  'a follower of capabilities': {
    outside: (thrown, system) => {
      system.capabilities.changes.subscribe(thrown);
      system.spawn(defineAgent({ name: 'other', on: [], capabilities: [ping] }));
    },
  },
  'the key of a topic': {
    agent: () => ({ overflow: 'conflate' }),
    outside: (thrown, system) => {
      system
        .observe(defineTopic('keyed', { schema: type<string>(), key: thrown }), {
          overflow: 'conflate',
          capacity: 4,
        })
        .subscribe();
      system.publish(defineTopic('keyed', { schema: type<string>() }), 'x');
    },
  },
  'a permit': {
    agent: () => ({ capabilities: [ping] }),
    permit: (thrown) => thrown,
    outside: (_, system) => system.tool('ping', 'x'),
  },
  'what a capability runs': {
    agent: (thrown) => ({
      capabilities: [capability('pong', { input: type<string>(), output: type<string>(), run: thrown })],
    }),
    outside: (_, system) => system.tool('pong', 'x'),
  },
  onBudgetLow: {
    agent: (thrown) => ({ onBudgetLow: thrown }),
    receive: (_, context) => {
      context.budget.spend('tokens', 9);
      return later();
    },
    outside: (_, system, agent) => system.request(agent, 'go', { budget: { tokens: 10 } }),
  },
  'a listener of a signal': {
    receive: (thrown, context) => {
      context.signal.addEventListener('abort', thrown);
      return never();
    },
    outside: interrupts,
  },
  'a supervision function': {
    agent: (thrown) => ({ supervision: { directives: thrown } }),
    receive: (_, context) => {
      const broken = () => thrownAt('a supervision function');
      context.spawn(defineAgent({ name: 'child', on: [], onStart: broken }));
    },
  },
  'a failure that cannot be looked at': {
    receive: (thrown) => {
      throw hostile(thrown);
    },
  },
  'a failure that is a refusing proxy': {
    receive: (thrown) =>
      Promise.reject(new Proxy({}, { get: thrown, has: thrown, getPrototypeOf: thrown, ownKeys: thrown })),
    outside: (_, system, agent) => system.request(agent, 'go'),
    told: 2,
  },
  'a request that nobody heeds': {
    receive: (_, context) => {
      void context.request(defineTopic('nobody', { schema: type<string>(), reply: type<string>() }), 'x');
      void context.tool('nothing', 'x');
    },
    outside: (_, system) => {
      void system.request(defineTopic('nobody', { schema: type<string>(), reply: type<string>() }), 'x');
      void system.tool('nothing', 'x');
    },
    told: 0,
  },
  'a request whose handling was stopped': {
    receive: async (_, context) => {
      void context.request(defineTopic('work', { schema: type<string>(), reply: type<string>() }), 'x');
      await never();
    },
    outside: stops,
    told: 0,
  },
};

/** Does something the first time, and something else, or nothing, after that. */
function once<T>(first: () => T, then?: () => T): () => T | undefined {
  let times = 0;
  return () => {
    times += 1;
    return times === 1 ? first() : then?.();
  };
}

/** Runs one place and says what was told of. */
async function tellOf(name: string, place: Place): Promise<readonly string[]> {
  const thrown = (): never => thrownAt(name);
  let system: System | undefined;
  const toldOf: string[] = [];
  system = createSystem({
    events: place.listener === undefined ? [] : [place.listener(thrown)],
    ...(place.permit === undefined ? {} : { permit: place.permit(thrown) }),
  });
  system.observe(systemFailures, { overflow: 'drop-newest' }).subscribe((report) => {
    toldOf.push(`${report.agent} to ${report.supervisor}`);
  });
  const { receive = () => undefined } = place;
  const agent = system.spawn(
    (defineAgent as (options: object) => Agent<string, string>)({
      name: 'agent',
      subscribe: [Work],
      ...place.agent?.(thrown, () => system),
      receive: (_: string, context: Context<unknown, string>) => receive(thrown, context) as Result<string>,
    }),
  );
  const outside = Promise.resolve(place.outside?.(thrown, system, agent));
  outside.catch(() => {});
  void system.publish(Work, 'go');
  await Promise.race([outside.catch(() => {}), new Promise((resolve) => void setTimeout(resolve, 20))]);
  // Long enough for a busy machine, and a while more for what should not be told.
  for (let left = 200; left > 0 && toldOf.length < (place.told ?? 1); left -= 1) {
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
  await new Promise((resolve) => void setTimeout(resolve, 12));
  await system.stop();
  return toldOf;
}

if (process.argv[2] === 'run') {
  for (const [name, place] of Object.entries(places)) {
    console.log(JSON.stringify({ name, toldOf: await tellOf(name, place), expected: place.told ?? 1 }));
  }
}
