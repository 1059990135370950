/** What is sent and what comes back: payloads, replies and targets are checked where they are written. */
import {
  type AgentRef,
  type Bounded,
  type Context,
  capability,
  createSystem,
  defineAgent,
  defineTopic,
  systemDeadLetters,
  systemFailures,
  type,
} from 'troupe';
import { expectTypeOf } from 'vitest';

const Order = defineTopic('order', { schema: type<{ id: string }>() });
const Question = defineTopic('question', { schema: type<string>(), reply: type<number>() });
const Double = capability('math.double', {
  input: type<number>(),
  output: type<string>(),
  run: (n) => String(n * 2),
});
const counter = defineAgent({ name: 'counter', subscribe: [Question], receive: (text) => text.length });
const system = createSystem({ agents: [counter] });
const ref = system.spawn(counter);

// Replies.
expectTypeOf(ref).toEqualTypeOf<AgentRef<string, number>>();
expectTypeOf(system.request(Question, 'how long?')).toEqualTypeOf<Promise<number>>();
expectTypeOf(system.request(ref, 'how long?')).toEqualTypeOf<Promise<number>>();
expectTypeOf(system.request(Double, 2)).toEqualTypeOf<Promise<string>>();
expectTypeOf(system.tool(Double, 2)).toEqualTypeOf<Promise<string>>();
expectTypeOf(system.tool('math.double', 2)).toEqualTypeOf<Promise<unknown>>();
expectTypeOf(system.stream(ref, 'how long?')).toEqualTypeOf<Bounded<number>>();
expectTypeOf(system.publish(Order, { id: 'a' })).toEqualTypeOf<Promise<void> | undefined>();
expectTypeOf(system.tell(ref, 'how long?')).toEqualTypeOf<Promise<void> | undefined>();

// A topic without replies cannot be waited for by its value.
expectTypeOf(system.request(Order, { id: 'a' })).toEqualTypeOf<Promise<never>>();

// Wrong payloads.
// @ts-expect-error an order is an object
void system.publish(Order, 'a');
// @ts-expect-error an order has an id
void system.publish(Order, {});
// @ts-expect-error an order has nothing but an id
void system.publish(Order, { id: 'a', price: 1 });
// @ts-expect-error a question is text
void system.request(Question, 7);
// @ts-expect-error the agent takes text
void system.tell(ref, 7);
// @ts-expect-error the agent takes text
void system.request(ref, 7);
// @ts-expect-error the agent takes text
system.stream(ref, 7);
// @ts-expect-error the capability takes a number
void system.tool(Double, '2');
// @ts-expect-error the agent takes text
ref.send(7);

// Wrong targets.
// @ts-expect-error a definition is not an agent
void system.tell(counter, 'how long?');
// @ts-expect-error a topic is not told, it is published to
void system.tell(Question, 'how long?');
// @ts-expect-error an agent does not hear a publish by its ref
void system.publish(ref, 'how long?');

// Refs stand for what they accept, not for more or less.
expectTypeOf<AgentRef<string | number, 'yes'>>().toExtend<AgentRef<string, string>>();
expectTypeOf<AgentRef<string, string>>().not.toExtend<AgentRef<string | number, string>>();
expectTypeOf<AgentRef<string, string>>().not.toExtend<AgentRef<string, 'yes'>>();

// What handlers and listeners know.
defineAgent({
  name: 'typed',
  subscribe: [Question],
  state: (input: unknown) => ({ asked: Number(input) }),
  receive: (text, context) => {
    expectTypeOf(text).toEqualTypeOf<string>();
    expectTypeOf(context).toEqualTypeOf<Context<{ asked: number }, number>>();
    expectTypeOf(context.state.asked).toEqualTypeOf<number>();
    // @ts-expect-error a question is answered with a number
    void context.reply('many');
    // @ts-expect-error the state counts
    context.update(() => ({ asked: 'many' }));
    return text.length;
  },
  onStart: ({ state }) => void expectTypeOf(state).toEqualTypeOf<{ asked: number }>(),
  onTerminated: ({ reason }) => void expectTypeOf(reason).toEqualTypeOf<'stopped' | 'finished' | 'failed'>(),
  onBudgetLow: ({ spent }) => void expectTypeOf(spent).toEqualTypeOf<number>(),
});

defineAgent({
  name: 'wrong',
  subscribe: [Question],
  // @ts-expect-error a question is answered with a number
  receive: (text) => text,
});

defineAgent({
  name: 'wrong-later',
  subscribe: [Question],
  // @ts-expect-error a question is answered with a number
  receive: async (text) => text,
});

defineAgent({
  name: 'mute',
  subscribe: [Order],
  receive: (_, context) => {
    // @ts-expect-error an order is not answered
    void context.reply('thanks');
  },
});

capability('wrong', {
  input: type<number>(),
  output: type<string>(),
  // @ts-expect-error it promises text
  run: (n) => n * 2,
});

// Observing.
system
  .observe(Order, { overflow: 'suspend' })
  .subscribe(({ id }) => void expectTypeOf(id).toEqualTypeOf<string>());
system
  .observe(systemFailures, { overflow: 'drop-newest' })
  .subscribe(({ directive }) => void expectTypeOf(directive).not.toBeAny());
system
  .observe(systemDeadLetters, { overflow: 'drop-newest' })
  .subscribe(({ cause }) => void expectTypeOf(cause).not.toBeAny());
// @ts-expect-error what happens when it is too slow has to be said
system.observe(Order, {});
// @ts-expect-error an observer cannot reject
system.observe(Order, { overflow: 'reject' });
