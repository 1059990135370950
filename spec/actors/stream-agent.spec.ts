import { delay, EMPTY, filter, map, merge, NEVER, Observable, scan, startWith, take, tap } from 'rxjs';
import { defineAgent, defineTopic, type StreamContext, streamAgent, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { pushWithToken, retainToken } from '../../src/core/credit.ts';
import { aStreamScene, Number_, Out, Word } from '../support/a-stream-scene.ts';
import { boom } from '../support/boom.ts';

describe('streamAgent', () => {
  it('replies to each request with what comes of it', async () => {
    const { system, turns } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'doubler',
        subscribe: [Number_],
        stream: (inbox) => inbox.pipe(map((n) => n * 2)),
      }),
    );
    await turns();

    const replies = Promise.all([system.request(Number_, 1), system.request(Number_, 2)]);
    await turns();

    expect(await replies).toEqual([2, 4]);
  });

  it('publishes what comes out where it says so, as a consequence of the message', async () => {
    const { system, turns, heard, world } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'summer',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(scan((sum, n) => sum + n, 0)),
      }),
    );
    const causes: unknown[] = [];
    system.listen({ next: (event) => event._tag === 'Sent' && causes.push(event.causationId) });
    await turns();
    for (const n of [1, 2, 3]) void system.publish(Number_, n);
    await turns();

    expect(heard).toEqual([1, 3, 6]);
    expect(causes.filter((cause) => cause !== undefined)).toHaveLength(3);
    expect(system.statistics().agents.find(({ path }) => path === '/summer')).toMatchObject({ handled: 3 });
    world.close();
  });

  it('tells a requester at once when nothing came of its message', async () => {
    const { system, turns } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'odd',
        subscribe: [Number_],
        stream: (inbox) => inbox.pipe(filter((n) => n % 2 === 1)),
      }),
    );
    await turns();
    const asked = system.request(Number_, 2);
    await turns();

    await expect(asked).rejects.toMatchObject({ _tag: 'NoResponder' });
  });

  it('knows several topics in one inbox, and each by itself', async () => {
    const { system, turns, heard } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'both',
        subscribe: [Number_, Word],
        publishes: Out,
        stream: (inbox) =>
          merge(inbox.of(Number_).pipe(map((n) => n + 1)), inbox.of(Word).pipe(map((word) => `${word}!`))),
      }),
    );
    await turns();
    void system.publish(Number_, 1);
    void system.publish(Word, 'a');
    await turns();

    expect(heard).toEqual([2, 'a!']);
  });

  it('keeps a message that nothing in its stream reads as a dead letter', async () => {
    const { system, turns, letters } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'deaf',
        subscribe: [Number_, Word],
        stream: (inbox) => inbox.of(Word),
      }),
    );
    await turns();
    void system.publish(Number_, 1);
    await turns();

    expect(letters()).toEqual(['Unhandled 1']);
  });

  it('goes on to read for those who stay when one of them has left', async () => {
    const { system, settle, heard, letters } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'two',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) =>
          merge(
            NEVER,
            inbox.pipe(
              take(1),
              map((n) => `first ${n}`),
            ),
            inbox.pipe(
              take(2),
              map((n) => `second ${n}`),
            ),
          ),
      }),
    );
    for (const n of [1, 2, 3]) void system.publish(Number_, n);
    await settle();

    expect(heard).toEqual(['first 1', 'second 1', 'second 2']);
    expect(letters()).toEqual(['Unhandled 3']);
  });

  it('has verbs in its operators that belong to the message', async () => {
    const { system, turns, heard, letters } = aStreamScene();
    const texts: string[] = [];
    const listener = system.spawn(
      defineAgent({ name: 'listener', subscribe: [Word], receive: (word) => void texts.push(word) }),
      { subscribe: false },
    );
    const facts: unknown[] = [];
    system.spawn(
      streamAgent({
        name: 'talker',
        subscribe: [Number_],
        state: 0,
        stream: (inbox, context) =>
          inbox.pipe(
            tap((n) => {
              context.update((sum) => sum + n);
              context.reply(context.state * 10);
              void context.tell(listener, `${n}`);
              void context.publish(Out, n);
              facts.push(context.current?.envelope.payload, context.self.id);
              if (n === 3) boom();
            }),
            map(() => undefined),
          ),
      }),
      { kind: 'transient' },
    );
    await turns();
    const replies = [system.request(Number_, 1), system.request(Number_, 2)];
    await turns();
    expect(await Promise.all(replies)).toEqual([10, 30]);
    const failing = system.request(Number_, 3);
    await turns();

    await expect(failing).rejects.toMatchObject({ _tag: 'AgentDefect' });
    expect(heard).toEqual([1, 2]);
    expect(texts).toEqual(['1', '2']);
    expect(facts.slice(0, 2)).toEqual([1, 'talker']);
    expect(letters()).toEqual(['Restarted 3']);
  });

  it('begins a new chain with verbs where no message is in hand', async () => {
    const { system, turns, heard } = aStreamScene();
    let verbs: StreamContext<number> | undefined;
    system.spawn(
      streamAgent({
        name: 'idle',
        subscribe: [Number_],
        state: 1,
        stream: (inbox, context) => {
          verbs = context as StreamContext<number>;
          void context.publish(Out, 'begun');
          return inbox;
        },
      }),
    );
    await turns();
    expect(verbs!.current).toBeUndefined();
    verbs!.update((n) => n + 1);
    verbs!.reply(1 as never);
    void verbs!.publish(Out, 'later');
    await turns();

    expect(heard).toEqual(['begun', 'later']);
    expect(verbs!.state).toBe(2);
  });

  it('lets out what its stream begins with, without a message', async () => {
    const { system, turns, heard, failures } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'eager',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => inbox.pipe(startWith(0)),
      }),
    );
    await turns();

    expect(heard).toEqual([0]);
    expect(failures).toEqual([]);
  });

  it('finishes when its stream completes, after what it still had to say', async () => {
    const { system, turns, letters } = aStreamScene();
    const ref = system.spawn(
      streamAgent({ name: 'twice', subscribe: [Number_], stream: (inbox) => inbox.pipe(take(2)) }),
    );
    const ended = system.watch(ref);
    await turns();
    const replies = [1, 2, 3].map((n) => system.request(Number_, n).catch((failure) => failure._tag));
    await turns();

    expect(await Promise.all(replies)).toEqual([1, 2, 'NoResponder']);
    expect(await ended).toMatchObject({ reason: 'finished' });
    expect(letters()).toEqual(['Stopped 3']);
  });

  it('finishes at once when its stream has nothing', async () => {
    const { system, turns } = aStreamScene();
    const ref = system.spawn(streamAgent({ name: 'empty', subscribe: [Number_], stream: () => EMPTY }));
    const ended = system.watch(ref);
    await turns();

    expect(await ended).toMatchObject({ reason: 'finished' });
  });

  it('is restarted when its stream fails, told of once, and begins with a new stream', async () => {
    const { system, settle, heard, failures, letters } = aStreamScene();
    let streams = 0;
    system.spawn(
      streamAgent({
        name: 'fragile',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) => {
          streams += 1;
          return inbox.pipe(
            tap((n) => n === 2 && boom()),
            scan((sum, n) => sum + n, 0),
          );
        },
      }),
    );
    for (const n of [1, 2, 3, 4]) void system.publish(Number_, n);
    await settle();

    expect(heard).toEqual([1, 3, 7]);
    expect(streams).toBe(2);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ agent: '/fragile', directive: 'restart', topic: 'number' });
    expect(letters()).toEqual(['Restarted 2']);
  });

  it('handles the message that failed it again, where that was asked for', async () => {
    const { system, settle, heard } = aStreamScene();
    let tries = 0;
    system.spawn(
      streamAgent({
        name: 'again',
        subscribe: [Number_],
        publishes: Out,
        redeliver: { attemptsMax: 2 },
        stream: (inbox) =>
          inbox.pipe(
            tap(() => {
              tries += 1;
              if (tries === 1) boom();
            }),
          ),
      }),
    );
    for (const n of [1, 2]) void system.publish(Number_, n);
    await settle();

    expect(heard).toEqual([1, 2]);
  });

  it('goes on with a new stream under resume, and keeps its state', async () => {
    const { system, settle, heard, failures } = aStreamScene({
      supervision: { directives: { defect: 'resume' } },
    });
    system.spawn(
      streamAgent({
        name: 'counter',
        subscribe: [Number_],
        publishes: Out,
        state: 0,
        stream: (inbox, context) =>
          inbox.pipe(
            map((n) => {
              context.update((sum) => sum + n);
              return n === 2 ? boom() : context.state;
            }),
          ),
      }),
    );
    for (const n of [1, 2, 3]) void system.publish(Number_, n);
    await settle();

    expect(heard).toEqual([1, 4]);
    expect(failures.map(({ directive }) => directive)).toEqual(['resume']);
  });

  it('is stopped, when its supervisor says so, with nothing left of its stream', async () => {
    const { system, settle, failures } = aStreamScene({ supervision: { directives: { defect: 'stop' } } });
    let left = 0;
    const ref = system.spawn(
      streamAgent({
        name: 'once',
        subscribe: [Number_],
        stream: (inbox) => inbox.pipe(tap({ next: () => boom(), finalize: () => (left += 1) })),
      }),
    );
    const ended = system.watch(ref);
    void system.publish(Number_, 1);
    await settle();

    expect(await ended).toMatchObject({ reason: 'failed' });
    expect(left).toBe(1);
    expect(failures).toHaveLength(1);
  });

  it('fails at its start when there is no stream to begin', async () => {
    const { system, settle, failures } = aStreamScene({ supervision: { directives: { invalid: 'resume' } } });
    system.spawn(streamAgent({ name: 'none', subscribe: [Number_], stream: () => 7 as never }));
    await settle();
    expect(failures[0]).toMatchObject({
      failure: {
        _tag: 'InvalidParams',
        what: "outbox of '/none'",
        value: 7,
        issues: [{ path: '', message: 'expected an Observable or an AsyncIterable; got 7' }],
      },
    });

    const asked = system.request(Number_, 1);
    await settle();
    await expect(asked).rejects.toMatchObject({ _tag: 'InvalidParams' });
  });

  it.each([null, undefined, 'text', {}])('fails at its start with %o for a stream', async (outbox) => {
    const { system, settle, failures } = aStreamScene({ supervision: { directives: { invalid: 'stop' } } });
    system.spawn(streamAgent({ name: 'none', subscribe: [Number_], stream: () => outbox as never }));
    await settle();

    expect(failures).toMatchObject([{ failure: { what: "outbox of '/none'", value: outbox } }]);
  });

  it('has verbs that are its own also while a message of another is in hand', async () => {
    const { system, turns, world } = aStreamScene();
    const said: unknown[] = [];
    let a: StreamContext<number, number> | undefined;
    system.spawn(
      defineAgent({
        name: 'listener',
        subscribe: [Out],
        receive: (_, { envelope }) => void said.push([envelope.sender, envelope.causationId]),
      }),
    );
    const first = system.spawn(
      streamAgent({
        name: 'a',
        subscribe: [Word],
        state: 0,
        stream: (_inbox, context) => {
          a = context as never;
          return NEVER;
        },
      }),
    );
    const second = system.spawn(
      streamAgent({
        name: 'b',
        subscribe: [Number_],
        state: 0,
        stream: (inbox) =>
          inbox.pipe(
            tap((n) => {
              void a!.publish(Out, n);
              a!.update((sum) => sum + n);
              (a as { reply(reply: unknown): void }).reply('not by me');
            }),
          ),
      }),
    );
    await turns();
    const asked = system.request(Number_, 7);
    await turns();

    expect(said).toEqual([['/a', undefined]]);
    expect([first.getSnapshot().context, second.getSnapshot().context]).toEqual([7, 0]);
    expect(await asked).toBe(7);
    expect(world.system.deadLetters.size).toBe(0);
  });

  it('refuses a promise for its state, and says whose it is', async () => {
    const { system, turns } = aStreamScene();
    let context: StreamContext | undefined;
    system.spawn(
      streamAgent({
        name: 'a',
        subscribe: [Word],
        stream: (_inbox, verbs) => {
          context = verbs as never;
          return NEVER;
        },
      }),
    );
    await turns();

    expect(() => context!.update(() => Promise.resolve())).toThrow("state of '/a'");
  });

  it('is unsubscribed from when it stops', async () => {
    const { system, turns } = aStreamScene();
    let left = 0;
    const ref = system.spawn(
      streamAgent({
        name: 'left',
        subscribe: [Number_],
        stream: (inbox) => inbox.pipe(tap({ finalize: () => (left += 1) })),
      }),
    );
    await turns();
    const stopped = system.stop(ref);
    await turns();
    await stopped;

    expect(left).toBe(1);
  });

  it('survives a teardown that throws, and tells of it', async () => {
    const { system, turns, failures } = aStreamScene();
    const ref = system.spawn(
      streamAgent({
        name: 'torn',
        subscribe: [Number_],
        stream: (inbox) => inbox.pipe(tap({ finalize: () => boom() })),
      }),
    );
    await turns();
    const stopped = system.stop(ref);
    await turns();
    await stopped;

    expect(failures).toHaveLength(1);
  });

  it('calls its own onStart, too', async () => {
    const { system, turns } = aStreamScene();
    const log: string[] = [];
    system.spawn(
      streamAgent({
        name: 'starter',
        subscribe: [Number_],
        onStart: () => void log.push('onStart'),
        stream: (inbox) => {
          log.push('stream');
          return inbox;
        },
      }),
    );
    await turns();

    expect(log).toEqual(['stream', 'onStart']);
  });

  it('refuses, at once, what is no list of topics or no stream', () => {
    expect(() => streamAgent({ name: 'bad', stream: () => NEVER } as never)).toThrow(RangeError);
    expect(() => streamAgent({ name: 'bad', subscribe: [Number_] } as never)).toThrow(/needs 'subscribe'/u);
  });
});

