import { describe, expect, it, onTestFinished } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { createSystem, type System } from '../../src/actors/system.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { ExpectationFailed } from '../../src/testing/expectation-failed.ts';
import { explore } from '../../src/testing/explore.ts';
import { probe } from '../../src/testing/probe.ts';
import { aWorld } from '../support/a-world.ts';

const boom = new RangeError('boom');

const Placed = defineTopic('orders.placed', { schema: type<{ id: string }>() });
const Paid = defineTopic('orders.paid', { schema: type<{ id: string }>() });
const AnyOrder = defineTopic('orders.*', { schema: type<unknown>() });
const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });

const failureOf = (promise: Promise<unknown>): Promise<ExpectationFailed> =>
  promise.then(
    () => expect.unreachable('it was to fail'),
    (failure) => failure as ExpectationFailed,
  );

const aSystem = (): System => {
  const system = createSystem();
  onTestFinished(() => system.stop());
  return system;
};

/** Every test is told twice: in a world, and in a live system. */
describe.each([
  ['in a world', () => aWorld()],
  ['in a live system', aSystem],
])('a probe %s', (_, make) => {
  const aProbe = <const Topics extends readonly (typeof Placed | typeof Question)[]>(
    topics: Topics,
    options: object = {},
  ) => {
    const where = make();
    const system: System = 'system' in where ? where.system : where;
    return { system, where, probe: probe(where, { topics, withinMs: 60, ...options }) };
  };

  it('gives what comes, as its topic says', async () => {
    const { system, probe: orders } = aProbe([Placed, Paid]);
    system.publish(Placed, { id: 'a' });
    system.publish(Paid, { id: 'a' });

    expect(await orders.expect(Placed)).toEqual({ id: 'a' });
    expect(await orders.expect(Paid, { where: ({ id }) => id === 'a' })).toEqual({ id: 'a' });
    expect(orders.received).toMatchObject({ topic: 'orders.paid', sender: undefined });
    orders.assertAllSeen();
  });

  it('waits for what is not there yet', async () => {
    const { system, probe: orders } = aProbe([Placed]);
    const expecting = orders.expect(Placed);
    system.publish(Placed, { id: 'late' });

    expect(await expecting).toEqual({ id: 'late' });
  });

  it('says what came instead, and keeps it', async () => {
    const { system, probe: orders } = aProbe([Placed, Paid]);
    system.publish(Paid, { id: 'a' });

    const failure = await failureOf(orders.expect(Placed));

    expect(failure).toBeInstanceOf(ExpectationFailed);
    expect(failure.message.replaceAll(/\d+ ms {2}/g, '… ')).toBe(
      [
        '/probe expected orders.placed within 60 ms, and something else came first:',
        '  1. … orders.paid {"id":"a"} from outside',
        '  What came is still there: expect it before, pass over it with find(topic), or mend the sender.',
      ].join('\n'),
    );
    expect(await orders.expect(Paid)).toEqual({ id: 'a' });
  });

  it('says so when nothing comes in time', async () => {
    const { probe: orders } = aProbe([Placed]);

    const failure = await failureOf(orders.expect(Placed, { where: () => true, withinMs: 5 }));

    expect(failure.why).toBe('late');
    expect(failure.message).toContain('/probe expected orders.placed that fits within 5 ms, and after');
    expect(failure.message).toContain('nothing had come');
  });

  it('finds one among others, which stay', async () => {
    const { system, probe: orders } = aProbe([Placed, Paid]);
    for (const id of ['a', 'b', 'c']) system.publish(Placed, { id });
    await orders.expectNone({ topic: Paid, forMs: 1 });

    expect(await orders.find(Placed, { where: ({ id }) => id === 'b' })).toEqual({ id: 'b' });
    expect(orders.unseen.map(({ payload }) => payload)).toEqual([{ id: 'a' }, { id: 'c' }]);
    const failure = await failureOf(orders.find(Paid, { withinMs: 5 }));
    expect(failure).toMatchObject({ why: 'late' });
    expect(failure.message).toContain('only this had come:');
    expect(() => orders.assertAllSeen()).toThrow('/probe expected nothing more');
  });

  it('hears patterns by the names of their messages', async () => {
    const { system, probe: orders } = aProbe([AnyOrder as typeof Placed]);
    system.publish(Placed, { id: 'a' });
    system.publish(Paid, { id: 'b' });

    expect(await orders.expect(AnyOrder)).toEqual({ id: 'a' });
    expect(await orders.expect(Paid)).toEqual({ id: 'b' });
  });

  it('expects nothing, and says what came', async () => {
    const { system, probe: orders } = aProbe([Placed, Paid]);
    await orders.expectNone({ forMs: 5 });
    system.publish(Paid, { id: 'a' });

    await orders.expectNone({ topic: Placed, forMs: 5 });
    await orders.expectNone({ topic: Paid, where: ({ id }) => id === 'b', forMs: 5 });
    const failure = await failureOf(orders.expectNone());
    expect(failure).toMatchObject({ why: 'some', expected: 'no message for 100 ms' });
    expect(failure.message).toContain('orders.paid');
  });

  it('fails at once when something comes while nothing is expected', async () => {
    const { system, probe: orders } = aProbe([Placed]);
    const expecting = orders.expectNone({ topic: Placed, forMs: 1e9 });
    system.publish(Placed, { id: 'a' });

    expect((await failureOf(expecting)).why).toBe('some');
  });

  it('serves expectations made at once in their order', async () => {
    const { system, probe: orders } = aProbe([Placed, Paid]);
    const both = Promise.all([orders.expect(Placed), orders.expect(Paid)]);
    system.publish(Placed, { id: 'a' });
    system.publish(Paid, { id: 'b' });

    expect(await both).toEqual([{ id: 'a' }, { id: 'b' }]);
  });

  it('lets a later expectation go on when the first has failed', async () => {
    const { system, probe: orders } = aProbe([Placed, Paid]);
    const [first, second] = [orders.expect(Placed), orders.expect(Paid)];
    system.publish(Paid, { id: 'b' });

    expect((await failureOf(first)).why).toBe('other');
    expect(await second).toEqual({ id: 'b' });
  });

  it('bounds how long everything in a piece of code may take', async () => {
    const { system, probe: orders } = aProbe([Placed]);
    system.publish(Placed, { id: 'a' });

    expect(await orders.within(60_000, () => orders.expect(Placed))).toEqual({ id: 'a' });
    const failure = await failureOf(orders.within(5, () => orders.expect(Placed, { withinMs: 1e9 })));
    expect(failure.why).toBe('late');
    expect((await failureOf(orders.within(5, () => new Promise(() => {})))).expected).toBe(
      'code to end within 5 ms',
    );
    await expect(
      orders.within(5, () => {
        throw boom;
      }),
    ).rejects.toBe(boom);
  });

  it('fails an expectation whose where throws, and goes on', async () => {
    const { system, probe: orders } = aProbe([Placed, Paid]);
    const throwing = {
      where: (): boolean => {
        throw boom;
      },
    };
    const early = failureOf(orders.expect(Placed, throwing));
    const second = orders.expect(Paid, { withinMs: 10_000 });
    system.publish(Placed, { id: 'a' });
    const failure = await early;

    expect(failure).toMatchObject({ name: 'ExpectationFailed', why: 'where', cause: boom });
    expect(failure.message).toContain('its where threw RangeError: boom, looking at one of these:');
    expect((await failureOf(second)).why).toBe('other');
    expect(await failureOf(orders.find(Placed, throwing))).toMatchObject({ why: 'where' });
    expect(await failureOf(orders.expectNone({ topic: Placed, ...throwing }))).toMatchObject({
      why: 'where',
    });
    expect(await orders.expect(Placed)).toEqual({ id: 'a' });
    expect(system.statistics().agents).toMatchObject([{ path: '/probe', failed: 0, restarts: 0 }]);
    orders.assertAllSeen();
  });

  it('does not answer whoever has given up', async () => {
    const { system, probe: oracle } = aProbe([Question]);
    const asking = failureOf(system.request(Question, 'a', { timeoutMs: 5 }));
    await oracle.expect(Question);
    await oracle.expectNone({ forMs: 10 });
    await asking;

    expect(() => oracle.reply('late')).toThrow(
      '/probe has nothing to reply to: nobody waits for an answer to it any more: ',
    );
    expect(() => oracle.fail(boom)).toThrow(RangeError);
    expect(() => oracle.finish()).toThrow(RangeError);
    const again = system.request(Question, 'b');
    again.catch(() => {});
    await oracle.expect(Question);
    oracle.reply('in time');
    await oracle.expectNone({ forMs: 1 });
    expect(await again).toBe('in time');
    await oracle.stop();
  });

  it('answers, fails and finishes what it was asked', async () => {
    const { system, probe: oracle } = aProbe([Question]);
    const answers = Promise.allSettled(['a', 'b', 'c'].map((question) => system.request(Question, question)));
    await oracle.expect(Question);
    oracle.reply('yes');
    await oracle.expect(Question);
    oracle.fail(boom);
    await oracle.expect(Question);
    oracle.finish();
    await oracle.expectNone({ forMs: 1 });

    expect(await answers).toMatchObject([
      { value: 'yes' },
      { reason: boom },
      { reason: { _tag: 'NoResponder' } },
    ]);
    expect(() => oracle.reply('again')).toThrow('/probe has nothing to reply to: it has its answer: ');
  });

  it('answers a stream as often as it likes', async () => {
    const { system, probe: oracle } = aProbe([Question]);
    const read: string[] = [];
    const reading = (async () => {
      for await (const answer of system.stream(Question, 'and?')) read.push(answer);
    })();
    await oracle.expect(Question);
    for (const word of ['one', 'two']) oracle.reply(word);
    oracle.finish();
    await oracle.expectNone({ forMs: 1 });
    await reading;

    expect(read).toEqual(['one', 'two']);
  });

  it('has nothing to answer where nobody asked', async () => {
    const { system, probe: orders } = aProbe([Placed, Question]);
    expect(() => orders.reply('x')).toThrow('/probe has nothing to reply to: nothing was expected yet');
    system.publish(Placed, { id: 'a' });
    await orders.expect(Placed);

    expect(() => orders.fail(boom)).toThrow('/probe has nothing to fail: nobody waits for an answer to it: ');
  });

  it('hears of the end of whom it watches, behind what that one sent', async () => {
    const { system, probe: orders } = aProbe([Placed]);
    const shop = system.spawn(
      defineAgent({
        name: 'shop',
        subscribe: [Question],
        receive: (id, context) => {
          context.publish(Placed, { id });
          context.stop();
        },
      }),
    );
    orders.watch(shop);
    system.publish(Question, 'last');

    expect(await orders.expect(Placed)).toEqual({ id: 'last' });
    expect(await orders.expectTerminated(shop)).toMatchObject({ path: '/shop', reason: 'finished' });
    expect((await failureOf(orders.expectTerminated(shop, { withinMs: 5 }))).expected).toBe(
      'the end of /shop',
    );
    expect(() => orders.watch(undefined as never)).toThrow('expected the ref of an agent of this system');
  });

  it('is told anything when it has no topics, and speaks as itself', async () => {
    const where = make();
    const system: System = 'system' in where ? where.system : where;
    const friend = probe(where, { id: 'friend' });
    const asker = probe(where, { id: 'asker' });
    asker.verbs.tell(friend.ref as never, { any: 'thing' } as never);

    await friend.expect(defineTopic('probe.told', { schema: type<unknown>() }));

    expect(friend.received).toMatchObject({ payload: { any: 'thing' }, sender: '/asker' });
    expect(system.agents.find('/friend')).toBeDefined();
  });

  it('hears nothing by itself when it is not to subscribe', async () => {
    const { system, probe: deaf } = aProbe([Placed], { subscribe: false });
    system.publish(Placed, { id: 'a' });
    system.tell(deaf.ref, { id: 'b' });

    expect(await deaf.expect(Placed)).toEqual({ id: 'b' });
  });

  it('keeps no more than its capacity, and says who was turned away', async () => {
    const { system, probe: orders } = aProbe([Placed, Question], { capacity: 1 });
    system.publish(Placed, { id: 'a' });
    await orders.find(Placed);
    system.publish(Placed, { id: 'b' });
    system.publish(Placed, { id: 'c' });
    const asking = system.request(Question, 'room?');
    asking.catch(() => {});
    await orders.expectNone({ topic: Question, forMs: 1 });

    expect(orders.unseen.map(({ payload }) => payload)).toEqual([{ id: 'b' }]);
    expect(system.deadLetters.list().map(({ cause }) => cause)).toEqual(['Dropped', 'Dropped']);
    await expect(asking).rejects.toMatchObject({ _tag: 'MailboxFull' });
  });

  it('fails what it expects at once when it ends', async () => {
    const { probe: orders } = aProbe([Placed]);
    const expecting = orders.expect(Placed, { withinMs: 1e9 });
    const ended = failureOf(expecting);
    await orders.stop();

    expect(await ended).toMatchObject({ why: 'over' });
    expect((await failureOf(orders.expect(Placed))).message).toContain(
      'the probe was stopped; nothing had come\n  Await what is expected before the system is stopped.',
    );
  });

  it('lists what is still expected', async () => {
    const { probe: orders } = aProbe([Placed], { withinMs: Number.POSITIVE_INFINITY });
    const expecting = orders.expect(Placed);
    expecting.catch(() => {});
    await Promise.resolve();

    expect(() => orders.assertAllSeen()).toThrow(
      '/probe expected orders.placed within Infinity ms (nobody has awaited it)',
    );
  });

  it('refuses a time that cannot be', async () => {
    const { probe: orders } = aProbe([Placed]);

    await expect(orders.expect(Placed, { withinMs: -1 })).rejects.toThrow(
      'withinMs is a number of milliseconds, at least 0; got -1',
    );
  });
});

