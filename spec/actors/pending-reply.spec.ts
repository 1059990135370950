import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { AgentDefect, Interrupted, NoResponder } from '../../src/actors/request-failures.ts';
import { MailboxFull } from '../../src/core/mailbox.ts';
import { Ask, aScene, later } from '../support/a-scene.ts';
import { boom } from '../support/boom.ts';

const never = () => new Promise<never>(() => {});
const forever = Number.POSITIVE_INFINITY;
const anAgent = (name: string, receive: () => unknown) =>
  defineAgent({ name, subscribe: [Ask], receive: receive as never });

describe('a request', () => {
  it('is settled by the reply', async () => {
    expect(await aScene((name) => `Hello, ${name}!`).ask('Ada')).toBe('Hello, Ada!');
  });

  it('is settled by the failure of whom it asks, which is its own', async () => {
    const refusal = new MailboxFull({ receiver: '/x', payload: 1, capacity: 1 });
    const scene = aScene(() => {
      throw refusal;
    });

    expect(await scene.ask()).toBe(refusal);
  });

  it('is settled by a failure that says what the code threw', async () => {
    const failure = await aScene(boom).ask();

    expect(failure).toBeInstanceOf(AgentDefect);
    expect(failure).toMatchObject({ agent: '/actor', cause: new Error('boom') });
  });

  it('is settled at its deadline', async () => {
    const scene = aScene(never);

    const failure = await scene.ask('go', { timeoutMs: 50 });

    expect(failure).toMatchObject({ _tag: 'RequestTimeout', target: '/actor', timeoutMs: 50 });
    expect(scene.world.nowMs).toBe(50);
  });

  it('waits for 30 seconds when it does not say, or as long as the system says', async () => {
    const [scene, hasty] = [aScene(never), aScene(never, {}, { system: { requestTimeoutMs: 10 } })];

    await Promise.all([scene.ask(), hasty.ask()]);

    expect([scene.world.nowMs, hasty.world.nowMs]).toEqual([30_000, 10]);
  });

  it('may wait for ever, and then sets no timer', async () => {
    const scene = aScene(never);

    void scene.system.request(scene.actor, 'go', { timeoutMs: forever });
    await scene.settle();

    expect(scene.world.environment.timerCount).toBe(0);
  });

  it('leaves no timer, listener or reference when it is settled', async () => {
    const scene = aScene(() => 'done');
    const gone = new AbortController();

    await scene.ask('go', { signal: gone.signal });
    gone.abort();
    await scene.settle();

    expect(scene.world.environment.timerCount).toBe(0);
    expect(scene.world.nowMs).toBe(0);
    expect(getEventListeners(gone.signal, 'abort')).toEqual([]);
  });

  it('is interrupted by its signal, which is listened to no more', async () => {
    const scene = aScene(never);
    const gone = new AbortController();
    const reply = scene.system.request(scene.actor, 'go', { signal: gone.signal, timeoutMs: forever });
    reply.catch(() => {});
    await scene.settle();

    gone.abort(new Error('the user left'));
    await scene.settle();

    await expect(reply).rejects.toMatchObject({
      _tag: 'Interrupted',
      agent: '/actor',
      reason: 'the user left',
      cause: new Error('the user left'),
    });
    expect(getEventListeners(gone.signal, 'abort')).toEqual([]);
    expect(scene.failures).toEqual([]);
  });

  it('that is interrupted before its turn has come is not handled', async () => {
    const heard: unknown[] = [];
    const scene = aScene((message) => {
      heard.push(message);
      return later(scene, 10);
    });
    const gone = new AbortController();
    void scene.system.tell(scene.actor, 'first');
    scene.system.request(scene.actor, 'second', { signal: gone.signal, timeoutMs: forever }).catch(() => {});
    await scene.turns();

    gone.abort();
    await scene.settle();

    expect(heard).toEqual(['first']);
    expect(scene.system.statistics().agents.at(-1)).toMatchObject({ path: '/actor', expired: 1 });
    expect(scene.causes()).toEqual({ Expired: 1 });
  });

  it('is settled at once when nobody hears its topic', async () => {
    const scene = aScene(() => {}, {}, { spawn: { subscribe: false } });

    await expect(scene.system.request(Ask, 'x')).rejects.toMatchObject({
      _tag: 'NoResponder',
      target: 'ask',
      asked: 0,
    });
  });

  it('is settled when whom it asks is done without answering', async () => {
    expect(await aScene(() => {}).ask()).toMatchObject({ _tag: 'NoResponder', target: '/actor', asked: 1 });
  });

  it('is settled when whom it asks has ended', async () => {
    const scene = aScene(never);
    await scene.world.run(() => scene.system.stop(scene.actor));

    expect(await scene.ask()).toBeInstanceOf(NoResponder);
  });

  it('is settled when whom it asks ends meanwhile', async () => {
    const scene = aScene(never);
    const [inWork, waiting] = [0, 1].map(() =>
      scene.system.request(scene.actor, 'go', { timeoutMs: forever }).catch((failure: unknown) => failure),
    );
    await scene.settle();

    await scene.world.run(() => scene.system.stop(scene.actor));

    expect(await inWork).toMatchObject({ _tag: 'Interrupted', agent: '/actor', reason: 'it was stopped' });
    expect(await waiting).toBeInstanceOf(NoResponder);
  });

  it('is settled when whom it asks is restarted', async () => {
    const scene = aScene(never);
    const reply = scene.system
      .request(scene.actor, 'go', { timeoutMs: forever })
      .catch((failure: unknown) => failure);
    await scene.settle();

    scene.world.crash('/actor');
    await scene.settle();

    expect(await reply).toMatchObject({ _tag: 'Interrupted', reason: 'it was restarted' });
  });

  it('is settled when the system stops', async () => {
    const scene = aScene(never);
    const reply = scene.system
      .request(scene.actor, 'go', { timeoutMs: forever })
      .catch((failure: unknown) => failure);
    await scene.settle();

    await scene.world.run(() => scene.system.stop());

    expect(await reply).toBeInstanceOf(Interrupted);
  });

  it('is refused when the system takes nothing more', async () => {
    const scene = aScene(() => 'x');
    void scene.system.stop();

    await expect(scene.system.request(scene.actor, 'go')).rejects.toMatchObject({
      _tag: 'NoResponder',
      target: 'system world, which is ending',
    });
  });
});

