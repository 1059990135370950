/**
 * A traced company: a small system of every kind of agent, of which every event is
 * written down. The same seed and tape give the same text, whoever asks for it, in
 * whatever process.
 *
 * A new kind of agent joins the company in `players`.
 */
import { createHash } from 'node:crypto';
import * as Effect from 'effect/Effect';
import * as Fiber from 'effect/Fiber';
import * as Random from 'effect/Random';
import * as Schedule from 'effect/Schedule';
import { asapScheduler, delay as delayed, map, Observable, observeOn } from 'rxjs';
import {
  type Agent,
  batch,
  bounded,
  type Context,
  defineAgent,
  defineTopic,
  jsonlWriter,
  keyedAgent,
  machineAgent,
  mapAsync,
  on,
  publish,
  reply,
  type System,
  streamAgent,
  systemFailures,
  type,
} from 'troupe';
import { fromCallback, fromPromise, raise, setup, spawnChild } from 'xstate';
import type { Choose } from '../../src/core/simulated-environment.ts';
import { delayBounded } from '../../src/testing/delay-bounded.ts';
import type { Fault } from '../../src/testing/fault.ts';
import { pct } from '../../src/testing/pct.ts';
import { random } from '../../src/testing/random.ts';
import type { Strategy } from '../../src/testing/strategy.ts';
import { readTape, writeTape } from '../../src/testing/tape.ts';
import { World } from '../../src/testing/world.ts';
import { everyFault } from './law-runs.ts';

interface Line {
  readonly actor: string;
  readonly words: number;
}

const Cue = defineTopic('company.cue', { schema: type<Line>(), reply: type<string>() });
const Song = defineTopic('company.song', { schema: type<Line>(), reply: type<string>() });
const Aside = defineTopic('company.aside', { schema: type<string>() });
const Echo = defineTopic('company.echo', { schema: type<string>() });

type Scene = Context<number, string>;

/** Every kind of agent there is, each with something asynchronous. */
function players(world: World): readonly Agent<never, unknown>[] {
  const delay = (): number => world.choose(6, 'delay');
  const nap = (ms = delay()): Promise<void> =>
    new Promise((resolve) => void world.environment.schedule(ms, resolve));

  const promiser = defineAgent({
    name: 'promiser',
    on: [
      on(Cue, async ({ actor, words }, context) => {
        await nap();
        context.log.info('speaks', { actor, words });
        if (words > 0) {
          void context.publish(Aside, `${actor} said ${words}`);
          await context.request(Song, { actor, words: words - 1 }, { timeoutMs: 20 }).catch(() => {});
        }
        if (words === 3) {
          throw new Error('forgot the words');
        }
        return `${actor} has spoken`;
      }),
    ],
  });

  const effectful = defineAgent({
    name: 'effectful',
    subscribe: [Song],
    concurrency: 2,
    receive: ({ actor, words }, context) =>
      Effect.gen(function* () {
        const child = yield* Effect.forkChild(Effect.as(Effect.sleep(delay()), 'child'));
        yield* Effect.sleep(delay());
        context.log.info('sings', { actor });
        const joined = yield* Fiber.join(child);
        if (words % 4 === 2) {
          return yield* Effect.fail(new RangeError('too high'));
        }
        return `${joined} of ${actor}`;
      }),
  });

  const reciter = defineAgent({
    name: 'reciter',
    subscribe: [Song],
    receive: async function* ({ words }) {
      for (let word = 0; word <= words; word += 1) {
        yield `word ${word}`;
        await nap();
      }
    },
  });

  const chorus = defineAgent({
    name: 'chorus',
    subscribe: [Aside],
    overflow: 'drop-oldest',
    capacity: 2,
    receive: (text, context) => {
      context.schedule(delay(), (later) => later.log.info('echoes', { text }));
      return void bounded(new Observable<string>((subscriber) => subscriber.complete()), {
        overflow: 'drop-oldest',
        capacity: 1,
      });
    },
  });

  const pusher = defineAgent({
    name: 'pusher',
    subscribe: [Cue],
    receive: ({ words }) =>
      bounded(
        new Observable<string>((subscriber) => {
          const timer = world.environment.schedule(delay(), () => {
            subscriber.next(`pushed ${words}`);
            subscriber.complete();
          });
          return () => timer.cancel();
        }),
        { overflow: 'drop-oldest', capacity: 1 },
      ),
  });

  const understudies = keyedAgent({
    name: 'understudies',
    agent: defineAgent({
      name: 'understudy',
      subscribe: [Cue],
      state: 0,
      capacity: 2,
      onStop: () => nap(1),
      receive: ({ words }, context: Scene) => {
        context.update((heard) => heard + 1);
        if (words === 2) {
          throw new Error('was not listening');
        }
        return words % 2 === 0 ? `heard ${context.state}` : nap().then(() => 'heard late');
      },
    }),
    keyed: ({ actor }) => actor,
    activeMax: 2,
    idleMs: 4,
    coolDownMs: 10,
    passivate: 'forget',
  });

  const director = machineAgent({ name: 'director', machine: directing(nap), subscribe: [Cue] });

  const editor = streamAgent({
    name: 'editor',
    subscribe: [Song],
    publishes: Aside,
    stream: (inbox) =>
      inbox.pipe(
        mapAsync(2, ({ actor, words }: Line) =>
          words % 2 === 0
            ? nap().then(() => `${actor} in ${words}`)
            : Effect.as(Effect.sleep(delay()), `${actor} later`),
        ),
        batch({ count: 2, withinMs: 3 }),
        map((lines) => lines.join(', ')),
      ),
  });

  const echo = streamAgent({
    name: 'echo',
    subscribe: [Aside],
    publishes: Echo,
    // RxJS's own operators hold no credit; they take their time from the world all the same.
    stream: (inbox) => inbox.pipe(observeOn(asapScheduler), delayed(delay()), map(String)),
  });

  const gambler = defineAgent({
    name: 'gambler',
    subscribe: [Echo],
    overflow: 'drop-oldest',
    receive: (_, context) =>
      Effect.gen(function* () {
        const rolled = yield* Random.nextIntBetween(1, 7);
        context.log.info('rolls', { rolled });
        if (rolled > 3) {
          return yield* Effect.fail(new RangeError('lost'));
        }
        return undefined;
      }).pipe(Effect.retry({ schedule: Schedule.jittered(Schedule.spaced('2 millis')), times: 2 })),
  });

  const all = [promiser, effectful, reciter, chorus, pusher, understudies, director, editor, echo, gambler];
  return all as readonly unknown[] as readonly Agent<never, unknown>[];
}

