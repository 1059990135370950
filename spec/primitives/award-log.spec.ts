import {
  type AwardEntry,
  AwardedElsewhere,
  AwardNotWritten,
  type AwardRecord,
  type AwardStore,
  InvalidParams,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { AwardLog, refusalsMax } from '../../src/primitives/award-log.ts';
import { aWorld } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';

const unknown: AwardRecord = { version: 0, last: undefined };
const offer = { contractor: '/a', bid: 1 };
const awarded: AwardEntry = { _tag: 'Awarded', callId: 'c', to: offer, reserve: [offer] };

function aLog(
  store: Partial<Record<keyof AwardStore, (...facts: never[]) => unknown>> | undefined,
  mayComeAgain = true,
) {
  const world = aWorld();
  const told: unknown[] = [];
  const log = new AwardLog({
    store: store && ({ read: () => unknown, append: () => true, ...store } as AwardStore),
    contractId: 'x',
    systemId: 'here',
    mayComeAgain,
    environment: world.environment,
    broke: (failure) => told.push(failure),
  });
  const read = async () => {
    log.read((record) => told.push(record));
    await world.runUntilQuiet();
    return told;
  };
  /** Appends again whenever somebody else was first. */
  const append = async () => {
    const again = (version: number): void =>
      log.append(
        version,
        awarded,
        () => told.push('written'),
        (record) => again(record.version),
      );
    again(0);
    await world.runUntilQuiet();
    return told;
  };
  return { world, told, log, read, append };
}

describe('an award log', () => {
  it('is written nowhere where there is no store', async () => {
    expect(await aLog(undefined).read()).toEqual([unknown]);
    expect(await aLog(undefined).append()).toEqual(['written']);
  });

  it.each([
    unknown,
    { version: 1, last: awarded },
    { version: 1, last: { ...awarded, systemId: 'here' } },
    { version: 2, last: { _tag: 'Withdrawn', reason: 'broken' } },
    { version: 2, last: { _tag: 'Fulfilled', by: offer, result: 'done' } },
  ])('believes a record: %o', async (record) => {
    expect(await aLog({ read: () => record }).read()).toEqual([record]);
    expect(await aLog({ read: async () => record }).read()).toEqual([record]);
  });

  it.each([
    undefined,
    null,
    'nothing',
    { last: undefined },
    { version: -1, last: undefined },
    { version: 1.5, last: undefined },
    { version: 1, last: null },
    { version: 1, last: { _tag: 'Lost' } },
    { version: 1, last: { ...awarded, callId: 5 } },
    { version: 1, last: { ...awarded, systemId: 5 } },
    { version: 1, last: { ...awarded, to: undefined } },
    { version: 1, last: { ...awarded, reserve: undefined } },
    { version: 1, last: { ...awarded, reserve: [{}] } },
    { version: 1, last: { _tag: 'Fulfilled', result: 'done' } },
  ])('fails at once of what is no record: %o', async (answer) => {
    for (const read of [() => answer, async () => answer]) {
      const [failure, ...others] = await aLog({ read }).read();

      expect(failure).toBeInstanceOf(InvalidParams);
      expect(others).toEqual([]);
    }
    expect(String((await aLog({ read: () => undefined }).read())[0])).toContain(
      "invalid answer of read, of the store of awards, to 'x': expected { version, last }: { version: 0, last: undefined } of what nothing is known; got undefined",
    );
  });

  it.each([undefined, 1, 'yes', { rows: 0 }])(
    'fails at once of an append that answers neither true nor false: %o',
    async (answer) => {
      for (const append of [() => answer, async () => answer]) {
        expect(await aLog({ append }).append()).toMatchObject([
          { _tag: 'InvalidParams', message: expect.stringContaining('expected true or false; got') },
        ]);
      }
    },
  );

  it.each([
    (): never => {
      throw boom;
    },
    () => Promise.reject(boom),
    () => Object.defineProperty({}, 'then', { get: () => aThrow() }),
    () => aThenable(aThrow),
    () => aThenable((_, failed) => failed(boom)),
  ])('fails at once of what the store throws, now, later or when it is awaited', async (hostile) => {
    expect(await aLog({ read: hostile }).read()).toEqual([boom]);
    expect(await aLog({ append: hostile }).append()).toEqual([boom]);
  });

  it('hears one answer of a promise that gives two', async () => {
    const twice = () =>
      aThenable((told) => {
        told(unknown);
        told(unknown);
      });

    expect(await aLog({ read: twice }).read()).toEqual([unknown]);
  });

  it.each([
    [() => false, () => unknown],
    [async () => false, async () => unknown],
  ])('gives up with a store that keeps refusing, and lets others go first', async (append, read) => {
    let asked = 0;
    const { world, append: write } = aLog({
      append: () => {
        asked += 1;
        return append();
      },
      read,
    });
    const moments: number[] = [];
    for (const ms of [0, 1, 2, 5]) {
      world.environment.schedule(ms, () => moments.push(asked));
    }
    const [failure, ...others] = await write();

    expect(failure).toBeInstanceOf(AwardNotWritten);
    expect(failure).toMatchObject({ contractId: 'x', attempts: refusalsMax, version: 0 });
    expect(String(failure)).toContain(
      "refused 8 times running to append to contract 'x', last behind the 0 entries that it says are there",
    );
    expect(others).toEqual([]);
    expect(asked).toBe(refusalsMax);
    // The second time at once, then after pauses.
    expect(moments[0]).toBeLessThanOrEqual(2);
    expect(moments.at(-1)).toBeLessThan(refusalsMax);
    expect(world.environment.timerCount).toBe(0);
  });

  it('counts anew when something has been written', async () => {
    let asked = 0;
    const { append } = aLog({
      append: () => {
        asked += 1;
        return asked % refusalsMax === 0;
      },
    });
    await append();

    expect(await append()).toEqual(['written', 'written']);
  });

  it.each([false, true])(
    'withdraws an award that stands at its end where nobody can come back to it: %s',
    async (isSlow) => {
      const entries: string[] = [];
      const append = (_id: string, version: number, { _tag }: AwardEntry) => {
        entries.push(`${_tag} ${version}`);
        return isSlow ? Promise.resolve(true) : true;
      };
      const { log, told, world } = aLog({ append }, false);
      log.append(0, awarded, () => told.push('written'), aThrow);
      log.end();
      await world.runUntilQuiet();

      expect(entries).toEqual(['Awarded 0', 'Withdrawn 1']);
      expect(told).toEqual(isSlow ? [] : ['written']);
    },
  );

  it('leaves what a store does not write when it is over, or refuses late', async () => {
    for (const fails of [() => Promise.reject(boom), aThrow]) {
      const entries: string[] = [];
      const append = (_id: string, _version: number, { _tag }: AwardEntry) => {
        entries.push(_tag);
        return _tag === 'Awarded' || fails();
      };
      const { log, told, world } = aLog({ append }, false);
      log.append(0, awarded, () => {}, aThrow);
      log.end();
      await world.runUntilQuiet();
      expect([entries, told]).toEqual([['Awarded', 'Withdrawn'], []]);
    }

    let asked = 0;
    const late = aLog({ append: async () => asked++ > 0 }, false);
    late.log.append(0, awarded, aThrow, aThrow);
    late.log.end();
    await late.world.runUntilQuiet();
    expect([asked, late.told]).toEqual([1, []]);
  });

  it('says who is at an award that stands, where somebody can come back to it', async () => {
    const told: unknown[] = [];
    const attended = (...facts: unknown[]) => told.push(facts);
    const { log } = aLog({ attended });
    log.append(0, awarded, () => {}, aThrow);
    log.end();
    expect(told).toEqual([
      ['x', true],
      ['x', false],
    ]);

    const again = aLog({ attended, read: () => ({ version: 1, last: awarded }) });
    again.log.read(() => {});
    again.log.append(1, { _tag: 'Withdrawn', reason: 'broken' }, () => {}, aThrow);
    again.log.end();
    expect(told.slice(2)).toEqual([['x', true]]);

    for (const fails of [() => Promise.reject(boom), aThrow]) {
      const failing = aLog({ attended: fails });
      failing.log.append(0, awarded, () => {}, aThrow);
      failing.log.end();
      await failing.world.runUntilQuiet();
      expect(failing.told).toEqual([]);
    }
  });

  it('refuses an award of another system, and leaves it alone', async () => {
    const told: unknown[] = [];
    const { log, read } = aLog({
      read: () => ({ version: 1, last: { ...awarded, systemId: 'there' } }),
      attended: () => told.push('attended'),
    });
    const [failure] = await read();
    log.end();

    expect(failure).toBeInstanceOf(AwardedElsewhere);
    expect(String(failure)).toContain(
      "contract 'x' is awarded to '/a' of system 'there'; ask again when it is fulfilled, or, where this system has taken the place of that one, give it the same id",
    );
    expect(told).toEqual([]);
  });

  it('says nothing after its end', async () => {
    const { log, told, world } = aLog({ append: () => false, read: async () => unknown });
    log.append(0, awarded, aThrow, () => log.append(0, awarded, aThrow, aThrow));
    await world.advance(0);
    log.end();
    log.read(aThrow);
    await world.runUntilQuiet();

    expect(told).toEqual([]);
    expect(world.environment.timerCount).toBe(0);

    const failing = aLog({ read: () => Promise.reject(boom) });
    failing.log.read(aThrow);
    failing.log.end();
    await failing.world.runUntilQuiet();
    expect(failing.told).toEqual([]);
  });
});

function aThrow(): never {
  throw boom;
}

type Told = (answer: unknown) => void;

function aThenable(then: (told: Told, failed: Told) => void): unknown {
  return Object.defineProperty({}, 'then', { value: then });
}
