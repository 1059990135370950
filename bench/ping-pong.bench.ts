/**
 * What does a round trip between two agents cost? Nanoseconds a round trip, nothing else going on.
 *
 * A chain of causes may be 100 000 envelopes long, so every 40 000 round trips a
 * new rally begins.
 *
 *     npm run bench -- ping-pong
 */
import * as Effect from 'effect/Effect';
import * as Fiber from 'effect/Fiber';
import * as Queue from 'effect/Queue';
import { type AgentRef, createSystem, defineAgent, defineTopic, type } from 'troupe';
import { type AnyActorRef, createActor, createMachine, fromTransition, sendTo } from 'xstate';
import { BareActor, BareDispatcher } from './harness/bare-actor.ts';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';
import { rowsWhere } from './peers/installed.ts';
import { type NactRef, nact } from './peers/nact.ts';

const Ball = defineTopic('ball', { schema: type<number>() });

const rallyMax = 40_000;

/** Plays rallies until `size` round trips have been made; `serve` begins one of so many round trips. */
async function play(size: number, serve: (roundTrips: number) => Promise<unknown>): Promise<void> {
  for (let left = size; left > 0; left -= rallyMax) {
    await serve(Math.min(left, rallyMax));
  }
}

/** Who hits the ball `hit(left)` says whom to give it back with how many hits left, or that the rally is over. */
function rally() {
  let over = Promise.withResolvers<void>();
  const score = { hits: 0 };
  return {
    score,
    /** Says whether the ball goes back. */
    hit: (left: number): boolean => {
      score.hits += 1;
      if (left === 0) {
        over.resolve();
      }
      return left > 0;
    },
    /** Begins a rally; resolves when it is over. */
    serve: (begin: () => void): Promise<void> => {
      over = Promise.withResolvers<void>();
      begin();
      return over.promise;
    },
  };
}

export async function troupe({ size, measure = justDoIt }: VariantOptions) {
  const { score, hit, serve } = rally();
  await using system = createSystem();
  const ping: AgentRef<number> = system.spawn(
    defineAgent({
      name: 'ping',
      subscribe: [Ball],
      receive: (left, context) => {
        if (hit(left)) {
          context.tell(pong, left - 1);
        }
      },
    }),
  );
  const pong: AgentRef<number> = system.spawn(
    defineAgent({
      name: 'pong',
      subscribe: [Ball],
      receive: (left, context) => {
        if (hit(left)) {
          context.tell(ping, left - 1);
        }
      },
    }),
  );

  await measure(() => play(size, (roundTrips) => serve(() => void system.tell(ping, 2 * roundTrips - 1))));

  return { checksum: score.hits };
}

export async function bareActors({ size, measure = justDoIt }: VariantOptions) {
  const { score, hit, serve } = rally();
  const dispatcher = new BareDispatcher();
  const ping: BareActor<number> = new BareActor(dispatcher, (left) => {
    if (hit(left)) {
      pong.tell(left - 1);
    }
  });
  const pong: BareActor<number> = new BareActor(dispatcher, (left) => {
    if (hit(left)) {
      ping.tell(left - 1);
    }
  });

  await measure(() => play(size, (roundTrips) => serve(() => void ping.tell(2 * roundTrips - 1))));

  return { checksum: score.hits };
}

export async function xstateReducers({ size, measure = justDoIt }: VariantOptions) {
  type Hit = { readonly type: 'ball'; readonly left: number };
  const { score, hit, serve } = rally();
  const player = (other: () => { send(event: Hit): void }) =>
    createActor(
      fromTransition((hits: number, event: Hit) => {
        // The first event is XState's own.
        if (event.type === 'ball' && hit(event.left)) {
          other().send({ type: 'ball', left: event.left - 1 });
        }
        return hits + 1;
      }, 0),
    ).start();
  const ping: ReturnType<typeof player> = player(() => pong);
  const pong: ReturnType<typeof player> = player(() => ping);

  await measure(() =>
    play(size, (roundTrips) => serve(() => ping.send({ type: 'ball', left: 2 * roundTrips - 1 }))),
  );
  ping.stop();
  pong.stop();

  return { checksum: score.hits };
}

/** The ball goes back by `sendTo`, as in the documentation of XState. */
export async function xstateMachines({ size, measure = justDoIt }: VariantOptions) {
  const { score, hit, serve } = rally();
  const player = (other: () => AnyActorRef) =>
    createActor(
      createMachine({
        types: {} as { events: { type: 'ball'; left: number } },
        on: {
          ball: {
            guard: ({ event }) => hit(event.left),
            actions: sendTo(other, ({ event }) => ({ type: 'ball', left: event.left - 1 })),
          },
        },
      }),
    ).start();
  const ping: ReturnType<typeof player> = player(() => pong);
  const pong: ReturnType<typeof player> = player(() => ping);

  await measure(() =>
    play(size, (roundTrips) => serve(() => ping.send({ type: 'ball', left: 2 * roundTrips - 1 }))),
  );
  ping.stop();
  pong.stop();

  return { checksum: score.hits };
}

/** Two fibres, each with a queue of its own. */
export async function effectFibres({ size, measure = justDoIt }: VariantOptions) {
  const { score, hit, serve } = rally();
  const [toPing, toPong] = [Queue.bounded<number>(1), Queue.bounded<number>(1)].map(Effect.runSync) as [
    Queue.Queue<number>,
    Queue.Queue<number>,
  ];
  const player = (own: Queue.Queue<number>, other: Queue.Queue<number>) =>
    Effect.runFork(
      Effect.forever(Effect.map(Queue.take(own), (left) => hit(left) && Queue.offerUnsafe(other, left - 1))),
    );
  const fibres = [player(toPing, toPong), player(toPong, toPing)];

  await measure(() =>
    play(size, (roundTrips) => serve(() => void Queue.offerUnsafe(toPing, 2 * roundTrips - 1))),
  );
  await Effect.runPromise(Fiber.interruptAll(fibres));

  return { checksum: score.hits };
}

async function nactActors({ size, measure = justDoIt }: VariantOptions) {
  const { spawnStateless, start, dispatch, stop } = nact!;
  const { score, hit, serve } = rally();
  const system = start();
  const player = (other: () => NactRef) =>
    spawnStateless<number>(system, (left) => {
      if (hit(left)) {
        dispatch(other(), left - 1);
      }
    });
  const ping: NactRef = player(() => pong);
  const pong: NactRef = player(() => ping);

  await measure(() => play(size, (roundTrips) => serve(() => dispatch(ping, 2 * roundTrips - 1))));
  stop(system);

  return { checksum: score.hits };
}

export const benchmark: Benchmark = {
  question: 'What does a round trip between two agents cost?',
  unit: 'round trip',
  size: 120_000,
  variants: {
    troupe,
    'bare actors': bareActors,
    'XState fromTransition': xstateReducers,
    'XState machines': xstateMachines,
    'Effect fibres': effectFibres,
    ...rowsWhere(nact, { nact: nactActors }),
  },
  baseline: 'XState fromTransition',
  goals: [
    { variant: 'troupe', beside: 'XState fromTransition', timesMax: 1 },
    { variant: 'troupe', beside: 'nact', timesFasterMin: 14 },
  ],
  rows: [
    {
      name: 'ping-pong',
      variant: 'troupe',
      beside: ['XState fromTransition', 'bare actors', 'XState machines', 'Effect fibres', 'nact'],
    },
  ],
};
