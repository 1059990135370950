import { describe, expect, it } from 'vitest';
import { CapabilityError } from '../../src/actors/capability.ts';
import { AgentDefect, Interrupted, RequestTimeout } from '../../src/actors/request-failures.ts';
import { InvalidParams } from '../../src/core/schema.ts';
import { all } from '../../src/primitives/counting-policies.ts';
import { FallbackFailed, fallback } from '../../src/primitives/fallback.ts';
import { gather } from '../../src/primitives/gather.ts';
import { LoopUnfinished } from '../../src/primitives/loop-until.ts';
import { mayHaveActed } from '../../src/primitives/may-have-acted.ts';
import { NotGathered } from '../../src/primitives/not-gathered.ts';
import { parallel } from '../../src/primitives/parallel.ts';
import { pipeline } from '../../src/primitives/pipeline.ts';
import { retry } from '../../src/primitives/retry.ts';
import { SagaFailed, saga } from '../../src/primitives/saga.ts';
import { aCast, SoldOut } from '../support/a-cast.ts';

const silent = new RequestTimeout({ target: '/x', timeoutMs: 1 });
const soldOut = (): never => {
  throw new SoldOut();
};

describe('work that failed may have acted', () => {
  it.each([
    ['a typed failure of one', new SoldOut(), false],
    ['no answer', silent, true],
    ['an interrupt', new Interrupted({ agent: '/x', reason: 'late' }), true],
    ['a defect', new TypeError('no'), true],
    ['the defect of an agent', new AgentDefect({ agent: '/x', cause: 'no' }), true],
    ['one that says so of itself', { class: 'permanent', code: 'SOLD_OUT', mayHaveActed: true }, true],
    [
      'one that says of itself that it has not',
      { class: 'transient', code: 'TIMEOUT', mayHaveActed: false },
      false,
    ],
    [
      'a capability that says that it has not',
      new CapabilityError({ capability: 'x', cause: new SoldOut() }),
      false,
    ],
    [
      'a capability whose agent threw',
      new CapabilityError({ capability: 'x', cause: new TypeError('no') }),
      true,
    ],
    [
      'a capability whose answer is refused',
      new CapabilityError({
        capability: 'x',
        cause: new InvalidParams({ what: 'output of x', value: 1, issues: [] }),
      }),
      true,
    ],
    ['a loop that came to no end', new LoopUnfinished({ iterations: 3, last: 1 }), true],
    [
      'a saga that has undone all',
      new SagaFailed({ step: 'a', compensated: [], uncompensated: [], cause: new SoldOut() }),
      false,
    ],
    [
      'a saga that has not',
      new SagaFailed({
        step: 'a',
        compensated: [],
        uncompensated: [{ step: 'b', failure: silent }],
        cause: new SoldOut(),
      }),
      true,
    ],
    [
      'a fallback of which all say that they have not',
      new FallbackFailed({ tried: [{ responder: 'a', failure: new SoldOut() }], untried: 0 }),
      false,
    ],
    [
      'a fallback of which one does not say so',
      new FallbackFailed({
        tried: [
          { responder: 'a', failure: silent },
          { responder: 'b', failure: new SoldOut() },
        ],
        untried: 0,
      }),
      true,
    ],
  ])('%s: %s is %s', (_, failure, expected) => {
    expect(mayHaveActed(failure)).toBe(expected);
  });

  it('of a gathering: when anybody answered, was interrupted, or does not say that it has not', () => {
    const one = { agent: 'a', index: 0, spent: {}, tookMs: 1 };
    const notGathered = (...outcomes: NotGathered['outcomes']) =>
      mayHaveActed(new NotGathered({ policy: 'all', missing: 'one', outcomes }));
    const failed = { ...one, _tag: 'Failed', failure: new SoldOut() } as const;

    expect(notGathered(failed, failed)).toBe(false);
    expect(notGathered(failed, { ...one, _tag: 'Failed', failure: silent })).toBe(true);
    expect(notGathered(failed, { ...one, _tag: 'Replied', value: 1 })).toBe(true);
    expect(notGathered(failed, { ...one, _tag: 'Interrupted', failure: new SoldOut() })).toBe(true);
  });

  it('of some tries: when one of them may have, or is not remembered', async () => {
    const { world } = aCast();
    const failures: unknown[] = [];
    const tries = async (times: number, failsOf: (n: number) => unknown) => {
      let n = 0;
      const work = (): never => {
        n += 1;
        throw failsOf(n);
      };
      await world.system
        .request(retry({ times, backoffMs: 0 })(work), 1)
        .catch((failure) => failures.push(failure));
    };
    const busy = () => ({ class: 'overload', code: 'MAILBOX_FULL' });

    await world.run(async () => {
      await tries(1, (n) => (n === 1 ? silent : new SoldOut()));
      await tries(1, busy);
      await tries(20, busy);
    });
    const shared = busy();
    let n = 0;
    const work = (): never => {
      n += 1;
      throw n === 3 ? silent : shared;
    };
    await world.run(async () => {
      const again = retry({ times: 1, backoffMs: 0 });
      await world.system.request(again(again(work)), 1).catch((failure) => failures.push(failure));
    });

    expect(failures.map(mayHaveActed)).toEqual([true, false, true, true]);
  });

  it.each([
    ['parallel', (charge: () => number) => parallel([charge, soldOut])],
    ['gather', (charge: () => number) => gather([charge, soldOut], all())],
    ['pipeline', (charge: () => number) => pipeline(charge, soldOut)],
    [
      'fallback',
      (charge: () => number) =>
        fallback(() => {
          charge();
          throw new Error('the connection was lost after it had been sent');
        }, soldOut),
    ],
    [
      'retry',
      (charge: () => number) => {
        let tries = 0;
        return retry({ times: 1, backoffMs: 0 })(() => {
          tries += 1;
          if (tries === 1) {
            charge();
            throw silent;
          }
          throw new SoldOut();
        });
      },
    ],
  ])('so a saga undoes a step that is a %s which acted in part', async (_, act) => {
    const { world } = aCast();
    const said: string[] = [];
    const buy = {
      name: 'buy',
      act: act(() => said.push('charged')) as () => unknown,
      compensate: (acted: { readonly outcome: string }) => said.push(`refunded: ${acted.outcome}`),
    };
    let failure: unknown;

    await world.run(async () => {
      failure = await world.system.request(saga([buy]), 1).catch((failed) => failed);
    });

    expect(said).toEqual(['charged', 'refunded: unknown']);
    expect(failure).toMatchObject({ _tag: 'SagaFailed', compensated: ['buy'] });
  });
});
