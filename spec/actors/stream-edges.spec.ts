/** Stream agents where two things happen at once. */
import { concat, concatMap, map, merge, of, Subject, take, takeUntil, tap, throwError } from 'rxjs';
import {
  batch,
  capability,
  conflate,
  defineAgent,
  defineTopic,
  mapAsync,
  streamAgent,
  throttle,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { retainToken } from '../../src/core/credit.ts';
import { aStreamScene, Number_, Out, type StreamScene, Word } from '../support/a-stream-scene.ts';
import { boom } from '../support/boom.ts';
import { cellOf } from '../support/inside.ts';

const Slow = defineTopic('slow', { schema: type<unknown>() });
const slowly = ({ gate }: StreamScene) =>
  defineAgent({ name: 'slow', subscribe: [Slow], capacity: 1, receive: (n) => gate(n) as never });
const resumes = { supervision: { directives: { defect: 'resume', overload: 'resume' } } } as const;

describe('verbs in a stream', () => {
  it('request, stream, call and spawn for the message in hand', async () => {
    const { system, turns, heard } = aStreamScene();
    const length = capability('length', {
      input: type<string>(),
      output: type<number>(),
      run: (text) => text.length,
    });
    system.spawn(
      defineAgent({
        name: 'other',
        subscribe: [Word],
        capabilities: [length],
        receive: (word) => `${word}!`,
      }),
    );
    const child = defineAgent({ name: 'child', subscribe: [Word], receive: () => 'child' });
    system.spawn(
      streamAgent({
        name: 'asking',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox, context) =>
          inbox.pipe(
            mapAsync(1, async () => {
              const spawned = context.spawn(child, { subscribe: false });
              const word = context.request(Word, 'a');
              const count = context.tool(length, 'four');
              const replies: string[] = [];
              for await (const reply of context.stream(Word, 'b')) replies.push(reply);
              return [spawned.id, await word, await count, ...replies].join();
            }),
          ),
      }),
    );
    await turns();
    void system.publish(Number_, 1);
    for (let left = 20; left > 0; left -= 1) await turns();

    expect(heard).toEqual(['child,a!,4,b!']);
  });

  it('may change the state in a step that goes on later', async () => {
    const { system, turns, gate, open } = aStreamScene();
    const ref = system.spawn(
      streamAgent({
        name: 'later',
        subscribe: [Number_],
        state: 0,
        stream: (inbox, context) =>
          inbox.pipe(
            mapAsync(1, gate),
            tap((n) => context.update((sum) => sum + n)),
          ),
      }),
    );
    const seen: unknown[] = [];
    ref.subscribe(({ context }) => seen.push(context));
    await turns();
    void system.publish(Number_, 5);
    await turns();
    await open(5);

    expect(seen.at(-1)).toBe(5);
  });
});

