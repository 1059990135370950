import * as EffectLib from 'effect/Effect';
import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { assign, createMachine, emit, sendTo } from 'xstate';
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import type { Context } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { capability } from '../../src/actors/define-capability.ts';
import { keyedAgent } from '../../src/actors/keyed-agent.ts';
import * as actions from '../../src/actors/machine-actions.ts';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { streamAgent } from '../../src/actors/stream-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { behaviour } from '../../src/testing/behaviour.ts';
import { boom } from '../support/boom.ts';

const Deposit = defineTopic('deposit', { schema: type<number>(), reply: type<string>() });
const Changed = defineTopic('changed', { schema: type<number>() });
const Rate = defineTopic('rate', { schema: type<string>(), reply: type<number>() });
const Go = defineTopic('go', { schema: type<string>() });
const Stopped = defineTopic('stopped', { schema: type<string>() });

const purse = defineAgent({
  name: 'purse',
  subscribe: [Deposit],
  state: { cents: 0 },
  receive: (cents, context) => {
    context.update((state) => ({ cents: state.cents + cents }));
    context.publish(Changed, context.state.cents);
    if (cents < 0) {
      throw new RangeError('no debts');
    }
    return `now ${context.state.cents}`;
  },
});

/** An agent that does with one word what the test says. */
const doing = (does: (context: Context<undefined>, word: string) => unknown) =>
  defineAgent({
    name: 'doer',
    subscribe: [Go],
    receive: (word, context) => does(context as never, word) as undefined,
  });