/** A machine with timers, invoked work and children, none of which has an id. */
function directing(nap: () => Promise<void>) {
  const extra = fromPromise<string>(async () => {
    await nap();
    return 'has bowed';
  });
  const prompter = fromCallback<{ type: 'whisper' }>(({ sendBack, receive }) => {
    receive(() => sendBack({ type: 'whispered' }));
    return () => {};
  });
  return setup({
    types: { events: {} as { type: string; payload?: Line } },
    actors: { extra, prompter },
  }).createMachine({
    initial: 'waits',
    invoke: { src: 'prompter' },
    on: { whispered: { actions: publish(Aside, 'psst') } },
    states: {
      waits: {
        on: { 'company.cue': { target: 'directs', actions: raise({ type: 'hurry' }, { delay: 2 }) } },
      },
      directs: {
        entry: spawnChild('extra'),
        invoke: { src: 'extra', onDone: 'waits', onError: 'waits' },
        on: { hurry: { actions: reply('as you were') } },
        after: { 4: 'waits' },
      },
    },
  });
}

/**
 * Runs the company once and returns everything that was told of it.
 *
 * @param choices A tape, or who chooses.
 */
export async function traceOf(
  seed: number,
  choices: readonly number[] | Choose,
  faults: readonly Fault[] = ['crash', 'slow'],
): Promise<string> {
  const told: string[] = [];
  const world = new World({
    choose: typeof choices === 'function' ? choices : readTape(choices),
    seed,
    faults,
    traced: true,
    system: {
      id: 'company',
      inspect: (event) => {
        const about = 'event' in event ? event.event.type : '';
        told.push(`${event.type} ${event.actorRef.sessionId} ${about}`);
      },
      events: [jsonlWriter({ write: (text) => void told.push(text), stacks: false })],
    },
  });
  try {
    await world.run(() => perform(world.system, world));
    await world.run(() => world.system.stop());
    return [...told, JSON.stringify(world.system.deadLetters.countByCause()), ...world.trace].join('\n');
  } finally {
    world.close();
  }
}

async function perform(system: System, world: World): Promise<void> {
  for (const player of players(world)) {
    system.spawn(player);
  }
  system.observe(systemFailures, { overflow: 'drop-oldest' }).subscribe();
  for (let left = 4 + world.choose(6, 'lines'); left > 0; left -= 1) {
    const line = { actor: `actor ${world.choose(4, 'actor')}`, words: world.choose(5, 'words') };
    try {
      await (world.choose(2, 'how') === 0
        ? system.request(world.choose(2, 'what') === 0 ? Cue : Song, line, { timeoutMs: 15 })
        : system.publish(Cue, line));
    } catch {
      // Whoever is outside may be refused, and may wait in vain.
    }
  }
}

/** The strategies whose answers come from a seed. */
export const strategies: readonly Strategy[] = [random(), delayBounded(), pct()];

/** The trace of a run as a strategy chooses it, with every fault; and its tape. */
export async function strategyTraceOf(
  strategy: Strategy,
  seed: number,
): Promise<{ readonly trace: string; readonly tape: readonly number[] }> {
  const course = strategy.begin({ seed });
  // A first run, so that those that draw places know how long runs are.
  const answers: number[][] = [[], []];
  let trace = '';
  for (const [run, taken] of answers.entries()) {
    trace = await traceOf(seed, writeTape(course.begin(run)!, taken, 1_000), everyFault);
    course.ended?.({ answers: taken });
  }
  return { trace, tape: answers[1]! };
}

/** What other processes are compared by: SHA-256 of the trace of a tape, and of one that a strategy chose. */
export async function digestsOf(seed: number): Promise<string> {
  const ofTape = await traceOf(seed, tapeOf(seed));
  const ofStrategy = await strategyTraceOf(strategies[seed % strategies.length]!, seed);
  return [ofTape, ofStrategy.trace]
    .map((trace) => createHash('sha256').update(trace).digest('hex'))
    .join(' ');
}

/** A tape made from a seed, the same everywhere: Park and Miller's generator. */
export function tapeOf(seed: number): readonly number[] {
  let state = (seed * 7_919 + 1) % 2_147_483_647;
  return Array.from({ length: 64 + (seed % 512) }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % 256;
  });
}