describe('a stream agent that is slowed down', () => {
  it('takes no message while what came out of it waits for room', async () => {
    const Slow = defineTopic('slow', { schema: type<number>() });
    const { system, turns, gate, open } = aStreamScene();
    let taken = 0;
    system.spawn(
      streamAgent({
        name: 'source',
        subscribe: [Number_],
        capacity: 100,
        publishes: Slow,
        stream: (inbox) => inbox.pipe(tap(() => (taken += 1))),
      }),
    );
    system.spawn(
      defineAgent({ name: 'slow', subscribe: [Slow], capacity: 2, receive: (n) => gate(n) as never }),
    );
    await turns();
    for (let n = 1; n <= 20; n += 1) void system.publish(Number_, n);
    await turns();

    // One is being handled, two wait, one stands in line.
    expect(taken).toBe(4);
    await open(1);
    expect(taken).toBe(5);
  });

  it('holds back what an operator lets out later, too', async () => {
    const Slow = defineTopic('slow', { schema: type<number>() });
    const { system, turns, gate, open } = aStreamScene();
    const later: (() => void)[] = [];
    system.spawn(
      streamAgent({
        name: 'source',
        subscribe: [Number_],
        concurrency: 8,
        publishes: Slow,
        stream: (inbox) => inbox.pipe(laterBy(later)),
      }),
    );
    system.spawn(
      defineAgent({ name: 'slow', subscribe: [Slow], capacity: 1, receive: (n) => gate(n) as never }),
    );
    await turns();
    for (let n = 1; n <= 20; n += 1) void system.publish(Number_, n);
    await turns();
    expect(later).toHaveLength(8);
    for (const go of later.splice(0)) go();
    await turns();

    // One is being handled, one waits, one stands in line, and five wait for their step.
    expect(later).toHaveLength(0);
    for (const n of [1, 2, 3, 4, 5]) await open(n);
    expect(later).toHaveLength(0);
    await open(6);
    expect(later).toHaveLength(8);
  });
});