describe('behaviour', () => {
  it('gives back the state and what left the agent, in order', () => {
    const step = behaviour(purse, { state: { cents: 2 } }).receive(Deposit, 3);

    expect(step).toEqual({
      outcome: 'handled',
      state: { cents: 5 },
      snapshot: expect.objectContaining({ status: 'active', context: { cents: 5 } }),
      effects: [{ publish: 'changed', payload: 5 }, { reply: 'now 5' }],
      logs: [],
    });
  });

  it('gives nothing back of a step that throws, but why', () => {
    const tried = behaviour(purse);

    expect(tried.receive(Deposit, -1)).toMatchObject({
      outcome: 'failed',
      state: { cents: 0 },
      effects: [],
      failure: new RangeError('no debts'),
    });
    expect(tried.receive(Deposit, 1).state).toEqual({ cents: 1 });
  });

  it('answers nobody where nobody waits', () => {
    expect(behaviour(purse).receive(Deposit, 1, { asked: 'no' }).effects).toEqual([
      { publish: 'changed', payload: 1 },
    ]);
  });

  it('refuses a payload that the schema of its topic refuses', () => {
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'spec',
        validate: () => ({ issues: [{ message: 'never right' }] }),
      },
    } as const;
    const Strict = defineTopic<string>('strict', { schema });

    expect(() => behaviour(purse).receive(Strict, 'x')).toThrow('never right');
  });

  it('keeps what the agent does in the order in which it does it', () => {
    const worker = defineAgent({ name: 'worker' });
    const friend = { ref: undefined as AgentRef<unknown> | undefined };
    const tried = behaviour(
      doing((context) => {
        const child = context.spawn(worker, { input: 7 });
        context.tell(friend.ref!, 'hello');
        context.watch(child);
        context.schedule(50, () => {});
        context.publish(Changed, 1);
        context.schedule(10, () => {}, { every: true });
        context.unwatch(child);
        context.stop(child);
        context.unstash();
        context.log.info('done', { well: true });
      }),
    );
    friend.ref = tried.ref('friend');

    const step = tried.receive(Go, 'all');

    expect(step.effects).toEqual([
      { spawn: '/doer/worker', agent: 'worker', input: 7 },
      { tell: '/friend', payload: 'hello' },
      { watch: '/doer/worker' },
      { schedule: 50 },
      { publish: 'changed', payload: 1 },
      { schedule: 10, every: true },
      { unwatch: '/doer/worker' },
      { stop: '/doer/worker' },
      { unstash: true },
    ]);
    expect(step.logs).toEqual([{ level: 'info', message: 'done', fields: { well: true } }]);
  });

  it('undoes acts with the step, and keeps its log', () => {
    const tried = behaviour(
      doing((context) => {
        context.spawn(defineAgent({ name: 'worker' }));
        context.schedule(5, () => {});
        context.log.warn('about to fail');
        throw boom;
      }),
    );

    const step = tried.receive(Go, 'x');

    expect(step).toMatchObject({ outcome: 'failed', effects: [], logs: [{ level: 'warn' }], failure: boom });
    expect(tried.advance(10).effects).toEqual([]);
  });

  it('lets a verb refuse what it refuses everywhere', () => {
    const tried = behaviour(doing((context) => context.watch(undefined as never)));

    expect(tried.receive(Go, 'x')).toMatchObject({
      outcome: 'failed',
      effects: [],
      failure: { code: 'INVALID_PARAMS' },
    });
  });

  it('tells of what it tells itself without doing it', () => {
    const tried = behaviour(doing((context) => void context.tell(context.self as AgentRef<string>, 'again')));

    expect(tried.receive(Go, 'x').effects).toEqual([{ tell: '/doer', payload: 'again' }]);
    expect(tried.self.path).toBe('/doer');
  });

  it('has a topic of its own come to nobody either', () => {
    const echo = doing((context, word) => void context.publish(Go, word));

    expect(behaviour(echo).receive(Go, 'x').effects).toEqual([{ publish: 'go', payload: 'x' }]);
  });

  it('takes the first step of an agent when it is made, and the last when it is stopped', () => {
    const tried = behaviour(
      defineAgent({
        name: 'polite',
        subscribe: [Go],
        receive: () => {},
        onStart: (context) => void context.publish(Changed, 1),
        onStop: (context) => void context.publish(Changed, 2),
      }),
    );

    expect(tried.started.effects).toEqual([{ publish: 'changed', payload: 1 }]);
    expect(tried.stop().effects).toEqual([{ publish: 'changed', payload: 2 }]);
    expect(tried.receive(Go, 'too late')).toMatchObject({ outcome: 'lost', lost: 'Stopped' });
  });

  it('gives the input of a spawn to the state', () => {
    const fed = defineAgent({ name: 'fed', state: (input) => ({ input }) });

    expect(behaviour(fed, { input: 3 }).now.state).toEqual({ input: 3 });
  });

  it('rings timers when time passes, in their order', () => {
    const tried = behaviour(
      doing((context, word) => {
        context.schedule(20, (own) => void own.publish(Stopped, `${word} late`));
        context.schedule(10, (own) => {
          own.publish(Stopped, `${word} early`);
          own.schedule(5, (again) => void again.publish(Stopped, `${word} between`));
        });
      }),
    );
    tried.receive(Go, 'a');

    expect(tried.advance(9).effects).toEqual([]);
    expect(tried.advance(11)).toMatchObject({
      outcome: 'idle',
      effects: [
        { publish: 'stopped', payload: 'a early' },
        { schedule: 5 },
        { publish: 'stopped', payload: 'a between' },
        { publish: 'stopped', payload: 'a late' },
      ],
    });
    expect(tried.nowMs).toBe(20);
    expect(() => tried.advance(-1)).toThrow('delayMs is a number of milliseconds, at least 0; got -1');
  });

  it('tells of an agent that finishes, and of a failure that ends it', () => {
    const quitter = doing((context) => context.stop());
    const failing = doing(() => {
      throw boom;
    });

    expect(behaviour(quitter).receive(Go, 'x').effects).toEqual([{ stop: '/doer' }]);
    expect(
      behaviour(failing, { supervision: { directives: { defect: 'stop' } } }).receive(Go, 'x'),
    ).toMatchObject({ outcome: 'failed', effects: [{ stop: '/doer' }], failure: boom });
  });

  it('says of timers and of a first step that they have failed, and gives each failure', () => {
    const [one, two] = [new RangeError('one'), new RangeError('two')];
    const tried = behaviour(
      doing((context) => {
        for (const failure of [one, two]) {
          context.schedule(5, () => {
            throw failure;
          });
        }
      }),
    );
    tried.receive(Go, 'go');

    expect(tried.advance(5)).toMatchObject({ outcome: 'failed', failure: one, failures: [one, two] });
    expect(tried.advance(5).outcome).toBe('idle');
    const unable = defineAgent({
      name: 'unable',
      subscribe: [Go],
      receive: () => {},
      onStart: () => {
        throw one;
      },
    });
    const { started } = behaviour(unable);
    expect(started).toMatchObject({ outcome: 'failed', failure: one });
    expect(started).not.toHaveProperty('failures');
  });

  it('restarts under a supervision that says so', () => {
    const tried = behaviour(purse, { supervision: { backoffMs: 0, jitter: 0 }, state: { cents: 4 } });
    tried.receive(Deposit, 1);

    expect(tried.receive(Deposit, -1).outcome).toBe('failed');
    expect(tried.receive(Deposit, 3).outcome).toBe('waiting');
    expect(tried.advance(0).state).toEqual({ cents: 7 });
  });

  it('lays a message aside, and lets another wait', async () => {
    const gate = Promise.withResolvers<void>();
    const tried = behaviour(
      doing((context, word) => {
        if (word === 'later') {
          context.stash();
          return;
        }
        return gate.promise;
      }),
    );

    expect(tried.receive(Go, 'later').outcome).toBe('stashed');
    expect(tried.receive(Go, 'long').outcome).toBe('open');
    expect(tried.receive(Go, 'next').outcome).toBe('waiting');
    expect(tried.now.outcome).toBe('open');

    gate.resolve();
    expect((await tried.goOn()).outcome).toBe('handled');
  });

  it('says what is lost, and why', () => {
    expect(behaviour(purse).receive(Go, 'x')).toMatchObject({
      outcome: 'lost',
      lost: 'Unhandled',
      effects: [],
    });
  });

  it('interrupts what is open', () => {
    const tried = behaviour(doing(() => new Promise(() => {})));
    tried.receive(Go, 'x');

    expect(tried.interrupt('the test was bored')).toMatchObject({ outcome: 'interrupted', effects: [] });
    expect(tried.now.outcome).toBe('idle');
  });

  it('knows who sent a message, and in which thread', () => {
    const tried = behaviour(
      doing((context) => {
        const { sender, threadId, headers } = context.envelope;
        context.publish(Stopped, `${sender} ${threadId} ${headers['tenant']}`);
      }),
    );

    const step = tried.receive(Go, 'x', {
      from: tried.ref('friend'),
      threadId: 't1',
      headers: { tenant: 'acme' },
    });

    expect(step.effects).toEqual([{ publish: 'stopped', payload: '/friend t1 acme' }]);
  });

  it('refuses a group of keyed agents', () => {
    const group = keyedAgent({ name: 'accounts', agent: purse, keyed: String, passivate: 'forget' });

    expect(() => behaviour(group)).toThrow("'accounts' is a keyed agent, which is many");
  });
});