describe('a stream that has another source', () => {
  it('publishes what comes of that, at the pace of those who hear it, and tells of no lost credit', async () => {
    const scene = aStreamScene();
    const { system, turns, failures, open, heard } = scene;
    system.spawn(slowly(scene));
    system.spawn(
      streamAgent({
        name: 'merging',
        subscribe: [Number_],
        publishes: Slow,
        stream: (inbox) => merge(inbox, system.observe(Word, { overflow: 'suspend', capacity: 1 })),
      }),
    );
    await turns();
    for (const word of ['a', 'b', 'c', 'd']) {
      void system.publish(Word, word);
      await turns();
    }
    // One is being handled, one waits, one stands in line, and the observer has one in its mailbox.
    for (const word of ['a', 'b', 'c', 'd']) await open(word);

    expect(failures).toEqual([]);
    void heard;
  });

  it('fails with nobody’s message when that fails', async () => {
    const { system, settle, failures } = aStreamScene(resumes);
    const source = new Subject<number>();
    system.spawn(
      streamAgent({ name: 'merging', subscribe: [Number_], stream: (inbox) => merge(inbox, source) }),
    );
    await settle();
    source.error(new Error('source'));
    await settle();
    const next = system.request(Number_, 1);
    await settle();

    expect(failures[0]).toMatchObject({ agent: '/merging', directive: 'resume', envelopeId: undefined });
    await expect(next).rejects.toMatchObject({ _tag: 'AgentDefect' });
  });

  it('tells of what that failed of, also when the agent was stopped in the same turn', async () => {
    const { system, turns, failures } = aStreamScene();
    const source = new Subject<number>();
    const ref = system.spawn(
      streamAgent({ name: 'merging', subscribe: [Number_], stream: (inbox) => merge(inbox, source) }),
    );
    await turns();
    source.error(new Error('source'));
    const stopped = system.stop(ref);
    await turns();
    await stopped;

    expect(failures).toHaveLength(1);
  });

  it('tells what a subscriber of its inbox throws that is not its outbox', async () => {
    const { system, turns, failures } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'beside',
        subscribe: [Number_],
        stream: (inbox) => {
          inbox.subscribe(() => boom());
          return inbox;
        },
      }),
    );
    await turns();
    const asked = system.request(Number_, 1);
    await turns();

    expect(await asked).toBe(1);
    expect(failures).toMatchObject([{ agent: '/beside', directive: 'resume' }]);
  });
});

describe('a stream that ends in the midst of a message', () => {
  it.each([
    ['goes on', () => of(1, 2, 3)],
    [
      'fails',
      () =>
        concat(
          of(1, 2, 3),
          throwError(() => new Error('late')),
        ),
    ],
  ])('fails once when more comes out than may, and %s', async (_, values) => {
    const { system, settle, failures, heard } = aStreamScene(resumes);
    system.spawn(
      streamAgent({
        name: 'many',
        subscribe: [Number_],
        effectsMax: 1,
        publishes: Out,
        stream: (inbox) => inbox.pipe(take(1), concatMap(values)),
      }),
    );
    void system.publish(Number_, 1);
    await settle();

    expect(failures).toMatchObject([{ failure: { _tag: 'MailboxFull' } }]);
    expect(heard).toEqual([]);
  });

  it('takes no other when it has completed and its message is still in hand', async () => {
    const { system, turns, letters } = aStreamScene();
    let token: ReturnType<typeof retainToken>;
    const ref = system.spawn(
      streamAgent({
        name: 'held',
        subscribe: [Number_],
        concurrency: 2,
        stream: (inbox) => {
          inbox.subscribe(() => {
            token ??= retainToken();
          });
          return inbox.pipe(take(1));
        },
      }),
    );
    const ended = system.watch(ref);
    await turns();
    for (const n of [1, 2]) void system.publish(Number_, n);
    await turns();
    token!.release();
    await turns();

    expect(await ended).toMatchObject({ reason: 'finished' });
    expect(letters()).toEqual(['Stopped 2']);
  });

  it('interrupts its own messages, and no call of a capability, when it goes on', async () => {
    const { system, turns, gate, open } = aStreamScene(resumes);
    const held = capability('held', {
      input: type<number>(),
      output: type<number>(),
      run: (n) => gate(n),
    });
    system.spawn(
      streamAgent({
        name: 'both',
        subscribe: [Number_],
        concurrency: 3,
        capabilities: [held],
        stream: (inbox) => inbox.pipe(mapAsync(2, (n) => (n === 2 ? boom() : gate(n)))),
      }),
    );
    await turns();
    const called = system.tool(held, 9);
    const first = system.request(Number_, 1).catch((failure) => failure._tag);
    const second = system.request(Number_, 2).catch((failure) => failure._tag);
    await turns();
    expect(await Promise.all([first, second])).toEqual(['Interrupted', 'AgentDefect']);
    await open(9);
    expect(await called).toBe(9);
  });
});

