import { filter, map, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { ObserveOptions } from '../../src/actors/observe.ts';
import { askingForWindow, type CreditToken, retainToken } from '../../src/core/credit.ts';
import { type } from '../../src/core/schema.ts';
import { systemEvents } from '../../src/core/system-topics.ts';
import { defineTopic, type Topic } from '../../src/core/topic.ts';
import type { World } from '../../src/testing/world.ts';
import { aTroupe, Cue } from '../support/a-troupe.ts';
import { aWorld } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';

const News = defineTopic('news.local', { schema: type<string>() });
const AllNews = defineTopic('news.>', { schema: type<string>() });

describe('an observer', () => {
  it('is pushed what is published, in order', async () => {
    const { system, settle } = aNewsroom();
    const heard: string[] = [];

    system.observe(News, { overflow: 'suspend' }).subscribe((news) => heard.push(news));
    await publish(system, settle, 'a', 'b');

    expect(heard).toEqual(['a', 'b']);
  });

  it('hears all topics of a pattern', async () => {
    const { system, settle } = aNewsroom();
    const heard: string[] = [];

    system.observe(AllNews, { overflow: 'suspend' }).subscribe((news) => heard.push(news));
    await publish(system, settle, 'a');

    expect(heard).toEqual(['a']);
  });

  it('hears nothing from before it subscribed, or after it left', async () => {
    const { system, settle } = aNewsroom();
    const heard: string[] = [];
    const stream = system.observe(News, { overflow: 'suspend' });

    await publish(system, settle, 'before');
    const subscription = stream.subscribe((news) => heard.push(news));
    await publish(system, settle, 'during');
    subscription.unsubscribe();
    await publish(system, settle, 'after');

    expect(heard).toEqual(['during']);
    expect(system.statistics().topics).toMatchObject([{ topic: 'news.local', subscribers: 0 }]);
  });

  it('is not counted any more when it has left, though nothing was published since', async () => {
    const { system, settle } = aNewsroom();
    const subscription = system.observe(News, { overflow: 'suspend' }).subscribe();

    await publish(system, settle, 'during');
    subscription.unsubscribe();

    expect(system.statistics().topics).toMatchObject([{ topic: 'news.local', subscribers: 0 }]);
  });

  it('may leave while it is told', async () => {
    const { system, settle } = aNewsroom();
    const heard: string[] = [];

    const subscription = system.observe(News, { overflow: 'suspend' }).subscribe((news) => {
      heard.push(news);
      subscription.unsubscribe();
    });
    await publish(system, settle, 'a', 'b');

    expect(heard).toEqual(['a']);
  });

  it('that throws ends no process: it is reported and dropped', async () => {
    const troupe = aTroupe();
    troupe.system.observe(Cue, { overflow: 'suspend' }).subscribe(boom);

    void troupe.system.publish(Cue, 'a');
    void troupe.system.publish(Cue, 'b');
    await troupe.settle();

    expect(troupe.failures).toMatchObject([
      { agent: '/', supervisor: '/', failure: new Error('boom'), class: 'defect', directive: 'stop' },
    ]);
  });

  it('completes when the system stops, after what waited', async () => {
    const { system, world } = aNewsroom();
    const heard: string[] = [];
    system
      .observe(News, { overflow: 'suspend' })
      .subscribe({ next: (news) => heard.push(news), complete: () => heard.push('complete') });

    void system.publish(News, 'last');
    await world.run(() => system.stop());

    expect(heard).toEqual(['last', 'complete']);
  });

  it('completes at once when the system has stopped', async () => {
    const { system, world } = aNewsroom();
    const heard: string[] = [];
    await world.run(() => system.stop());

    system.observe(News, { overflow: 'suspend' }).subscribe({ complete: () => heard.push('complete') });
    await world.runUntilQuiet();

    expect(heard).toEqual(['complete']);
  });
});

describe('a reader by for await', () => {
  it('gets one value when it asks for one', async () => {
    const { system, settle } = aNewsroom();
    const reader = system.observe(News, { overflow: 'suspend' })[Symbol.asyncIterator]();

    const asked = [reader.next(), reader.next()];
    await publish(system, settle, 'a', 'b', 'c');

    expect(await Promise.all([...asked, reader.next()])).toEqual([
      { done: false, value: 'a' },
      { done: false, value: 'b' },
      { done: false, value: 'c' },
    ]);
  });

  it('is told that it is over when it leaves, also for what it has asked', async () => {
    const { system } = aNewsroom();
    const reader = system.observe(News, { overflow: 'suspend' })[Symbol.asyncIterator]();

    const asked = reader.next();
    await reader.return?.();
    await reader.return?.();

    expect([await asked, await reader.next()]).toEqual([over, over]);
  });

  it('comes to the end when the system has stopped, after what waited', async () => {
    const { system, world } = aNewsroom();
    const reader = system.observe(News, { overflow: 'suspend' })[Symbol.asyncIterator]();
    const first = reader.next();
    void system.publish(News, 'a');
    void system.publish(News, 'b');

    await world.run(() => system.stop());

    expect([await first, await reader.next(), await reader.next()]).toEqual([
      { done: false, value: 'a' },
      { done: false, value: 'b' },
      over,
    ]);
  });

  it('that has asked comes to the end with the system', async () => {
    const { system, world } = aNewsroom();
    const reader = system.observe(News, { overflow: 'suspend' })[Symbol.asyncIterator]();
    const asked = reader.next();

    await world.run(() => system.stop());

    expect(await asked).toEqual(over);
  });
});

describe('a reader that is too slow', () => {
  it('holds up agents that publish, under suspend', async () => {
    const troupe = aTroupe();
    const reader = slowReader(troupe.world, News, { overflow: 'suspend', capacity: 1 });
    const cell = troupe.player('herald', {
      onStart: (context) => {
        ['a', 'b', 'c'].forEach((news) => {
          void context.publish(News, news);
        });
      },
    });
    troupe.system.spawn(cell);
    await troupe.settle();

    await troupe.cue('/herald', 'go');
    const before = [...troupe.log];
    await reader.take(3);
    await troupe.settle();

    expect(before).toEqual([]);
    expect(troupe.log).toEqual(['/herald hears go']);
    expect(reader.heard).toEqual(['a', 'b', 'c']);
  });

  it('tells publishers outside to wait, and refuses them when they do not', async () => {
    const { system, world } = aNewsroom();
    const reader = slowReader(world, News, { overflow: 'suspend', capacity: 1 });

    const promises = [system.publish(News, 'a'), system.publish(News, 'b')];

    expect(promises).toEqual([undefined, expect.any(Promise)]);
    expect(() => system.publish(News, 'c')).toThrow(
      "no room at 'news.local → observer of news.local': 1 waiting already",
    );
    await reader.take(2);
    await expect(promises[1]).resolves.toBeUndefined();
    expect(reader.heard).toEqual(['a', 'b']);
  });

  it('lets publishers go on when it leaves', async () => {
    const { system, world } = aNewsroom();
    const reader = slowReader(world, News, { overflow: 'suspend', capacity: 1 });
    void system.publish(News, 'a');
    const promise = system.publish(News, 'b');

    await reader.leave();

    await expect(promise).resolves.toBeUndefined();
    expect(system.publish(News, 'c')).toBeUndefined();
  });

  it.each([
    ['drop-oldest', ['b', 'c'], { Displaced: 1 }],
    ['drop-newest', ['a', 'b'], { Dropped: 1 }],
  ] as const)('loses values to the dead letters under %s', async (overflow, kept, causes) => {
    const { system, world } = aNewsroom();
    const reader = slowReader(world, News, { overflow, capacity: 2 });

    ['a', 'b', 'c'].forEach((news) => {
      void system.publish(News, news);
    });
    await reader.take(2);

    expect(reader.heard).toEqual(kept);
    expect(system.deadLetters.countByCause()).toEqual(causes);
    expect(system.deadLetters.list()).toMatchObject([{ to: 'observer of news.local' }]);
  });

  it('gets the latest of each key under conflate', async () => {
    const { system, world } = aNewsroom();
    const Score = defineTopic('score', {
      schema: type<{ team: string; n: number }>(),
      key: ({ team }) => team,
    });
    const reader = slowReader(world, Score, { overflow: 'conflate', capacity: 2 });

    [
      { team: 'a', n: 1 },
      { team: 'b', n: 1 },
      { team: 'a', n: 2 },
    ].forEach((score) => {
      void system.publish(Score, score);
    });
    await reader.take(2);

    expect(reader.heard).toEqual([
      { team: 'a', n: 2 },
      { team: 'b', n: 1 },
    ]);
  });

  it('fails under fail, after what waited, and hears no more', async () => {
    const { system, world } = aNewsroom();
    const reader = slowReader(world, News, { overflow: 'fail', capacity: 1 });

    ['a', 'b', 'c'].forEach((news) => {
      void system.publish(News, news);
    });

    await reader.take(1);
    await expect(reader.take(1)).rejects.toMatchObject({ _tag: 'MailboxFull', payload: 'b', capacity: 1 });
    await reader.take(1);
    expect(reader.heard).toEqual(['a', undefined]);
    expect(system.deadLetters.countByCause()).toEqual({ MailboxFailed: 1 });
  });

  it('by subscribing is told of the failure, after what waited, too', async () => {
    const { system, settle } = aNewsroom();
    const failures: unknown[] = [];
    const tokens: (CreditToken | undefined)[] = [];
    system.observe(News, { overflow: 'fail', capacity: 1 }).subscribe({
      next: () => tokens.push(retainToken()),
      error: (failure) => failures.push(failure),
    });

    await publish(system, settle, 'in work');
    await publish(system, settle, 'waits', 'too many');
    tokens[0]?.release();
    await settle();
    tokens[1]?.release();
    await settle();

    expect(failures).toMatchObject([{ _tag: 'MailboxFull', payload: 'too many' }]);
  });
});

describe('the window of an observer', () => {
  it('is how many values may be out, unsettled', async () => {
    const { system, settle } = aNewsroom();
    const { out, release } = aHolder(system, { overflow: 'suspend', window: 2 });

    await publish(system, settle, 'a', 'b', 'c');
    const before = [...out];
    release();
    await settle();

    expect(before).toEqual(['a', 'b']);
    expect(out).toEqual(['a', 'b', 'c']);
  });

  it('is not used up by values that ordinary operators have dealt with', async () => {
    const { system, settle } = aNewsroom();
    const heard: string[] = [];
    system
      .observe(News, { overflow: 'suspend', window: 1 })
      .pipe(
        filter((news) => news !== 'a'),
        map((news) => news.toUpperCase()),
      )
      .subscribe((news) => heard.push(news));

    await publish(system, settle, 'a', 'b', 'c');

    expect(heard).toEqual(['B', 'C']);
  });

  it('is as wide as the operators behind it ask for', async () => {
    const { system, settle } = aNewsroom();
    const { out } = askingForWindow(2, () => aHolder(system, { overflow: 'suspend' }));

    await publish(system, settle, 'a', 'b', 'c');

    expect(out).toEqual(['a', 'b']);
  });

  it('is refused when it is smaller than what an operator behind it gathers', () => {
    const { system } = aNewsroom();
    const failures: unknown[] = [];
    const stream = system.observe(News, { overflow: 'suspend', window: 2 });

    askingForWindow(3, () => stream.subscribe({ error: (failure) => failures.push(failure) }));

    expect(failures).toEqual([
      new RangeError(
        "an operator behind observe('news.local') works on 3 values at once, and its window is 2",
      ),
    ]);
    expect(system.statistics().topics).toEqual([]);
  });

  it('bounds no one who uses an asynchronous operator of RxJS, which loses the token', async () => {
    const { system, settle } = aNewsroom();
    const relay = new Subject<string>();
    const heard: string[] = [];
    relay.subscribe((news) => heard.push(news));
    system.observe(News, { overflow: 'suspend', window: 1 }).subscribe((news) => {
      void Promise.resolve(news).then((later) => relay.next(later));
    });

    await publish(system, settle, 'a', 'b', 'c');

    expect(heard).toEqual(['a', 'b', 'c']);
  });
});

describe('options of an observer', () => {
  const observe = (options: object, topic: unknown = News) => {
    const { system } = aNewsroom();
    return () => system.observe(topic as typeof News, options as ObserveOptions);
  };

  it.each([
    [{}, 'overflow: expected one of suspend, drop-oldest, drop-newest, conflate, fail; got undefined'],
    [
      { overflow: 'reject' },
      'overflow: expected one of suspend, drop-oldest, drop-newest, conflate, fail; got "reject"',
    ],
    [{ overflow: 'fail', window: 0 }, 'window: expected a whole number, at least 1; got 0'],
  ])('like %o are refused', (options, message) => {
    expect(observe(options)).toThrow(`invalid observe('news.local'): ${message}`);
  });

  it('with a capacity that cannot be are refused', () => {
    expect(observe({ overflow: 'fail', capacity: 0 })).toThrow(
      'mailbox capacity is a whole number, at least 1; got 0',
    );
  });

  it("may not hold up the system's own topics", () => {
    expect(observe({ overflow: 'suspend' }, systemEvents)).toThrow(
      'overflow: the system cannot wait for a reader: drop-oldest or drop-newest',
    );
  });

  it.each([undefined, {}])('want a topic, and not %o', (topic) => {
    expect(observe({ overflow: 'suspend' }, topic ?? null)).toThrow(
      'topic: expected what defineTopic returns',
    );
  });
});

const over = { done: true, value: undefined };

function aNewsroom() {
  const world = aWorld();
  return { world, system: world.system, settle: () => world.runUntilQuiet() };
}

type System = ReturnType<typeof aNewsroom>['system'];

async function publish(system: System, settle: () => Promise<void>, ...news: string[]): Promise<void> {
  news.forEach((one) => {
    void system.publish(News, one);
  });
  await settle();
}

/** Somebody who reads by `for await`, as many values as it is told to. It listens from the beginning. */
function slowReader<T>(world: World, topic: Topic<T, unknown>, options: ObserveOptions) {
  const reader = world.system.observe(topic, options)[Symbol.asyncIterator]();
  const asked = [reader.next()];
  const heard: (T | undefined)[] = [];
  return {
    heard,
    take: async (count: number) => {
      for (let left = count; left > 0; left -= 1) {
        const next = asked.shift() ?? reader.next();
        await world.runUntilQuiet();
        heard.push((await next).value);
      }
    },
    leave: () => reader.return?.(),
  };
}

/** Somebody who holds on to the token of each value until it is told to let one go. */
function aHolder(system: System, options: ObserveOptions) {
  const out: string[] = [];
  const tokens: (CreditToken | undefined)[] = [];
  system.observe(News, options).subscribe((news) => {
    out.push(news);
    tokens.push(retainToken());
  });
  return { out, release: () => tokens.shift()?.release() };
}
