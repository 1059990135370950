/**
 * What does a hop cost when every message wakes another agent? Nanoseconds a hop, one token, 1 000 agents.
 *
 * A chain of causes may be 100 000 envelopes long, so after 90 laps the token is
 * thrown in anew.
 *
 *     npm run bench -- ring
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

const Token = defineTopic('token', { schema: type<number>() });

const members = 1_000;
const hopsMax = 90_000;

/** Counts hops, and throws the token in again until there have been `size`. */
function counter(size: number) {
  let over = Promise.withResolvers<void>();
  const tally = { hops: 0 };
  return {
    tally,
    /** The token has come to a member with so many hops left; says whether it goes on. */
    arrived: (left: number): boolean => {
      tally.hops += 1;
      if (left === 0) {
        over.resolve();
      }
      return left > 0;
    },
    turn: async (throwIn: (left: number) => void): Promise<void> => {
      for (let left = size; left > 0; left -= hopsMax) {
        over = Promise.withResolvers<void>();
        throwIn(Math.min(left, hopsMax) - 1);
        await over.promise;
      }
    },
  };
}

export async function troupe({ size, measure = justDoIt }: VariantOptions) {
  const { tally, arrived, turn } = counter(size);
  await using system = createSystem();
  const ring: AgentRef<number>[] = [];
  for (let place = 0; place < members; place += 1) {
    const next = (place + 1) % members;
    const member = defineAgent({
      name: 'member',
      subscribe: [Token],
      receive: (left, context) => {
        if (arrived(left)) {
          context.tell(ring[next]!, left - 1);
        }
      },
    });
    ring.push(system.spawn(member, { subscribe: false }));
  }

  await measure(() => turn((left) => void system.tell(ring[0]!, left)));

  return { checksum: tally.hops };
}

export async function bareActors({ size, measure = justDoIt }: VariantOptions) {
  const { tally, arrived, turn } = counter(size);
  const dispatcher = new BareDispatcher();
  const ring: BareActor<number>[] = [];
  for (let place = 0; place < members; place += 1) {
    const next = (place + 1) % members;
    ring.push(
      new BareActor<number>(dispatcher, (left) => {
        if (arrived(left)) {
          ring[next]!.tell(left - 1);
        }
      }),
    );
  }

  await measure(() => turn((left) => void ring[0]!.tell(left)));

  return { checksum: tally.hops };
}

export async function xstateReducers({ size, measure = justDoIt }: VariantOptions) {
  type Arrival = { readonly type: 'token'; readonly left: number };
  const { tally, arrived, turn } = counter(size);
  const ring: { send(event: Arrival): void; stop(): void }[] = [];
  for (let place = 0; place < members; place += 1) {
    const next = (place + 1) % members;
    ring.push(
      createActor(
        fromTransition((hops: number, event: Arrival) => {
          // The first event is XState's own.
          if (event.type === 'token' && arrived(event.left)) {
            ring[next]!.send({ type: 'token', left: event.left - 1 });
          }
          return hops + 1;
        }, 0),
      ).start(),
    );
  }

  await measure(() => turn((left) => ring[0]!.send({ type: 'token', left })));
  for (const member of ring) {
    member.stop();
  }

  return { checksum: tally.hops };
}

/** The token goes on by `sendTo`, as in the documentation of XState. */
export async function xstateMachines({ size, measure = justDoIt }: VariantOptions) {
  const { tally, arrived, turn } = counter(size);
  const ring: AnyActorRef[] = [];
  for (let place = 0; place < members; place += 1) {
    const next = (place + 1) % members;
    ring.push(
      createActor(
        createMachine({
          types: {} as { events: { type: 'token'; left: number } },
          on: {
            token: {
              guard: ({ event }) => arrived(event.left),
              actions: sendTo(
                () => ring[next]!,
                ({ event }) => ({ type: 'token', left: event.left - 1 }),
              ),
            },
          },
        }),
      ).start(),
    );
  }

  await measure(() => turn((left) => ring[0]!.send({ type: 'token', left })));
  for (const member of ring) {
    member.stop?.();
  }

  return { checksum: tally.hops };
}

/** A fibre for each member, with a queue of its own. */
export async function effectFibres({ size, measure = justDoIt }: VariantOptions) {
  const { tally, arrived, turn } = counter(size);
  const queues = Array.from({ length: members }, () => Effect.runSync(Queue.bounded<number>(1)));
  const fibres = queues.map((own, place) => {
    const next = queues[(place + 1) % members]!;
    return Effect.runFork(
      Effect.forever(
        Effect.map(Queue.take(own), (left) => arrived(left) && Queue.offerUnsafe(next, left - 1)),
      ),
    );
  });

  await measure(() => turn((left) => void Queue.offerUnsafe(queues[0]!, left)));
  await Effect.runPromise(Fiber.interruptAll(fibres));

  return { checksum: tally.hops };
}

async function nactActors({ size, measure = justDoIt }: VariantOptions) {
  const { spawnStateless, start, dispatch, stop } = nact!;
  const { tally, arrived, turn } = counter(size);
  const system = start();
  const ring: NactRef[] = [];
  for (let place = 0; place < members; place += 1) {
    const next = (place + 1) % members;
    ring.push(
      spawnStateless<number>(
        system,
        (left) => {
          if (arrived(left)) {
            dispatch(ring[next]!, left - 1);
          }
        },
        `member-${place}`,
      ),
    );
  }

  await measure(() => turn((left) => dispatch(ring[0]!, left)));
  stop(system);

  return { checksum: tally.hops };
}

export const benchmark: Benchmark = {
  question: 'What does a hop cost when every message wakes another agent?',
  unit: 'hop',
  size: 240_000,
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
    { variant: 'troupe', beside: 'bare actors', timesMax: 3 },
    { variant: 'troupe', beside: 'nact', timesFasterMin: 14 },
  ],
  rows: [
    {
      name: 'ring of 1 000',
      variant: 'troupe',
      beside: ['XState fromTransition', 'bare actors', 'XState machines', 'Effect fibres', 'nact'],
    },
  ],
};