describe('a stream agent whose operators keep its messages', () => {
  it('has no more of them open than its window', async () => {
    const { system, turns } = aStreamScene();
    const later: (() => void)[] = [];
    system.spawn(
      streamAgent({
        name: 'two',
        subscribe: [Number_],
        concurrency: 2,
        stream: (inbox) => inbox.pipe(laterBy(later)),
      }),
    );
    await turns();
    const replies = [1, 2, 3].map((n) => system.request(Number_, n));
    await turns();
    expect(later).toHaveLength(2);
    later[1]!();
    await turns();
    expect(later).toHaveLength(3);
    later[0]!();
    later[2]!();
    await turns();

    expect(await Promise.all(replies)).toEqual([1, 2, 3]);
  });

  it('tells an operator that its message was interrupted; what comes of it then is a dead letter', async () => {
    const { system, turns, letters } = aStreamScene();
    const later: (() => void)[] = [];
    system.spawn(
      streamAgent({
        name: 'one',
        subscribe: [Number_],
        stream: (inbox, context) =>
          inbox.pipe(
            laterBy(later),
            tap((n) => void context.publish(Out, n)),
          ),
      }),
    );
    await turns();
    const gone = new AbortController();
    const asked = system.request(Number_, 7, { signal: gone.signal }).catch((failure) => failure._tag);
    await turns();
    gone.abort();
    await turns();
    expect(await asked).toBe('Interrupted');
    later[0]!();
    await turns();

    expect(letters().toSorted()).toEqual(['HandlingOver 7', 'LateReply 7']);
  });

  it('interrupts them when it fails and goes on', async () => {
    const {
      system,
      turns: settle,
      letters,
      failures,
    } = aStreamScene({
      supervision: { directives: { defect: 'resume' } },
    });
    const later: (() => void)[] = [];
    system.spawn(
      streamAgent({
        name: 'three',
        subscribe: [Number_],
        concurrency: 3,
        stream: (inbox) =>
          inbox.pipe(
            laterBy(later),
            tap((n) => n === 2 && boom()),
          ),
      }),
    );
    await settle();
    void system.publish(Number_, 1);
    const failing = system.request(Number_, 2).catch((failure) => failure._tag);
    const other = system.request(Number_, 3).catch((failure) => failure);
    await settle();
    later[1]!();
    await settle();

    expect(await failing).toBe('AgentDefect');
    expect(await other).toMatchObject({
      _tag: 'Interrupted',
      agent: '/three',
      reason: 'its stream failed',
      cause: new Error('boom'),
    });
    expect(letters()).toEqual(['Interrupted 1']);
    expect(failures).toHaveLength(1);
    later[0]!();
    const next = system.request(Number_, 4);
    await settle();
    later.at(-1)!();
    await settle();
    expect(await next).toBe(4);
  });

  it('leaves those that it had in hand when its stream completed to its end', async () => {
    const { system, turns, letters } = aStreamScene();
    const later: (() => void)[] = [];
    const ref = system.spawn(
      streamAgent({
        name: 'first',
        subscribe: [Number_],
        concurrency: 2,
        stream: (inbox) => inbox.pipe(laterBy(later), take(1)),
      }),
    );
    const ended = system.watch(ref);
    await turns();
    const asked = system.request(Number_, 1);
    void system.publish(Number_, 2);
    await turns();
    later[0]!();
    await turns();

    expect(await asked).toBe(1);
    expect(await ended).toMatchObject({ reason: 'finished' });
    expect(letters()).toEqual(['Stopped 2']);
  });
});

