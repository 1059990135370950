import { describe, expect, it } from 'vitest';
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import type { Context } from '../../src/actors/context.ts';
import { defineAgent, on } from '../../src/actors/define-agent.ts';
import { keyedAgent } from '../../src/actors/keyed-agent.ts';
import { AgentDefect, NoResponder, RequestTimeout } from '../../src/actors/request-failures.ts';
import { MailboxFull } from '../../src/core/mailbox.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { World, WorldOptions } from '../../src/testing/world.ts';
import { aFaultyWorld, type Becomes } from '../support/a-faulty-world.ts';

const Said = defineTopic('said', { schema: type<string>() });
const Other = defineTopic('other', { schema: type<string>() });
const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
const Count = defineTopic('count', { schema: type<number>(), reply: type<number>() });

describe('a message that is dropped', () => {
  it('never arrives, and was never offered', async () => {
    const { world, heard } = aListener(['drop']);

    await say(world, 'a', 'b');

    expect(heard).toEqual(['b']);
    expect(world.system.statistics().agents[0]).toMatchObject({ offered: 1, accepted: 1, handled: 1 });
    expect(world.trace).toContain('0 ms  dropped: said outside → /listener');
    expect(world.faults).toEqual([
      {
        _tag: 'Dropped',
        atMs: 0,
        lateMs: 0,
        message: {
          kind: 'message',
          topic: 'said',
          payload: 'a',
          sender: undefined,
          receiver: '/listener',
          linked: false,
        },
      },
    ]);
  });

  it('is told of by silence: a request runs into its deadline', async () => {
    const { world, ask } = aGreeter(['drop']);

    expect(await ask()).toBeInstanceOf(RequestTimeout);
    expect(world.nowMs).toBe(5_000);
  });
});

describe('a message that is doubled', () => {
  it('arrives twice, as messages of the same id', async () => {
    const { world, heard, ids } = aListener(['duplicate 0']);

    await say(world, 'a', 'b');

    expect(heard).toEqual(['a', 'a', 'b']);
    expect(ids[0]).toBe(ids[1]);
    expect(world.system.statistics().agents[0]).toMatchObject({ offered: 3, accepted: 3, handled: 3 });
    expect(world.trace).toContain('0 ms  duplicated: said outside → /listener');
  });

  it('may arrive a second time behind what was said later', async () => {
    const { world, heard } = aListener(['duplicate 10']);

    await say(world, 'a', 'b');

    expect(heard).toEqual(['a', 'b', 'a']);
    expect(world.nowMs).toBe(10);
    expect(world.trace).toContain('0 ms  duplicated by 10 ms: said outside → /listener');
  });

  it('is worked on twice when it is a request, and the second reply comes too late', async () => {
    const { world, ask, asked } = aGreeter(['duplicate 0']);

    expect(await ask()).toBe('Hello, Ada!');
    expect(asked).toEqual(['Ada', 'Ada']);
    expect(world.system.deadLetters.countByCause()).toEqual({ LateReply: 1 });
  });

  it('is heard of once, when nobody answers it', async () => {
    const { ask } = aGreeter(['duplicate 0'], { reply: () => undefined as never });

    expect(await ask()).toBeInstanceOf(NoResponder);
  });

  it('is interrupted with its request', async () => {
    const interrupted: boolean[] = [];
    const { world, ask } = aGreeter(['duplicate 1'], {
      concurrency: 2,
      reply: (_, { signal }) => {
        signal.addEventListener('abort', () => interrupted.push(true));
        return new Promise(() => {});
      },
    });

    expect(await ask()).toBeInstanceOf(RequestTimeout);
    expect(world.nowMs).toBe(5_000);
    expect(interrupted).toEqual([true, true]);
  });

  it('works on after its request was settled, until it ends by itself', async () => {
    const { world, ask, asked } = aGreeter(['duplicate 10'], { reply: async (name) => name });

    expect(await ask()).toBe('Ada');
    expect(asked).toEqual(['Ada', 'Ada']);
    expect(world.system.deadLetters.countByCause()).toEqual({ LateReply: 1 });
  });

  it('is refused once where there is no room', async () => {
    const { world, heard } = aListener(['arrives', 'duplicate 0'], { capacity: 1, overflow: 'reject' });
    const ref = world.system.agents.find('/listener')!.ref;

    void world.system.tell(ref as never, 'a' as never);
    expect(() => world.system.tell(ref as never, 'b' as never)).toThrow(MailboxFull);
    await world.runUntilQuiet();

    expect(heard).toEqual(['a']);
  });
});