describe('behaviour of an agent that waits', () => {
  const converter = defineAgent({
    name: 'converter',
    subscribe: [Deposit],
    receive: async (cents, context) => {
      const rate = await context.request(Rate, 'EUR', { timeoutMs: 100 });
      await context.publish(Changed, cents * rate);
      return `${cents * rate}`;
    },
  });

  it('stops where it asks, and goes on with the answer', async () => {
    const tried = behaviour(converter);

    const asked = tried.receive(Deposit, 3);

    expect(asked).toMatchObject({ outcome: 'open', effects: [{ request: 'rate', payload: 'EUR' }] });
    expect(tried.asks).toEqual(['rate']);
    expect(await tried.answer(Rate, 2)).toMatchObject({
      outcome: 'handled',
      effects: [{ publish: 'changed', payload: 6 }, { reply: '6' }],
    });
    expect(tried.asks).toEqual([]);
  });

  it('fails with what it was refused', async () => {
    const tried = behaviour(converter);
    tried.receive(Deposit, 3);

    expect(await tried.refuse(Rate, boom)).toMatchObject({ outcome: 'failed', effects: [], failure: boom });
  });

  it('meets its own deadline when nobody answers', async () => {
    const tried = behaviour(converter);
    tried.receive(Deposit, 3);
    tried.advance(100);

    expect(await tried.goOn()).toMatchObject({ outcome: 'failed', failure: { _tag: 'RequestTimeout' } });
    await expect(tried.answer(Rate, 1)).rejects.toThrow(
      "'/converter' has no open request to 'rate'; it asks nobody",
    );
  });

  it('says whom it asks when the test answers somebody else', async () => {
    const tried = behaviour(converter);
    tried.receive(Deposit, 3);

    await expect(tried.finish('/nobody')).rejects.toThrow(
      "'/converter' has no open request to '/nobody'; it asks rate",
    );
    expect(await tried.finish('rate')).toMatchObject({ failure: { _tag: 'NoResponder' } });
  });

  it('tells of verbs after an await as they are used', async () => {
    const tried = behaviour(
      doing(async (context) => {
        await Promise.resolve();
        context.schedule(5, () => {});
        const child = context.spawn(defineAgent({ name: 'worker' }));
        context.stop(child);
        context.publish(Changed, 1);
      }),
    );
    tried.receive(Go, 'x');

    expect((await tried.goOn()).effects).toEqual([
      { schedule: 5 },
      { spawn: '/doer/worker', agent: 'worker' },
      { stop: '/doer/worker' },
      { publish: 'changed', payload: 1 },
    ]);
  });

  it('asks agents and capabilities, too', async () => {
    const Weather = capability('weather.get', {
      input: type<string>(),
      output: type<string>(),
      run: () => '',
    });
    const asking = { friend: undefined as AgentRef<string, number> | undefined };
    const tried = behaviour(
      doing(async (context) => {
        const said = await context.request(asking.friend!, 'well?');
        const sky = await context.tool(Weather, 'Rome');
        const wind = await context.request(Weather, 'Oslo');
        context.publish(Stopped, `${said}, ${sky}, ${wind}`);
      }),
    );
    asking.friend = tried.ref('friend', Rate);

    expect(tried.receive(Go, 'x').effects).toEqual([{ request: '/friend', payload: 'well?' }]);
    expect((await tried.answer(asking.friend, 7)).effects).toEqual([
      { tool: 'weather.get', payload: 'Rome' },
    ]);
    expect((await tried.answer(Weather, 'sunny')).effects).toEqual([
      { tool: 'weather.get', payload: 'Oslo' },
    ]);
    expect((await tried.answer('weather.get', 'calm')).effects).toEqual([
      { publish: 'stopped', payload: '7, sunny, calm' },
    ]);
  });

  it('calls by name what the test says there is', async () => {
    const Weather = capability('weather.get', {
      input: type<string>(),
      output: type<string>(),
      run: () => '',
    });
    const tried = behaviour(
      doing(
        async (context) => void context.publish(Stopped, String(await context.tool('weather.get', 'Rome'))),
      ),
      { capabilities: [Weather] },
    );
    tried.receive(Go, 'x');

    expect((await tried.answer(Weather, 'rain')).effects).toEqual([{ publish: 'stopped', payload: 'rain' }]);
  });

  it('reads a stream of answers', async () => {
    const tried = behaviour(
      doing(async (context) => {
        for await (const rate of context.stream(Rate, 'EUR')) {
          context.publish(Changed, rate);
        }
        context.publish(Stopped, 'all read');
      }),
    );

    expect(tried.receive(Go, 'x').effects).toEqual([{ stream: 'rate', payload: 'EUR' }]);
    expect((await tried.answer(Rate, 1)).effects).toEqual([{ publish: 'changed', payload: 1 }]);
    expect((await tried.answer(Rate, 2)).effects).toEqual([{ publish: 'changed', payload: 2 }]);
    expect((await tried.finish(Rate)).effects).toEqual([{ publish: 'stopped', payload: 'all read' }]);
  });

  it('gives a stream of replies to whoever wants one, and marks those that come too late', () => {
    const chatty = defineAgent({
      name: 'chatty',
      subscribe: [Rate],
      receive: (_, context) => {
        context.reply(1);
        context.reply(2);
      },
    });

    expect(behaviour(chatty).receive(Rate, 'x', { asked: 'stream' }).effects).toEqual([
      { reply: 1 },
      { reply: 2 },
    ]);
    expect(behaviour(chatty).receive(Rate, 'x').effects).toEqual([{ reply: 1 }, { reply: 2, late: true }]);
  });

  it('runs Effects, and lets them sleep', () => {
    const tried = behaviour(
      doing((context) =>
        EffectLib.sync(() => void context.publish(Changed, 1)).pipe(
          EffectLib.andThen(EffectLib.sleep(30)),
          EffectLib.andThen(EffectLib.sync(() => void context.publish(Changed, 2))),
        ),
      ),
    );

    expect(tried.receive(Go, 'x')).toMatchObject({ outcome: 'open', effects: [{ payload: 1 }] });
    expect(tried.advance(29).effects).toEqual([]);
    expect(tried.advance(1)).toMatchObject({ outcome: 'handled', effects: [{ payload: 2 }] });
  });
});

