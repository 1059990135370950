/** The programs of docs/guides/budgets-and-interrupts.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BudgetExceeded,
  capability,
  createSystem,
  defineAgent,
  defineTopic,
  Interrupted,
  Lease,
  type,
} from 'troupe';
import { expect, it, vi } from 'vitest';

it('a budget is a lease that nests', () => {
  // #region lease
  const root = Lease.root({ tokens: 100 });
  const chapter = root.child({ tokens: 40 }); // Reserved: nobody else can spend these 40.
  chapter.spend('tokens', 30);
  expect(root.remaining('tokens')).toBe(60);
  expect(root.spent('tokens')).toBe(30);

  chapter.settle(); // What was not spent goes back.
  expect(root.remaining('tokens')).toBe(70);
  // #endregion
});

it('a request may name what its work may spend, and the chain shares it', async () => {
  const Report = defineTopic('report', { schema: type<string>(), reply: type<string>() });
  const Lookup = defineTopic('lookup', { schema: type<string>(), reply: type<string>() });
  let after: number | undefined;

  // #region chain
  const reader = defineAgent({
    name: 'reader',
    subscribe: [Lookup],
    receive: (word, context) => {
      context.budget.spend('tokens', word.length);
      return `${word}: found`;
    },
  });

  const reporter = defineAgent({
    name: 'reporter',
    subscribe: [Report],
    receive: async (words, context) => {
      const found: string[] = [];
      for (const word of words.split(' ')) {
        if (context.budget.remaining('tokens') < word.length) break; // Looking is cheaper than being interrupted.
        found.push(await context.request(Lookup, word));
      }
      after = context.budget.remaining('tokens');
      return found.join(', ');
    },
  });

  await using system = createSystem({ agents: [reader, reporter] });
  const report = await system.request(Report, 'tea cup saucer', { budget: { tokens: 8 } });
  // #endregion
  expect(report).toBe('tea: found, cup: found');
  expect(after).toBe(2);
});

it('steps and tool calls are taken before they happen', async () => {
  const Go = defineTopic('go', { schema: type<number>(), reply: type<number>() });
  const roll = capability('dice.roll', { input: type<object>(), output: type<number>(), run: () => 4 });

  // #region tool-calls
  const gambler = defineAgent({
    name: 'gambler',
    subscribe: [Go],
    capabilities: [roll],
    concurrency: 2, // It calls itself: its own call needs a slot beside the one that waits.
    receive: async (times, context) => {
      let sum = 0;
      for (let n = 0; n < times; n += 1) sum += await context.tool(roll, {});
      return sum;
    },
  });

  await using system = createSystem({ agents: [gambler] });
  const sum = await system.request(Go, 3, { budget: { toolCalls: 3 } });
  const refused = await system
    .request(Go, 4, { budget: { toolCalls: 3 } })
    .catch((thrown: unknown) => thrown);
  // #endregion
  expect(sum).toBe(12);
  expect(String(refused)).toBe('BudgetExceeded: 3 of 3 toolCalls spent, 1 more wanted');
});

it('an agent may have a budget for its whole life', async () => {
  const Work = defineTopic('work', { schema: type<number>(), reply: type<number>() });
  const worker = defineAgent({ name: 'worker', subscribe: [Work], receive: (n) => n });

  // #region life
  await using system = createSystem();
  const ref = system.spawn(worker, { budget: { steps: 2 } });
  const outcomes = [];
  for (const n of [1, 2, 3]) {
    outcomes.push(await system.request(ref, n).catch((thrown: unknown) => String(thrown)));
  }
  expect(outcomes).toEqual([1, 2, 'BudgetExceeded: 2 of 2 steps spent, 1 more wanted']);
  // #endregion
});

it('an agent hears when a budget is nearly spent', async () => {
  const Draft = defineTopic('draft', { schema: type<readonly string[]>(), reply: type<string>() });

  // #region low
  const drafter = defineAgent({
    name: 'drafter',
    subscribe: [Draft],
    state: { hurries: false },
    onBudgetLow: (_notice, context) => context.update(() => ({ hurries: true })),
    receive: async function* (points, context) {
      for (const point of points) {
        if (context.state.hurries) {
          yield 'and so on';
          return;
        }
        await sleep(1);
        context.budget.spend('tokens', 1);
        yield point;
      }
    },
  });
  // #endregion

  await using system = createSystem({ agents: [drafter] });
  const points = Array.from({ length: 40 }, (_, index) => `point ${index}`);
  const drafted: string[] = [];
  for await (const point of system.stream(Draft, points, { budget: { tokens: 20 } })) drafted.push(point);
  expect(drafted.at(-1)).toBe('and so on');
  expect(drafted.length).toBeLessThanOrEqual(21);
});

it('the limit interrupts work that only waits', async () => {
  const Think = defineTopic('think', { schema: type<string>(), reply: type<string>() });

  // #region keep
  const thinker = defineAgent({
    name: 'thinker',
    subscribe: [Think],
    receive: async (question, context) => {
      context.keep('first thoughts');
      await sleep(60_000, undefined, { signal: context.signal }); // Somebody else's slow call.
      return `all about ${question}`;
    },
  });

  await using system = createSystem({ agents: [thinker] });
  const failure = await system
    .request(Think, 'life', { budget: { timeMs: 200 } })
    .catch((thrown: unknown) => thrown);
  // #endregion
  // #region keep-result
  expect(failure).toBeInstanceOf(BudgetExceeded);
  expect(failure).toMatchObject({ resource: 'timeMs', limit: 200, partial: 'first thoughts' });
  // #endregion
});

it('a caller can interrupt what it asked for', async () => {
  const Think = defineTopic('think', { schema: type<string>(), reply: type<string>() });
  let told = false;
  const thinker = defineAgent({
    name: 'thinker',
    subscribe: [Think],
    receive: async (_question, context) => {
      context.signal.addEventListener('abort', () => {
        told = true;
      });
      await sleep(60_000, undefined, { signal: context.signal });
      return 'never';
    },
  });
  await using system = createSystem({ agents: [thinker] });

  // #region signal
  const gone = new AbortController();
  const answer = system.request(Think, 'life', { signal: gone.signal }).catch((thrown: unknown) => thrown);
  setTimeout(() => gone.abort(), 100);
  expect(await answer).toBeInstanceOf(Interrupted);
  // #endregion
  await vi.waitFor(() => expect(told).toBe(true));
});

it('the system can interrupt an agent and all below it', async () => {
  const Think = defineTopic('think', { schema: type<string>(), reply: type<string>() });
  const thinker = defineAgent({
    name: 'thinker',
    subscribe: [Think],
    receive: async (question, context) => {
      if (question === 'now') return 'at once';
      await sleep(60_000, undefined, { signal: context.signal });
      return 'never';
    },
  });
  await using system = createSystem();

  // #region interrupt
  const ref = system.spawn(thinker);
  const answer = system.request(ref, 'life').catch((thrown: unknown) => String(thrown));
  setTimeout(() => system.interrupt(ref, 'the question was withdrawn'), 100);
  expect(await answer).toBe("Interrupted: work of '/thinker' was interrupted: the question was withdrawn");
  expect(await system.request(ref, 'now')).toBe('at once'); // It goes on with its next message.
  // #endregion
});