describe('a message that is late', () => {
  it('comes in a turn of its own, and what the same sender says to the same receiver behind it', async () => {
    const { world, heard } = aListener(['delay 0']);

    await say(world, 'a', 'b');

    expect(heard).toEqual(['a', 'b']);
    expect(world.trace).toContain('0 ms  delayed: said outside → /listener');
  });

  it('is overtaken by those of other senders', async () => {
    const { world, heard } = aListener(['arrives', 'arrives', 'delay 10']);
    for (const name of ['ada', 'grace']) {
      world.system.spawn(
        defineAgent({
          name,
          subscribe: [Other],
          receive: (_, context) => void context.publish(Said, name),
        }),
      );
    }

    void world.system.publish(Other, 'go');
    await world.runUntilQuiet();

    expect(heard).toEqual(['grace', 'ada']);
    expect(world.delivery!.lateCount).toBe(0);
  });

  it('is late behind one that is late already', async () => {
    const { world, heard } = aListener(['delay 10', 'delay 1']);

    await say(world, 'a', 'b');

    expect(heard).toEqual(['a', 'b']);
    expect(world.nowMs).toBe(10);
  });

  it('is on its way until it arrives', async () => {
    const { world } = aListener(['delay 10']);
    await world.runUntilQuiet();

    void world.system.publish(Said, 'a');

    expect(world.delivery!.lateCount).toBe(1);
  });

  it('holds up the news that its sender has ended', async () => {
    const { world } = aFaultyWorld(['arrives', 'delay 10']);
    const heard: string[] = [];
    const child = defineAgent({
      name: 'child',
      on: [],
      onStart: (context) => {
        void context.publish(Said, 'my last word');
        context.stop();
      },
    });
    world.system.spawn(
      defineAgent({
        name: 'parent',
        on: [
          on(Said, (said) => void heard.push(said)),
          on(Other, (_, context: Context) => context.watch(context.spawn(child))),
        ],
        onTerminated: () => void heard.push('it has ended'),
      }),
    );

    void world.system.publish(Other, 'go');
    await world.runUntilQuiet();

    expect(heard).toEqual(['my last word', 'it has ended']);
  });

  it('tells of an end once, whoever asks again meanwhile', async () => {
    const { world } = aFaultyWorld(['arrives', 'delay 10']);
    const heard: string[] = [];
    const child = defineAgent({
      name: 'child',
      on: [],
      onStart: (context) => {
        void context.publish(Said, 'my last word');
        context.stop();
      },
    });
    world.system.spawn(
      defineAgent({
        name: 'parent',
        on: [
          on(Said, (said) => void heard.push(said)),
          on(Other, async (_, context: Context) => {
            const ref = context.spawn(child);
            context.watch(ref);
            await new Promise<void>((resolve) => void world.environment.schedule(5, resolve));
            context.unwatch(ref);
            context.watch(ref);
            context.unwatch(ref);
            context.watch(ref);
          }),
        ],
        onTerminated: () => void heard.push('it has ended'),
      }),
    );

    void world.system.publish(Other, 'go');
    await world.runUntilQuiet();

    expect(heard).toEqual(['my last word', 'it has ended']);
  });

  it('stands in line where there is no room, as its sender would', async () => {
    const { world, heard, gates } = aListener(['arrives', 'arrives', 'delay 10'], {
      capacity: 1,
      waits: true,
    });

    void world.system.publish(Said, 'a');
    await world.runUntilQuiet();
    void world.system.publish(Said, 'b');
    void world.system.publish(Said, 'c');
    await world.runUntilQuiet();
    for (let n = 0; n < 3; n += 1) {
      gates.shift()?.();
      await world.runUntilQuiet();
    }

    expect(heard).toEqual(['a', 'b', 'c']);
    expect(world.system.statistics().agents[0]).toMatchObject({
      offered: 3,
      accepted: 3,
      handled: 3,
      waiting: 0,
    });
    await world.run(() => world.system.drain());
  });

  it('is a dead letter where the mailbox refuses it', async () => {
    const { world, ask } = aGreeter(['delay 10'], {
      capacity: 1,
      overflow: 'reject',
      reply: (name) => (name === 'Ada' ? 'ok' : new Promise(() => {})),
    });
    world.system.spawn(
      defineAgent({
        name: 'other',
        subscribe: [Said],
        receive: (said, context) => void context.publish(Question, said),
      }),
    );
    const asking = ask();
    void world.system.publish(Said, 'one that never ends');
    void world.system.publish(Said, 'one that waits');
    await world.runUntilQuiet();

    expect(await asking).toBeInstanceOf(MailboxFull);
    expect(world.system.deadLetters.countByCause()).toEqual({ Rejected: 1 });
  });

  it('keeps its place before what its sender says later, also where that would stand in line', async () => {
    const { world, heard, gates } = aListener(['arrives', 'arrives', 'delay 10'], {
      capacity: 1,
      waits: true,
    });
    world.system.spawn(
      defineAgent({
        name: 'sayer',
        subscribe: [Other],
        receive: (_, context) => {
          for (const word of ['1', '2', '3']) void context.publish(Said, word);
        },
      }),
    );

    void world.system.publish(Said, '0');
    await world.runUntilQuiet();
    void world.system.publish(Other, 'go');
    void world.system.publish(Said, 'x');
    await world.runUntilQuiet();
    for (let n = 0; n < 6; n += 1) {
      gates.shift()?.();
      await world.runUntilQuiet();
    }

    expect(heard.filter((word) => '123'.includes(word))).toEqual(['1', '2', '3']);
  });
});

