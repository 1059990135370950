/**
 * What does a tree of agents cost that is made, asked and gone? Nanoseconds a leaf, of 100 000 leaves under 11 111 others.
 *
 * Each agent makes ten others and tells each which leaves are below it. A leaf tells its number to
 * the one above it, who adds up what it is told, tells the sum upwards, and ends. With them
 * all, it is gone as well.
 *
 * Source: atemerev's "Skynet 1M", after which it is named; here with a tenth of the leaves.
 *
 *     npm run bench:setup && npm run bench -- skynet
 */
import * as Effect from 'effect/Effect';
import { type Agent, type AgentRef, createSystem, defineAgent, defineTopic, type } from 'troupe';
import { createActor, fromTransition } from 'xstate';
import { BareActor, BareDispatcher } from './harness/bare-actor.ts';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';
import { rowsWhere } from './peers/installed.ts';
import { type NactContext, type NactRef, nact } from './peers/nact.ts';

/** The leaves below somebody: their first number, and how many there are. */
interface Leaves {
  readonly first: number;
  readonly count: number;
}

/** How many others each makes. */
const width = 10;

/** What each of those gets who are made. */
function divided({ first, count }: Leaves): readonly Leaves[] {
  const parts: Leaves[] = [];
  for (let part = 0, from = 0; part < width && from < count; part += 1) {
    const to = Math.ceil(((part + 1) * count) / width);
    parts.push({ first: first + from, count: to - from });
    from = to;
  }
  return parts;
}

/** Adds up what is told by so many; says the sum when it is whole. */
class Sum {
  #left: number;
  #total = 0;

  constructor(tellers: number) {
    this.#left = tellers;
  }

  add(value: number): number | undefined {
    this.#total += value;
    this.#left -= 1;
    return this.#left === 0 ? this.#total : undefined;
  }
}

/** To begin, or what is below. */
type Told = (Leaves & { readonly above: AgentRef<number> }) | number;

const Node = defineTopic('node', { schema: type<Told>() });

type State = { readonly above: AgentRef<number>; readonly sum: Sum } | undefined;

const node: Agent<Told> = defineAgent({
  name: 'node',
  subscribe: [Node],
  state: undefined as State,
  receive: (told, context) => {
    if (typeof told !== 'number' && told.count > 1) {
      const parts = divided(told);
      const self = context.self as AgentRef<Told>;
      for (const part of parts) {
        context.tell(context.spawn(node, { subscribe: false }), { ...part, above: self });
      }
      context.update(() => ({ above: told.above, sum: new Sum(parts.length) }));
      return;
    }
    const whole = typeof told === 'number' ? context.state!.sum.add(told) : told.first;
    if (whole !== undefined) {
      context.tell(typeof told === 'number' ? context.state!.above : told.above, whole);
      context.stop();
    }
  },
});

export async function troupe({ size, measure = justDoIt }: VariantOptions) {
  const whole = Promise.withResolvers<number>();
  let checksum = 0;
  await using system = createSystem();
  const above = system.spawn(
    defineAgent({
      name: 'above',
      subscribe: [defineTopic('sum', { schema: type<number>() })],
      receive: whole.resolve,
    }),
  );

  await measure(async () => {
    system.tell(system.spawn(node, { subscribe: false }), { first: 0, count: size, above });
    checksum = await whole.promise;
    await system.quiet();
  });

  return { checksum };
}

export async function bareActors({ size, measure = justDoIt }: VariantOptions) {
  const dispatcher = new BareDispatcher();
  const whole = Promise.withResolvers<number>();
  let checksum = 0;
  type Message = (Leaves & { readonly above: (sum: number) => void }) | number;
  const spawn = (): BareActor<Message> => {
    let sum: Sum | undefined;
    let toAbove: ((sum: number) => void) | undefined;
    const self: BareActor<Message> = new BareActor<Message>(dispatcher, (told) => {
      if (typeof told === 'number') {
        const all = sum!.add(told);
        if (all !== undefined) {
          toAbove!(all);
        }
        return;
      }
      toAbove = told.above;
      if (told.count === 1) {
        toAbove(told.first);
        return;
      }
      const parts = divided(told);
      const above = (value: number): void => void self.tell(value);
      sum = new Sum(parts.length);
      for (const part of parts) {
        spawn().tell({ ...part, above });
      }
    });
    return self;
  };

  await measure(async () => {
    spawn().tell({ first: 0, count: size, above: whole.resolve });
    checksum = await whole.promise;
  });

  return { checksum };
}