describe('a request that expires', () => {
  it('before its turn comes is not handled at all', async () => {
    const handled: unknown[] = [];
    const scene = aScene(async (message) => {
      handled.push(message);
      await later(scene, 50);
    });

    void scene.ask('slow');
    await scene.ask('hasty', { timeoutMs: 10 });

    expect(handled).toEqual(['slow']);
    expect(scene.causes()).toMatchObject({ Expired: 1 });
  });
});

describe('interrupting a request', () => {
  it('by its signal interrupts the work that is done for it', async () => {
    const aborted: unknown[] = [];
    const scene = aScene((_, context) => {
      context.signal.addEventListener('abort', () => aborted.push(context.signal.reason));
      return never();
    });
    const gone = new AbortController();
    const reply = scene.system
      .request(scene.actor, 'go', { signal: gone.signal, timeoutMs: forever })
      .catch((failure: unknown) => failure);
    await scene.settle();

    gone.abort(new Error('the user left'));
    await scene.settle();

    expect(await reply).toMatchObject({ _tag: 'Interrupted', agent: '/actor', reason: 'the user left' });
    expect(aborted).toEqual([await reply]);
  });

  it('by a signal without a reason says so', async () => {
    const scene = aScene(never);
    const gone = new AbortController();
    const reply = scene.system
      .request(scene.actor, 'go', { signal: gone.signal })
      .catch((failure: unknown) => failure);

    gone.abort('because');
    await scene.settle();

    expect(await reply).toMatchObject({ reason: 'its signal aborted', cause: 'because' });
  });

  it('before it is made sends nothing', async () => {
    const handled: unknown[] = [];
    const scene = aScene((message) => void handled.push(message));

    const failure = await scene.ask('go', { signal: AbortSignal.abort() });

    expect(failure).toMatchObject({ _tag: 'Interrupted', reason: 'its signal had aborted already' });
    expect(handled).toEqual([]);
  });

  it('at its deadline interrupts the work that is done for it', async () => {
    const aborted: unknown[] = [];
    const scene = aScene((_, context) => {
      context.signal.addEventListener('abort', () => aborted.push(context.signal.reason));
      return never();
    });

    await scene.ask('go', { timeoutMs: 50 });

    expect(aborted).toMatchObject([{ _tag: 'RequestTimeout' }]);
  });

  it('interrupts the requests that were made for it in turn', async () => {
    const aborted: string[] = [];
    const scene = aScene((_, context) => context.request(helper, 'help', { timeoutMs: forever }));
    const helper = scene.system.spawn(
      defineAgent({
        name: 'helper',
        subscribe: [Ask],
        receive: (_, { signal }) => {
          signal.addEventListener('abort', () => aborted.push('helper'));
          return never();
        },
      }),
    );

    await scene.ask('go', { timeoutMs: 50 });

    expect(aborted).toEqual(['helper']);
  });
});

