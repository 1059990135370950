/**
 * What does a round trip between two agents cost? Nanoseconds a round trip, nothing else going on.
 *
 * A chain of causes may be 100 000 envelopes long, so every 40 000 round trips a
 * new rally begins.
 *
 *     npm run bench -- ping-pong
 */
import { type AgentRef, createSystem, defineAgent, defineTopic, type } from 'troupe';
import { createActor, fromTransition } from 'xstate';
import { BareActor, BareDispatcher } from './harness/bare-actor.ts';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

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

export const benchmark: Benchmark = {
  question: 'What does a round trip between two agents cost?',
  unit: 'round trip',
  size: 400_000,
  variants: { troupe, 'bare actors': bareActors, 'XState fromTransition': xstateReducers },
  baseline: 'XState fromTransition',
  goals: [{ variant: 'troupe', beside: 'XState fromTransition', timesMax: 1 }],
};
