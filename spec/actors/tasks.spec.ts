import * as Effect from 'effect/Effect';
import { of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bounded } from '../../src/actors/bounded-observable.ts';
import { aScene, Heard, type Play } from '../support/a-scene.ts';
import { boom } from '../support/boom.ts';

const forever = Number.POSITIVE_INFINITY;

describe('a handler that returns a promise', () => {
  it('answers with its value', async () => {
    expect(await aScene(async (name) => `Hello, ${name}!`).ask('Ada')).toBe('Hello, Ada!');
  });

  it('answers with the value of any thenable', async () => {
    const soon = thenable({}, (resolve) => resolve('soon'));

    expect(await aScene(() => soon).ask()).toBe('soon');
  });

  it('answers with the value of a thenable that is a function', async () => {
    const soon = thenable(
      () => {},
      (resolve) => resolve('soon'),
    );

    expect(await aScene(() => soon).ask()).toBe('soon');
  });

  it('does not answer when it has none', async () => {
    expect(await aScene(async () => {}).ask()).toMatchObject({ _tag: 'NoResponder', asked: 1 });
  });

  it('fails when it is rejected', async () => {
    const scene = aScene(async () => boom());

    expect(await scene.ask()).toMatchObject({ _tag: 'AgentDefect', cause: new Error('boom') });
    expect(scene.failures).toHaveLength(1);
  });

  it('fails once when a thenable calls back twice, and throws as well', async () => {
    const twice = thenable({}, (_, reject) => {
      reject(new Error('first'));
      reject(new Error('second'));
      boom();
    });
    const scene = aScene(() => twice);

    await scene.tell('go');

    expect(scene.failures).toMatchObject([{ failure: new Error('first') }]);
  });

  it('fails when it cannot even be looked at', async () => {
    const scene = aScene(() => Object.defineProperty({}, 'then', { get: boom }));

    await scene.tell('go');

    expect(scene.failures).toMatchObject([{ failure: new Error('boom') }]);
  });

  it('is disowned when its requester has gone: what it gives then is a dead letter', async () => {
    const gate = Promise.withResolvers<string>();
    const scene = aScene(() => gate.promise);

    const reply = await scene.ask('go', { timeoutMs: 10 });
    gate.resolve('late');
    await scene.settle();

    expect(reply).toMatchObject({ _tag: 'RequestTimeout' });
    expect(scene.system.deadLetters.list()).toMatchObject([
      { cause: 'LateReply', envelope: { payload: 'late' } },
    ]);
  });

  it('is disowned when its requester has gone: what it throws then disturbs nobody', async () => {
    const gate = Promise.withResolvers<string>();
    const scene = aScene(() => gate.promise);

    await scene.ask('go', { timeoutMs: 10 });
    gate.reject(new Error('late'));
    await scene.settle();

    expect(scene.failures).toEqual([]);
  });
});

describe('a handler that returns a plain value', () => {
  it.each([0, '', false, null, { a: 1 }, [1]])('answers with it, as with %o', async (value) => {
    expect(await aScene(() => value).ask()).toEqual(value);
  });

  it('answers with a function, too', async () => {
    expect(await aScene(() => (() => 'called') as never).ask()).toBeTypeOf('function');
  });
});