describe('a request of an agent', () => {
  it('comes back in a turn of its own', async () => {
    const scene = aScene(async (_, context) => {
      const reply = await context.request(helper, 'help');
      return `${reply}!`;
    });
    const helper = scene.system.spawn(anAgent('helper', () => 'help'));

    expect(await scene.ask()).toBe('help!');
  });

  it('that is refused in its step fails at once, and the step goes on', async () => {
    const scene = aScene((_, context) => context.request(undefined as never, 'x' as never));

    expect(await scene.ask()).toMatchObject({ _tag: 'InvalidParams', what: 'target' });
  });

  it('is interrupted when its handling fails', async () => {
    const scene = aScene(
      async (_, context) => {
        requests.push(
          context.request(helper, 'help', { timeoutMs: forever }).catch((failure: unknown) => failure),
        );
        await null;
        boom();
      },
      {},
      { system: { supervision: { directives: { defect: 'resume' } } } },
    );
    const requests: Promise<unknown>[] = [];
    const helper = scene.system.spawn(anAgent('helper', never));

    await scene.tell('go');

    expect(await requests[0]).toMatchObject({ _tag: 'Interrupted', reason: 'the handling failed' });
  });

  it('is not sent by a step that throws', async () => {
    const handled: unknown[] = [];
    const scene = aScene((_, context) => {
      requests.push(context.request(helper, 'help').catch((failure: unknown) => failure));
      boom();
    });
    const requests: Promise<unknown>[] = [];
    const helper = scene.system.spawn(anAgent('helper', () => handled.push('helped')));

    await scene.tell('go');

    expect(await requests[0]).toMatchObject({ _tag: 'Interrupted' });
    expect(handled).toEqual([]);
  });

  it('that nobody awaits ends no process when it fails', async () => {
    const scene = aScene(
      (_, context) => void context.request(Ask, 'x', { awaited: false }),
      {},
      { spawn: { subscribe: false } },
    );

    await expect(scene.tell('go')).resolves.toBeUndefined();
  });

  it('to a topic goes to all, and the first reply counts', async () => {
    const scene = aScene((_, context) => context.request(Ask, 'x'), {}, { spawn: { subscribe: false } });
    scene.system.spawn(anAgent('slow', () => later(scene, 50).then(() => 'slow')));
    scene.system.spawn(anAgent('quick', () => later(scene, 10).then(() => 'quick')));

    expect(await scene.ask()).toBe('quick');
    expect(scene.causes()).toEqual({ LateReply: 1 });
  });

  it('to a topic that nobody hears fails at once', async () => {
    const scene = aScene((_, context) => context.request(Ask, 'x'), {}, { spawn: { subscribe: false } });

    expect(await scene.ask()).toMatchObject({ _tag: 'NoResponder', asked: 0 });
  });

  it('to a topic fails with the first failure when nobody answers', async () => {
    const scene = aScene((_, context) => context.request(Ask, 'x'), {}, { spawn: { subscribe: false } });
    scene.system.spawn(anAgent('mute', () => undefined));
    scene.system.spawn(anAgent('broken', boom));

    expect(await scene.ask()).toMatchObject({ _tag: 'AgentDefect', agent: '/broken' });
  });

  it('to one that rejects it fails', async () => {
    const scene = aScene(async (_, context) => {
      await null;
      void context.tell(full, 'fills it');
      return context.request(full, 'too much');
    });
    const full = scene.system.spawn(
      defineAgent({ name: 'full', subscribe: [Ask], capacity: 1, overflow: 'reject', receive: () => 'x' }),
    );

    expect(await scene.ask()).toMatchObject({ _tag: 'MailboxFull', receiver: '/full' });
  });

  it('in a step to one that rejects it fails, too', async () => {
    const scene = aScene((_, context) => {
      void context.tell(full, 'fills it');
      return context.request(full, 'too much');
    });
    const full = scene.system.spawn(
      defineAgent({ name: 'full', subscribe: [Ask], capacity: 1, overflow: 'reject', receive: () => 'x' }),
    );

    expect(await scene.ask()).toMatchObject({ _tag: 'MailboxFull', receiver: '/full', capacity: 1 });
  });

  it.each(['drop-newest', 'drop-oldest', 'fail', 'conflate'] as const)(
    'that is lost in a full mailbox fails, under %s',
    async (overflow) => {
      const scene = aScene((_, context) =>
        Promise.all([
          context.request(full, 'first').catch((failure: unknown) => failure),
          context.request(full, 'second').catch((failure: unknown) => failure),
        ]),
      );
      const full = scene.system.spawn(
        defineAgent({ name: 'full', subscribe: [Ask], capacity: 1, overflow, receive: () => 'done' }),
      );

      const outcomes = (await scene.ask()) as unknown[];

      expect(outcomes).toContainEqual(
        expect.objectContaining({ _tag: 'MailboxFull', receiver: '/full', capacity: 1 }),
      );
      expect(outcomes).toHaveLength(2);
    },
  );
});

describe('a request whose budget is spent', () => {
  it('before its turn comes is not handled, and fails', async () => {
    const scene = aScene(() => 'done');

    const failure = await scene.ask('go', { budget: { steps: 0 } });

    expect(failure).toMatchObject({ _tag: 'BudgetExceeded', resource: 'steps', limit: 0, wanted: 1 });
    expect(scene.causes()).toEqual({ BudgetExceeded: 1 });
  });

  it('of time is interrupted', async () => {
    const scene = aScene(never);

    const failure = await scene.ask('go', { budget: { timeMs: 20 } });

    expect(failure).toMatchObject({ _tag: 'BudgetExceeded', resource: 'timeMs', limit: 20 });
    expect(scene.world.nowMs).toBe(20);
  });
});
