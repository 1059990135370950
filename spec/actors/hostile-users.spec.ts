/** What a user's code may do wrong, found by a reviewer who tried: each of these once ended the process or hung. */
import {
  type AgentRef,
  capability,
  createSystem,
  defineAgent,
  defineTopic,
  on,
  systemFailures,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { aTroupe, Cue } from '../support/a-troupe.ts';
import { aWorld } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';

const Word = defineTopic('word', { schema: type<string>(), reply: type<string>() });

describe('a request that cannot be made', () => {
  it('is refused for a capacity that cannot be, before anything is set', () => {
    const world = aWorld();
    const ref = world.system.spawn(defineAgent({ name: 'a', subscribe: [Word], receive: (word) => word }));

    expect(() => world.system.stream(ref, 'hello', { capacity: 0 })).toThrow('got 0');
    expect(world.environment.timerCount).toBe(0);
  });

  it('is refused for a signal that is none, and its budget is not reserved', async () => {
    const world = aWorld();
    const ref = world.system.spawn(defineAgent({ name: 'a', subscribe: [Word], receive: (word) => word }));

    const request = world.system.request(ref, 'hello', { signal: null as never, budget: { work: 1 } });

    await expect(request).rejects.toMatchObject({ _tag: 'InvalidParams', what: 'signal' });
    expect(world.environment.timerCount).toBe(0);
  });

  it('is refused for a timeout that is no number', async () => {
    const world = aWorld();
    const ref = world.system.spawn(defineAgent({ name: 'a', subscribe: [Word], receive: (word) => word }));

    await expect(world.system.request(ref, 'hello', { timeoutMs: '20' as never })).rejects.toThrow('got 20');
  });
});

describe('a promise in the place of a value', () => {
  it('is no reply', async () => {
    const world = aWorld();
    const agent = defineAgent({
      name: 'a',
      subscribe: [Word],
      receive: (_, context) => void context.reply(Promise.reject(new Error('never')) as never),
    });
    const request = world.system.request(world.system.spawn(agent), 'hello');

    await world.runUntilQuiet();

    await expect(request).rejects.toMatchObject({ _tag: 'InvalidParams' });
  });

  it('is no state', async () => {
    const troupe = aTroupe({ supervision: { directives: { invalid: 'resume' } } });
    const agent = defineAgent({
      name: 'a',
      subscribe: [Word],
      state: 'before',
      receive: (_, context) => context.update((async () => 'after') as never),
    });
    const ref = troupe.system.spawn(agent);
    void troupe.system.tell(ref, 'hello');

    await troupe.settle();

    expect(ref.getSnapshot().context).toBe('before');
    expect(troupe.failures).toHaveLength(1);
  });

  it('is no state to begin with', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a', { state: (async () => 1) as never }));

    await troupe.settle();

    expect(troupe.paths()).toEqual([]);
    expect(troupe.failures).toMatchObject([{ class: 'invalid' }]);
  });

  it('returned by a listener is told of when it fails', async () => {
    const troupe = aTroupe({ events: [{ next: (async () => boom()) as never }] });
    troupe.system.spawn(troupe.player('a'));

    await troupe.settle();

    expect(troupe.failures.map(({ failure }) => String(failure))).toContain('Error: boom');
  });

  it('is no permission', async () => {
    const world = aWorld({ system: { permit: (async () => false) as never } });
    const Double = capability('double', {
      input: type<number>(),
      output: type<number>(),
      run: (n) => n * 2,
    });
    world.system.spawn(defineAgent({ name: 'a', capabilities: [Double] }));

    const call = world.system.tool(Double, 2);
    await world.runUntilQuiet();

    await expect(call).rejects.toMatchObject({ _tag: 'CapabilityError' });
  });
});

