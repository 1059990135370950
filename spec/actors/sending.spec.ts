import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { capability } from '../../src/actors/define-capability.ts';
import type { CallOutcome } from '../../src/actors/pending-call.ts';
import { senderOf } from '../../src/actors/sender-of.ts';
import type { Envelope } from '../../src/core/envelope.ts';
import { type } from '../../src/core/schema.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { Ask, aScene, Heard, later, type Play } from '../support/a-scene.ts';
import { aWorld } from '../support/a-world.ts';

describe('an envelope from outside', () => {
  it('has no cause, no conversation and no deadline', async () => {
    const scene = aScene(() => {});

    void scene.system.publish(Heard, 'hello');
    await scene.settle();

    expect(scene.envelopes).toEqual([
      {
        id: expect.any(Number),
        to: undefined,
        sender: undefined,
        topic: 'heard',
        payload: 'hello',
        replyTo: undefined,
        correlationId: undefined,
        causationId: undefined,
        threadId: undefined,
        deadlineMs: Number.POSITIVE_INFINITY,
        hops: 0,
        headers: {},
        budget: undefined,
      },
    ]);
  });

  it('may begin a conversation, and carry headers', async () => {
    const scene = aScene(() => {});

    void scene.system.publish(Heard, 'hello', { threadId: 't', headers: { tenant: 'acme' } });
    await scene.settle();

    expect(scene.envelopes).toMatchObject([{ threadId: 't', headers: { tenant: 'acme' } }]);
  });
});

