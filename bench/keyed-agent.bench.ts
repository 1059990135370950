/**
 * What does it cost to have an agent for each key? Nanoseconds a message, one sender, a thousand keys.
 *
 * `active keys`: every key has its agent already. `a new key each time`: every message makes
 * an agent, and another one gives its place up for it, so this is one activation and one
 * passivation a message. Beside them one plain agent that keeps a map of what it
 * knows of each key, and a plain map of handlers without any agent.
 *
 *     npm run bench -- keyed-agent
 */
import { type Agent, createSystem, defineAgent, defineTopic, keyedAgent, type } from 'troupe';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

interface Deposit {
  readonly key: string;
  readonly amount: number;
}

const Deposited = defineTopic('deposited', { schema: type<Deposit>() });

const keyCount = 1_000;
const keys = Array.from({ length: keyCount }, (_, n) => `key-${n}`);

/** Tells an agent `size` deposits, of the keys given in turn, and waits for the last one. */
async function deposit(
  make: (heard: (amount: number) => void) => Agent<Deposit>,
  { size, measure = justDoIt }: VariantOptions,
  keyFor: (n: number) => string,
) {
  const whole = Promise.withResolvers<void>();
  let count = 0;
  let total = 0;
  await using system = createSystem();
  const accounts = system.spawn(
    make((amount) => {
      total += amount;
      count += 1;
      if (count === size + keyCount) {
        whole.resolve();
      }
    }),
  );
  const tell = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n += 1) {
      const room = system.tell(accounts, { key: keyFor(n), amount: n });
      if (room !== undefined) {
        await room;
      }
    }
  };
  // So that in all variants each key has been heard of before.
  await tell(0, keyCount);
  await system.quiet();

  await measure(async () => {
    await tell(keyCount, keyCount + size);
    await whole.promise;
  });

  return { checksum: total };
}

function accountOf(heard: (amount: number) => void, activeMax: number): Agent<Deposit> {
  return keyedAgent({
    name: 'accounts',
    agent: defineAgent({
      name: 'account',
      subscribe: [Deposited],
      state: 0,
      receive: ({ amount }, context) => {
        context.update((balance) => balance + amount);
        heard(amount);
      },
    }),
    keyed: ({ key }) => key,
    activeMax,
    passivate: 'forget',
  });
}

export const activeKeys = (options: VariantOptions) =>
  deposit(
    (heard) => accountOf(heard, keyCount),
    options,
    (n) => keys[n % keyCount]!,
  );

export const aNewKeyEachTime = (options: VariantOptions) =>
  deposit(
    (heard) => accountOf(heard, keyCount),
    options,
    (n) => `key-${n}`,
  );

export const oneAgentWithAMap = (options: VariantOptions) =>
  deposit(
    (heard) =>
      defineAgent({
        name: 'accounts',
        subscribe: [Deposited],
        state: () => new Map<string, number>(),
        receive: ({ key, amount }, context) => {
          context.state.set(key, (context.state.get(key) ?? 0) + amount);
          heard(amount);
        },
      }),
    options,
    (n) => keys[n % keyCount]!,
  );

export async function aMapOfHandlers({ size, measure = justDoIt }: VariantOptions) {
  let total = 0;
  const handlers = new Map(
    keys.map((key) => {
      const account = { balance: 0 };
      const handle = ({ amount }: Deposit): void => {
        account.balance += amount;
        total += amount;
      };
      return [key, handle] as const;
    }),
  );

  const tell = (from: number, to: number): void => {
    for (let n = from; n < to; n += 1) {
      const message = { key: keys[n % keyCount]!, amount: n };
      handlers.get(message.key)!(message);
    }
  };
  tell(0, keyCount);

  await measure(() => tell(keyCount, keyCount + size));

  return { checksum: total };
}

export const benchmark: Benchmark = {
  question: 'What does it cost to have an agent for each key?',
  unit: 'message',
  size: 200_000,
  variants: {
    'keyed agent, active keys': activeKeys,
    'keyed agent, a new key each time': aNewKeyEachTime,
    'one agent with a map': oneAgentWithAMap,
    'a map of handlers, no agent': aMapOfHandlers,
  },
  baseline: 'one agent with a map',
  goals: [{ variant: 'keyed agent, active keys', beside: 'one agent with a map', timesMax: 2 }],
};