describe('conflation', () => {
  it('tells messages of several topics and keys of every kind apart', async () => {
    const world = aWorld();
    const Price = defineTopic('price.*', { schema: type<{ key: unknown }>(), key: ({ key }) => key });
    const Note = defineTopic('note', { schema: type<number>() });
    const Gold = defineTopic('price.gold', { schema: type<{ key: unknown }>() });
    const heard: unknown[] = [];
    const agent = defineAgent({
      name: 'a',
      overflow: 'conflate',
      on: [on(Price, ({ key }) => void heard.push(key)), on(Note, (n) => void heard.push(n))],
    });
    world.system.spawn(agent);
    const one = { id: 1 };
    const two = { id: 2 };

    [one, two, 'x', one].forEach((key) => {
      world.system.publish(Gold, { key });
    });
    [1, 2].forEach((n) => {
      world.system.publish(Note, n);
    });
    await world.runUntilQuiet();

    expect(heard).toEqual([one, two, 'x', 2]);
  });

  it('takes a message whose key cannot be told for one like no other, and says so', async () => {
    const world = aWorld();
    const Price = defineTopic('price', {
      schema: type<number>(),
      key: (price) => (price > 0 ? boom() : 'free'),
    });
    const heard: number[] = [];
    const told: unknown[] = [];
    world.system
      .observe(systemFailures, { overflow: 'drop-newest' })
      .subscribe(({ agent, failure }) => told.push([agent, String(failure)]));
    world.system
      .observe(Price, { overflow: 'conflate', capacity: 8 })
      .subscribe((price) => void heard.push(price));
    world.system.spawn(
      defineAgent({
        name: 'a',
        overflow: 'conflate',
        subscribe: [Price],
        receive: (price) => void heard.push(price),
      }),
    );

    [1, 0, 2, 0].forEach((price) => {
      world.system.publish(Price, price);
    });
    await world.runUntilQuiet();

    expect(heard.toSorted()).toEqual([0, 0, 1, 1, 2, 2]);
    expect(told).toEqual(
      expect.arrayContaining([
        ['/', 'Error: boom'],
        ['/a', 'Error: boom'],
      ]),
    );
  });

  it('leaves calls of capabilities alone', async () => {
    const world = aWorld();
    const Double = capability('double', {
      input: type<number>(),
      output: type<number>(),
      run: (n) => n * 2,
    });
    const Half = capability('half', { input: type<number>(), output: type<number>(), run: (n) => n / 2 });
    const agent = defineAgent({
      name: 'a',
      overflow: 'conflate',
      subscribe: [Word],
      capabilities: [Double, Half],
      receive: (word) => word,
    });
    world.system.spawn(agent);

    const calls = Promise.all([
      world.system.tool(Double, 1),
      world.system.tool(Double, 2),
      world.system.tool(Half, 2),
    ]);
    await world.runUntilQuiet();

    await expect(calls).resolves.toEqual([2, 4, 1]);
  });
});

describe('a system', () => {
  it('starts none of its agents when one of them is no agent', () => {
    let starts = 0;
    const agent = defineAgent({
      name: 'a',
      onStart: () => {
        starts += 1;
      },
    });

    expect(() => createSystem({ agents: [agent, {} as never] })).toThrow(
      'an agent is what defineAgent returns',
    );
    expect(starts).toBe(0);
  });

  it('goes on when something is thrown that cannot be looked at', async () => {
    const troupe = aTroupe();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const agent = defineAgent({
      name: 'a',
      subscribe: [Word],
      receive: () => {
        throw proxy;
      },
    });
    const request = troupe.system.request(troupe.system.spawn(agent), 'hello');

    await troupe.settle();
    const stopped = troupe.system.stop();
    await troupe.settle();
    await stopped;

    await expect(request).rejects.toMatchObject({ _tag: 'AgentDefect' });
  });

  it('bounds the letters about letters', async () => {
    const world = aWorld({ system: { hopsMax: 20 }, stepsMax: 2_000 });
    const full = world.system.spawn(
      defineAgent({
        name: 'full',
        subscribe: [Word],
        capacity: 1,
        overflow: 'drop-newest',
        receive: () => new Promise(() => {}),
      }),
    );
    world.system.spawn(
      defineAgent({
        name: 'clerk',
        subscribe: [defineTopic('system.dead-letters', { schema: type<unknown>() })],
        receive: (_, context) => void context.tell(full, 'a letter'),
      }),
    );
    await world.runUntilQuiet();

    ['a', 'b', 'c'].forEach((word) => {
      world.system.tell(full, word);
    });
    await world.runUntilQuiet();

    expect(world.system.deadLetters.total).toBeLessThan(50);
  });
});