describe('an answer', () => {
  it('that is lost leaves its requester to its deadline, although the responder is done', async () => {
    const { world, ask, lines } = aGreeter(['arrives', 'drop']);

    expect(await ask()).toBeInstanceOf(RequestTimeout);
    expect(lines()).toEqual(['Dropped reply']);
    expect(world.trace).toContain('0 ms  dropped: reply to question /greeter → outside');
  });

  it('of one responder may be lost, and that of another heard', async () => {
    const { world, ask } = aGreeter(['arrives', 'arrives', 'arrives', 'drop', 'drop']);
    world.system.spawn(defineAgent({ name: 'second', subscribe: [Question], receive: () => 'Hi!' }));
    world.system.spawn(defineAgent({ name: 'third', subscribe: [Question], receive: () => 'Hey!' }));

    expect(await ask()).toBe('Hey!');
  });

  it('that comes twice is a late one the second time', async () => {
    for (const fault of ['duplicate 0', 'duplicate 100'] as const) {
      const { world, ask } = aGreeter(['arrives', fault]);

      expect(await ask()).toBe('Hello, Ada!');
      await world.runUntilQuiet();
      expect(world.system.deadLetters.countByCause()).toEqual({ LateReply: 1 });
    }
  });

  it('that is late comes with the word that its responder is done', async () => {
    const { world, ask } = aGreeter(['arrives', 'delay 100']);

    expect(await ask()).toBe('Hello, Ada!');
    expect(world.nowMs).toBe(100);
  });

  it('that comes after the deadline is a dead letter', async () => {
    const { world, ask } = aGreeter(['arrives', 'delay 10000']);

    expect(await ask()).toBeInstanceOf(RequestTimeout);
    expect(world.nowMs).toBe(10_000);
    expect(world.system.deadLetters.countByCause()).toEqual({ LateReply: 1 });
  });

  it('that nobody answers may be lost, too', async () => {
    const silent = { reply: () => undefined as never };

    expect(await aGreeter(['arrives', 'drop'], silent).ask()).toBeInstanceOf(RequestTimeout);
    expect(await aGreeter(['arrives', 'delay 10'], silent).ask()).toBeInstanceOf(NoResponder);
  });

  it('that says of a failure may be lost or late', async () => {
    const failing = {
      reply: () => {
        throw new RangeError('no');
      },
    };
    const { lines, ask, world } = aGreeter(['arrives', 'drop'], failing);

    expect(await ask()).toBeInstanceOf(RequestTimeout);
    expect(lines()).toEqual(['Dropped failure']);
    expect(world.trace).toContain('0 ms  dropped: failure of question /greeter → outside');
    expect(await aGreeter(['arrives', 'delay 10'], failing).ask()).toBeInstanceOf(AgentDefect);
  });

  it.each([
    ['late', 'delay 10', undefined],
    ['lost', 'drop', 'RequestTimeout'],
  ] as const)('that is %s makes no wait cycle with who has given it', async (_, becomes, failure) => {
    // The first question arrives, its answer does not at once.
    const { world } = aFaultyWorld(['arrives', 'arrives', becomes]);
    const outcomes: unknown[] = [];
    const asks = (whom: () => AgentRef<string, string>) =>
      defineAgent({
        name: 'asks',
        subscribe: [Question],
        receive: async (word, context) => {
          if (word === 'ask') {
            const outcome = context.request(whom(), 'answer', { timeoutMs: 100 });
            outcomes.push(
              await outcome.then(
                () => undefined,
                ({ name }: Error) => name,
              ),
            );
          }
          return word;
        },
      });
    const first: AgentRef<string, string> = world.system.spawn(
      asks(() => second),
      { id: 'first' },
    );
    const second: AgentRef<string, string> = world.system.spawn(
      asks(() => first),
      { id: 'second' },
    );

    void world.system.tell(first, 'ask', { topic: Question });
    await world.advance(1);
    void world.system.tell(second, 'ask', { topic: Question });
    await world.runUntilQuiet();

    expect(outcomes).toEqual([failure, undefined]);
  });

  it('to an agent is told by its path', async () => {
    const { world } = aGreeter(['arrives', 'arrives', 'drop']);
    world.system.spawn(
      defineAgent({
        name: 'asker',
        subscribe: [Said],
        receive: (_, context) => context.request(Question, 'Ada', { timeoutMs: 10 }).then(() => {}),
      }),
    );

    void world.system.publish(Said, 'go');
    await world.runUntilQuiet();

    expect(world.trace).toContain('0 ms  dropped: reply to question /greeter → /asker');
  });
});