export async function xstateReducers({ size, measure = justDoIt }: VariantOptions) {
  type Event =
    | (Leaves & { readonly type: 'begin'; readonly above: (sum: number) => void })
    | { readonly type: 'summed'; readonly value: number };
  type Summing = { readonly above: (sum: number) => void; readonly sum: Sum } | undefined;
  const whole = Promise.withResolvers<number>();
  let checksum = 0;
  const logic = fromTransition((state: Summing, event: Event, { self }): Summing => {
    if (event.type === 'begin') {
      if (event.count === 1) {
        event.above(event.first);
        self.stop();
        return state;
      }
      const parts = divided(event);
      const own: Summing = { above: event.above, sum: new Sum(parts.length) };
      const above = (value: number): void => self.send({ type: 'summed', value });
      for (const part of parts) {
        createActor(logic)
          .start()
          .send({ type: 'begin', ...part, above });
      }
      return own;
    }
    if (event.type === 'summed') {
      const all = state!.sum.add(event.value);
      if (all !== undefined) {
        state!.above(all);
        self.stop();
      }
    }
    return state; // The first event is XState's own.
  }, undefined);

  await measure(async () => {
    createActor(logic).start().send({ type: 'begin', first: 0, count: size, above: whole.resolve });
    checksum = await whole.promise;
  });

  return { checksum };
}

/** A fibre for each, also for a leaf, which Effect would otherwise do without; whoever made it waits for what it gives. */
export async function effectFibres({ size, measure = justDoIt }: VariantOptions) {
  let checksum = 0;
  const sumOf = (leaves: Leaves): Effect.Effect<number> =>
    Effect.suspend(() =>
      leaves.count === 1
        ? Effect.succeed(leaves.first)
        : Effect.map(Effect.forEach(divided(leaves), sumOf, { concurrency: 'unbounded' }), (sums) =>
            sums.reduce((sum, value) => sum + value),
          ),
    );

  await measure(async () => {
    checksum = await Effect.runPromise(sumOf({ first: 0, count: size }));
  });

  return { checksum };
}

async function nactActors({ size, measure = justDoIt }: VariantOptions) {
  const { spawn, start, dispatch, stop } = nact!;
  type Message = (Leaves & { readonly above: NactRef }) | number;
  type Summing = { readonly above: NactRef; readonly sum: Sum } | undefined;
  const whole = Promise.withResolvers<number>();
  let checksum = 0;
  const system = start();
  const receive = (state: Summing, told: Message, { self }: NactContext): Summing => {
    if (typeof told !== 'number' && told.count > 1) {
      const parts = divided(told);
      for (const [place, part] of parts.entries()) {
        dispatch(spawn(self, receive, `node-${place}`), { ...part, above: self });
      }
      return { above: told.above, sum: new Sum(parts.length) };
    }
    const all = typeof told === 'number' ? state!.sum.add(told) : told.first;
    if (all !== undefined) {
      dispatch(typeof told === 'number' ? state!.above : told.above, all);
      stop(self);
    }
    return state;
  };
  const above = nact!.spawnStateless<number>(system, whole.resolve, 'above');

  await measure(async () => {
    dispatch(spawn(system, receive, 'node'), { first: 0, count: size, above });
    checksum = await whole.promise;
  });
  stop(system);

  return { checksum };
}

export const benchmark: Benchmark = {
  question: 'What does a tree of agents cost that is made, asked and gone?',
  unit: 'leaf',
  size: 100_000,
  rounds: 5,
  variants: {
    troupe,
    'bare actors': bareActors,
    'XState fromTransition': xstateReducers,
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
      name: 'skynet 100k',
      variant: 'troupe',
      beside: ['XState fromTransition', 'bare actors', 'Effect fibres', 'nact'],
    },
  ],
};
