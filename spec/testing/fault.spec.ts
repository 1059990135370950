import { describe, expect, it } from 'vitest';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { CopiedPort } from '../../src/testing/copied-port.ts';
import { explore } from '../../src/testing/explore.ts';
import { faultLine, mayBeHit, type Only, type OnTheWay } from '../../src/testing/fault.ts';
import { FaultBudget } from '../../src/testing/fault-budget.ts';
import { boom } from '../support/boom.ts';

const Bid = defineTopic('bid', { schema: type<number>() });
const Paid = defineTopic('paid', { schema: type<number>() });

const aMessage = (facts: Partial<OnTheWay> = {}): OnTheWay => ({
  kind: 'message',
  topic: 'bid',
  payload: 1,
  sender: '/ada',
  receiver: '/seller/desk',
  linked: false,
  ...facts,
});

describe('the budget of faults', () => {
  it('allows three in all when nothing is said, and only of the kinds there are', () => {
    const budget = new FaultBudget(['drop', 'crash', 'slow'], undefined);

    expect(
      ['drop', 'crash', 'duplicate', 'delay', 'partition'].map((kind) => budget.allows(kind as 'drop')),
    ).toEqual([true, true, false, false, false]);
    budget.spend('drop');
    budget.spend('crash');
    budget.spend('drop');
    expect([budget.allows('drop'), budget.allows('crash')]).toEqual([false, false]);
  });

  it('may be a number, or limits of each kind', () => {
    const one = new FaultBudget(['drop'], 1);
    one.spend('drop');
    expect(one.allows('drop')).toBe(false);

    const each = new FaultBudget(['drop', 'crash'], { total: 5, crash: 1 });
    each.spend('crash');
    expect([each.allows('crash'), each.allows('drop')]).toEqual([false, true]);
  });

  it.each([[-1], [1.5], [{ crash: Number.NaN }]])('is no %o', (limits) => {
    expect(() => new FaultBudget(['crash'], limits)).toThrow(
      /^faultsMax\.\w+ is a whole number, at least 0; got/,
    );
  });

  it('law: no run has more faults than it allows', async () => {
    const explored = await explore(
      (system) => {
        for (let n = 0; n < 20; n += 1) void system.publish(Bid, n);
      },
      {
        runs: 200,
        seed: 1,
        faults: ['drop', 'duplicate', 'delay', 'crash'],
        faultsMax: { total: 2, drop: 1 },
      },
      ({ faults }) => faults.length <= 2 && faults.filter(({ _tag }) => _tag === 'Dropped').length <= 1,
    );

    expect(explored.runs).toBe(200);
  });
});

describe('what may be hit', () => {
  it.each<[Only, Partial<OnTheWay>, boolean]>([
    [[Bid], {}, true],
    [[Paid], {}, false],
    [[Bid], { topic: undefined }, false],
    [{ topics: [Bid, Paid] }, { topic: 'paid' }, true],
    [{ from: '/ada' }, {}, true],
    [{ from: '/ad' }, {}, false],
    [{ from: '/ada' }, { sender: undefined }, false],
    [{ to: '/seller' }, {}, true],
    [{ to: '/seller' }, { receiver: undefined }, false],
    [{ from: '/ada', to: '/ada' }, {}, false],
    [{ linked: true }, {}, false],
    [{ linked: true }, { linked: true }, true],
    [({ payload }) => payload === 1, {}, true],
    [({ kind }) => kind === 'reply', {}, false],
  ])('%o of %o: %s', (only, facts, expected) => {
    expect(mayBeHit(only)!(aMessage(facts))).toBe(expected);
  });

  it('is everything when nothing is said', () => {
    expect(mayBeHit(undefined)).toBeUndefined();
  });
});

describe('the line of a fault', () => {
  const atMs = 5;

  it.each([
    [{ _tag: 'Dropped', atMs, lateMs: 0, message: aMessage() }, '5 ms  dropped: bid /ada → /seller/desk'],
    [
      { _tag: 'Delayed', atMs, lateMs: 10, message: aMessage({ kind: 'end', sender: undefined }) },
      '5 ms  delayed by 10 ms: end of bid outside → /seller/desk',
    ],
    [
      { _tag: 'Duplicated', atMs, lateMs: 0, message: aMessage({ topic: undefined, receiver: undefined }) },
      '5 ms  duplicated: a message /ada → outside',
    ],
    [{ _tag: 'Crashed', atMs, what: 'host', name: 'shop' }, '5 ms  crashed: shop'],
    [{ _tag: 'Restarted', atMs, name: 'shop' }, '5 ms  host shop restarted'],
    [{ _tag: 'Partitioned', atMs, between: ['a', 'b'] }, '5 ms  partitioned: a | b'],
    [{ _tag: 'Healed', atMs, between: ['a', 'b'] }, '5 ms  healed: a — b'],
  ] as const)('says of %o what happened', (event, line) => {
    expect(faultLine(event)).toBe(line);
  });
});

describe('the way back of a copy', () => {
  it('passes on what is thrown that is no lack of room', () => {
    const port = new CopiedPort({
      settled: false,
      reply: boom,
      working: () => {},
      fail: () => {},
      finished: () => {},
    });

    expect(() => port.reply(1, '/a')).toThrow('boom');
  });
});