describe('a generator', () => {
  const stopped = async (concurrency: number, messages: readonly number[], yields: boolean) => {
    const { system, turns, gate, gates, letters } = aStreamScene();
    let left = false;
    const ref = system.spawn(
      streamAgent({
        name: 'generator',
        subscribe: [Number_],
        concurrency,
        stream: async function* (inbox) {
          try {
            for await (const n of inbox) {
              await gate(n);
              if (yields) yield n;
            }
          } finally {
            left = true;
          }
        },
      }),
    );
    await turns();
    for (const n of messages) void system.publish(Number_, n);
    await turns();
    const ended = system.stop(ref);
    await turns();
    await ended;
    for (const gate of gates.values()) gate.resolve(0);
    await turns();
    await expect.poll(() => left).toBe(true);
    return letters();
  };

  it('is left where it waits for a message', async () => {
    expect(await stopped(1, [], true)).toEqual([]);
  });

  it('is left where it works on one, whether it goes on with a value or with the next', async () => {
    expect(await stopped(1, [1], true)).toEqual(['Stopped 1']);
    expect(await stopped(2, [1, 2], false)).toEqual(['Stopped 1', 'Stopped 2']);
  });

  it('may yield before it has a message', async () => {
    const { system, turns, heard } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'early',
        subscribe: [Number_],
        publishes: Out,
        stream: async function* (inbox) {
          const messages = inbox[Symbol.asyncIterator]();
          const first = messages.next();
          yield 'early';
          yield (await first).value;
          await messages.return?.();
          yield 'late';
        },
      }),
    );
    await turns();
    void system.publish(Number_, 1);
    await turns();
    await turns();

    expect(heard).toEqual(['early', 1, 'late']);
  });
});