describe('a probe of a world', () => {
  it('bounds by the least time where several pieces of code run at once, and by none when they are over', async () => {
    const world = aWorld();
    const orders = probe(world, { topics: [Placed] });
    const { environment, system } = world;
    const sleep = (delayMs: number): Promise<void> =>
      new Promise((wake) => void environment.schedule(delayMs, wake));
    await Promise.all([
      orders.within(40, () => sleep(5)),
      orders.within(60_000, async () => {
        await sleep(10);
        expect((await failureOf(orders.expect(Placed, { withinMs: 10 }))).why).toBe('late');
      }),
      orders.within(50, () => sleep(15)),
    ]);
    await orders.expectNone({ forMs: 60 });
    environment.schedule(5, () => void system.publish(Placed, { id: 'late' }));

    expect(await orders.expect(Placed, { withinMs: 10_000 })).toEqual({ id: 'late' });
    const outer = orders.within(Number.POSITIVE_INFINITY, () =>
      orders.within(5, () => failureOf(orders.expect(Placed, { withinMs: 1e9 }))),
    );
    expect(await outer.catch((failure) => failure)).toMatchObject({ why: 'late' });
    await expect(orders.within(Number.NaN, () => {})).rejects.toThrow(
      'delayMs is a number of milliseconds, at least 0; got NaN',
    );
  });

  it('lets time jump', async () => {
    const world = aWorld();
    const orders = probe(world, { topics: [Placed] });
    world.environment.schedule(2_000, () => void world.system.publish(Placed, { id: 'late' }));

    await orders.expectNone({ forMs: 1_999 });
    expect(await orders.expect(Placed)).toEqual({ id: 'late' });
    expect(world.nowMs).toBe(2_000);
  });

  it('leaves a timer of nobody behind', async () => {
    const world = aWorld();
    const orders = probe(world, { topics: [Placed] });
    world.system.publish(Placed, { id: 'a' });
    await orders.expect(Placed);

    expect(world.environment.timerCount).toBe(0);
  });

  it('is not made to fail by a simulation, even where it is the only agent', async () => {
    const world = aWorld({
      faults: ['crash'],
      choose: (count, what) => (what.includes('crash') ? count - 1 : 0),
    });
    const orders = probe(world, { topics: [Placed] });
    world.system.publish(Placed, { id: 'a' });
    await orders.expect(Placed);

    expect(world.system.statistics().agents).toMatchObject([{ path: '/probe', failed: 0, restarts: 0 }]);
  });

  it('gives up when its world breaks', async () => {
    const world = aWorld({
      faults: ['crash'],
      choose: (_, what) => {
        if (what.includes('crash')) throw new Error('no more choices');
        return 0;
      },
    });
    const orders = probe(world, { topics: [Placed] });

    expect((await failureOf(orders.expect(Placed))).message).toContain(
      'the world broke: Error: no more choices',
    );
  });

  it('gives up when the world has nothing left to do', async () => {
    const orders = probe(aWorld(), { topics: [Placed] });

    const failure = await failureOf(orders.expect(Placed, { withinMs: Number.POSITIVE_INFINITY }));

    expect(failure.message).toContain('the world has nothing left to do; nothing had come');
  });

  it('gives up when the world would go on for ever, and says what came', async () => {
    const world = aWorld();
    const orders = probe(world, { topics: [Placed, Paid] });
    world.system.spawn(
      defineAgent({
        name: 'echo',
        subscribe: [Question],
        receive: (question, context) => void context.publish(Question, question),
      }),
    );
    world.system.publish(Placed, { id: 'a' });
    world.system.publish(Question, 'again');

    const [failure, within] = await Promise.all([
      failureOf(orders.find(Paid)),
      failureOf(orders.within(5, () => new Promise(() => {}))),
    ]);

    expect(within.message).toContain(
      '/probe expected code to end within 5 ms, and the world has taken 10000 steps',
    );
    expect(failure.message).toContain(
      'the world has taken 10000 steps, and would go on; only this had come:',
    );
  });

  it('takes part in exploring, and is not made to crash', async () => {
    const shop = defineAgent({
      name: 'shop',
      subscribe: [Question],
      redeliver: { attemptsMax: 10 },
      receive: (id, context) => void context.publish(Placed, { id }),
    });

    const explored = await explore(
      async (system, world) => {
        const orders = probe(world, { topics: [Placed] });
        system.spawn(shop);
        system.publish(Question, 'a');
        await orders.expect(Placed);
      },
      { runs: 200, seed: 1, faults: ['crash'] },
      () => {},
    );

    expect(explored.runs).toBe(200);
  });

  it('tells a failed expectation as the reason of a counterexample', async () => {
    const exploring = explore(
      async (system) => {
        const orders = probe(system, { topics: [Placed, Paid] });
        for (const topic of [Placed, Paid]) {
          const name = topic === Placed ? 'placer' : 'payer';
          system.spawn(
            defineAgent({
              name,
              subscribe: [Question],
              receive: (id, context) => void context.publish(topic, { id }),
            }),
          );
        }
        system.publish(Question, 'a');
        await orders.expect(Placed);
      },
      { runs: 200, seed: 1 },
      () => {},
    );

    await expect(exploring).rejects.toThrow(
      '/probe expected orders.placed within 3000 ms, and something else came',
    );
  });
});

describe('what a probe says', () => {
  it('lists some of many', async () => {
    const world = aWorld();
    const orders = probe(world, { topics: [Placed, Paid] });
    for (let n = 0; n < 30; n += 1) world.system.publish(Placed, { id: `${n}` });
    const failure = await failureOf(orders.find(Paid, { withinMs: 1 }));

    expect(failure.message.split('\n')).toHaveLength(23);
    expect(failure.message).toContain('  … and 10 more');
    expect(failure.came).toHaveLength(30);
  });
});