describe('a stream of replies', () => {
  const counted = async (...becomes: Becomes[]) => {
    const { world } = aFaultyWorld(becomes);
    world.system.spawn(
      defineAgent({
        name: 'counter',
        subscribe: [Count],
        receive: async function* (to) {
          for (let n = 1; n <= to; n += 1) yield n;
        },
      }),
    );
    const read: unknown[] = [];
    await world.run(async () => {
      try {
        for await (const n of world.system.stream(Count, 3, { timeoutMs: 50_000 })) read.push(n);
        read.push('end');
      } catch (failure) {
        read.push((failure as Error).name);
      }
    });
    return { world, read };
  };

  it('may have a gap', async () => {
    const { world, read } = await counted('arrives', 'arrives', 'drop');

    expect(read).toEqual([1, 3, 'end']);
    expect(world.trace).toContain('0 ms  dropped: reply to count /counter → outside');
  });

  it('may say something twice, but nothing out of order', async () => {
    expect((await counted('arrives', 'duplicate 0')).read).toEqual([1, 1, 2, 3, 'end']);
    expect((await counted('arrives', 'duplicate 100')).read).toEqual([1, 1, 2, 3, 'end']);
  });

  it('may be late, all of it that follows', async () => {
    const { world, read } = await counted('arrives', 'arrives', 'delay 100');

    expect(read).toEqual([1, 2, 3, 'end']);
    expect(world.nowMs).toBe(100);
  });

  it('may never come to an end, but by its deadline', async () => {
    expect((await counted('arrives', 'arrives', 'arrives', 'arrives', 'drop')).read).toEqual([
      1,
      2,
      3,
      'RequestTimeout',
    ]);
  });

  it('may end late', async () => {
    const { world, read } = await counted('arrives', 'arrives', 'arrives', 'arrives', 'delay 10');

    expect(read).toEqual([1, 2, 3, 'end']);
    expect(world.nowMs).toBe(10);
  });

  it('of a request that came twice has both in it, as far as its reader keeps up', async () => {
    const { world } = aFaultyWorld(['duplicate 0']);
    world.system.spawn(
      defineAgent({
        name: 'counter',
        concurrency: 2,
        subscribe: [Count],
        receive: async function* (to) {
          for (let n = 1; n <= to; n += 1) yield n;
        },
      }),
    );
    const read: number[] = [];
    const stream = world.system.stream(Count, 30, { capacity: 1, timeoutMs: 100 })[Symbol.asyncIterator]();
    const first = stream.next();
    await world.runUntilQuiet();

    read.push((await first).value as number);

    expect(read).toEqual([1]);
  });

  it('that copies fill up loses what comes from them', async () => {
    const { world } = aFaultyWorld(['duplicate 0']);
    world.system.spawn(
      defineAgent({
        name: 'counter',
        subscribe: [Count],
        receive: (to, context) => {
          for (let n = 1; n <= to; n += 1) context.reply(n);
          return undefined;
        },
      }),
    );
    const stream = world.system.stream(Count, 3, { capacity: 1, timeoutMs: 100 })[Symbol.asyncIterator]();
    const read: unknown[] = [];
    await world.run(async () => {
      for (let n = 0; n < 3; n += 1) read.push((await stream.next()).value);
    });

    expect(read.slice(0, 1)).toEqual([1]);
  });
});

describe('what the runtime says, and what observers see', () => {
  it('always arrives', async () => {
    const { world, lines } = aFaultyWorld(['drop', 'drop', 'drop', 'drop']);
    const seen: string[] = [];
    world.system.observe(Said, { overflow: 'drop-newest' }).subscribe((said) => void seen.push(said));

    void world.system.publish(Said, 'a');
    await world.runUntilQuiet();

    expect(seen).toEqual(['a']);
    expect(lines()).toEqual([]);
  });
});

