import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { HandlingOver } from '../../src/actors/request-failures.ts';
import { MailboxFull } from '../../src/core/mailbox.ts';
import { memoryWriter } from '../../src/core/memory-writer.ts';
import { Ask, aScene, Heard, later, type Scene } from '../support/a-scene.ts';
import { boom } from '../support/boom.ts';

const idle = defineAgent({ name: 'idle', subscribe: [Ask], receive: () => {} });
const never = () => new Promise<never>(() => {});

describe('a step', () => {
  it('releases what it sends when it has returned, in order', async () => {
    const heardMeanwhile: unknown[] = [];
    const scene = aScene((_, context) => {
      void context.publish(Heard, 'first');
      void context.publish(Heard, 'second');
      heardMeanwhile.push(...scene.heard);
    });

    await scene.tell('go');

    expect(heardMeanwhile).toEqual([]);
    expect(scene.heard).toEqual(['first', 'second']);
  });

  it('that throws has sent nothing, spawned nobody, and left the state as it was', async () => {
    const scene = aScene(
      (_, context) => {
        void context.publish(Heard, 'lost');
        void context.tell(context.self as typeof scene.actor, 'lost');
        context.spawn(idle);
        context.update(() => 'changed');
        boom();
      },
      { state: 'as it was', supervision: {} },
      { system: { supervision: { directives: { defect: 'resume' } } } },
    );

    await scene.tell('go');

    expect(scene.heard).toEqual([]);
    expect(scene.actor.getSnapshot().context).toBe('as it was');
    expect(scene.system.agents.list().map(({ path }) => path)).toEqual(['/listener', '/actor']);
  });

  it('sends at most so many effects, and nothing when it tries to send more', async () => {
    const scene = aScene(
      (_, context) => {
        void context.publish(Heard, 'first');
        void context.publish(Heard, 'second');
      },
      { effectsMax: 1 },
    );

    const failure = await scene.ask();

    expect(failure).toMatchObject({
      _tag: 'MailboxFull',
      receiver: 'the effects of one step of /actor',
      capacity: 1,
    });
    expect(scene.heard).toEqual([]);
  });

  it('is what each verb after an await is by itself', async () => {
    const scene = aScene(async (_, context) => {
      await null;
      void context.publish(Heard, 'kept');
      context.update(() => 'kept');
      boom();
    });

    await scene.tell('go');

    expect(scene.heard).toEqual(['kept']);
  });

  it('of which the effects wait for room keeps its agent from taking messages', async () => {
    const order: unknown[] = [];
    const scene = aScene((message, context) => {
      order.push(message);
      void context.tell(slow, 1);
      void context.tell(slow, 2);
      void context.tell(slow, 3);
    });
    const gate = Promise.withResolvers<void>();
    const slow = scene.system.spawn(
      defineAgent({ name: 'slow', subscribe: [Ask], capacity: 1, receive: () => gate.promise }),
    );

    await scene.tell('a', 'b');
    const before = [...order];
    gate.resolve();
    await scene.settle();

    expect(before).toEqual(['a']);
    expect(order).toEqual(['a', 'b']);
  });
});

