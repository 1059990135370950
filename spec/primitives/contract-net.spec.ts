import * as Effect from 'effect/Effect';
import {
  type Agent,
  type AgentRef,
  AwardDeclined,
  type AwardRecord,
  type AwardStore,
  AwardsInconsistent,
  ContractFailed,
  type ContractNetOptions,
  type ContractorOptions,
  type ContractorRef,
  contractNet,
  contractor,
  defineAgent,
  defineContract,
  defineTopic,
  type Fulfilled,
  Interrupted,
  InvalidParams,
  memoryAwards,
  NoProposals,
  on,
  type Procedure,
  refuse,
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
function aMarket(skills: Readonly<Record<string, Skills & { readonly concurrency?: number }>>) {
  const world = aWorld();
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

  it.each([
    ['read', () => undefined, { contractId: () => 'x' }],
    ['read', () => undefined, {}],
    ['read', async () => undefined, { contractId: () => 'x' }],
    ['read', async () => undefined, {}],
    ['read', () => null, {}],
    ['read', () => ({ version: '1' }), {}],
    ['read', () => ({ version: 1, last: { _tag: 'Awarded' } }), {}],
    [
      'read',
      () => ({ version: 1, last: { _tag: 'Awarded', to: { contractor: '/a' }, reserve: [null] } }),
      {},
    ],
    ['read', () => ({ version: 1, last: { _tag: 'Fulfilled' } }), {}],
    ['read', () => ({ version: 1, last: { _tag: 'Lost' } }), {}],
    ['read', () => ({ version: 1, last: null }), {}],
    ['append', () => undefined, {}],
    ['append', async () => 'OK', {}],
  ] as readonly [string, () => unknown, { readonly contractId?: () => string }][])(
    'fails of a store whose %s gives what is no answer: %s',
    async (verb, answer, options) => {
      const { ask, log } = aMarket({ a: { bid: () => 1 } });
      const awards = { ...memoryAwards(), [verb]: answer } as never;

      expect(await ask({ awards, ...options }, 'x', { timeoutMs: 5_000 })).toBeInstanceOf(InvalidParams);
      expect(log).toEqual(verb === 'append' ? ['a loses x: call over'] : []);
      expect(await ask({ ...options })).toMatchObject({ by: '/a' });
    },
  );

  it('fails of a store whose promise is none, and lets the next one begin', async () => {
    const { ask } = aMarket({ a: { bid: () => 1 } });
    const read = () => {
      const answer = {};
      return Object.defineProperty(answer, 'then', {
        get: () => {
          throw boom;
        },
      }) as never;
    };
    const thrown = () => ({
      // biome-ignore lint/suspicious/noThenProperty: a store may answer with anything.
      then: () => {
        throw boom;
      },
    });
    const memory = memoryAwards();
    let broken = true;
    const awards: AwardStore = {
      read: (id) => (broken ? read() : memory.read(id)),
      append: (id, version, entry) => memory.append(id, version, entry),
    };
    const same = { awards, contractId: () => 'x' };

    expect(await ask(same)).toBe(boom);
    expect(await ask({ awards: { ...memory, read: thrown as never } })).toBe(boom);
    broken = false;
    expect(await ask(same)).toMatchObject({ by: '/a' });
  });

  it('fails of a store that refuses to write what it has not, instead of asking it for ever', async () => {
    const { ask, log } = aMarket({ a: { bid: () => 1 } });
    const stale = { read: () => ({ version: 0, last: undefined }), append: () => false };
    const failure = await ask({ awards: stale });

    expect(failure).toBeInstanceOf(AwardsInconsistent);
    expect((failure as Error).message).toBe(
      `the store did not write entry 0 of contract '${(failure as AwardsInconsistent).contractId}', and when read had none in its place: append answers false only where read then has more`,
    );
    expect(failure).toMatchObject({ code: 'DEFECT', class: 'transient', version: 0 });
    expect(log).toEqual(['a loses x: call over']);

    let reads = 0;
    const read = (): AwardRecord => {
      reads += 1;
      return { version: reads, last: undefined };
    };
    const restless = { read, append: () => false };
    expect(await ask({ awards: restless })).toBeInstanceOf(AwardsInconsistent);
    expect(reads).toBeLessThan(30);
    const late = { read: async () => stale.read(), append: async () => false };
    expect(await ask({ awards: late })).toBeInstanceOf(AwardsInconsistent);
  });

  it('leaves no award standing that nobody can come back to', async () => {
    const { world } = aMarket({
      a: { bid: () => 1, perform: (task) => (task === 'hang' ? new Promise(() => {}) : 'done') },
    });
    for (const slow of [false, true]) {
      const memory = memoryAwards({ contractsMax: 2 });
      const awards: AwardStore = slow
        ? {
            read: (id) => at(world, 1).then(() => memory.read(id)),
            append: (id, version, entry) => at(world, 4).then(() => memory.append(id, version, entry)),
          }
        : memory;
      const net = contractNet(Job, { ...price, awards });
      const owned = contractNet(Job, price);
      for (const timeoutMs of [3, 5, 7, 9, 12, 15]) {
        for (const each of [net, owned]) {
          const asked = world.system.request(each, 'hang', { timeoutMs }).catch(({ code }) => code);
          await world.runUntilQuiet();
          expect(await asked).toBe('TIMEOUT');
        }
      }
      const fine = world.system.request(net, 'fine');
      await world.runUntilQuiet();
      expect(await fine).toMatchObject({ result: 'done' });
    }
  });

  it('tells whoever waits for it that it was ended, so that what they hold is let go of', async () => {
    const { world } = aMarket({ a: { bid: () => 1, perform: () => new Promise(() => {}) } });
    const net = contractNet(Job, price);
    const caught: unknown[] = [];
    const careful: Procedure<string, unknown> = (task, scope) =>
      (net(task, scope) as Promise<unknown>).catch((failure: unknown) => caught.push(failure));
    world.system.request(careful, 'x', { timeoutMs: 5 }).catch(() => {});
    await world.runUntilQuiet();
    // It was not awaited, and the work that began it is over.
    const careless: Procedure<string, unknown> = (task, scope) => {
      (net(task, scope) as Promise<unknown>).catch((failure: unknown) => caught.push(failure));
      return 'done';
    };
    void world.system.request(careless, 'x');
    await world.runUntilQuiet();

    expect(caught).toMatchObject([{ code: 'INTERRUPTED' }, { code: 'INTERRUPTED' }]);
  });

  it.each([
    ['no number', () => undefined],
    ['a promise', async () => 1],
    ['a promise that fails', async () => Promise.reject(boom)],
    ['a text', () => '1'],
  ])('fails of a score that is %s', async (_, score) => {
    const { ask, log } = aMarket({ a: { bid: () => 1 } });

    expect(await ask({ score: score as never })).toMatchObject({ class: 'invalid' });
    expect(log).toEqual(['a loses x: call over']);
  });

  it('fails of a budget that cannot be, before a contractor hears of it', async () => {
    const { ask } = aMarket({ a: { bid: () => 1 } });

    expect(await ask({ workBudget: () => ({ tokens: -1 }) })).toBeInstanceOf(RangeError);
    expect(await ask({ workBudget: () => ({ tokens: 1 }) })).toMatchObject({ by: '/a' });
  });

  it('forgets of a contractor what an earlier award of it failed of', async () => {
    const { ask } = aMarket({ a: { bid: () => 1 } });
    const awards = memoryAwards();
    awards.append('x', 0, { _tag: 'Awarded', callId: 'old', to: { contractor: '/a', bid: 1 }, reserve: [] });

    expect(await ask({ awards, contractId: (task) => task })).toMatchObject({
      contractors: [{ agent: '/a', fate: 'fulfilled', failure: undefined }],
    });
  });

  it('is refused at the door when it cannot be', () => {
    const none = { read: () => undefined } as never;
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
    expect(make({ bidWithinMs: '5' })).toThrow('bidWithinMs is a finite number of milliseconds');
    expect(make({ score: 5 })).toThrow('score is a function; got 5');
    expect(make({ contractId: 'x' })).toThrow("contractId is a function; got 'x'");
    expect(make({ workBudget: {} })).toThrow('workBudget is a function');
    expect(make({ workBudget: () => ({}), contractId: () => 'x' })).not.toThrow();
    expect(make({ awardsMax: 0 })).toThrow('awardsMax is a whole number, at least 1; got 0');
    expect(make({ waitingMax: -1 })).toThrow('waitingMax is a whole number, at least 0; got -1');
    expect(make({ best: 'first' })).toThrow("best is 'lowest' or 'highest'; got 'first'");
    expect(make({ contractors: [] })).toThrow('contractors is a list of at least one ref; got none');
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