describe('a reader', () => {
  it('that has left before it began opens nothing', async () => {
    const world = aWorld();
    let opened = 0;
    const agent = defineAgent({
      name: 'a',
      subscribe: [Word],
      receive: () => {
        opened += 1;
      },
    });
    const reader = world.system.stream(world.system.spawn(agent), 'hello')[Symbol.asyncIterator]();

    await reader.return?.();
    const read = await reader.next();
    await world.runUntilQuiet();

    expect([read.done, opened]).toEqual([true, 0]);
  });
});

describe('a watcher without a word for it', () => {
  it('goes on when the other has ended', async () => {
    const troupe = aTroupe();
    const other = troupe.system.spawn(troupe.player('other'));
    const watcher = defineAgent({
      name: 'watcher',
      subscribe: [Word],
      receive: (word, context) => {
        context.watch(other as never);
        return word;
      },
    });
    const ref = troupe.system.spawn(watcher);
    void troupe.system.tell(ref, 'watch');
    await troupe.cue('/other', 'finish');

    const request = troupe.system.request(ref, 'hello');
    await troupe.settle();

    await expect(request).resolves.toBe('hello');
  });
});

describe('a budget that is nearly spent', () => {
  it('is told of by a hook whose promise may fail, which is reported', async () => {
    const troupe = aTroupe();
    const agent = defineAgent({
      name: 'a',
      subscribe: [Word],
      receive: async (word, context) => {
        await null;
        context.budget.spend('work', 9);
        return word;
      },
      onBudgetLow: (async () => boom()) as never,
    });

    const request = troupe.system.request(troupe.system.spawn(agent), 'hello', { budget: { work: 10 } });
    await troupe.settle();

    await expect(request).resolves.toBe('hello');
    expect(troupe.failures.map(({ failure }) => String(failure))).toEqual(['Error: boom']);
  });
});

describe('what a handling knows', () => {
  it('does not include agents of another system', async () => {
    const troupe = aTroupe({ supervision: { directives: { invalid: 'resume' } } });
    const other = aWorld();
    const stranger = other.system.spawn(defineAgent({ name: 'stranger' })) as AgentRef<never, unknown>;
    const agent = defineAgent({
      name: 'a',
      subscribe: [Word],
      receive: (_, context) => context.watch(stranger),
    });
    void troupe.system.tell(troupe.system.spawn(agent), 'go');

    await troupe.settle();

    expect(String(troupe.failures[0]?.failure)).toContain('expected the ref of an agent of this system');
    expect(() => troupe.system.interrupt({} as never)).toThrow('expected the ref of an agent of this system');
  });

  it('keeps a late reply to code outside where nobody can take it', async () => {
    const world = aWorld();
    const agent = defineAgent({
      name: 'a',
      subscribe: [Cue],
      receive: (_, context) => {
        context.keep('half');
        return new Promise<string>((resolve) => world.environment.schedule(20, () => resolve('late')));
      },
    });
    const request = world.system.request(world.system.spawn(agent), 'go', { timeoutMs: 10 });
    request.catch(() => {});

    await world.runUntilQuiet();

    expect(world.system.deadLetters.list().map(({ cause }) => cause)).toEqual(['LateReply']);
    expect(world.system.deadLetters.replay()).toEqual({ replayed: 0, kept: 1 });
    expect(systemFailures.name).toBe('system.failures');
  });
});
