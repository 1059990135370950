/** The five first programs of the design, in today's names: each compiles, and infers what a reader expects. */
import { createServer } from 'node:http';
import type { Observable } from 'rxjs';
import { type Agent, type AgentRef, bounded, createSystem, defineAgent, defineTopic, on, type } from 'troupe';
import { explore } from 'troupe/testing';
import { expectTypeOf } from 'vitest';

// A question and its answer.
const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });

export const greeter = defineAgent({
  name: 'greeter',
  subscribe: [Question],
  receive: (question) => `Hello, ${question.toUpperCase()}!`,
});

export async function hello(): Promise<void> {
  await using system = createSystem({ agents: [greeter] });
  const answer = await system.request(Question, 'world');

  expectTypeOf(answer).toEqualTypeOf<string>();
}

// A stream, from a generator to a slow client.
const Ask = defineTopic('ask', { schema: type<{ prompt: string }>(), reply: type<{ delta: string }>() });

export const writer = defineAgent({
  name: 'writer',
  subscribe: [Ask],
  receive: async function* ({ prompt }, context) {
    for (const delta of prompt) {
      if (context.signal.aborted) {
        return;
      }
      yield { delta };
    }
  },
});

export function serve(): void {
  const system = createSystem({ agents: [writer], handleSignals: true });
  createServer(async (request, response) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const prompt = { prompt: request.url! };
    for await (const part of system.stream(Ask, prompt, { signal: gone.signal, timeoutMs: 30_000 })) {
      if (!response.write(part.delta)) {
        await new Promise((resolve) => response.once('drain', resolve));
      }
    }
    response.end();
  });
}

// Several agents of one kind, and a source of questions that is too fast.
export function several(source: Observable<string>): void {
  const system = createSystem();
  const [first, second] = [system.spawn(greeter), system.spawn(greeter, { id: 'second' })];
  const relay = defineAgent({
    name: 'relay',
    subscribe: [Question],
    receive: () => bounded(source, { overflow: 'drop-oldest', capacity: 8 }),
  });

  expectTypeOf(first).toEqualTypeOf<AgentRef<string, string>>();
  expectTypeOf(system.request(second, 'who?')).toEqualTypeOf<Promise<string>>();
  expectTypeOf(relay).toEqualTypeOf<Agent<string, string>>();
}

// State, and what follows from it.
const Order = defineTopic('order', { schema: type<{ id: string }>() });
const Paid = defineTopic('paid', { schema: type<{ id: string }>() });

export const shop = defineAgent({
  name: 'shop',
  subscribe: [Order],
  state: { paid: [] as string[] },
  receive: (order, context) => {
    context.update((state) => ({ paid: [...state.paid, order.id] }));
    void context.publish(Paid, order);
  },
});

// The same shop, explored.
export const explored = (): Promise<unknown> =>
  explore(
    async (system) => {
      system.spawn(shop);
      await system.publish(Order, { id: '1' });
    },
    { faults: ['delay', 'crash'], runs: 20_000 },
    (world) => world.count(Paid) <= 1,
  );

// Several topics, each with its own reply: answers cannot be swapped.
export const mixed = defineAgent({
  name: 'mixed',
  on: [on(Question, (question) => question.trim()), on(Ask, ({ prompt }) => ({ delta: prompt }))],
});

export const swapped = defineAgent({
  name: 'swapped',
  on: [
    // @ts-expect-error a question is answered with a string
    on(Question, () => ({ delta: 'wrong kind' })),
    // @ts-expect-error a prompt is answered with a delta
    on(Ask, () => 'wrong kind'),
  ],
});

expectTypeOf(mixed).toEqualTypeOf<Agent<string | { prompt: string }, string | { delta: string }>>();