describe('operators', () => {
  it('mapAsync forgets a result that waits for the one before it, and one that is on its way', async () => {
    const { system, turns, gate, open } = aStreamScene();
    const ref = system.spawn(
      streamAgent({
        name: 'line',
        subscribe: [Number_],
        concurrency: 4,
        stream: (inbox) =>
          inbox.pipe(
            mapAsync(2, (n, work) => {
              work.signal.addEventListener('abort', () => {});
              return work.signal.aborted || n === 2 ? n : gate(n);
            }),
            tap((n) => n === 1 && system.interrupt(ref)),
          ),
      }),
    );
    await turns();
    const replies = [1, 2, 3, 4].map((n) => system.request(Number_, n).catch((failure) => failure._tag));
    await turns();
    await open(1);
    await turns();
    // The first goes out and has all the others interrupted: the second was done, the fourth about to begin.
    expect(await Promise.all(replies)).toEqual([1, 'Interrupted', 'Interrupted', 'Interrupted']);
    const next = system.request(Number_, 2);
    await turns();
    expect(await next).toBe(2);
  });

  it('mapAsync begins nothing for a message that was interrupted in its turn', async () => {
    const { system, turns, gate, gates } = aStreamScene();
    const ref = system.spawn(
      streamAgent({
        name: 'turns',
        subscribe: [Number_],
        concurrency: 3,
        stream: (inbox) => inbox.pipe(mapAsync(1, gate, { ordered: false })),
      }),
    );
    await turns();
    for (const n of [1, 2, 3]) void system.publish(Number_, n);
    await turns();
    gates.get(1)!.resolve(1);
    await Promise.resolve();
    await Promise.resolve();
    system.interrupt(ref);
    await turns();

    expect([...gates.keys()]).toEqual([1]);
    expect(cellOf(ref).open).toBe(0);
  });

  it('mapAsync ends the work on a batch when none of its messages is wanted any more', async () => {
    const { system, turns, gate } = aStreamScene();
    let aborted = 0;
    system.spawn(
      streamAgent({
        name: 'pairs',
        subscribe: [Number_],
        stream: (inbox) =>
          inbox.pipe(
            batch({ count: 2, withinMs: Number.POSITIVE_INFINITY }),
            mapAsync(1, (values, { signal }) => {
              signal.addEventListener('abort', () => {
                aborted += 1;
                boom();
              });
              return gate(values.length);
            }),
          ),
      }),
    );
    await turns();
    const first = new AbortController();
    const second = new AbortController();
    for (const { signal } of [first, second]) void system.request(Number_, 1, { signal }).catch(() => {});
    await turns();
    first.abort();
    await turns();
    expect(aborted).toBe(0);
    second.abort();
    await turns();

    expect(aborted).toBe(1);
  });

  it('batch goes out once, when its time is over and its source completes behind a full mailbox', async () => {
    const scene = aStreamScene();
    const { system, turns, open, world } = scene;
    const end = new Subject<void>();
    const batches: unknown[] = [];
    system.spawn(slowly(scene));
    const ref = system.spawn(
      streamAgent({
        name: 'twice',
        subscribe: [Number_],
        stream: (inbox, context) =>
          inbox.pipe(
            takeUntil(end),
            tap((n) => {
              for (let left = 3; left > 0; left -= 1) void context.publish(Slow, n);
            }),
            batch({ count: 3, withinMs: 50 }),
            tap((values) => batches.push(values)),
            map(() => undefined),
          ),
      }),
    );
    await turns();
    void system.publish(Number_, 1);
    await turns();
    while (world.nowMs < 50) await world.step();
    await turns();
    end.next();
    await turns();
    expect(cellOf(ref).blocked).toBe(true);
    const ended = system.watch(ref);
    for (let left = 3; left > 0; left -= 1) await open(1);

    expect(batches).toEqual([[1]]);
    expect(await ended).toMatchObject({ reason: 'finished' });
  });

  it('batch lets nothing out when none of it is wanted any more in its turn', async () => {
    const { system, turns, heard, world } = aStreamScene();
    const ref = system.spawn(
      streamAgent({
        name: 'late',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(batch({ count: 3, withinMs: 50 })),
      }),
    );
    await turns();
    void system.publish(Number_, 1);
    await turns();
    while ((cellOf(ref).notices?.size ?? 0) === 0) await world.step();
    system.interrupt(ref);
    await world.runUntilQuiet();

    expect(heard).toEqual([]);
  });

  it('batch keeps what waits beside one that is not wanted any more', async () => {
    const { system, turns, heard } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'three',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(batch({ count: 3, withinMs: 60_000 })),
      }),
    );
    await turns();
    const gone = new AbortController();
    void system.publish(Number_, 1);
    void system.request(Number_, 2, { signal: gone.signal }).catch(() => {});
    await turns();
    gone.abort();
    await turns();
    for (const n of [3, 4]) void system.publish(Number_, n);
    await turns();

    expect(heard).toEqual([[1, 3, 4]]);
  });

  it('conflate passes nothing on when what waited was interrupted in its turn', async () => {
    const { system, turns, gate, open, heard } = aStreamScene();
    const ref = system.spawn(
      streamAgent({
        name: 'latest',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) =>
          inbox.pipe(
            conflate(),
            mapAsync(1, gate),
            tap((n) => n === 1 && system.interrupt(ref)),
          ),
      }),
    );
    await turns();
    for (const n of [1, 2]) void system.publish(Number_, n);
    await turns();
    await open(1);
    void system.publish(Number_, 3);
    await turns();
    await open(3);

    expect(heard).toEqual([1, 3]);
  });

  it('throttle lets nothing out when what waited is not wanted any more', async () => {
    const { system, turns, heard, world } = aStreamScene();
    const ref = system.spawn(
      streamAgent({
        name: 'slowed',
        subscribe: [Number_],
        publishes: Out,
        concurrency: 2,
        stream: (inbox) => inbox.pipe(throttle({ everyMs: 100, overflow: 'suspend' })),
      }),
    );
    await turns();
    for (const n of [1, 2]) void system.publish(Number_, n);
    await turns();
    system.interrupt(ref);
    await world.runUntilQuiet();
    expect(heard).toEqual([1]);

    for (const n of [3, 4]) void system.publish(Number_, n);
    await turns();
    while ((cellOf(ref).notices?.size ?? 0) === 0) await world.step();
    system.interrupt(ref);
    await world.runUntilQuiet();

    expect(heard).toEqual([1, 3]);
  });
});