describe('behaviour of an agent with others around it', () => {
  const guardian = defineAgent({
    name: 'guardian',
    subscribe: [Go],
    receive: (_, context) => {
      context.watch(context.spawn(defineAgent({ name: 'ward' })));
    },
    onTerminated: ({ path, reason, failure }, context) =>
      void context.publish(Stopped, `${path} ${reason} ${String(failure)}`),
  });

  it('hears of the end of a child when the test says so', () => {
    const tried = behaviour(guardian);
    tried.receive(Go, 'x');

    expect(tried.terminated('/guardian/ward', 'failed', 'tired').effects).toEqual([
      { publish: 'stopped', payload: '/guardian/ward failed tired' },
    ]);
  });

  it('hears of the end of somebody it was given', () => {
    const given = { ref: undefined as AgentRef<unknown> | undefined };
    const tried = behaviour(
      defineAgent({
        name: 'watcher',
        subscribe: [Go],
        receive: (_, context) => context.watch(given.ref!),
        onTerminated: ({ path }, context) => void context.publish(Stopped, path),
      }),
    );
    given.ref = tried.ref('friend');
    tried.receive(Go, 'x');

    expect(tried.terminated(given.ref).effects).toEqual([{ publish: 'stopped', payload: '/friend' }]);
  });

  it('hears of the end of a child that it has stopped itself', () => {
    const tried = behaviour(
      defineAgent({
        name: 'strict',
        subscribe: [Go],
        receive: (_, context) => {
          for (const id of ['a', 'b']) {
            const child = context.spawn(defineAgent({ name: 'ward' }), { id });
            context.watch(child);
          }
        },
        onTerminated: ({ path }, context) => {
          context.publish(Stopped, path);
          context.stop(context.children.at(-1));
        },
      }),
    );
    tried.receive(Go, 'x');

    expect(tried.terminated('/strict/a').effects).toEqual([
      { publish: 'stopped', payload: '/strict/a' },
      { stop: '/strict/b' },
    ]);
    expect(tried.terminated('/strict/b').effects).toContainEqual({
      publish: 'stopped',
      payload: '/strict/b',
    });
  });

  it('has what it asks a child end with the child, as everywhere', async () => {
    const wards = ['a', 'b'].map((id) =>
      defineAgent({ name: 'ward', subscribe: [Rate], receive: () => Number(id) }),
    );
    const tried = behaviour(
      doing(async (context) => {
        const [a, b] = wards.map((ward, n) => context.spawn(ward, { id: 'ab'[n]! }));
        await Promise.all([context.request(a!, 'EUR'), context.request(b!, 'EUR')]);
      }),
    );
    tried.receive(Go, 'x');
    expect(tried.asks).toEqual(['/doer/a', '/doer/b']);

    tried.terminated('/doer/a');
    expect(tried.asks).toEqual(['/doer/b']);
    expect(await tried.goOn()).toMatchObject({
      outcome: 'failed',
      failure: { _tag: 'Interrupted', agent: '/doer/a', reason: 'it was stopped' },
    });
  });

  it('is still there when somebody else has ended', () => {
    const tried = behaviour(
      defineAgent({
        name: 'mother',
        subscribe: [Go],
        receive: (_, context) => {
          context.stop(context.spawn(defineAgent({ name: 'ward' }), { id: 'a' }));
          context.spawn(defineAgent({ name: 'ward' }), { id: 'b' });
        },
      }),
    );
    tried.receive(Go, 'x');
    tried.terminated('/mother/b');

    expect(tried.now.snapshot.status).toBe('active');
  });

  it('ends its children with it', () => {
    const tried = behaviour(guardian);
    tried.receive(Go, 'x');
    tried.stop();

    expect(tried.now.snapshot.status).toBe('stopped');
  });

  it('refuses to end the agent itself, or nobody', () => {
    const tried = behaviour(guardian);

    expect(() => tried.terminated(tried.self)).toThrow('somebody made with ref(); got /guardian');
    expect(() => tried.terminated('/nobody')).toThrow("somebody made with ref(); got '/nobody'");
  });

  it('tells of a budget that is nearly spent', () => {
    const frugal = defineAgent({
      name: 'frugal',
      subscribe: [Go],
      receive: (_, context) => {
        context.budget.spend('tokens', 9);
      },
      onBudgetLow: (_, context) => void context.publish(Stopped, 'low'),
    });

    expect(behaviour(frugal).receive(Go, 'x').effects).toEqual([]);
    expect(behaviour(frugal, { budget: { tokens: 10 } }).receive(Go, 'x').effects).toEqual([
      { publish: 'stopped', payload: 'low' },
    ]);
  });
});

