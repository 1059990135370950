import { from, lastValueFrom, toArray } from 'rxjs';
import { dedupe, defineAgent, defineTopic, QueueFull, streamAgent, timeout, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/actors/context.ts';
import { aShop, Refusal } from '../support/a-shop.ts';
import { aStreamScene, Number_, Out } from '../support/a-stream-scene.ts';

const lately = { withinMs: 100, max: 10, overflow: 'reject' } as const;

describe('a dedupe', () => {
  it('handles a message once, and gives its duplicates the answer, while they wait and after', async () => {
    const { system, ask, open, turns, advance, told, log, sell } = aShop();
    const once = dedupe(lately);
    const handle = once(sell);
    for (const name of ['first', 'again']) ask(name, handle, 'm1');
    ask('other', handle, 'm2');
    await turns();
    expect(once.statistics(system)).toMatchObject({ running: 2, waiting: 1, remembered: 0 });
    await open('m1', 1);
    await advance(99);
    ask('late', handle, 'm1');
    await turns();
    expect([told, log]).toEqual([
      ['first: 1', 'again: 1', 'late: 1'],
      ['m1', 'm2'],
    ]);
    await advance(1);
    ask('new', handle, 'm1');
    await turns();

    expect(log).toEqual(['m1', 'm2', 'm1']);
    expect(once.statistics(system)).toEqual({
      handled: 3,
      duplicates: 2,
      succeeded: 0,
      forgotten: 0,
      rejected: 0,
      running: 2,
      remembered: 0,
      waiting: 0,
    });
  });

  it('gives duplicates what the first one was given by context.reply', async () => {
    const { system, turns } = aShop();
    const once = dedupe<string>(lately);
    const gate = Promise.withResolvers<void>();
    const Ask = defineTopic('ask', { schema: type<string>(), reply: type<string>() });
    const handler = once(async (word: string, context: Context<unknown, string>) => {
      context.reply(`${word}!`);
      await gate.promise;
      if (word === 'twice') {
        context.reply('again');
      }
    });
    const within = timeout(1_000)(handler);
    system.spawn(defineAgent({ name: 'agent', subscribe: [Ask], concurrency: 8, receive: within as never }));
    const asked = ['hi', 'hi'].map((word) => system.request(Ask, word));
    await turns();
    gate.resolve();
    await turns();
    asked.push(system.request(Ask, 'hi'));
    await turns();
    expect(await Promise.all(asked)).toEqual(['hi!', 'hi!', 'hi!']);

    // Whoever asks has the first reply; that there was to be a second is told to those who wait for its end.
    const read = async (): Promise<unknown> => {
      const replies: string[] = [];
      try {
        for await (const reply of system.stream(Ask, 'twice')) {
          replies.push(reply);
        }
      } catch (failure) {
        return failure;
      }
      return replies;
    };
    const reading = read();
    await turns();
    expect(await reading).toMatchObject({ class: 'invalid' });
    expect(once.statistics(system)).toMatchObject({ handled: 2, duplicates: 2, remembered: 1 });
  });

  it('hears what is replied in a branch of its work', async () => {
    const { system, turns } = aShop();
    const Ask = defineTopic('ask', { schema: type<string>(), reply: type<string>() });
    const inner = timeout(1_000)((word: string, context: Context<unknown, string>) => {
      context.reply(`${word}!`);
    });
    const agent = defineAgent({ name: 'agent', subscribe: [Ask], receive: dedupe(lately)(inner) as never });
    system.spawn(agent);

    const first = system.request(Ask, 'hi');
    await turns();
    const second = system.request(Ask, 'hi');
    await turns();
    expect(await Promise.all([first, second])).toEqual(['hi!', 'hi!']);
  });

  it('does not take a message for handled that was laid aside', async () => {
    const { system, turns } = aShop();
    const once = dedupe<string>(lately);
    const Ask = defineTopic('ask', { schema: type<string>(), reply: type<string>() });
    let open = false;
    const handler = once((word: string, context: Context<unknown, string>) => {
      if (word === 'open') {
        open = true;
        context.unstash();
        return 'opened';
      }
      if (open) {
        return `${word}!`;
      }
      context.stash();
      return undefined;
    });
    system.spawn(defineAgent({ name: 'agent', subscribe: [Ask], receive: handler as never }));
    const asked = system.request(Ask, 'hi');
    await turns();
    void system.request(Ask, 'open');
    await turns();

    expect(await asked).toBe('hi!');
    expect(once.statistics(system)).toMatchObject({ running: 0, remembered: 2, duplicates: 0 });
  });

  it('forgets a handling that failed, of which those who waited hear', async () => {
    const { ask, refuse, turns, told, log, sell } = aShop();
    const handle = dedupe(lately)(sell);
    for (const name of ['first', 'again']) ask(name, handle, 'm');
    await turns();
    await refuse('m');
    ask('retry', handle, 'm');
    await turns();

    expect([told, log]).toEqual([
      ['first: REFUSAL', 'again: REFUSAL'],
      ['m', 'm'],
    ]);
  });

  it('handles the next who waits when the first is interrupted, and nobody when none does', async () => {
    const { system, ask, open, turns, told, log, sell, world } = aShop();
    const once = dedupe(lately);
    const handle = once(sell);
    const first = new AbortController();
    const second = new AbortController();
    const third = new AbortController();
    ask('first', handle, 'm', { signal: first.signal });
    ask('second', handle, 'm', { signal: second.signal });
    ask('third', handle, 'm', { signal: third.signal });
    ask('fourth', handle, 'm');
    await turns();
    third.abort();
    first.abort();
    await turns();
    expect(log).toEqual(['m', '"m" is interrupted', 'm']);
    await open('m', 2);
    expect(told).toEqual(['third: INTERRUPTED', 'first: INTERRUPTED', 'fourth: 2', 'second: 2']);
    expect(once.statistics(system)).toMatchObject({ handled: 2, succeeded: 1, duplicates: 1, waiting: 0 });

    const alone = new AbortController();
    ask('alone', handle, 'n', { signal: alone.signal });
    ask('beside', handle, 'n', { signal: alone.signal });
    await turns();
    alone.abort();
    await turns();
    expect(once.statistics(system)).toMatchObject({ running: 0, waiting: 0 });
    await world.runUntilQuiet();
    expect(log.filter((line) => line === 'n')).toHaveLength(1);
  });

  it('hears nothing of what interrupted work still says', async () => {
    const { system, ask, open, turns, sell } = aShop();
    const once = dedupe(lately);
    const abort = new AbortController();
    ask('first', once(sell), 'm', { signal: abort.signal });
    await turns();
    abort.abort();
    await turns();
    await open('m');

    expect(once.statistics(system)).toMatchObject({ running: 0, remembered: 0 });
  });

  it('refuses when it is full, or forgets what is oldest, as it says', async () => {
    const { system, ask, turns, told, sell, log } = aShop();
    const echo = async (word: string) => {
      log.push(word);
      return word;
    };
    const strict = dedupe<string>({ ...lately, max: 1 });
    expect(await system.request(strict(echo), 'a')).toBe('a');
    await expect(system.request(strict(echo), 'b')).rejects.toBeInstanceOf(QueueFull);
    expect(strict.statistics(system)).toMatchObject({ rejected: 1, remembered: 1 });

    const loose = dedupe({ ...lately, max: 1, overflow: 'forget-oldest' });
    for (const word of ['a', 'b', 'a']) await system.request(loose(echo), word);
    expect(log).toEqual(['a', 'a', 'b', 'a']);
    expect(loose.statistics(system)).toMatchObject({ forgotten: 2, remembered: 1 });

    const busy = dedupe({ ...lately, max: 1, overflow: 'forget-oldest', queueMax: 1 })(sell);
    for (const [name, word] of [
      ['first', 'm'],
      ['other', 'n'],
      ['waits', 'm'],
      ['too many', 'm'],
    ] as const) {
      ask(name, busy, word);
    }
    await turns();
    expect(told).toEqual(['other: MAILBOX_FULL', 'too many: MAILBOX_FULL']);
  });

  it('is put around a handler, which keeps its context and stays one step', async () => {
    const { system, turns } = aShop();
    const Order = defineTopic('order', {
      schema: type<{ id: string; cents: number }>(),
      reply: type<number>(),
    });
    const once = dedupe<{ id: string }>({ ...lately, key: ({ id }) => id });
    let fail = true;
    const till = system.spawn(
      defineAgent({
        name: 'till',
        subscribe: [Order],
        state: () => 0,
        receive: once((order: { id: string; cents: number }, context: Context<number, number>): number => {
          context.update((sum) => sum + order.cents);
          if (fail) throw new Refusal();
          return order.cents;
        }),
      }),
    );
    const pay = async (id: string) => {
      const paid = system.request(till, { id, cents: 5 }).catch((failure: Error) => failure.name);
      await turns();
      return paid;
    };
    expect(await pay('a')).toBe('Refusal');
    fail = false;

    expect([await pay('a'), await pay('a'), await pay('b')]).toEqual([5, 5, 5]);
    expect(till.getSnapshot()).toMatchObject({ context: 10 });
  });

  it('waits in no scope that is over, and handles nothing in one', async () => {
    const { system, scopes, sell, open, turns, ask } = aShop();
    const handle = dedupe(lately)(sell);
    void system.request(sell, 'once');
    await turns();
    await open('once');
    const over = scopes[0]!;
    expect(() => handle('m', over)).toThrow(expect.objectContaining({ code: 'HANDLING_OVER' }));
    ask('first', handle, 'm');
    await turns();
    expect(() => handle('m', over)).toThrow(expect.objectContaining({ code: 'HANDLING_OVER' }));
  });

  it('refuses a key that cannot be compared', async () => {
    const { system } = aShop();

    await expect(
      system.request(
        dedupe(lately)(async () => 1),
        Symbol('s'),
      ),
    ).rejects.toMatchObject({
      code: 'INVALID_PARAMS',
    });
  });

  it.each([
    [{ withinMs: 0 }, 'withinMs of dedupe is a number of milliseconds above 0, or Infinity; got 0'],
    [{ max: 0 }, 'max of dedupe is a whole number, at least 1; got 0'],
    [{ queueMax: -1 }, 'queueMax'],
    [{ overflow: 'wait' }, "overflow of dedupe is one of forget-oldest, reject; got 'wait'"],
  ])('cannot be made of %j', (options, message) => {
    expect(() => dedupe({ ...lately, ...options } as never)).toThrow(message);
  });
});

describe('a dedupe of a stream', () => {
  const deduping = async (overflow: 'forget-oldest' | 'reject') => {
    const scene = aStreamScene();
    scene.system.spawn(
      streamAgent({
        name: 'deduping',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(dedupe<number>({ withinMs: 50, max: 2, overflow }).operator()),
      }),
    );
    await scene.turns();
    return scene;
  };

  it('drops what was there lately', async () => {
    const { system, world, turns, heard } = await deduping('forget-oldest');
    for (const n of [1, 2, 1, 2]) void system.publish(Number_, n);
    await turns();
    expect(heard).toEqual([1, 2]);
    await world.advance(50);
    for (const n of [1, 1]) void system.publish(Number_, n);
    await turns();

    expect(heard).toEqual([1, 2, 1]);
  });

  it('forgets what is oldest when it is full, or fails, as it says', async () => {
    const loose = await deduping('forget-oldest');
    for (const n of [1, 2, 3, 1]) void loose.system.publish(Number_, n);
    await loose.turns();
    expect(loose.heard).toEqual([1, 2, 3, 1]);

    const strict = await deduping('reject');
    for (const n of [1, 2, 3]) void strict.system.publish(Number_, n);
    await strict.turns();
    expect(strict.heard).toEqual([1, 2]);
    expect(strict.failures[0]?.failure).toBeInstanceOf(QueueFull);
  });

  it('completes with its source, and needs a system', async () => {
    const { system, world } = aStreamScene();
    const operator = dedupe<number>(lately).operator<number>();
    const heard: unknown[] = [];
    system
      .observe(Number_, { overflow: 'suspend' })
      .pipe(operator)
      .subscribe({ complete: () => heard.push('complete') });
    await world.run(() => system.stop());

    expect(heard).toEqual(['complete']);
    await expect(lastValueFrom(from([1]).pipe(operator, toArray()))).rejects.toThrow('dedupe needs a system');
  });
});