describe('the agents of keys', () => {
  it('hear late what was said to them, whoever is their agent by then', async () => {
    const { world } = aFaultyWorld(['delay 1000']);
    const heard: string[] = [];
    world.system.spawn(aKeyed(heard));
    await world.runUntilQuiet();
    await say(world, 'a1', 'a2', 'b1');

    expect(heard).toEqual(['b1', 'a1', 'a2']);
  });

  it('keep what one sender says to a key in order, also at the door', async () => {
    const { world } = aFaultyWorld(['delay 1000']);
    const heard: string[] = [];
    world.system.spawn(aKeyed(heard));

    void world.system.publish(Said, 'a1');
    await world.step();
    await say(world, 'a2', 'b1');

    expect(heard).toEqual(['b1', 'a1', 'a2']);
  });

  it('go in by a place that has become free while they were late', async () => {
    const { world, heard, finish } = aFullHouse(['arrives', 'delay 100']);

    await say(world, 'a1');
    void world.system.publish(Said, 'b1');
    finish();
    await world.runUntilQuiet();

    expect(heard).toEqual(['a1', 'b1']);
  });

  it('are too late at the door of a group that drains', async () => {
    const { world, heard, finish, group } = aFullHouse(['arrives', 'delay 10']);

    await say(world, 'a1');
    void world.system.publish(Said, 'b1');
    const drained = world.system.stop(group, { drain: true });
    await world.runUntilQuiet();
    finish();
    await world.runUntilQuiet();
    await drained;

    expect(heard).toEqual(['a1']);
    expect(world.system.deadLetters.countByCause()).toEqual({ Stopped: 1 });
  });
});

/** A keyed group with one place, taken by key `a` until it has finished; what comes for another is at the door. */
function aFullHouse(becomes: readonly Becomes[]) {
  const { world } = aFaultyWorld(becomes);
  const heard: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const each = defineAgent({
    name: 'house',
    subscribe: [Said],
    receive: (said) => {
      heard.push(said);
      return said.startsWith('a') ? promise : undefined;
    },
  });
  const keyed = (said: string): string => said.slice(0, 1);
  const group = world.system.spawn(
    keyedAgent({ agent: each, keyed, activeMax: 1, passivate: 'forget', idleMs: 10 }),
  );
  return { world, heard, group, finish: resolve };
}

function aListener(
  becomes: readonly Becomes[],
  { capacity, overflow, waits }: { capacity?: number; overflow?: 'reject'; waits?: boolean } = {},
) {
  const faulty = aFaultyWorld(becomes);
  const heard: string[] = [];
  const ids: number[] = [];
  const gates: (() => void)[] = [];
  faulty.world.system.spawn(
    defineAgent({
      name: 'listener',
      subscribe: [Said],
      ...(capacity === undefined ? {} : { capacity }),
      ...(overflow === undefined ? {} : { overflow }),
      receive: (said, { envelope }) => {
        heard.push(said);
        ids.push(envelope.id);
        return waits === true ? new Promise<void>((resolve) => void gates.push(resolve)) : undefined;
      },
    }),
  );
  return { ...faulty, heard, ids, gates };
}

function aKeyed(heard: string[]) {
  const each = defineAgent({ name: 'keyed', subscribe: [Said], receive: (said) => void heard.push(said) });
  return keyedAgent({ agent: each, keyed: (said) => said.slice(0, 1), passivate: 'forget', idleMs: 10 });
}

async function say(world: World, ...words: string[]): Promise<void> {
  for (const word of words) void world.system.publish(Said, word);
  await world.runUntilQuiet();
}

function aGreeter(
  becomes: readonly Becomes[],
  {
    reply = (name: string) => `Hello, ${name}!`,
    ...options
  }: {
    reply?: (name: string, context: { readonly signal: AbortSignal }) => string | Promise<string>;
    concurrency?: number;
    capacity?: number;
    overflow?: 'reject';
  } = {},
  worldOptions: Partial<WorldOptions> = {},
) {
  const faulty = aFaultyWorld(becomes, worldOptions);
  const { world } = faulty;
  const asked: string[] = [];
  world.system.spawn(
    defineAgent({
      name: 'greeter',
      subscribe: [Question],
      ...options,
      receive: (name, context) => {
        asked.push(name);
        return reply(name, context);
      },
    }),
  );
  return {
    ...faulty,
    asked,
    ask: async (): Promise<unknown> => {
      const outcome = world.system
        .request(Question, 'Ada', { timeoutMs: 5_000 })
        .catch((failure: unknown) => failure);
      await world.runUntilQuiet();
      return outcome;
    },
  };
}