describe('behaviour of what it is told', () => {
  it('is that of its only topic', () => {
    expect(behaviour(purse).tell(2).state).toEqual({ cents: 2 });
  });

  it('is that of the first topic which accepts it, and nobody else', () => {
    const silent = defineAgent({ name: 'silent' });

    expect(() => behaviour(silent).tell('x' as never)).toThrow("agent 'silent' accepts no messages");
  });
});

describe('behaviour of a machine', () => {
  const machine = createMachine({
    context: { pressed: 0, friend: undefined as AgentRef<unknown> | undefined },
    initial: 'off',
    states: {
      off: {
        on: {
          press: {
            target: 'on',
            actions: [
              assign({ pressed: ({ context }) => context.pressed + 1 }),
              actions.publish(Changed, ({ context }) => context.pressed),
              actions.reply('lit'),
              emit({ type: 'lit' }),
            ],
          },
          ask: { actions: actions.request(Rate, 'EUR', { onReply: 'rated' }) },
          rated: {
            actions: actions.publish(
              Stopped,
              ({ event }) => `at ${(event as unknown as { output: number }).output}`,
            ),
          },
        },
      },
      on: { after: { 1000: 'off' } },
    },
  });
  const Press = defineTopic('press', { schema: type<{ type: 'press' }>(), reply: type<string>() });
  const lamp = machineAgent({ name: 'lamp', machine, subscribe: [Press] });

  it('is told by its snapshot and its effects', () => {
    const tried = behaviour(lamp);

    const step = tried.receive(Press, { type: 'press' });

    expect(step).toMatchObject({ outcome: 'handled', snapshot: { value: 'on' } });
    expect(step.effects).toContainEqual({ publish: 'changed', payload: 1 });
    expect(step.effects).toContainEqual({ reply: 'lit' });
    expect(step.effects).toContainEqual({ emit: { type: 'lit' } });
    expect(step.effects).toHaveLength(3);
  });

  it('takes events of its own, and its delays when time passes', () => {
    const tried = behaviour(lamp);
    expect(tried.started.snapshot.value).toBe('off');

    tried.tell({ type: 'press' });

    expect(tried.now.snapshot.value).toBe('on');
    expect(tried.advance(1_000).snapshot.value).toBe('off');
  });

  it('asks, and is answered by an event', async () => {
    const tried = behaviour(lamp);

    expect(tried.tell({ type: 'ask' } as never).effects).toEqual([{ request: 'rate', payload: 'EUR' }]);
    expect((await tried.answer(Rate, 3)).effects).toEqual([{ publish: 'stopped', payload: 'at 3' }]);
  });

  it('tells others what its sendTo says', () => {
    const given = { ref: undefined as AgentRef<unknown> | undefined };
    const teller = machineAgent({
      name: 'teller',
      machine: createMachine({
        on: { go: { actions: sendTo(() => given.ref as never, { type: 'hello' } as never) } },
      }),
    });
    const tried = behaviour(teller);
    given.ref = tried.ref('friend');

    expect(tried.tell({ type: 'go' } as never).effects).toEqual([
      { tell: '/friend', payload: { type: 'hello' } },
    ]);
  });
});

describe('behaviour of a stream', () => {
  it('is what its outbox lets out', () => {
    const doubler = streamAgent({
      name: 'doubler',
      subscribe: [Changed],
      publishes: Changed,
      stream: (inbox) => inbox.pipe(map((n) => n * 2)),
    });

    expect(behaviour(doubler).receive(Changed, 4)).toMatchObject({
      outcome: 'handled',
      effects: [{ publish: 'changed', payload: 8 }],
    });
  });
});
