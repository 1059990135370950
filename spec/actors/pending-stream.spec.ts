import { describe, expect, it } from 'vitest';
import type { StreamOptions } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type CreditToken, retainToken } from '../../src/core/credit.ts';
import { Ask, aScene, later, type Play, type Scene } from '../support/a-scene.ts';
import { boom } from '../support/boom.ts';

const forever = Number.POSITIVE_INFINITY;
const never = () => new Promise<never>(() => {});

describe('a stream of replies', () => {
  it('sends its request once for each who subscribes, and not before', async () => {
    const asked: unknown[] = [];
    const scene = aScene((message) => asked.push(message));
    const stream = scene.system.stream(scene.actor, 'go');
    await scene.settle();
    const before = asked.length;

    stream.subscribe();
    stream.subscribe();
    await scene.settle();

    expect([before, asked.length]).toEqual([0, 2]);
  });

  it('gives the replies of a handler and then completes', async () => {
    expect(await read(aScene((_, context) => void context.reply('a')))).toEqual(['a', 'complete']);
  });

  it('gives what a handler returns as its last reply', async () => {
    const play: Play = (_, context) => {
      void context.reply('a');
      return 'b';
    };

    expect(await read(aScene(play))).toEqual(['a', 'b', 'complete']);
  });

  it('leaves no timer when it has completed or its reader has left', async () => {
    const scene = aScene((message, context) => (message === 'a' ? void context.reply('a') : never()));

    scene.system.stream(scene.actor, 'a').subscribe();
    const reader = scene.system.stream(scene.actor, 'b').subscribe();
    await scene.turns();
    reader.unsubscribe();
    await scene.turns();

    expect(scene.world.environment.timerCount).toBe(0);
    expect(scene.world.nowMs).toBe(0);
  });

  it('is empty when nobody replied', async () => {
    expect(await read(aScene(() => {}))).toEqual(['complete']);
  });

  it('fails when there was nobody to reply', async () => {
    const scene = aScene(() => {}, {}, { spawn: { subscribe: false } });
    const seen: unknown[] = [];

    scene.system.stream(Ask, 'go').subscribe({ error: (failure) => seen.push(failure) });
    await scene.settle();

    expect(seen).toMatchObject([{ _tag: 'NoResponder', target: 'ask', asked: 0 }]);
  });

  it('fails with the failure of the handler, after its replies', async () => {
    const play: Play = async (_, context) => {
      await null;
      void context.reply('a');
      boom();
    };

    expect(await read(aScene(play))).toEqual(['a', expect.objectContaining({ _tag: 'AgentDefect' })]);
  });

  it('fails at its deadline', async () => {
    expect(await read(aScene(never), { timeoutMs: 20 })).toMatchObject([
      { _tag: 'RequestTimeout', timeoutMs: 20 },
    ]);
  });

  it('fails when its target is none', async () => {
    const scene = aScene(() => {});
    const seen: unknown[] = [];

    scene.system.stream({} as typeof scene.actor, 'go').subscribe({ error: (failure) => seen.push(failure) });

    expect(seen).toMatchObject([{ _tag: 'InvalidParams' }]);
  });

  it('turns what is replied after its end into dead letters', async () => {
    const scene = aScene(async (_, context) => {
      await later(scene, 50);
      void context.reply('late');
    });

    await read(scene, { timeoutMs: 20 });

    expect(scene.causes()).toMatchObject({ LateReply: 1 });
  });

  it('gathers the replies of all who hear a topic', async () => {
    const scene = aScene((_, context) => void context.reply('first'));
    scene.system.spawn(defineAgent({ name: 'other', subscribe: [Ask], receive: () => 'second' }));
    const seen: unknown[] = [];

    scene.system
      .stream(Ask, 'go')
      .subscribe({ next: (value) => seen.push(value), complete: () => seen.push('end') });
    await scene.settle();

    expect(seen).toEqual(['first', 'second', 'end']);
  });
});

