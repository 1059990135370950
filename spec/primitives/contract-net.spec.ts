import * as Effect from 'effect/Effect';
import {
  type Agent,
  type AgentRef,
  AwardDeclined,
  type AwardRecord,
  type AwardStore,
  ContractFailed,
  type ContractNetOptions,
  type ContractorOptions,
  type ContractorRef,
  contractNet,
  contractor,
  defineAgent,
  defineContract,
  defineTopic,
  type Failure,
  type Fulfilled,
  Interrupted,
  InvalidParams,
  memoryAwards,
  NoProposals,
  on,
  type Procedure,
  refuse,
  type Scope,
  type,
} from 'troupe';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { World } from '../../src/testing/world.ts';
import { aWorld, takeTurns } from '../support/a-world.ts';

const Job = defineContract('job', { task: type<string>(), bid: type<number>(), result: type<string>() });
type Skills = Partial<ContractorOptions<string, number, string>>;

const boom = new Error('boom');
const price = { score: (bid: number) => bid, bidWithinMs: 10, workWithinMs: 100 };

/** A world with contractors, what they say, and a net for them. */
function aMarket(
  skills: Readonly<Record<string, Skills & { readonly concurrency?: number }>>,
  id = 'market',
) {
  const world = aWorld({ system: { id } });
  const log: string[] = [];
  const refs: ContractorRef<string>[] = [];
  for (const [name, { concurrency = 1, ...skill }] of Object.entries(skills)) {
    const agent = defineAgent({
      name,
      concurrency,
      on: contractor(Job, {
        bid: () => undefined,
        perform: (task) => {
          log.push(`${name} does ${task}`);
          return `${task} by ${name}`;
        },
        lost: (task, reason) => log.push(`${name} loses ${task}: ${reason}`),
        ...skill,
      }),
    });
    refs.push(world.system.spawn(agent));
  }
  const ask = async (
    options: Partial<ContractNetOptions<string, number>> = {},
    task = 'x',
    how: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<unknown> => {
    const net = contractNet(Job, { ...price, ...options });
    const asked = world.system.request(net, task, how).catch((failure: unknown) => failure);
    await world.runUntilQuiet();
    return asked;
  };
  return { world, log, refs, ask };
}

const at = (world: World, ms: number): Promise<void> =>
  new Promise((resolve) => void world.environment.schedule(ms, resolve));

describe('contractNet', () => {
  it('has a task done by whoever bids best, and says what became of everybody', async () => {
    const { ask, log, world } = aMarket({
      a: { bid: () => 7 },
      b: { bid: async () => 5 },
      c: { bid: () => Effect.succeed(6) },
      d: { bid: () => refuse('busy') },
      e: {},
      f: { bid: () => new Promise(() => {}) },
    });

    expect(await ask()).toEqual({
      result: 'x by b',
      by: '/b',
      bid: 5,
      awards: 1,
      contractors: [
        { agent: '/a', fate: 'rejected', bid: 7, failure: undefined, spent: {} },
        { agent: '/b', fate: 'fulfilled', bid: 5, failure: undefined, spent: {} },
        { agent: '/c', fate: 'rejected', bid: 6, failure: undefined, spent: {} },
        { agent: '/d', fate: 'refused', bid: undefined, failure: undefined, spent: {} },
        { agent: '/e', fate: 'refused', bid: undefined, failure: undefined, spent: {} },
        { agent: '/f', fate: 'silent', bid: undefined, failure: expect.anything(), spent: {} },
      ],
    });
    expect(log).toEqual(['b does x', 'a loses x: outbid', 'c loses x: outbid']);
    expect(world.environment.timerCount).toBe(0);
  });

  it('takes the highest score where that is the best, and knows who bids', async () => {
    const { ask, refs } = aMarket({ a: { bid: () => 7 }, b: { bid: () => 5 } });

    expect(await ask({ best: 'highest' })).toMatchObject({ by: '/a' });
    expect(
      await ask({ score: (_, path, task) => (path === '/b' && task === 'y' ? 0 : 1) }, 'y'),
    ).toMatchObject({
      by: '/b',
    });
    // Who is listed first wins a tie, whoever is first to bid.
    expect(await ask({ contractors: [refs[1]!, refs[0]!, refs[1]!], score: () => 0 })).toMatchObject({
      by: '/b',
      contractors: [{ agent: '/b' }, { agent: '/a' }],
    });
    expect(await ask({ contractors: () => [refs[0]!] })).toMatchObject({ by: '/a' });
  });

  it('nests: it is a procedure like any other', async () => {
    const { world } = aMarket({ a: { bid: () => 1 } });
    const net = contractNet(Job, price);
    const twice: Procedure<string, string> = async (task, scope) => {
      const { result } = await scope.request(net, task);
      return (await scope.request(net, result)).result;
    };
    const asked = world.system.request(twice, 'x');
    await world.runUntilQuiet();

    expect(await asked).toBe('x by a by a');
    expectTypeOf(net).toEqualTypeOf<Procedure<string, Fulfilled<number, string>>>();
    expect(net.name).toBe('contractNet job');
  });

  it('gives the task to the next best when the first one crashes', async () => {
    const { ask, log } = aMarket({
      a: { bid: () => 1, perform: () => Promise.reject(boom) },
      b: { bid: () => 2 },
      c: { bid: () => 3 },
      d: { bid: () => 4 },
    });

    expect(await ask()).toMatchObject({
      by: '/b',
      awards: 2,
      contractors: [
        { fate: 'failed', failure: { _tag: 'AgentDefect', cause: boom } },
        { fate: 'fulfilled' },
        { fate: 'rejected' },
        { fate: 'rejected' },
      ],
    });
    // The last one can never win; the third is told when the work is done.
    expect(log).toEqual(['d loses x: outbid', 'b does x', 'c loses x: outbid']);
  });

  it('interrupts one who takes too long before the next one begins', async () => {
    const { ask, log, world } = aMarket({
      a: {
        bid: () => 1,
        perform: (_, context) =>
          new Promise(() => {
            context.signal.addEventListener('abort', () => log.push(`a is interrupted at ${world.nowMs}`));
          }),
      },
      b: { bid: () => 2 },
    });

    expect(await ask()).toMatchObject({
      by: '/b',
      contractors: [{ failure: { _tag: 'RequestTimeout' } }, {}],
    });
    expect(log).toEqual(['a is interrupted at 100', 'b does x']);
  });

  it('fails when nobody who was awarded it does it', async () => {
    const broken: Skills = { bid: () => 1, perform: () => Promise.reject(boom) };
    const { ask } = aMarket({ a: broken, b: broken, c: broken });
    const failure = (await ask({ awardsMax: 2 })) as ContractFailed;

    expect(failure).toBeInstanceOf(ContractFailed);
    expect(failure).toMatchObject({ code: 'NO_RESPONDER', class: 'permanent', awards: 2, contract: 'job' });
    expect(failure.message).toBe(
      `nobody did 'job' (2 awards); the last award failed: agent '/b' threw: ${boom.message}`,
    );
  });

  it.each([
    [new Interrupted({ agent: '/a', reason: 'test' }), 'transient'],
    [boom, 'permanent'],
    [new InvalidParams({ what: 'x', value: 1, issues: [] }), 'invalid'],
  ])('of %s it fails as what is %s', (cause, expected) => {
    const facts = { contract: 'job', contractId: '1', awards: 1, contractors: [], cause };

    expect(new ContractFailed(facts).class).toBe(expected);
  });

  it('fails when nobody bids, or nobody is there', async () => {
    const { ask } = aMarket({ a: {}, b: { bid: () => Number.NaN }, c: { bid: () => new Promise(() => {}) } });

    expect(await ask()).toBeInstanceOf(NoProposals);
    expect(((await ask()) as Error).message).toBe(
      "nobody proposed to do 'job': of 3 called, 1 refused, 1 said nothing in time, 1 made a bid that is not acceptable",
    );
    expect(((await ask({ contractors: () => [] })) as Error).message).toBe(
      "there is nobody to call for proposals of 'job'",
    );
  });

  it('ends with whoever asks: bidders are told, work is interrupted, nothing is left', async () => {
    const { ask, log, world, refs } = aMarket({
      a: { bid: () => 1, perform: () => new Promise(() => {}) },
      b: { bid: () => 2 },
      c: { bid: () => 3 },
    });
    const changesItsMind = new AbortController();
    world.environment.schedule(5, () => changesItsMind.abort());

    expect(await ask({}, 'x', { signal: changesItsMind.signal })).toBeInstanceOf(Interrupted);
    expect(log).toEqual(['b loses x: call cancelled', 'c loses x: call cancelled']);
    expect(world.nowMs).toBe(5);
    expect(await ask({ contractors: refs.slice(1) }, 'y')).toMatchObject({ by: '/b' });
  });

  it('keeps nothing of calls that were interrupted, where nobody could go on with them', async () => {
    const { world } = aMarket({
      a: { bid: () => 1, perform: () => new Promise(() => {}), concurrency: 10_000 },
    });
    const net = contractNet(Job, { ...price, workWithinMs: 5, cancelWithinMs: 0, awardsMax: 1 });
    const failures = new Set<string>();
    for (let task = 0; task < 1_100; task += 1) {
      void world.system.request(net, String(task), { timeoutMs: 2 }).catch(({ _tag }) => failures.add(_tag));
      await world.advance(3);
    }

    expect([...failures]).toEqual(['RequestTimeout']);
  });

  it.each([
    ['without an id, in a store that is given', undefined, 'Withdrawn'],
    ['with one', (task: string) => task, 'Awarded'],
  ])('never fills a store by calls that are over: %s', async (_, contractId, last) => {
    const { world } = aMarket({
      a: {
        bid: () => 1,
        perform: (task) => (task === 'fine' ? 'done' : new Promise(() => {})),
        concurrency: 99,
      },
    });
    const ids: string[] = [];
    const memory = memoryAwards({ contractsMax: 4 });
    const awards: AwardStore = {
      ...memory,
      append: (id, version, entry) => {
        ids.push(id);
        return memory.append(id, version, entry);
      },
    };
    const net = contractNet(Job, { ...price, awards, ...(contractId && { contractId }) });
    for (const task of '12345678') {
      const asked = world.system.request(net, task, { timeoutMs: 5 }).catch(({ _tag }) => _tag);
      await world.runUntilQuiet();
      expect(await asked).toBe('RequestTimeout');
    }
    expect(memory.read(ids.at(-1)!).last?._tag).toBe(last);

    const asked = world.system.request(net, 'fine');
    await world.runUntilQuiet();
    expect(await asked).toMatchObject({ result: 'done' });
  });

  it('settles for whoever awaits it when it is interrupted', async () => {
    const { world } = aMarket({ a: { bid: () => 1, perform: () => new Promise(() => {}) } });
    const net = contractNet(Job, price);
    const ends: unknown[] = [];
    let over: Scope | undefined;
    const careful: Procedure<string, unknown> = async (task, scope) => {
      over = scope;
      try {
        return await net(task, scope);
      } catch (failure) {
        ends.push((failure as Failure)._tag);
        throw failure;
      } finally {
        ends.push('finally');
      }
    };
    const asked = world.system.request(careful, 'x', { timeoutMs: 5 }).catch(({ _tag }) => _tag);
    await world.runUntilQuiet();
    expect(await asked).toBe('RequestTimeout');
    expect(ends).toEqual(['RequestTimeout', 'finally']);

    // Work that is over begins none, and one that leaves a net behind ends it, too.
    expect(() => net('x', over!)).toThrow(expect.objectContaining({ _tag: 'HandlingOver' }));
    let left: unknown;
    const hasty: Procedure<string, string> = (task, scope) => {
      left = net(task, scope);
      return 'gone';
    };
    const gone = world.system.request(hasty, 'y');
    await world.runUntilQuiet();
    expect(await gone).toBe('gone');
    await expect(left).rejects.toMatchObject({ _tag: 'Interrupted' });
  });

  it('tells bidders when it is interrupted while others still think', async () => {
    const { ask, log } = aMarket({ a: { bid: () => 1 }, b: { bid: () => new Promise(() => {}) } });

    await ask({ bidWithinMs: 1_000 }, 'x', { timeoutMs: 5 });

    expect(log).toEqual(['a loses x: call cancelled']);
  });

  it('goes on with the award that stands, and answers again what was fulfilled', async () => {
    const { ask, log, world } = aMarket({
      a: { bid: () => 1, perform: async (task) => `${task} by a ${log.push('a works')}` },
      b: { bid: () => 2 },
    });
    const same = { awards: memoryAwards(), contractId: (task: string) => task };

    expect(await ask(same)).toMatchObject({ by: '/a', awards: 1 });
    expect(await ask(same)).toMatchObject({
      result: 'x by a 1',
      by: '/a',
      awards: 0,
      contractors: [{ fate: 'unheard' }, {}],
    });
    expect(log).toEqual(['a works', 'b loses x: outbid']);

    // Without a store, the contract net remembers for itself.
    const byItself = contractNet(Job, { ...price, contractId: (task) => task });
    for (const awards of [1, 0]) {
      const asked = world.system.request(byItself, 'z');
      await world.runUntilQuiet();
      expect((await asked).awards).toBe(awards);
    }

    const stands = memoryAwards();
    stands.append('y', 0, { _tag: 'Awarded', callId: 'old', to: { contractor: '/a', bid: 1 }, reserve: [] });
    // Its bid was made in another life: it declines, and the task is called anew.
    expect(await ask({ awards: stands, contractId: (task) => task }, 'y')).toMatchObject({
      by: '/a',
      awards: 1,
    });
    expect(stands.read('y').version).toBe(4);
  });

  it('goes on although the one who has the award is not there any more', async () => {
    const { ask } = aMarket({ a: { bid: () => 1 } });
    const awards = memoryAwards();
    const gone = { contractor: '/gone', bid: 1 };
    awards.append('x', 0, {
      _tag: 'Awarded',
      callId: 'old',
      to: gone,
      reserve: [{ ...gone, contractor: '/lost' }],
    });

    expect(await ask({ awards, contractId: (task) => task })).toMatchObject({
      by: '/a',
      contractors: [{ agent: '/a' }, { agent: '/gone', fate: 'silent' }, { agent: '/lost' }],
    });
  });

  it('says why the award that stood came to nothing', async () => {
    const { ask } = aMarket({ a: {} });
    const awards = memoryAwards();
    awards.append('x', 0, { _tag: 'Awarded', callId: 'old', to: { contractor: '/a', bid: 1 }, reserve: [] });
    const failure = (await ask({ awards, contractId: (task) => task })) as ContractFailed;

    expect(failure).toMatchObject({ _tag: 'ContractFailed', awards: 0, cause: { _tag: 'AwardDeclined' } });
    expect((failure.cause as Error).message).toBe(
      "'/a' does not do what it was awarded: no bid of it stands",
    );
  });

  it('awards once where two ask for the same at once', async () => {
    const { world, log } = aMarket({
      a: { bid: () => 1, concurrency: 2, perform: async (task) => `${task} ${log.push('a works')}` },
      b: { bid: () => 2, concurrency: 2 },
    });
    const memory = memoryAwards();
    const store: string[] = [];
    const awards: AwardStore = {
      read: (id) => {
        store.push('read');
        return memory.read(id);
      },
      append: (id, version, entry) => {
        store.push(entry._tag);
        return memory.append(id, version, entry);
      },
    };
    const net = contractNet(Job, { ...price, awards, contractId: (task) => task });
    const asked = Promise.all([world.system.request(net, 'x'), world.system.request(net, 'x')]);
    await world.runUntilQuiet();
    // The second one looks only when the first is done.
    expect(store).toEqual(['read', 'Awarded', 'Fulfilled', 'read']);

    expect((await asked).map(({ result }) => result)).toEqual(['x 1', 'x 1']);
    expect(log.filter((line) => line === 'a works')).toHaveLength(1);
  });

  it('follows a manager elsewhere that was first to write', async () => {
    const { ask, log } = aMarket({ a: { bid: () => 1 }, b: { bid: () => 2 }, c: { bid: () => 3 } });
    const memory = memoryAwards();
    const awards: AwardStore = {
      read: (id) => memory.read(id),
      append: (id, version, entry) => {
        if (entry._tag === 'Awarded' && version === 0) {
          const gone = { contractor: '/gone', bid: 0 };
          memory.append(id, 0, { ...entry, to: { contractor: '/b', bid: 2 }, reserve: [gone] });
        }
        return memory.append(id, version, entry);
      },
    };

    expect(await ask({ awards, contractId: (task) => task })).toMatchObject({ by: '/b', awards: 0 });
    expect(log).toEqual(['a loses x: outbid', 'b does x', 'c loses x: outbid'].toSorted());
  });

  it('has the work done once where two systems share a store', async () => {
    const awards = memoryAwards();
    const performed: string[] = [];
    const net = contractNet(Job, { ...price, awards, contractId: (task) => task });
    const worlds = ['1', '2'].map((name) => {
      const perform = async (task: string) => {
        performed.push(name);
        await at(world, 20);
        return `${task} by ${name}`;
      };
      const { world } = aMarket({ a: { bid: () => 1, perform } }, name);
      return world;
    });
    const asked = worlds.map(({ system }) => system.request(net, 'x').catch((failure: unknown) => failure));
    for (let ms = 0; ms < 50; ms += 1) {
      await worlds[0]!.advance(1);
      await worlds[1]!.advance(1);
    }

    expect(await Promise.all(asked)).toMatchObject([
      { result: 'x by 1', by: '/a' },
      { _tag: 'AwardedElsewhere', contractId: 'x', contractor: '/a', systemId: '1' },
    ]);
    expect(performed).toEqual(['1']);

    const again = worlds[1]!.system.request(net, 'x');
    await worlds[1]!.runUntilQuiet();
    expect(await again).toMatchObject({ result: 'x by 1', awards: 0 });
  });

  it('works with a store that takes its time', async () => {
    const { ask } = aMarket({ a: { bid: () => 1 }, b: { bid: () => 2 } });
    const memory = memoryAwards();
    const awards: AwardStore = {
      read: async (id) => memory.read(id),
      append: async (id, version, entry) => memory.append(id, version, entry),
    };

    expect(await ask({ awards })).toMatchObject({ by: '/a' });
  });

  it('does not begin when it ends while the store is read', async () => {
    const { world, log } = aMarket({ a: { bid: () => 1 } });
    const awards: AwardStore = {
      read: () => at(world, 50).then((): AwardRecord => ({ version: 0, last: undefined })),
      append: () => true,
    };
    const net = contractNet(Job, { ...price, awards });
    const asked = world.system.request(net, 'x', { timeoutMs: 10 }).catch((failure: unknown) => failure);
    await world.runUntilQuiet();

    expect(await asked).toMatchObject({ _tag: 'RequestTimeout' });
    expect(log).toEqual([]);
  });

  it.each([
    ['read', 'now'],
    ['read', 'later'],
    ['append', 'now'],
    ['append', 'later'],
  ] as const)('fails of a store whose %s fails %s, and tells who bid', async (verb, when) => {
    const { ask, log } = aMarket({ a: { bid: () => 1 } });
    const fail = (): never | Promise<never> => {
      if (when === 'now') {
        throw boom;
      }
      return Promise.reject(boom);
    };

    expect(await ask({ awards: { ...memoryAwards(), [verb]: fail } })).toBe(boom);
    expect(log).toEqual(verb === 'append' ? ['a loses x: call over'] : []);
  });

  it.each([undefined, (task: string) => task])(
    'fails at once of what a store should not answer',
    async (contractId) => {
      const { ask, world } = aMarket({ a: { bid: () => 1 } });
      const named = contractId && { contractId };

      for (const read of [() => undefined, async () => undefined]) {
        expect(await ask({ ...named, awards: { read: read as never, append: () => true } })).toMatchObject({
          _tag: 'InvalidParams',
        });
      }
      expect(world.nowMs).toBe(0);
    },
  );

  it('gives up with a store that refuses every award, and tells who bid', async () => {
    const { ask, log, world } = aMarket({ a: { bid: () => 1 } });
    const awards: AwardStore = { read: () => ({ version: 0, last: undefined }), append: () => false };

    expect(await ask({ awards, contractId: (task) => task })).toMatchObject({ _tag: 'AwardNotWritten' });
    expect(log).toEqual(['a loses x: call over']);
    expect(world.environment.timerCount).toBe(0);
  });

  it('fails of what score or workBudget throw', async () => {
    const { ask, log } = aMarket({ a: { bid: () => 1 } });
    const broken = (): never => {
      throw boom;
    };

    expect(await ask({ score: broken })).toBe(boom);
    expect(await ask({ workBudget: broken }, 'y')).toBe(boom);
    expect(log).toEqual(['a loses x: call over', 'a loses y: call over']);

    const others = aMarket({
      a: { bid: () => 1 },
      b: { bid: () => new Promise(() => {}) },
      c: { bid: () => 2 },
    });
    expect(await others.ask({ score: broken })).toBe(boom);
    expect(others.log).toEqual(['a loses x: call over']);
  });

  it.each([
    [
      'undefined',
      () => undefined,
      'expected a finite number, or NaN for a bid that is not acceptable; got undefined',
    ],
    ['a string', () => '7', 'expected a finite number, or NaN for a bid that is not acceptable; got "7"'],
    ['infinite', () => Number.NEGATIVE_INFINITY, 'expected a finite number'],
    ['a promise', async () => 1, 'expected a value: await the promise first'],
    ['a promise that fails', () => Promise.reject(boom), 'expected a value: await the promise first'],
  ])('fails of a score that does not compare: %s', async (_, score, message) => {
    const { ask, log } = aMarket({ a: { bid: () => 1 } });

    const failure = await ask({ score: score as never });
    expect(failure).toBeInstanceOf(InvalidParams);
    expect(String(failure)).toContain(`score of the bid of '/a': ${message}`);
    expect(log).toEqual(['a loses x: call over']);
  });

  it.each([() => ({ tokens: -1 }), () => ({ tokons: 1 }), () => Promise.reject(boom)])(
    'fails at once of a workBudget that limits nothing',
    async (budget) => {
      const { ask, log } = aMarket({ a: { bid: () => 1 }, b: { bid: () => 2 } });

      expect(await ask({ workBudget: budget as never })).not.toBeInstanceOf(ContractFailed);
      expect(log).toEqual(['a loses x: call over', 'b loses x: call over']);
      expect(await ask({ workBudget: () => undefined as never }, 'y')).toMatchObject({ by: '/a' });
    },
  );

  it.each([5, undefined, Promise.resolve('x')])('refuses an id that is no string', async (id) => {
    const { ask } = aMarket({ a: { bid: () => 1 } });

    expect(await ask({ contractId: () => id as never })).toMatchObject({
      _tag: 'InvalidParams',
      what: 'contractId of a contract net',
    });
  });

  it('says of each what became of it in this call, not in the one before', async () => {
    let isSlow = true;
    const perform = async (task: string) => {
      if (isSlow) {
        await new Promise(() => {});
      }
      return task;
    };
    const { ask } = aMarket({ a: { bid: () => 1, perform }, b: { bid: () => 2, perform } });
    const same = { awards: memoryAwards(), contractId: (task: string) => task };

    expect(await ask(same, 'x', { timeoutMs: 5 })).toMatchObject({ _tag: 'RequestTimeout' });
    isSlow = false;
    expect(await ask(same)).toMatchObject({
      by: '/a',
      contractors: [
        { agent: '/a', fate: 'fulfilled', failure: undefined },
        { agent: '/b', fate: 'rejected', failure: undefined },
      ],
    });
  });

  it('gives the work the budget of its bid, and says what was spent', async () => {
    const { world } = aMarket({
      a: {
        bid: (_, { budget }) => {
          budget.spend('tokens', 2);
          return 5;
        },
        perform: (_, { budget }) => {
          budget.spend('tokens', 3);
          return String(budget.remaining('tokens'));
        },
      },
    });
    const net = contractNet(Job, { ...price, workBudget: (bid) => ({ tokens: bid }) });
    const asked = world.system.request(net, 'x', { budget: {} });
    await world.runUntilQuiet();

    expect(await asked).toMatchObject({ result: '2', contractors: [{ spent: { tokens: 5 } }] });
  });

  it('refuses a task its schema refuses, and rejects bids and results that are none', async () => {
    const Strict = defineContract('strict', { task: z.string(), bid: z.number(), result: z.string() });
    const world = aWorld();
    const lost: string[] = [];
    const careless = (name: string, bid: unknown, result: unknown): Agent<never, unknown> =>
      defineAgent({
        name,
        on: contractor(Strict, {
          bid: () => bid as number,
          perform: () => result as string,
          lost: (_, reason) => lost.push(`${name}: ${reason}`),
        }),
      });
    const rude: Agent<never, unknown> = defineAgent({
      name: 'rude',
      on: [on(Strict.cfp, () => 'what?' as never)],
    });
    for (const agent of [careless('a', 'cheap', 'x'), careless('b', 1, 7), careless('c', 2, 'fine'), rude]) {
      world.system.spawn(agent);
    }
    const net = contractNet(Strict, price);
    const ask = async (task: unknown) => {
      const asked = world.system.request(net, task as string).catch((failure: unknown) => failure);
      await world.runUntilQuiet();
      return asked;
    };

    expect(await ask(7)).toBeInstanceOf(InvalidParams);
    expect(await ask('x')).toMatchObject({
      by: '/c',
      contractors: [
        { fate: 'rejected', failure: { _tag: 'InvalidParams', what: "bid of '/a'" } },
        { fate: 'failed', failure: { _tag: 'InvalidParams', what: "result of '/b'" } },
        { fate: 'fulfilled' },
        { fate: 'rejected', failure: { _tag: 'InvalidParams', what: "proposal of '/rude'" } },
      ],
    });
    expect(lost).toEqual(['a: not acceptable']);
  });

  it('takes no stream for a result: its work has hardly begun', async () => {
    const { ask } = aMarket({
      a: {
        bid: () => 1,
        perform: async function* () {
          yield 'done';
        } as never,
      },
      b: { bid: () => 2 },
    });

    expect(await ask()).toMatchObject({
      by: '/b',
      contractors: [{ fate: 'failed', failure: expect.anything() }, { fate: 'fulfilled' }],
    });
  });

  it('bears with a contractor that answers an award with nonsense', async () => {
    const world = aWorld();
    const rude = defineAgent({
      name: 'rude',
      on: [on(Job.cfp, () => ({ _tag: 'Propose', bid: 1 }) as const), on(Job.accept, () => 'no' as never)],
    });
    const ref = world.system.spawn(rude) as AgentRef<never, unknown> as ContractorRef<string>;
    const net = contractNet(Job, { ...price, contractors: [ref] });
    const asked = world.system.request(net, 'x').catch((failure: unknown) => failure);
    await world.runUntilQuiet();

    expect(await asked).toMatchObject({
      cause: new AwardDeclined({ contractor: '/rude', reason: 'it does not say why' }),
    });
  });

  it('takes the result of one that had done the work, and whose word of it was late', async () => {
    const { world } = aMarket({ z: { bid: () => 9 }, y: { bid: () => 8 } });
    world.system.spawn(
      defineAgent({
        name: 'forgetful',
        on: [
          on(Job.cfp, () => ({ _tag: 'Propose', bid: 1 }) as const),
          on(Job.accept, () => new Promise<never>(() => {})),
          on(Job.cancel, () => ({ _tag: 'Inform', result: 'done long ago' }) as const),
        ],
      }),
    );
    const asked = world.system.request(contractNet(Job, price), 'x');
    await world.runUntilQuiet();

    // Nobody listed them: they are called in the order of their paths.
    expect(await asked).toMatchObject({
      result: 'done long ago',
      by: '/forgetful',
      awards: 1,
      contractors: [{ agent: '/forgetful' }, { agent: '/y' }, { agent: '/z' }],
    });
  });

  it('lets a bid lapse whose manager is not heard of any more', async () => {
    const { log, world, refs } = aMarket({ a: { bid: () => 1 } });
    const cfp = { contractId: 'x', callId: '1', task: 'x', holdMs: 40 };
    void world.system.request(refs[0]!, cfp);
    await world.runUntilQuiet();

    expect(log).toEqual(['a loses x: the bid has lapsed']);
    expect(world.nowMs).toBe(40);
  });

  it('is refused at the door when it cannot be', () => {
    const none = { read: () => undefined, append: () => true } as never;
    const make = (options: object) => () => contractNet(Job, { ...price, ...options });

    expect(make({ bidWithinMs: -1 })).toThrow(
      'bidWithinMs is a finite number of milliseconds, at least 0; got -1',
    );
    expect(make({ bidWithinMs: Number.POSITIVE_INFINITY })).toThrow('bidWithinMs is a finite number');
    expect(make({ workWithinMs: Number.NaN })).toThrow(
      'workWithinMs is a number of milliseconds, at least 0; got NaN',
    );
    expect(make({ workWithinMs: Number.POSITIVE_INFINITY, awards: none })).not.toThrow();
    expect(make({ cancelWithinMs: -5 })).toThrow('cancelWithinMs is a finite number');
    expect(make({ awardsMax: 0 })).toThrow('awardsMax is a whole number, at least 1; got 0');
    expect(make({ waitingMax: -1 })).toThrow('waitingMax is a whole number, at least 0; got -1');
    expect(make({ best: 'first' })).toThrow("best is 'lowest' or 'highest'; got 'first'");
    expect(make({ contractors: [] })).toThrow(
      'contractors is a list of at least one ref, or a function; got []',
    );
    expect(make({ contractors: 'all' })).toThrow("got 'all'");
    expect(make({ bidWithinMs: '1' })).toThrow(
      "bidWithinMs is a finite number of milliseconds, at least 0; got '1'",
    );
    expect(make({ workWithinMs: '1' })).toThrow(
      "workWithinMs is a number of milliseconds, at least 0; got '1'",
    );
    expect(make({ score: 5 })).toThrow('score is a function; got 5');
    expect(make({ workBudget: { tokens: 1 } })).toThrow('workBudget is a function; got {');
    expect(make({ contractId: 'x' })).toThrow("contractId is a function; got 'x'");
    expect(make({ awards: null })).toThrow('awards.read is a function; got undefined');
    expect(make({ awards: { read: () => undefined } })).toThrow('awards.append is a function; got undefined');
  });

  it('says whom it cannot call', async () => {
    const { ask, world } = aMarket({ a: { bid: () => 1 } });
    const Other = defineTopic('other', { schema: type<string>() });
    const elsewhere = aWorld().system.spawn(defineAgent({ name: 'far', on: [on(Other, () => {})] }));

    expect(((await ask({ contractors: () => ['a'] as never })) as Error).message).toBe(
      "contractors are refs of agents; got 'a'",
    );
    expect(await ask({ contractors: [elsewhere as never] })).toBeInstanceOf(NoProposals);
    await takeTurns(world);
  });
});