describe('a verb after an await', () => {
  it('changes the state also where nobody looks', async () => {
    const scene = aScene(async (_, context) => {
      await null;
      context.update(() => 'changed');
      return context.state;
    });

    expect(await scene.ask()).toBe('changed');
  });

  it.each([
    ['update', (context: Context) => context.update((async () => {}) as never), "state of '/actor'"],
    ['reply', (context: Context) => context.reply(Promise.resolve() as never), "reply of '/actor'"],
  ])('refuses a promise where %s wants a value, and says where', async (_, verb, where) => {
    const scene = aScene(async (__, context) => {
      await null;
      void verb(context as Context);
    });

    expect(String(await scene.ask())).toContain(where);
  });

  it('lets what was laid aside be handled at once, beside its own work', async () => {
    const heard: unknown[] = [];
    const scene = aScene(
      async (message, context) => {
        heard.push(message);
        if (message === 'open') {
          await null;
          context.unstash();
          await never();
        } else if (heard.length === 1) {
          context.stash();
        }
      },
      { concurrency: 2 },
    );

    await scene.tell('first', 'open');

    expect(heard).toEqual(['first', 'open', 'first']);
  });
  it('tells whether there was room', async () => {
    const told: unknown[] = [];
    const scene = aScene(async (_, context) => {
      await null;
      told.push(context.tell(slow, 1), context.tell(slow, 2));
    });
    const slow = scene.system.spawn(
      defineAgent({ name: 'slow', subscribe: [Ask], capacity: 1, receive: never }),
    );

    await scene.tell('go');

    expect(told).toEqual([undefined, expect.any(Promise)]);
  });

  it('throws when its promises of room were ignored for too long', async () => {
    const scene = aScene(async (_, context) => {
      await null;
      Array.from({ length: 4 }, (__, n) => context.tell(slow, n));
    });
    const slow = scene.system.spawn(
      defineAgent({ name: 'slow', subscribe: [Ask], capacity: 1, spillMax: 1, receive: never }),
    );
    await scene.settle();

    const failure = await scene.ask();

    expect(failure).toBeInstanceOf(MailboxFull);
    expect(failure).toMatchObject({ receiver: '/slow', payload: 2, capacity: 1 });
  });

  it('stands behind effects of the agent that wait', async () => {
    const order: unknown[] = [];
    const scene = aScene(
      async (message, context) => {
        if (message === 'block') {
          ['a', 'b', 'c'].forEach((said) => {
            void context.tell(slow, said);
          });
        } else {
          await later(scene, 5);
          await context.tell(slow, 'd');
          order.push('room at last');
        }
      },
      { concurrency: 2 },
    );
    const slow = slowly(scene, (message) => order.push(message));

    await scene.tell('later', 'block');

    expect(order).toEqual(['a', 'b', 'room at last', 'c', 'd']);
  });

  it('stands behind effects of the agent that wait also where it asks', async () => {
    const order: unknown[] = [];
    const scene = aScene(
      async (message, context) => {
        if (message === 'block') {
          ['a', 'b', 'c'].forEach((said) => {
            void context.tell(slow, said);
          });
        } else {
          await later(scene, 5);
          await context.request(slow, 'd');
        }
      },
      { concurrency: 2 },
    );
    const slow = slowly(scene, (said) => order.push(said));

    await scene.tell('later', 'block');

    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  it('throws when too many stand behind effects that wait', async () => {
    const failures: unknown[] = [];
    const scene = aScene(
      async (message, context) => {
        if (message === 'block') {
          ['a', 'b'].forEach((said) => {
            void context.tell(slow, said);
          });
        } else {
          await later(scene, 5);
          const telling = () => context.tell(slow, 'd');
          void telling();
          void telling();
          failures.push(thrownBy(telling));
        }
      },
      { concurrency: 2, effectsMax: 4 },
    );
    const slow = slowly(scene, () => {});

    await scene.tell('first', 'block', 'block');

    expect(failures).toMatchObject([{ _tag: 'MailboxFull', receiver: 'the outbox of /actor', capacity: 4 }]);
  });
});

describe('the state', () => {
  it('is what the definition says, or makes of the input', async () => {
    const scene = aScene(
      (_, { state }) => state,
      { state: (input: unknown) => `born of ${input}` },
      { spawn: { input: 'x' } },
    );

    expect(await scene.ask()).toBe('born of x');
  });

  it('is seen by the next message as it was left', async () => {
    const scene = aScene(
      (message, context) => {
        context.update((sum) => (sum as number) + (message as number));
        return context.state;
      },
      { state: 1 },
    );

    expect([await scene.ask(1), await scene.ask(2)]).toEqual([2, 4]);
  });

  it('may change after an await, which observers are told at once', async () => {
    const scene = aScene(
      async (_, context) => {
        await null;
        context.update(() => 1);
        context.update(() => 2);
      },
      { state: 0 },
    );
    const seen: unknown[] = [];
    scene.actor.subscribe(({ context }) => seen.push(context));

    await scene.tell('go');

    expect(seen).toEqual([1, 2]);
  });
});

describe('a reply', () => {
  it('may be given before the handler returns', async () => {
    const scene = aScene((_, context) => {
      void context.reply('early');
    });

    expect(await scene.ask()).toBe('early');
  });

  it('is given only once: what comes after it is a dead letter', async () => {
    const scene = aScene((_, context) => {
      void context.reply('first');
      return 'second';
    });

    const reply = await scene.ask();

    expect(reply).toBe('first');
    expect(scene.causes()).toEqual({ LateReply: 1 });
  });

  it('goes nowhere when nobody asked', async () => {
    const scene = aScene((_, context) => {
      void context.reply('to nobody');
      return 'neither';
    });

    await scene.tell('go');

    expect(scene.causes()).toEqual({});
  });

  it('may be given after an await', async () => {
    const scene = aScene(async (_, context) => {
      await null;
      void context.reply('later');
    });

    expect(await scene.ask()).toBe('later');
  });

  it('comes behind what the agent sent before', async () => {
    const order: unknown[] = [];
    const scene = aScene(async (_, context) => {
      void context.tell(slow, 'a');
      void context.tell(slow, 'b');
      void context.tell(slow, 'c');
      await null;
      void context.reply('done');
    });
    const slow = slowly(scene, (message) => order.push(message));

    void scene.system.request(scene.actor, 'go').then((reply) => order.push(reply));
    await scene.settle();

    expect(order).toEqual(['a', 'done', 'b', 'c']);
  });
});

describe('a timer', () => {
  it('takes a step of the agent when its time has come', async () => {
    const scene = aScene((_, context) => {
      context.schedule(50, (later) => {
        later.update(() => 'rung');
        void later.publish(Heard, 'ring');
      });
    });

    await scene.tell('go');

    expect(scene.world.nowMs).toBe(50);
    expect(scene.heard).toEqual(['ring']);
    expect(scene.actor.getSnapshot().context).toBe('rung');
  });

  it('rings every so often until it is cancelled', async () => {
    const scene = aScene((_, context) => {
      let rings = 0;
      const timer = context.schedule(
        10,
        (later) => {
          rings += 1;
          void later.publish(Heard, scene.world.nowMs);
          if (rings === 3) {
            timer.cancel();
          }
        },
        { every: true },
      );
    });

    await scene.tell('go');

    expect(scene.heard).toEqual([10, 20, 30]);
  });

  it('belongs to the conversation in which it was set', async () => {
    const scene = aScene((_, context) => {
      context.schedule(10, (later) => void later.publish(Heard, 'ring'));
    });

    void scene.system.tell(scene.actor, 'go', { threadId: 't', headers: { tenant: 'acme' } });
    await scene.settle();

    expect(scene.envelopes).toMatchObject([{ threadId: 't', headers: { tenant: 'acme' } }]);
  });

  it('is not set by a step that throws', async () => {
    const scene = aScene((_, context) => {
      context.schedule(10, (later) => void later.publish(Heard, 'ring'));
      boom();
    });

    await scene.tell('go');

    expect(scene.heard).toEqual([]);
  });

  it('may be set after an await, and cancelled before it rings', async () => {
    const scene = aScene(async (message, context) => {
      await null;
      const timer = context.schedule(10, (later) => void later.publish(Heard, message));
      if (message === 'cancelled') {
        timer.cancel();
      }
    });

    await scene.tell('rings', 'cancelled');

    expect(scene.heard).toEqual(['rings']);
  });

  it('that was cancelled does not ring, also when its notice waits already', async () => {
    const scene = aScene((_, context) => {
      context.schedule(10, () => second.cancel());
      const second = context.schedule(10, (ringing) => void ringing.publish(Heard, 'ring'));
    });
    await scene.settle();

    void scene.system.tell(scene.actor, 'go');
    // By hand: both timers are to be due before either of their steps is taken.
    await scene.world.step();
    scene.world.environment.step();
    scene.world.environment.advanceTo(10);
    await scene.settle();

    expect(scene.heard).toEqual([]);
  });

  it.each([-1, Number.NaN])('is refused for %d milliseconds', async (delayMs) => {
    const scene = aScene((_, context) => void context.schedule(delayMs, () => {}));

    expect(await scene.ask()).toMatchObject({
      cause: new RangeError(`delayMs is a number of milliseconds, at least 0; got ${delayMs}`),
    });
  });

  it('that throws is a failure of the agent', async () => {
    const scene = aScene((_, context) => void context.schedule(10, boom));

    await scene.tell('go');

    expect(scene.failures).toMatchObject([
      { agent: '/actor', failure: new Error('boom'), envelope: undefined },
    ]);
  });
});

describe('what a handler knows', () => {
  it('are itself, its parent and its children', async () => {
    const scene = aScene((_, context) => {
      const child = context.spawn(defineAgent({ name: 'child', subscribe: [Ask], receive: familyOf }));
      return context.request(child, 'who?').then((childs) => ({ own: familyOf(_, context), childs }));
    });

    expect(await scene.ask()).toEqual({
      own: { self: '/actor', parent: undefined, children: ['/actor/child'] },
      childs: { self: '/actor/child', parent: '/actor', children: [] },
    });
  });

  it('is the envelope it handles', async () => {
    const scene = aScene((_, { envelope }) => ({
      topic: envelope.topic,
      to: envelope.to,
      hops: envelope.hops,
    }));

    expect(await scene.ask()).toEqual({ topic: 'ask', to: '/actor', hops: 0 });
  });

  it('is the budget of the message, or that of the agent, or one without limits', async () => {
    const limitOf = (_: unknown, { budget }: Context) => budget.limit('tokens');

    expect(await aScene(limitOf).ask('x', { budget: { tokens: 5 } })).toBe(5);
    expect(await aScene(limitOf, {}, { spawn: { budget: { tokens: 7 } } }).ask()).toBe(7);
    expect(await aScene(limitOf).ask()).toBe(Number.POSITIVE_INFINITY);
  });

  it('is what it has spent itself, also where nothing is limited', async () => {
    const scene = aScene((_, context) => {
      context.budget.spend('tokens', 3);
      context.budget.spend('tokens', 4);
      return context.budget.spent('tokens');
    });

    expect(await scene.ask()).toBe(7);
  });
});

describe('the log', () => {
  it('tells whoever listens, at four levels', async () => {
    const memory = memoryWriter({ capacity: 100 });
    const scene = aScene(
      (_, { log }) => {
        log.debug('a');
        log.info('b', { n: 1 });
        log.warn('c');
        log.error('d');
      },
      {},
      { system: { events: [memory] } },
    );

    await scene.tell('go');

    expect(memory.events.filter(({ _tag }) => _tag === 'Logged')).toMatchObject([
      { agent: '/actor', level: 'debug', message: 'a', fields: undefined },
      { level: 'info', message: 'b', fields: { n: 1 } },
      { level: 'warn', message: 'c' },
      { level: 'error', message: 'd' },
    ]);
  });

  it('tells nobody when nobody listens', async () => {
    const scene = aScene((_, { log }) => log.info('unheard'));

    await expect(scene.tell('go')).resolves.toBeUndefined();
  });
});

describe('stopping', () => {
  it('of a child by its parent ends it', async () => {
    const scene = aScene((message, context) => {
      if (message === 'spawn') {
        context.spawn(idle);
      } else {
        context.stop(context.children[0]);
      }
    });

    await scene.tell('spawn');
    const ended = scene.system.watch(scene.system.agents.find('/actor/idle')!.ref);
    await scene.tell('stop');

    await expect(ended).resolves.toMatchObject({ reason: 'stopped' });
    expect(scene.system.agents.list().map(({ path }) => path)).toEqual(['/listener', '/actor']);
  });

  it('of somebody who is no child is refused', async () => {
    const scene = aScene((_, context) => context.stop(context.self));
    const other = aScene(() => {});

    expect(await aScene((_, context) => context.stop(other.actor)).ask()).toMatchObject({
      _tag: 'InvalidParams',
      issues: [{ message: "expected a child of '/actor'" }],
      value: '/actor',
    });
    expect(await aScene((_, context) => context.stop({} as never)).ask()).toMatchObject({ value: {} });
    await scene.tell('go');
  });

  it('of an agent that has another parent is refused, and ends nobody', async () => {
    const scene = aScene((_, context) => context.stop(other));
    const other = scene.system.spawn(idle);

    expect(await scene.ask()).toMatchObject({
      _tag: 'InvalidParams',
      what: 'ref',
      value: '/idle',
      issues: [{ path: '', message: "expected a child of '/actor'" }],
    });
    expect(scene.system.agents.find('/idle')).toBeDefined();
  });

  it('itself comes when its handling is over, and its reply has left', async () => {
    const scene = aScene(async (_, context) => {
      context.stop();
      await null;
      return 'last words';
    });

    expect(await scene.ask()).toBe('last words');
    expect(scene.system.agents.find('/actor')).toBeUndefined();
  });
});

describe('a context whose handling is over', () => {
  it('turns what is sent into dead letters, without throwing', async () => {
    const { context, scene } = await aSpentContext();

    const sent = [context.publish(Heard, 'late'), context.tell(scene.actor, 'late')];

    expect(sent).toEqual([undefined, undefined]);
    expect(scene.system.deadLetters.list()).toMatchObject([
      { cause: 'HandlingOver', to: 'heard' },
      { cause: 'HandlingOver', to: '/actor' },
    ]);
    expect(scene.heard).toEqual([]);
  });

  it('refuses requests, streams, tools and children', async () => {
    const { context, scene } = await aSpentContext();
    const failures: unknown[] = [];
    const note = (failure: unknown) => failures.push(failure);

    await context.request(scene.actor, 'late').catch(note);
    await context.tool('length', 'late').catch(note);
    context.stream(scene.actor, 'late').subscribe({ error: note });

    expect(failures).toEqual(Array.from({ length: 3 }, () => expect.any(HandlingOver)));
    expect(String(failures[0])).toBe(
      "HandlingOver: the handling of '/actor' this context belonged to is over; work that goes on after it uses context.detach()",
    );
    expect(() => context.spawn(idle)).toThrow(HandlingOver);
  });

  it('has no effect on the agent', async () => {
    const { context, scene } = await aSpentContext();

    context.update(() => 'late');
    context.stash();
    context.unstash();
    context.stop();
    context.watch(scene.actor);
    context.schedule(10, (later) => void later.publish(Heard, 'ring'));
    await scene.settle();

    expect(scene.actor.getSnapshot()).toMatchObject({ status: 'active', context: 'as it was' });
    expect(scene.heard).toEqual([]);
    expect(scene.world.nowMs).toBe(0);
  });

  it('lays nothing aside', async () => {
    const { context, scene } = await aSpentContext();

    context.stash();

    expect(scene.system.statistics().agents[1]).toMatchObject({ stashed: 0 });
  });

  it('does not answer for a message that was laid aside and will be handled again', async () => {
    const contexts: Context[] = [];
    const scene = aScene((message, context) => {
      contexts.push(context);
      if (message === 'open') {
        context.unstash();
      } else if (contexts.length === 1) {
        context.stash();
      }
      return contexts.length === 1 ? undefined : 'in time';
    });
    const reply = scene.ask('later', { timeoutMs: Number.POSITIVE_INFINITY });
    await scene.settle();

    void contexts[0]!.reply('early');
    await scene.tell('open');

    expect(await reply).toBe('in time');
    expect(scene.causes()).toEqual({ LateReply: 1 });
  });

  it('turns replies into dead letters', async () => {
    const { context, scene } = await aSpentContext('ask');

    void context.reply('late');

    expect(scene.system.deadLetters.list()).toMatchObject([
      { cause: 'LateReply', envelope: { payload: 'late' } },
    ]);
  });

  it('has a signal that is aborted', async () => {
    const { context } = await aSpentContext();

    expect(context.signal.aborted).toBe(true);
    expect(context.signal.reason).toBeInstanceOf(HandlingOver);
  });

  it('logs nothing', async () => {
    const memory = memoryWriter({ capacity: 100 });
    const { context, scene } = await aSpentContext();
    scene.system.listen(memory);

    context.log.info('late');

    expect(memory.events).toEqual([]);
  });
});

describe('an interrupt', () => {
  it('aborts the signal, with the failure that carries what was kept', async () => {
    const aborted: unknown[] = [];
    const scene = aScene((_, context) => {
      context.signal.addEventListener('abort', () => aborted.push(context.signal.reason));
      context.keep('half a page');
      return never();
    });

    const reply = scene.ask('go', { timeoutMs: Number.POSITIVE_INFINITY });
    await scene.settle();
    scene.system.interrupt(scene.actor, 'the user left');
    await scene.settle();

    expect(aborted).toMatchObject([{ _tag: 'Interrupted', reason: 'the user left', partial: 'half a page' }]);
    expect(await reply).toBe(aborted[0]);
  });

  it('is told to a signal that throws, which ends no process', async () => {
    const scene = aScene((_, context) => {
      context.signal.addEventListener('abort', boom);
      return never();
    });

    void scene.system.tell(scene.actor, 'go');
    await scene.settle();
    scene.system.interrupt(scene.actor);
    await scene.settle();

    expect(scene.failures).toMatchObject([
      { agent: '/actor', failure: new Error('boom'), directive: 'resume' },
    ]);
  });

  it('leaves a signal alone when the work is done', async () => {
    const signals: AbortSignal[] = [];
    const scene = aScene((_, context) => void signals.push(context.signal));

    await scene.tell('go');

    expect(signals[0]?.aborted).toBe(false);
  });
});

describe('the budget of an agent', () => {
  it('tells it when it comes near its limit, beside its work', async () => {
    const scene = aScene(
      async (_, context) => {
        await null;
        context.budget.spend('tokens', 9);
        await null;
        await null;
        return 'done';
      },
      { onBudgetLow: (notice, context) => void context.publish(Heard, notice) },
    );

    const reply = await scene.ask('go', { budget: { tokens: 10 } });

    expect(reply).toBe('done');
    expect(scene.heard).toEqual([{ _tag: 'BudgetLow', resource: 'tokens', limit: 10, spent: 9 }]);
  });

  it('tells it also when all its work is synchronous', async () => {
    const scene = aScene(
      (amount, context) => context.budget.spend('tokens', amount as number),
      { onBudgetLow: ({ spent }, context) => void context.publish(Heard, spent) },
      { spawn: { budget: { tokens: 10, steps: 5 } } },
    );

    await scene.tell(4, 5, 0, 0);

    expect(scene.heard).toEqual([9, 4]);
  });

  it('tells it nothing of the budget of a message that is done with', async () => {
    const scene = aScene((_, context) => context.budget.spend('tokens', 9), {
      onBudgetLow: (notice, context) => void context.publish(Heard, notice),
    });

    await scene.ask('go', { budget: { tokens: 10 } });

    expect(scene.heard).toEqual([]);
  });

  it('tells it when the steps of its timers spend it', async () => {
    const scene = aScene(
      (_, context) => void context.schedule(1, (step) => step.budget.spend('tokens', 9)),
      { onBudgetLow: ({ spent }, context) => void context.publish(Heard, spent) },
      { spawn: { budget: { tokens: 10 } } },
    );

    await scene.tell('go');

    expect(scene.heard).toEqual([9]);
  });

  it('interrupts its work when it is spent, with what it has kept', async () => {
    const scene = aScene(async (_, context) => {
      context.keep('half a page');
      await null;
      context.budget.spend('tokens', 11);
    });

    const failure = await scene.ask('go', { budget: { tokens: 10 } });

    expect(failure).toMatchObject({ _tag: 'BudgetExceeded', resource: 'tokens', partial: 'half a page' });
  });
});

/** An agent with room for one message, which takes 10 ms for each. */
const slowly = (scene: Scene, done: (message: unknown) => void) =>
  scene.system.spawn(
    defineAgent({
      name: 'slow',
      subscribe: [Ask],
      capacity: 1,
      receive: async (message) => {
        await later(scene, 10);
        done(message);
      },
    }),
  );

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (thrown) {
    return thrown;
  }
}

const familyOf = (_: unknown, { self, parent, children }: Pick<Context, 'self' | 'parent' | 'children'>) => ({
  self: self.path,
  parent: parent?.path,
  children: children.map(({ path }) => path),
});

/** The context of a handling that has finished. */
async function aSpentContext(how: 'tell' | 'ask' = 'tell') {
  let spent: Context<unknown, unknown> | undefined;
  const scene = aScene(
    (_, context) => {
      spent = context;
    },
    { state: 'as it was' },
  );
  await scene[how]('go');
  return { scene, context: spent! };
}
