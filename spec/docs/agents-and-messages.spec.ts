/** The programs of docs/guides/agents-and-messages.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as Effect from 'effect/Effect';
import { interval, take } from 'rxjs';
import {
  bounded,
  capability,
  createSystem,
  defineAgent,
  defineTopic,
  HandlingOver,
  type Terminated,
  type,
} from 'troupe';
import { expect, it, vi } from 'vitest';
import * as z from 'zod';

it('an agent with several topics gives each its own handler and reply', async () => {
  // #region account
  const Deposit = defineTopic('account.deposit', { schema: z.object({ cents: z.int().positive() }) });
  const Balance = defineTopic('account.balance', { schema: z.object({}), reply: z.int() });

  const account = defineAgent({
    name: 'account',
    state: { cents: 0 },
    on: (on) => [
      on(Deposit, ({ cents }, context) => {
        context.update((state) => ({ cents: state.cents + cents }));
      }),
      on(Balance, (_question, context) => context.state.cents),
    ],
  });
  // #endregion

  // #region use-account
  await using system = createSystem({ agents: [account] });
  system.publish(Deposit, { cents: 250 });
  const cents = await system.request(Balance, {});
  // #endregion
  expect(cents).toBe(250);

  // #region edge
  expect(() => system.publish(Deposit, { cents: -1 })).toThrow(
    "invalid payload of 'account.deposit': cents:",
  );
  // #endregion

  // #region told
  const ref = system.spawn(account, { id: 'savings', subscribe: false });
  system.tell(ref, { cents: 100 }); // The first schema that accepts it is that of Deposit.
  const saved = await system.request(ref, {}, { topic: Balance });
  // #endregion
  expect(saved).toBe(100);
});

it('a step that throws sent nothing and changed nothing', async () => {
  // #region step
  const Order = defineTopic('order', { schema: type<{ item: string; price: number }>() });
  const Placed = defineTopic('order.placed', { schema: type<{ item: string }>() });

  const shop = defineAgent({
    name: 'shop',
    subscribe: [Order],
    state: { sold: 0 },
    receive: ({ item, price }, context) => {
      context.update(({ sold }) => ({ sold: sold + 1 }));
      context.publish(Placed, { item });
      if (price < 0) throw new RangeError(`no such price: ${price}`);
    },
  });
  // #endregion

  await using system = createSystem({ supervision: { directives: { defect: 'resume' } } });
  const ref = system.spawn(shop);
  const placed: string[] = [];
  system.observe(Placed, { overflow: 'suspend' }).subscribe(({ item }) => {
    placed.push(item);
  });
  // #region step-use
  system.publish(Order, { item: 'tea', price: 3 });
  system.publish(Order, { item: 'cup', price: -1 });
  // #endregion
  await vi.waitFor(() => expect(placed).toEqual(['tea']));
  await system.quiet();

  // #region step-result
  expect(placed).toEqual(['tea']); // Not 'cup': its step threw after it was staged.
  expect(ref.getSnapshot().context).toEqual({ sold: 1 });
  // #endregion
});

it('after an await each verb is a step of its own', async () => {
  const Work = defineTopic('work', { schema: type<{ seen: number[] }>() });
  const Tick = defineTopic('tick', { schema: type<number>() });
  const seen: number[] = [];
  const first = Promise.withResolvers<void>();

  // #region after-await
  const worker = defineAgent({
    name: 'worker',
    subscribe: [Work],
    state: { done: 0 },
    receive: async (_work, context) => {
      context.publish(Tick, 1); // Staged: leaves when the handler returns its promise.
      await first.promise;
      await context.publish(Tick, 2); // Leaves now. What it returns, when it returns something, is room to wait for.
      context.update(({ done }) => ({ done: done + 1 })); // Changes the state now, whatever happens later.
    },
  });
  // #endregion

  await using system = createSystem({ agents: [worker] });
  system.observe(Tick, { overflow: 'suspend' }).subscribe((n) => {
    seen.push(n);
  });
  system.publish(Work, { seen });
  await vi.waitFor(() => expect(seen).toEqual([1]));
  first.resolve();
  await vi.waitFor(() => expect(seen).toEqual([1, 2]));
});

it('what a revoked context sends becomes a dead letter', async () => {
  const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
  const Note = defineTopic('note', { schema: type<string>() });
  let thrown: unknown;

  // #region revoked
  const stubborn = defineAgent({
    name: 'stubborn',
    subscribe: [Question],
    receive: async (question, context) => {
      await sleep(30); // It does not listen to context.signal, so it goes on when nobody wants it any more.
      context.publish(Note, `thought about ${question}`); // Nobody gets this.
      await context.request(Question, 'and you?').catch((failure: unknown) => {
        thrown = failure;
      });
      return 'too late';
    },
  });
  // #endregion

  await using system = createSystem({ agents: [stubborn] });
  await system.request(Question, 'life', { timeoutMs: 10 }).catch(() => {});
  await vi.waitFor(() => expect(system.deadLetters.size).toBe(2));

  // #region revoked-result
  const letters = system.deadLetters.list().map(({ envelope, cause }) => [envelope.payload, cause]);
  expect(letters).toEqual([
    ['thought about life', 'HandlingOver'],
    ['too late', 'LateReply'],
  ]);
  expect(thrown).toBeInstanceOf(HandlingOver);
  // #endregion
});

it('a detached chain outlives the handling', async () => {
  const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
  const Log = defineTopic('log', { schema: type<string>() });
  const written: string[] = [];

  // #region detach
  const answerer = defineAgent({
    name: 'answerer',
    subscribe: [Question],
    receive: (question, context) => {
      const later = context.detach(); // No thread, deadline or budget of this question.
      sleep(20).then(() => later.publish(Log, `was asked: ${question}`));
      return 'yes';
    },
  });
  // #endregion

  await using system = createSystem({ agents: [answerer] });
  system.observe(Log, { overflow: 'suspend' }).subscribe((line) => {
    written.push(line);
  });
  expect(await system.request(Question, 'is it raining?')).toBe('yes');
  await vi.waitFor(() => expect(written).toEqual(['was asked: is it raining?']));
});

it('messages are laid aside until the agent can handle them', async () => {
  const Connected = defineTopic('connected', { schema: type<{ to: string }>() });
  const Query = defineTopic('query', { schema: type<string>(), reply: type<string>() });

  // #region stash
  type Link = { readonly to: string | undefined };
  const client = defineAgent({
    name: 'client',
    state: { to: undefined } as Link,
    on: (on) => [
      on(Connected, ({ to }, context) => {
        context.update(() => ({ to }));
        context.unstash(); // All of them, in order, before anything that came later.
      }),
      on(Query, (query, context) => {
        const { to } = context.state;
        if (to === undefined) return context.stash(); // It keeps its room in the mailbox.
        return `${query} at ${to}`;
      }),
    ],
  });
  // #endregion

  await using system = createSystem({ agents: [client] });
  const answer = system.request(Query, 'select 1');
  system.publish(Connected, { to: 'db-1' });
  expect(await answer).toBe('select 1 at db-1');
});

it('a watcher hears of the end once, behind everything the other had sent', async () => {
  const Job = defineTopic('job', { schema: type<string>() });
  const over = Promise.withResolvers<Terminated>();

  // #region watch
  const worker = defineAgent({
    name: 'worker',
    subscribe: [Job],
    receive: (_job, context) => context.stop(), // It has finished. That is no failure.
  });

  const foreman = defineAgent({
    name: 'foreman',
    onStart: (context) => {
      context.watch(context.spawn(worker, { id: 'first' }));
    },
    onTerminated: (terminated) => over.resolve(terminated),
  });
  // #endregion

  await using system = createSystem({ agents: [foreman] });
  await system.quiet();
  system.publish(Job, 'dig');
  const { path, reason } = await over.promise;
  expect({ path, reason }).toEqual({ path: '/foreman/first', reason: 'finished' });
});

it('timers are steps of the agent', async () => {
  const Beat = defineTopic('beat', { schema: type<number>() });
  const beats: number[] = [];

  // #region schedule
  const heart = defineAgent({
    name: 'heart',
    state: { beats: 0 },
    onStart: (context) => {
      context.schedule(
        5,
        (later) => {
          later.update(({ beats }) => ({ beats: beats + 1 }));
          later.publish(Beat, later.state.beats);
        },
        { every: true }, // At most one ring of it waits, however slow the agent is.
      );
    },
  });
  // #endregion

  await using system = createSystem({ agents: [heart] });
  system.observe(Beat, { overflow: 'drop-oldest' }).subscribe((n) => {
    beats.push(n);
  });
  await vi.waitFor(() => expect(beats.slice(0, 3)).toEqual([1, 2, 3]));
});

it('capabilities are called by name and run as messages', async () => {
  // #region capability
  const Add = capability('math.add', {
    description: 'Adds two numbers.',
    input: z.object({ a: z.number(), b: z.number() }),
    output: z.number(),
    run: ({ a, b }) => a + b,
  });

  const calculator = defineAgent({ name: 'calculator', capabilities: [Add], concurrency: 4 });
  await using system = createSystem({ agents: [calculator] });

  const typed = await system.tool(Add, { a: 2, b: 3 });
  const byName = await system.tool('math.add', { a: 2, b: 3 });
  // #endregion
  expect([typed, byName]).toEqual([5, 5]);
  expect(system.capabilities.find('math.add')).toMatchObject({
    agents: ['/calculator'],
    calls: 2,
    failures: 0,
  });
});

it('a handler may return a value, a promise, an Effect, or a stream', async () => {
  const Ask = defineTopic('ask', { schema: type<number>(), reply: type<number>() });

  // #region results
  const handlers = {
    value: (n: number) => n + 1,
    promise: async (n: number) => n + 1,
    effect: (n: number) => Effect.delay(Effect.succeed(n + 1), '1 millis'),
    stream: async function* (n: number) {
      yield n + 1;
      yield n + 2;
    },
    observable: (n: number) => bounded(interval(1).pipe(take(n)), { overflow: 'fail', capacity: 16 }),
  };
  // #endregion

  await using system = createSystem();
  const first = [];
  for (const [name, receive] of Object.entries(handlers)) {
    const ref = system.spawn(defineAgent({ name, subscribe: [Ask], receive }));
    first.push(await system.request(ref, 1));
  }
  expect(first).toEqual([2, 2, 2, 2, 0]);
});