describe('a handler that returns an Effect', () => {
  it('answers with what it succeeds with', async () => {
    expect(await aScene((name) => Effect.succeed(`Hello, ${name}!`)).ask('Ada')).toBe('Hello, Ada!');
  });

  it('fails with what it fails with', async () => {
    const failure = { _tag: 'RateLimited', class: 'transient' };
    const scene = aScene(() => Effect.fail(failure));

    expect(await scene.ask()).toBe(failure);
    expect(scene.failures).toMatchObject([{ failure, class: 'transient' }]);
  });

  it('fails with what it dies of', async () => {
    const scene = aScene(() => Effect.die(new Error('boom')));

    expect(await scene.ask()).toMatchObject({ _tag: 'AgentDefect', cause: new Error('boom') });
  });

  it('is interrupted when it interrupts itself, which is no defect', async () => {
    const scene = aScene(() => Effect.interrupt);

    expect(await scene.ask()).toMatchObject({ _tag: 'Interrupted', reason: 'its Effect interrupted itself' });
    expect(scene.failures).toMatchObject([{ class: 'interrupted', directive: 'resume' }]);
  });

  it('waits in the time of its system', async () => {
    const scene = aScene(() => Effect.sleep('5 seconds').pipe(Effect.as('rested')));

    expect(await scene.ask()).toBe('rested');
    expect(scene.world.nowMs).toBe(5_000);
  });

  it('runs its finalizers when it is interrupted', async () => {
    const done: string[] = [];
    const scene = aScene(() =>
      Effect.never.pipe(Effect.onInterrupt(() => Effect.sync(() => done.push('released')))),
    );

    await scene.ask('go', { timeoutMs: 10 });

    expect(done).toEqual(['released']);
  });

  it('reports what a finalizer dies of, which ends no process', async () => {
    const scene = aScene(() => Effect.never.pipe(Effect.onInterrupt(() => Effect.sync(boom))));

    await scene.ask('go', { timeoutMs: 10 });

    expect(scene.failures).toMatchObject([{ failure: new Error('boom'), directive: 'resume' }]);
  });
});