describe('a lost credit', () => {
  it('is told of once for each agent, with what to use instead, and the value still goes out', async () => {
    const { system, settle, failures, heard } = aStreamScene();
    const late: ((value: number) => void)[] = [];
    system.spawn(
      streamAgent({
        name: 'loser',
        subscribe: [Number_],
        publishes: Out,
        stream: (inbox) =>
          inbox.pipe((source) => merge(source.pipe(filter(() => false)), later(source, late))),
      }),
    );
    for (const n of [1, 2, 3]) void system.publish(Number_, n);
    await settle();
    for (const [index, push] of late.entries()) push(index);
    await settle();

    expect(heard).toEqual([0, 1, 2]);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({
      agent: '/loser',
      directive: 'resume',
      failure: { _tag: 'CreditLost', code: 'DEFECT', agent: '/loser' },
    });
    expect(String(failures[0]!.failure)).toMatch(/mapAsync/u);
  });

  it('is seen behind delay of RxJS', async () => {
    const { system, settle, turns, failures } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'delayed',
        subscribe: [Number_],
        stream: (inbox) => inbox.pipe(delay(0)),
      }),
    );
    const asked = system.request(Number_, 1).catch((failure) => failure._tag);
    await settle();
    expect(await asked).toBe('NoResponder');
    await expect
      .poll(async () => {
        await turns();
        return failures.length;
      })
      .toBe(1);
  });
});