describe('what an envelope inherits', () => {
  it.each(['publish', 'tell', 'request', 'stream'] as const)(
    'by %s is always the conversation, the cause and the headers',
    async (verb) => {
      const { cause, sent } = await relayed(verb);

      expect(sent).toMatchObject({
        sender: '/actor',
        threadId: 't',
        causationId: cause.id,
        hops: 1,
        headers: { tenant: 'acme' },
      });
    },
  );

  it.each(['request', 'stream'] as const)('by %s are the deadline and the budget', async (verb) => {
    const { cause, sent } = await relayed(verb);

    expect(sent.deadlineMs).toBe(cause.deadlineMs);
    expect(sent.budget).toBe(cause.budget);
  });

  it('by tell is the budget, and no deadline', async () => {
    const { cause, sent } = await relayed('tell');

    expect(sent.budget).toBe(cause.budget);
    expect(sent.deadlineMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('by publish is neither: a fact does not expire because its author was in a hurry', async () => {
    const { sent } = await relayed('publish');

    expect(sent.budget).toBeUndefined();
    expect(sent.deadlineMs).toBe(Number.POSITIVE_INFINITY);
  });

  it.each(['publish', 'tell', 'request', 'stream'] as const)(
    'by %s after detach is nothing',
    async (verb) => {
      const { sent } = await relayed(verb, { detached: true });

      expect(sent).toMatchObject({
        sender: '/actor',
        threadId: undefined,
        causationId: undefined,
        hops: 0,
        headers: {},
        budget: undefined,
      });
      expect(sent.deadlineMs).not.toBe(1_000);
    },
  );

  it('may be replaced: another conversation, and headers beside those inherited', async () => {
    const scene = aScene((_, context) => {
      void context.publish(Heard, 'x', { threadId: 'other', headers: { tag: 'a', tenant: 'other' } });
    });

    void scene.system.tell(scene.actor, 'go', { threadId: 't', headers: { tenant: 'acme', origin: 'web' } });
    await scene.settle();

    expect(scene.envelopes[0]).toMatchObject({
      threadId: 'other',
      headers: { tag: 'a', tenant: 'other', origin: 'web' },
    });
    expect(Object.isFrozen(scene.envelopes[0]!.headers)).toBe(true);
  });

  it('may have less time, and never more', async () => {
    const seen: number[] = [];
    const scene = aScene(async (timeoutMs, context) => {
      await context.request(answerer, 'x', { timeoutMs: timeoutMs as number });
    });
    const answerer = scene.system.spawn(
      defineAgent({
        name: 'answerer',
        subscribe: [Ask],
        receive: (_, { envelope }) => {
          seen.push(envelope.deadlineMs);
          return 'y';
        },
      }),
    );

    await scene.ask(100, { timeoutMs: 1_000 });
    await scene.ask(5_000, { timeoutMs: 1_000 });
    await scene.ask(Number.POSITIVE_INFINITY, { timeoutMs: 1_000 });

    expect(seen).toEqual([100, 1_000, 1_000]);
  });

  it('may have less budget, reserved from the one it has', async () => {
    const seen: unknown[] = [];
    const scene = aScene(async (_, context) => {
      const inTheMeantime = context.request(answerer, 'x', { budget: { tokens: 4, timeMs: 50 } });
      await Promise.resolve();
      seen.push(context.budget.reserved('tokens'));
      await inTheMeantime;
      seen.push(context.budget.reserved('tokens'), context.budget.spent('tokens'));
    });
    const answerer = scene.system.spawn(
      defineAgent({
        name: 'answerer',
        subscribe: [Ask],
        receive: (_, { budget }) => {
          seen.push(budget.limit('tokens'), budget.limit('timeMs'));
          budget.spend('tokens', 3);
          return 'y';
        },
      }),
    );

    await scene.ask('go', { budget: { tokens: 10 } });

    expect(seen).toEqual([4, 4, 50, 0, 3]);
  });

  it('is refused when the budget it names cannot be spared', async () => {
    const scene = aScene((_, context) =>
      context.request(context.self as never, 'x' as never, { budget: { tokens: 11 } }),
    );

    expect(await scene.ask('go', { budget: { tokens: 10 } })).toMatchObject({
      _tag: 'BudgetExceeded',
      limit: 10,
      wanted: 11,
    });
  });
});

describe('a chain of causes', () => {
  it('that is too long ends in a dead letter', async () => {
    const scene = aScene(
      (_, context) => void context.tell(context.self as typeof scene.actor, 'again'),
      {},
      {
        system: { hopsMax: 3 },
      },
    );

    await scene.tell('go');

    expect(scene.system.deadLetters.list()).toMatchObject([
      { cause: 'HopLimit', to: '/actor', envelope: { hops: 4 } },
    ]);
  });

  it('that is too long fails a request', async () => {
    const scene = aScene(
      (n, context) => context.request(context.self as typeof scene.actor, (n as number) + 1),
      { concurrency: 10 },
      { system: { hopsMax: 2 } },
    );

    const failure = await scene.ask(0);

    expect(failure).toMatchObject({ _tag: 'HopLimit', code: 'HOP_LIMIT', receiver: '/actor', hops: 3 });
    expect(String(failure)).toBe(
      "HopLimit: a message to '/actor' has 3 causes behind it; agents that tell each other for ever begin new chains with detach()",
    );
  });
});

const Quiet = defineTopic('quiet', { schema: type<unknown>(), reply: type<unknown>() });

describe('a request that has failed before it could leave', () => {
  it('reaches nobody: its signal aborted in the step that made it', async () => {
    const gone = new AbortController();
    const scene = aScene((message, context) => {
      if (message !== 'go') {
        return;
      }
      void context.request(Quiet, 'unheard', { signal: gone.signal }).catch(() => {});
      gone.abort();
    });
    const heard: unknown[] = [];
    scene.system.spawn(
      defineAgent({ name: 'other', subscribe: [Quiet], receive: (message) => void heard.push(message) }),
    );

    await scene.tell('go');

    expect(heard).toEqual([]);
  });

  it('reaches nobody: whoever asked waits for itself', async () => {
    const heard: unknown[] = [];
    const scene = aScene((message, context) => {
      heard.push(message);
      return message === 'go' ? context.request(context.self as typeof scene.actor, 'unheard') : undefined;
    });

    expect(await scene.ask('go')).toMatchObject({ _tag: 'WaitCycle' });
    expect(heard).toEqual(['go']);
  });
});

describe('how long a request may take', () => {
  it('is what it says, where the message it is made for leaves it more', async () => {
    const failures: unknown[] = [];
    const scene = aScene(async (_, context) => {
      await later(scene, 5);
      await context.request(silent, 'x', { timeoutMs: 10 }).catch((failure) => failures.push(failure));
    });
    const silent = scene.system.spawn(
      defineAgent({ name: 'silent', subscribe: [Quiet], receive: () => new Promise<never>(() => {}) }),
    );
    await scene.ask('go', { timeoutMs: 20 });

    expect(failures).toMatchObject([{ _tag: 'RequestTimeout', target: '/silent', timeoutMs: 10 }]);
  });
});

describe('what cannot be asked', () => {
  it('is told at once, with what was expected', async () => {
    const { system } = aWorld();

    await expect(system.request(undefined as never, 'x' as never)).rejects.toMatchObject({
      what: 'target',
      value: undefined,
      issues: [{ path: '', message: 'expected the ref of an agent, a topic, a capability or a procedure' }],
    });
    await expect(system.request(Ask, 'x', { signal: {} as AbortSignal })).rejects.toMatchObject({
      what: 'signal',
      issues: [{ path: '', message: 'expected an AbortSignal' }],
    });
  });

  it('is a capability that nobody offers: its stream fails with that', async () => {
    const scene = aScene(() => {});
    const Length = capability('length', {
      input: z.string(),
      output: z.number(),
      run: (text) => text.length,
    });
    const failures: unknown[] = [];
    scene.system.stream(Length, 'x').subscribe({ error: (failure) => failures.push(failure) });
    await scene.settle();

    expect(failures).toMatchObject([{ _tag: 'NoResponder' }]);
  });

  it('is a capability that is not permitted, however it is called', async () => {
    const scene = aScene(() => {}, {}, { system: { permit: () => false } });
    const Length = capability('length', {
      input: z.string(),
      output: z.number(),
      run: (text) => text.length,
    });
    scene.system.spawn(defineAgent({ name: 'measure', capabilities: [Length] }));
    await scene.settle();
    const refused = scene.system.request(Length, 'x').catch((failure: unknown) => failure);
    await scene.settle();

    expect(String(await refused)).toContain("'the caller' is not permitted to call it");

    const outcomes: CallOutcome[] = [];
    senderOf(scene.system).call(Length, 'x', undefined, (outcome) => outcomes.push(outcome));
    await scene.settle();
    expect(outcomes).toEqual([
      { failure: expect.objectContaining({ message: expect.stringContaining('not permitted') }) },
    ]);
  });

  it('is no target at all, also where no promise is made for it', () => {
    const { system } = aWorld();
    const failures: unknown[] = [];

    for (const target of [undefined, null, 'text', 7]) {
      senderOf(system).call(target as never, 'x' as never, undefined, (outcome) => failures.push(outcome));
    }

    expect(failures).toEqual(
      [undefined, null, 'text', 7].map((value) => ({
        failure: expect.objectContaining({ _tag: 'InvalidParams', what: 'target', value }),
      })),
    );
  });
});

describe('the budget that a request names', () => {
  it('counts time only where it limits it', async () => {
    const scene = aScene(async (_, context) => {
      await later(scene, 10);
      return context.budget.spent('timeMs');
    });

    expect(await scene.ask('go', { budget: { tokens: 5 } })).toBe(0);
    expect(await scene.ask('go', { budget: { timeMs: 50 } })).toBe(10);
  });
});

describe('a stream of what a capability offers', () => {
  it('is not begun with an input its schema refuses', async () => {
    const scene = aScene(() => {});
    const Length = capability('length', {
      input: z.string(),
      output: z.number(),
      run: (text) => text.length,
    });
    scene.system.spawn(defineAgent({ name: 'measure', capabilities: [Length] }));
    const failures: unknown[] = [];

    scene.system.stream(Length, 7 as never).subscribe({ error: (failure) => failures.push(failure) });
    await scene.settle();

    expect(failures).toMatchObject([{ _tag: 'InvalidParams' }]);
  });
});

describe('a topic that cannot be published to', () => {
  const { system } = aWorldOutside();

  it.each([
    [undefined, 'expected what defineTopic returns'],
    [{}, 'expected what defineTopic returns'],
    [
      defineTopic('news.*', { schema: type<string>() }),
      'a pattern can be subscribed to and observed, not published to',
    ],
    [systemFailures, "names that begin with 'system.' are the system's own"],
  ])('is %o', (topic, message) => {
    expect(() => system().publish(topic as never, 'x' as never)).toThrow(message);
  });

  it('is named by the failure, and what is wrong with it', () => {
    const refusalOf = (topic: object) => thrownBy(() => system().publish(topic as never, 'x' as never));

    expect(refusalOf({})).toMatchObject({
      _tag: 'InvalidParams',
      what: 'topic',
      value: {},
      issues: [{ path: '' }],
    });
    expect(refusalOf(systemFailures)).toMatchObject({
      what: 'topic',
      value: 'system.failures',
      issues: [{ path: 'name' }],
    });
  });
});

describe('somebody who cannot be told or asked', () => {
  const { system } = aWorldOutside();

  it.each([undefined, null, 'ref', {}, []])('is %o', async (ref) => {
    await expect(system().request(ref as never, 'x' as never)).rejects.toMatchObject({
      _tag: 'InvalidParams',
    });
    expect(() => system().tell(ref as never, 'x' as never)).toThrow('expected the ref of an agent');
  });

  it('is an agent of another system', async () => {
    const other = aWorld({ system: { id: 'other' } });
    const stranger = other.system.spawn(
      defineAgent({ name: 'stranger', subscribe: [Ask], receive: () => {} }),
    );

    await expect(system().request(stranger, 'x')).rejects.toThrow(
      "'/stranger' is an agent of system other, not of world",
    );
    expect(() => system().tell(stranger, 'x')).toThrow(
      "'/stranger' is an agent of system other, not of world",
    );
    await expect(system().request(stranger, 'x')).rejects.toMatchObject({
      what: 'target',
      value: '/stranger',
      issues: [{ path: '' }],
    });
  });

  it('is shown to whoever tried, when it is nobody', () => {
    expect(thrownBy(() => system().tell([] as never, 'x' as never))).toMatchObject({
      what: 'target',
      value: [],
    });
  });
});

describe('a publish from outside', () => {
  it('returns nothing when everyone took it', () => {
    const scene = aScene(() => {});

    expect(scene.system.publish(Heard, 'x')).toBeUndefined();
  });

  it('returns one promise of room when several have none', async () => {
    const { system, world } = aFullHouse({ receivers: 2, spillMax: 1 });

    const promise = system.publish(Ask, 'waits');

    expect(promise).toBeInstanceOf(Promise);
    await world.runUntilQuiet();
    await expect(promise).resolves.toBeUndefined();
  });

  it('waits for room at all of them, not only at the first', async () => {
    const world = aWorld();
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    gates.forEach(({ promise }, n) => {
      world.system.spawn(
        defineAgent({ name: `a${n}`, subscribe: [Ask], capacity: 1, receive: () => promise }),
      );
    });
    for (const message of ['worked on', 'waits']) {
      void world.system.publish(Ask, message);
      await world.runUntilQuiet();
    }
    let hadRoom = false;

    void world.system.publish(Ask, 'one more')?.then(() => {
      hadRoom = true;
    });
    gates[0]!.resolve();
    await world.runUntilQuiet();
    const before = hadRoom;
    gates[1]!.resolve();
    await world.runUntilQuiet();

    expect([before, hadRoom]).toEqual([false, true]);
  });

  it('throws, before anybody got it, when one of them has too many in line', () => {
    const { system } = aFullHouse({ receivers: 2, spillMax: 0 });
    const before = system.statistics().topics[0]!.published;

    expect(() => system.publish(Ask, 'too much')).toThrow("no room at 'ask → /a0'");
    expect(system.statistics().topics[0]!.published).toBe(before);
  });

  it('does not fail when one of them rejects it, which becomes a dead letter', () => {
    const { system } = aFullHouse({ receivers: 1, overflow: 'reject' });

    expect(system.publish(Ask, 'too much')).toBeUndefined();
    expect(system.deadLetters.list()).toMatchObject([
      { cause: 'Rejected', to: '/a0', failure: { _tag: 'MailboxFull', capacity: 1 } },
    ]);
  });
});

describe('a tell from outside', () => {
  it('hands the payload back when its receiver rejects it', () => {
    const { system, refs } = aFullHouse({ receivers: 1, overflow: 'reject' });

    expect(() => system.tell(refs[0]!, 'too much')).toThrow(
      expect.objectContaining({ _tag: 'MailboxFull', receiver: '/a0', payload: 'too much', capacity: 1 }),
    );
    expect(system.deadLetters.size).toBe(0);
  });

  it('throws when too many stand in line', () => {
    const { system, refs } = aFullHouse({ receivers: 1, spillMax: 0 });

    expect(() => system.tell(refs[0]!, 'too much')).toThrow("no room at '/a0'");
  });

  it('is a promise of room when its receiver is full', async () => {
    const { system, refs, world } = aFullHouse({ receivers: 1, spillMax: 1 });

    const promise = system.tell(refs[0]!, 'waits');
    await world.runUntilQuiet();

    await expect(promise).resolves.toBeUndefined();
  });
});

describe('a request from outside', () => {
  it('fails when its receiver has no room', async () => {
    const { system, refs } = aFullHouse({ receivers: 1, overflow: 'reject' });

    await expect(system.request(refs[0]!, 'too much')).rejects.toMatchObject({ _tag: 'MailboxFull' });
  });

  it('fails when those who hear the topic have no room', async () => {
    const { system } = aFullHouse({ receivers: 1, spillMax: 0 });

    await expect(system.request(Ask, 'too much')).rejects.toMatchObject({ _tag: 'MailboxFull' });
  });

  it('may have no time beyond this moment', async () => {
    const { system, refs, world } = aFullHouse({ receivers: 1 });

    const reply = system.request(refs[0]!, 'x', { timeoutMs: 0 }).catch((failure: unknown) => failure);
    await world.runUntilQuiet();

    expect(await reply).toBe('y');
  });

  it.each([-1, Number.NaN])('is refused for %d milliseconds', async (timeoutMs) => {
    const { system, refs } = aFullHouse({ receivers: 1 });

    await expect(system.request(refs[0]!, 'x', { timeoutMs })).rejects.toEqual(
      new RangeError(`timeoutMs is a number of milliseconds, at least 0; got ${timeoutMs}`),
    );
  });
});

/** What becomes of a message that an agent sends by some verb because of one that had everything to inherit. */
async function relayed(verb: 'publish' | 'tell' | 'request' | 'stream', { detached = false } = {}) {
  let cause: Envelope | undefined;
  const receivedAs: Envelope[] = [];
  const play: Play = (_, context) => {
    cause = context.envelope;
    const verbs = detached ? context.detach() : context;
    switch (verb) {
      case 'publish':
        void verbs.publish(Ask, 'x');
        break;
      case 'tell':
        void verbs.tell(receiver, 'x');
        break;
      case 'request':
        void verbs.request(receiver, 'x');
        break;
      default:
        verbs.stream(receiver, 'x').subscribe();
    }
  };
  const scene = aScene(play, {}, { spawn: { subscribe: false } });
  const receiver = scene.system.spawn(
    defineAgent({
      name: 'receiver',
      subscribe: [Ask],
      receive: (_, { envelope }) => {
        receivedAs.push(envelope);
        return 'y';
      },
    }),
  );
  void scene.system
    .request(scene.actor, 'go', {
      threadId: 't',
      headers: { tenant: 'acme' },
      timeoutMs: 1_000,
      budget: { tokens: 10 },
    })
    .catch(() => {});
  await scene.settle();
  return { cause: cause!, sent: receivedAs[0]! };
}

/** A system that is there when a test asks for it. */
function aWorldOutside() {
  return { system: () => aWorld().system };
}

/** Agents whose mailboxes have room for one message and are full. */
function aFullHouse(facts: { receivers: number; spillMax?: number; overflow?: 'suspend' | 'reject' }) {
  const world = aWorld();
  const refs = Array.from({ length: facts.receivers }, (_, n) =>
    world.system.spawn(
      defineAgent({
        name: `a${n}`,
        subscribe: [Ask],
        capacity: 1,
        spillMax: facts.spillMax ?? 1,
        overflow: facts.overflow ?? 'suspend',
        receive: () => 'y',
      }),
    ),
  );
  void world.system.publish(Ask, 'fills it');
  return { world, system: world.system, refs };
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}
