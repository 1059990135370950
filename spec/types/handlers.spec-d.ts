/** Several handlers: each knows its message and its reply, and the state of their agent. */
import * as Effect from 'effect/Effect';
import { type Agent, type Context, capability, defineAgent, defineTopic, on, type } from 'troupe';
import { expectTypeOf } from 'vitest';

interface Account {
  readonly balance: number;
}

const Deposit = defineTopic('deposit', { schema: type<number>() });
const Balance = defineTopic('balance', { schema: type<{ currency: string }>(), reply: type<string>() });
const account: Account = { balance: 0 };

// Handlers given the agent's own `on` infer all three without an annotation.
export const inferred = defineAgent({
  name: 'account',
  state: account,
  on: (on) => [
    on(Deposit, (amount, context) => {
      expectTypeOf(amount).toEqualTypeOf<number>();
      expectTypeOf(context).toEqualTypeOf<Context<Account, never>>();
      context.update(({ balance }) => ({ balance: balance + amount }));
    }),
    on(Balance, ({ currency }, context) => {
      expectTypeOf(context).toEqualTypeOf<Context<Account, string>>();
      return `${context.state.balance} ${currency}`;
    }),
  ],
});
expectTypeOf(inferred).toEqualTypeOf<Agent<number | { currency: string }, string>>();

// Those made beforehand infer message and reply, and are told of the state.
export const listed = defineAgent({
  name: 'account',
  state: account,
  on: [
    on(Deposit, (amount, context: Context<Account>) => {
      expectTypeOf(amount).toEqualTypeOf<number>();
      context.update(({ balance }) => ({ balance: balance + amount }));
    }),
    on(Balance, ({ currency }) => currency.trim()),
  ],
});
expectTypeOf(listed).toEqualTypeOf<Agent<number | { currency: string }, string>>();

defineAgent({
  name: 'wrong-reply',
  on: (on) => [
    // @ts-expect-error a balance is told in words
    on(Balance, () => 7),
  ],
});

const forAccounts = on(Deposit, (_, context: Context<Account>) => context.update(() => account));
// @ts-expect-error the handler is for an agent with another state
defineAgent({ name: 'wrong-state', state: { total: 0 }, on: [forAccounts] });

// Whatever a handler returns, it is what its topic promises.
defineAgent({ name: 'promised', subscribe: [Balance], receive: async () => 'much' });
defineAgent({ name: 'effectful', subscribe: [Balance], receive: () => Effect.succeed('much') });
defineAgent({
  name: 'streaming',
  subscribe: [Balance],
  receive: async function* () {
    yield 'much';
  },
});
defineAgent({ name: 'silent', subscribe: [Balance], receive: () => {} });
// @ts-expect-error an Effect of a number is no balance
defineAgent({ name: 'effectful', subscribe: [Balance], receive: () => Effect.succeed(7) });

// An agent may hear nothing and offer something, whatever its types.
const Double = capability('double', { input: type<number>(), output: type<number>(), run: (n) => n * 2 });
const Shout = capability('shout', {
  input: type<string>(),
  output: type<string>(),
  run: (text) => `${text}!`,
});
export const offering = defineAgent({ name: 'offering', capabilities: [Double, Shout] });
expectTypeOf(offering).toEqualTypeOf<Agent<never, never>>();