describe('the reader of a stream of replies', () => {
  it('that leaves interrupts the work', async () => {
    const aborted: unknown[] = [];
    const scene = aScene((_, context) => {
      context.signal.addEventListener('abort', () => aborted.push(context.signal.reason));
      return never();
    });
    const subscription = scene.system.stream(scene.actor, 'go', { timeoutMs: forever }).subscribe();
    await scene.settle();

    subscription.unsubscribe();
    await scene.settle();

    expect(aborted).toMatchObject([{ _tag: 'Interrupted', reason: 'its reader has left' }]);
  });

  it('that is slow slows the agent down', async () => {
    const tokens: (CreditToken | undefined)[] = [];
    let given = 0;
    const scene = aScene(async (_, context) => {
      for (; given < 100; given += 1) {
        await context.reply(given);
      }
    });
    const subscription = scene.system
      .stream(scene.actor, 'go', { timeoutMs: forever, capacity: 2 })
      .subscribe(() => tokens.push(retainToken()));

    await scene.settle();
    const before = given;
    tokens[0]?.release();
    await scene.settle();

    expect(before).toBeLessThan(5);
    expect(tokens).toHaveLength(2);
    subscription.unsubscribe();
    await scene.settle();
  });

  it('that is slow keeps an agent that does not wait from taking messages', async () => {
    const handled: unknown[] = [];
    const scene = aScene((message, context) => {
      handled.push(message);
      Array.from({ length: 5 }, (_, n) => context.reply(n));
    });
    const tokens: (CreditToken | undefined)[] = [];
    scene.system
      .stream(scene.actor, 'go', { timeoutMs: forever, capacity: 1 })
      .subscribe(() => tokens.push(retainToken()));

    await scene.tell('next');
    const before = [...handled];
    for (let left = 5; left > 0; left -= 1) {
      tokens.shift()?.release();
      await scene.settle();
    }

    expect(before).toEqual(['go']);
    expect(handled).toEqual(['go', 'next']);
  });

  it('that is too slow for an agent that never waits fails it', async () => {
    const scene = aScene(async (_, context) => {
      await null;
      Array.from({ length: 5 }, (__, n) => context.reply(n));
    });
    const seen: unknown[] = [];

    scene.system
      .stream(scene.actor, 'go', { timeoutMs: forever, capacity: 1 })
      .subscribe({ error: (failure) => seen.push(failure) });
    await scene.settle();

    expect(scene.failures).toMatchObject([
      { failure: { _tag: 'MailboxFull', receiver: 'replies of /actor', capacity: 1 } },
    ]);
    expect(seen).toHaveLength(1);
  });

  it('that throws leaves, which ends no process', async () => {
    const aborted: unknown[] = [];
    const scene = aScene(async (_, context) => {
      context.signal.addEventListener('abort', () => aborted.push('aborted'));
      await context.reply('a');
      return never();
    });

    scene.system.stream(scene.actor, 'go', { timeoutMs: forever }).subscribe(boom);
    await scene.settle();

    expect(aborted).toEqual(['aborted']);
    expect(scene.failures).toMatchObject([{ agent: '/', failure: new Error('boom') }]);
  });

  it('by for await gets the replies, and leaves when it breaks', async () => {
    const left: string[] = [];
    const scene = aScene(async function* () {
      try {
        yield 'a';
        yield 'b';
        yield 'c';
      } finally {
        left.push('left');
      }
    });
    const seen: unknown[] = [];

    await scene.world.run(async () => {
      for await (const value of scene.system.stream(scene.actor, 'go', { capacity: 1 })) {
        seen.push(value);
        if (value === 'b') {
          break;
        }
      }
    });

    expect(seen).toEqual(['a', 'b']);
    expect(left).toEqual(['left']);
  });

  it('may be an agent', async () => {
    const scene = aScene(async (_, context) => {
      const seen: unknown[] = [];
      for await (const value of context.stream(source, 'go')) {
        seen.push(value);
      }
      return seen;
    });
    const source = scene.system.spawn(
      defineAgent({
        name: 'source',
        subscribe: [Ask],
        receive: async function* () {
          yield 'a';
          yield 'b';
        },
      }),
    );

    expect(await scene.ask()).toEqual(['a', 'b']);
  });
});

/** What a subscriber of the actor's replies is told. */
async function read(scene: Scene, options: StreamOptions = {}): Promise<unknown[]> {
  const seen: unknown[] = [];
  scene.system.stream(scene.actor, 'go', options).subscribe({
    next: (value) => seen.push(value),
    error: (failure) => seen.push(failure),
    complete: () => seen.push('complete'),
  });
  await scene.settle();
  return seen;
}