describe('a handler that returns a stream of replies', () => {
  const three: Play = async function* () {
    yield 'a';
    yield 'b';
    yield 'c';
  };

  it('gives each to whoever reads', async () => {
    expect(await streamed(three)).toEqual(['a', 'b', 'c', 'complete']);
  });

  it('gives the first to whoever asked for one, and is left', async () => {
    const left: string[] = [];
    const scene = aScene(async function* () {
      try {
        yield 'a';
        yield 'b';
      } finally {
        left.push('left');
      }
    });

    expect(await scene.ask()).toBe('a');
    expect(left).toEqual(['left']);
  });

  it('is read to its end when it was told and nobody asked', async () => {
    const seen: string[] = [];
    const scene = aScene(async function* () {
      seen.push('began');
      yield 'a';
      seen.push('ended');
    });

    await scene.tell('go');

    expect(seen).toEqual(['began', 'ended']);
  });

  it('may be a ReadableStream', async () => {
    const play: Play = () =>
      new ReadableStream({
        start: (controller) => {
          controller.enqueue('a');
          controller.close();
        },
      });

    expect(await streamed(play)).toEqual(['a', 'complete']);
  });

  it('may be an Observable that says what happens when it is too fast', async () => {
    expect(await streamed(() => bounded(of('a', 'b'), { overflow: 'fail', capacity: 2 }))).toEqual([
      'a',
      'b',
      'complete',
    ]);
  });

  it('may not be an Observable that does not say so', async () => {
    expect(await aScene(() => new Subject() as never).ask()).toMatchObject({
      _tag: 'InvalidParams',
      what: "result of '/actor'",
      issues: [{ message: expect.stringContaining('return bounded(observable, { overflow, capacity })') }],
    });
  });

  it('fails after what it gave', async () => {
    const play: Play = async function* () {
      yield 'a';
      boom();
    };

    expect(await streamed(play)).toEqual(['a', expect.objectContaining({ _tag: 'AgentDefect' })]);
  });

  it('is pulled only as fast as it is read', async () => {
    let pulled = 0;
    const scene = aScene(async function* () {
      for (;;) {
        pulled += 1;
        yield pulled;
      }
    });
    const reader = scene.system
      .stream(scene.actor, 'go', { capacity: 3, timeoutMs: forever })
      [Symbol.asyncIterator]();

    const first = reader.next();
    await scene.settle();
    const before = pulled;
    await reader.next();
    await reader.next();
    await reader.next();
    await scene.settle();

    expect(await first).toEqual({ done: false, value: 1 });
    // One was read, and three wait.
    expect(before).toBe(4);
    expect(pulled).toBeGreaterThan(before);
    await reader.return?.();
    await scene.settle();
  });

  it('is left when its reader leaves', async () => {
    const left: string[] = [];
    const gate = Promise.withResolvers<void>();
    const play: Play = async function* () {
      try {
        yield 'a';
        await gate.promise;
        yield 'b';
      } finally {
        left.push('left');
      }
    };
    const scene = aScene(play);
    const subscription = scene.system.stream(scene.actor, 'go', { timeoutMs: forever }).subscribe();
    await scene.settle();

    subscription.unsubscribe();
    gate.resolve();
    await scene.settle();

    expect(left).toEqual(['left']);
    expect(scene.failures).toEqual([]);
  });

  it('is left when what it yields can be no reply', async () => {
    let left = 0;
    const promising = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: Promise.resolve(1) }),
        return: async () => {
          left += 1;
          return { done: true as const, value: undefined };
        },
      }),
    };
    const scene = aScene(() => promising as never);

    expect(await scene.ask()).toMatchObject({ _tag: 'InvalidParams' });
    expect(left).toBe(1);
  });

  it('that knows no leaving is simply read no more', async () => {
    let asked = 0;
    const endless = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          asked += 1;
          return { done: false as const, value: asked };
        },
      }),
    };
    const scene = aScene(() => endless);

    expect(await scene.ask()).toBe(1);
    expect(asked).toBe(1);
  });

  it.each([
    ['throws', boom],
    ['rejects', async () => boom()],
  ])('that %s when it is left has that reported', async (_, leave) => {
    const stubborn = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: 1 }),
        return: leave,
      }),
    };
    const scene = aScene(() => stubborn as AsyncIterable<number>);

    await scene.ask();

    expect(scene.failures).toMatchObject([{ failure: new Error('boom'), directive: 'resume' }]);
  });

  it('that gives way to its own interrupt when it is left has nothing reported', async () => {
    const scene = aScene(async function* (_, context) {
      const stopped = Promise.withResolvers<never>();
      context.signal.addEventListener('abort', () => stopped.reject(context.signal.reason));
      yield 'a';
      await stopped.promise;
    });
    const subscription = scene.system.stream(scene.actor, 'go', { timeoutMs: forever }).subscribe();
    await scene.settle();

    subscription.unsubscribe();
    await scene.settle();

    expect(scene.failures).toEqual([]);
  });

  it('may publish on the way', async () => {
    const scene = aScene(async function* (_, context) {
      void context.publish(Heard, 'begun');
      yield 'a';
      void context.publish(Heard, 'ended');
    });

    await scene.tell('go');

    expect(scene.heard).toEqual(['begun', 'ended']);
  });
});

type Settle = (value: unknown) => void;

/** Makes something one can await. */
const thenable = (target: object, then: (resolve: Settle, reject: Settle) => void) =>
  Object.defineProperty(target, 'then', { value: then }) as PromiseLike<unknown>;

/** What a subscriber of a stream of replies is told. */
async function streamed(play: Play): Promise<unknown[]> {
  const scene = aScene(play);
  const seen: unknown[] = [];
  scene.system.stream(scene.actor, 'go').subscribe({
    next: (value) => seen.push(value),
    error: (failure) => seen.push(failure),
    complete: () => seen.push('complete'),
  });
  await scene.settle();
  return seen;
}

describe('a stream that cannot be told that nobody reads it any more', () => {
  it('is left as it is, which is no failure', async () => {
    const gate = Promise.withResolvers<IteratorResult<unknown>>();
    const scene = aScene(() => ({ [Symbol.asyncIterator]: () => ({ next: () => gate.promise }) }) as never);
    const reader = scene.system.stream(scene.actor, 'go', { timeoutMs: forever }).subscribe();
    await scene.settle();

    reader.unsubscribe();
    await scene.settle();
    gate.resolve({ done: false, value: 'too late' });
    await scene.settle();

    expect(scene.failures).toEqual([]);
  });
});