describe('a stream agent that is written as a generator', () => {
  it('takes one message at a time, and is done with it when it asks for the next', async () => {
    const { system, turns, gate, open } = aStreamScene();
    system.spawn(
      streamAgent({
        name: 'generator',
        subscribe: [Number_],
        stream: async function* (inbox) {
          for await (const n of inbox) {
            await gate(n);
            yield n * 2;
          }
        },
      }),
    );
    await turns();
    const replies = [1, 2].map((n) => system.request(Number_, n));
    await turns();
    await open(1);
    await open(2);
    await turns();

    expect(await Promise.all(replies)).toEqual([2, 4]);
  });

  it('is held back while what it yielded waits for room', async () => {
    const Slow = defineTopic('slow', { schema: type<number>() });
    const { system, turns, gate, open } = aStreamScene();
    let made = 0;
    system.spawn(
      streamAgent({
        name: 'counting',
        subscribe: [Number_],
        publishes: Slow,
        stream: async function* (inbox) {
          for await (const n of inbox) {
            for (made = 0; made < n; made += 1) yield made;
          }
        },
      }),
    );
    system.spawn(
      defineAgent({ name: 'slow', subscribe: [Slow], capacity: 1, receive: (n) => gate(n) as never }),
    );
    await turns();
    void system.publish(Number_, 100);
    await turns();
    expect(made).toBe(2);
    await open(0);
    expect(made).toBe(3);
  });

  it('fails with the message at hand, is left when the agent stops, and finishes when it returns', async () => {
    const { system, settle, letters, failures, heard } = aStreamScene();
    let left = 0;
    const ref = system.spawn(
      streamAgent({
        name: 'trying',
        subscribe: [Number_],
        publishes: Out,
        stream: async function* (inbox) {
          try {
            yield 'begun';
            for await (const n of inbox) {
              if (n === 1) boom();
              if (n === 9) return;
              yield n;
            }
          } finally {
            left += 1;
          }
        },
      }),
    );
    const ended = system.watch(ref);
    for (const n of [1, 2]) void system.publish(Number_, n);
    await settle();
    expect(letters()).toEqual(['Restarted 1']);
    expect(failures).toHaveLength(1);
    expect(heard).toEqual(['begun', 'begun', 2]);
    expect(left).toBe(1);

    void system.publish(Number_, 9);
    await settle();
    expect(await ended).toMatchObject({ reason: 'finished' });
    expect(left).toBe(2);
  });

  it('forgets a message that was interrupted before it was pulled', async () => {
    const { system, turns, gate, open } = aStreamScene();
    const seen: number[] = [];
    system.spawn(
      streamAgent({
        name: 'behind',
        subscribe: [Number_],
        concurrency: 3,
        stream: async function* (inbox) {
          for await (const n of inbox) {
            seen.push(n);
            await gate(n);
            yield n;
          }
        },
      }),
    );
    await turns();
    const gone = new AbortController();
    const first = system.request(Number_, 1);
    const second = system.request(Number_, 2, { signal: gone.signal }).catch((failure) => failure._tag);
    const third = system.request(Number_, 3);
    await turns();
    gone.abort();
    await turns();
    expect(await second).toBe('Interrupted');
    await open(1);
    await open(3);

    expect(await Promise.all([first, third])).toEqual([1, 3]);
    expect(seen).toEqual([1, 3]);
  });
});

/** An operator that keeps the credit and goes on with a value when the spec says so. */
function laterBy<T>(waiting: (() => void)[]) {
  return (source: Observable<T>) => later(source, waiting as never, true);
}

function later<T>(source: Observable<T>, waiting: ((value: T) => void)[], keeps = false): Observable<T> {
  return new Observable<T>((subscriber) =>
    source.subscribe({
      next: (value) => {
        const token = keeps ? retainToken() : undefined;
        const go = (): void => {
          pushWithToken(token, (one: T) => subscriber.next(one), value);
          token?.release();
        };
        waiting.push(token === undefined ? (one) => subscriber.next(one) : () => token.inTurn(go));
      },
      error: (failure) => subscriber.error(failure),
      complete: () => subscriber.complete(),
    }),
  );
}
