import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BudgetExceeded,
  type BudgetLow,
  Lease,
  type LeaseHolder,
  type Limits,
  type Spendable,
} from '../../src/core/budget.ts';
import { clockwork } from '../support/clockwork.ts';

describe('Lease', () => {
  it('reserves for a child and gets the rest back when the child settles', () => {
    const root = Lease.root({ tokens: 100 });
    const child = root.child({ tokens: 40 });

    child.spend('tokens', 30);
    const open = [root.remaining('tokens'), root.reserved('tokens'), root.spent('tokens')];
    child.settle();
    child.settle();

    expect(open).toEqual([60, 10, 30]);
    expect([root.remaining('tokens'), root.reserved('tokens'), root.spent('tokens')]).toEqual([70, 0, 30]);
  });

  it('knows the lease that it is a part of in the end', () => {
    const root = Lease.root({ tokens: 100 });

    expect(root.child({ tokens: 40 }).child({ tokens: 1 }).root).toBe(root);
    expect(root.root).toBe(root);
  });

  it('is part of itself and of those above, and of no other', () => {
    const root = Lease.root();
    const child = root.child({});
    const beside = root.child({});

    expect([child, root, beside].map((other) => child.isPartOf(other))).toEqual([true, true, false]);
  });

  it('passes what it does not limit through to the lease above', () => {
    const root = Lease.root({ tokens: 100, steps: 3 });
    const child = root.child({ tokens: 40 });

    child.spend('steps', 2);

    expect([child.limit('steps'), child.remaining('steps'), root.remaining('steps')]).toEqual([3, 1, 1]);
  });

  it('limits nothing when no limit is given anywhere', () => {
    const lease = Lease.root().child({});

    lease.spend('tokens', 1e9);

    expect([lease.limit('tokens'), lease.remaining('tokens'), lease.spent('tokens')]).toEqual([
      Infinity,
      Infinity,
      1e9,
    ]);
  });

  it('refuses a child that it cannot spare, reserves nothing of it, and goes on', () => {
    const root = Lease.root({ tokens: 100, steps: 10 });
    root.child({ tokens: 70 });
    root.spend('tokens', 10);

    const refused = thrownBy(() => root.child({ steps: 5, tokens: 30 }));

    expect(refused).toEqual(
      new BudgetExceeded({ resource: 'tokens', limit: 100, spent: 10, reserved: 70, wanted: 30 }),
    );
    expect(refused.message).toBe('10 of 100 tokens spent, 70 reserved, 30 more wanted');
    expect([root.remaining('steps'), root.remaining('tokens'), root.exceeded]).toEqual([10, 20, undefined]);
  });

  it('splits 0.3 dollars into 0.1 and 0.2, and gets exactly nothing reserved back', () => {
    const root = Lease.root({ costUsd: 0.3 });
    const children = [root.child({ costUsd: 0.1 }), root.child({ costUsd: 0.2 })];

    const left = root.remaining('costUsd');
    for (const child of children) child.settle();

    expect(left).toBe(0);
    expect(root.reserved('costUsd')).toBe(0);
    expect(root.remaining('costUsd')).toBe(0.3);
  });

  it('throws what passed the limit, with the facts, and has counted it', () => {
    const lease = Lease.root({ tokens: 10 });
    lease.spend('tokens', 10);

    const exceeded = thrownBy(() => lease.spend('tokens', 2));

    expect(exceeded).toMatchObject({ resource: 'tokens', limit: 10, spent: 12, reserved: 0, wanted: 0 });
    expect(exceeded).toMatchObject({ code: 'BUDGET_EXCEEDED', class: 'permanent', partial: undefined });
    expect(String(exceeded)).toBe('BudgetExceeded: 12 of 10 tokens spent');
    expect(lease.exceeded).toBe(exceeded);
  });

  it('throws the failure of the nearest lease when several limits are passed', () => {
    const root = Lease.root({ tokens: 10 });
    const child = root.child({ tokens: 10 });

    const exceeded = thrownBy(() => child.spend('tokens', 11));

    expect(exceeded).toBe(child.exceeded);
    expect(root.exceeded).not.toBe(exceeded);
    expect(root.exceeded).toMatchObject({ limit: 10, spent: 11 });
  });

  it('is closed, with all under it, once a limit was passed', () => {
    const root = Lease.root({ tokens: 10, steps: 10 });
    const child = root.child({ steps: 5 });
    const exceeded = thrownBy(() => root.spend('tokens', 11));

    expect(thrownBy(() => child.spend('steps', 1))).toBe(exceeded);
    expect(thrownBy(() => child.child({}))).toBe(exceeded);
    expect(child.tryTake('steps', 1)).toBe(false);
    expect(child.refusal('steps', 1)).toBe(exceeded);
    expect(child.remaining('steps')).toBe(0);
    expect(child.spent('steps')).toBe(1);
  });

  it('leaves the leases above and beside open when a limit under them was passed', () => {
    const root = Lease.root({ tokens: 100 });
    const [child, beside] = [root.child({ tokens: 10 }), root.child({ tokens: 10 })];

    thrownBy(() => child.spend('tokens', 12));
    beside.spend('tokens', 1);

    expect([root.exceeded, beside.exceeded]).toEqual([undefined, undefined]);
    expect([root.spent('tokens'), root.reserved('tokens'), root.remaining('tokens')]).toEqual([13, 9, 78]);
  });

  it('charges what is spent after it settled to the lease above, and still has its limit', () => {
    const root = Lease.root({ tokens: 100 });
    const child = root.child({ tokens: 10 });
    child.settle();

    child.spend('tokens', 10);
    const exceeded = thrownBy(() => child.spend('tokens', 1));

    expect(root.spent('tokens')).toBe(11);
    expect(exceeded).toMatchObject({ limit: 10, spent: 11 });
    expect(root.exceeded).toBeUndefined();
  });

  it('makes children after it settled, within its limit and at the expense of the lease above', () => {
    const root = Lease.root({ tokens: 100 });
    const child = root.child({ tokens: 10 });
    child.settle();

    const late = child.child({ tokens: 4 });

    expect(thrownBy(() => child.child({ tokens: 11 }))).toMatchObject({ limit: 10, wanted: 11 });
    expect([root.reserved('tokens'), child.reserved('tokens'), late.limit('tokens')]).toEqual([4, 4, 4]);
  });

  it('takes steps only when there is room for all of them, here and above', () => {
    const root = Lease.root({ steps: 3 });
    const child = root.child({ toolCalls: 9 });

    const taken = [
      child.tryTake('steps', 2),
      child.tryTake('steps', 2),
      child.tryTake('steps', 1),
      child.tryTake('steps', 1),
    ];

    expect(taken).toEqual([true, false, true, false]);
    expect([root.spent('steps'), root.exceeded]).toEqual([3, undefined]);
  });

  it('says why it would refuse, without closing', () => {
    const root = Lease.root({ toolCalls: 3 });
    const child = root.child({ toolCalls: 1 });

    expect(child.refusal('toolCalls', 1)).toBeUndefined();
    expect(child.refusal('toolCalls', 2)).toMatchObject({ limit: 1, wanted: 2 });
    expect(root.refusal('toolCalls', 3)).toMatchObject({ limit: 3, reserved: 1, wanted: 3 });
    expect(child.exceeded).toBeUndefined();
  });

  it('is corrected both ways, and never below what was spent on it', () => {
    const root = Lease.root({ tokens: 100 });
    const child = root.child({ tokens: 10 });
    root.spend('tokens', 5);
    child.spend('tokens', 6);

    child.correct('tokens', 2);
    const more = [child.spent('tokens'), root.spent('tokens'), root.reserved('tokens')];
    child.correct('tokens', -9);

    expect(more).toEqual([8, 13, 2]);
    expect([child.spent('tokens'), root.spent('tokens'), root.reserved('tokens')]).toEqual([0, 5, 10]);
  });

  it('throws when a correction passes the limit, and stays closed when one goes back below it', () => {
    const lease = Lease.root({ tokens: 10 });
    lease.spend('tokens', 9);

    const exceeded = thrownBy(() => lease.correct('tokens', 3));
    lease.correct('tokens', 0);
    lease.correct('tokens', -8);

    expect(lease.spent('tokens')).toBe(4);
    expect(thrownBy(() => lease.spend('tokens', 1))).toBe(exceeded);
  });

  it('shows in a copy what the interrupted work had so far', () => {
    const exceeded = new BudgetExceeded({ resource: 'tokens', limit: 10, spent: 12, reserved: 1, wanted: 2 });

    const withPartial = exceeded.withPartial('Once upon');

    expect(withPartial).toMatchObject({ resource: 'tokens', limit: 10, spent: 12, reserved: 1, wanted: 2 });
    expect([withPartial.partial, exceeded.partial]).toEqual(['Once upon', undefined]);
    expect(withPartial.message).toBe(exceeded.message);
  });

  it.each<[string, () => unknown, string]>([
    [
      'a limit that is no number',
      () => Lease.root({ tokens: Number.NaN }),
      'an amount of tokens is from 0 to 9007199254740; got NaN',
    ],
    [
      'a limit below 0',
      () => Lease.root().child({ steps: -1 }),
      'an amount of steps is from 0 to 9007199254740; got -1',
    ],
    [
      'an amount that is no number',
      () => Lease.root().spend('work', Number.NaN),
      'an amount of work is from 0 to 9007199254; got NaN',
    ],
    [
      'a take below 0',
      () => Lease.root().tryTake('steps', -1),
      'an amount of steps is from 0 to 9007199254740; got -1',
    ],
    [
      'a correction that is no number',
      () => Lease.root().correct('work', Number.NaN),
      'an amount of work is from 0 to 9007199254; got NaN',
    ],
    [
      'spending time',
      () => Lease.root().spend('timeMs' as Spendable, 1),
      'timeMs is not spent, it passes: use startTime',
    ],
    ['soft 0', () => Lease.root({}, { soft: 0 }), 'soft is above 0 and at most 1; got 0'],
    ['soft above 1', () => Lease.root({}, { soft: 1.5 }), 'soft is above 0 and at most 1; got 1.5'],
  ])('refuses %s', (_, attempt, message) => {
    expect(attempt).toThrow(new RangeError(message));
  });
});

describe('holders of a lease', () => {
  it('are told when a limit is passed here or above, and not when beside', () => {
    const root = Lease.root({ tokens: 100 });
    const [a, b] = [root.child({ tokens: 10 }), root.child({ tokens: 10 })];
    const under = listener(a.child({}));
    const [atA, atB, atRoot] = [listener(a), listener(b), listener(root)];

    const exceeded = thrownBy(() => a.spend('tokens', 11));

    expect([under.failures, atA.failures]).toEqual([[exceeded], [exceeded]]);
    expect([atB.failures, atRoot.failures]).toEqual([[], []]);
  });

  it('are told once, however often more is spent', () => {
    const lease = Lease.root({ tokens: 10 });
    const holder = listener(lease);

    for (let n = 0; n < 3; n += 1) thrownBy(() => lease.spend('tokens', 11));

    expect(holder.failures).toEqual([lease.exceeded]);
  });

  it('are interrupted at once when they come after the limit was passed', () => {
    const lease = Lease.root({ tokens: 10 });
    const exceeded = thrownBy(() => lease.spend('tokens', 11));

    expect(listener(lease).failures).toEqual([exceeded]);
  });

  it('are told nothing after they let go', () => {
    const lease = Lease.root({ tokens: 10 });
    const holder = listener(lease);

    holder.release();
    holder.release();
    thrownBy(() => lease.spend('tokens', 11));

    expect(holder.failures).toEqual([]);
  });

  it('are told although the lease they hold has settled', () => {
    const root = Lease.root({ tokens: 10 });
    const child = root.child({ tokens: 5 });
    const holder = listener(child);

    child.settle();
    const exceeded = thrownBy(() => root.spend('tokens', 11));

    expect(holder.failures).toEqual([exceeded]);
  });

  it('may throw without keeping others from being told, and without harm to the spender', () => {
    const thrown: unknown[] = [];
    const lease = Lease.root({ tokens: 10 }, { onHolderThrew: (what) => thrown.push(what) });
    lease.child({}).hold({
      interrupt: () => {
        throw new TypeError('bad holder');
      },
    });
    const holder = listener(lease);

    const exceeded = thrownBy(() => lease.spend('tokens', 11));

    expect(exceeded).toBeInstanceOf(BudgetExceeded);
    expect(holder.failures).toEqual([exceeded]);
    expect(thrown).toEqual([new TypeError('bad holder')]);
  });

  it('find everything written down when they are told, and may settle, let go and spend', () => {
    const root = Lease.root({ tokens: 10 });
    const child = root.child({ tokens: 5 });
    const seen: unknown[] = [];
    const release = child.hold({
      interrupt: () => {
        seen.push(thrownBy(() => child.spend('tokens', 1)).spent, root.spent('tokens'));
        child.settle();
        release();
      },
    });

    thrownBy(() => child.spend('tokens', 6));

    expect(seen).toEqual([6, 7]);
    expect(root.reserved('tokens')).toBe(0);
  });

  it('hear once for each resource that most of it is spent', () => {
    const lease = Lease.root({ tokens: 10, steps: 10 });
    const holder = listener(lease);

    for (const amount of [7, 1, 1]) lease.spend('tokens', amount);
    lease.tryTake('steps', 8);

    expect(holder.lows).toEqual([
      { _tag: 'BudgetLow', resource: 'tokens', limit: 10, spent: 8 },
      { _tag: 'BudgetLow', resource: 'steps', limit: 10, spent: 8 },
    ]);
  });

  it('hear of the limit of their own lease after that of one above came near', () => {
    const root = Lease.root({ tokens: 20 });
    const child = root.child({ tokens: 5 });
    const holder = listener(child);
    root.spend('tokens', 13);

    child.spend('tokens', 3);
    child.spend('tokens', 1);

    expect(holder.lows.map(({ limit, spent }) => [limit, spent])).toEqual([
      [20, 16],
      [5, 4],
    ]);
  });

  it('hear of the share that soft names, also under children', () => {
    const child = Lease.root({}, { soft: 0.5 }).child({ tokens: 10 });
    const holder = listener(child);

    child.spend('tokens', 5);

    expect(holder.lows).toEqual([{ _tag: 'BudgetLow', resource: 'tokens', limit: 10, spent: 5 }]);
  });

  it('hear of it only when all is spent where soft is 1', () => {
    const lease = Lease.root({ tokens: 10 }, { soft: 1 });
    const low: number[] = [];
    lease.hold({ interrupt: () => expect.unreachable(), budgetLow: ({ spent }) => low.push(spent) });

    lease.spend('tokens', 9);
    lease.spend('tokens', 1);

    expect(low).toEqual([10]);
  });

  it('do not hear that a limit is near when it was passed in the same spend', () => {
    const lease = Lease.root({ tokens: 10 });
    const holder = listener(lease);

    thrownBy(() => lease.spend('tokens', 11));

    expect(holder.lows).toEqual([]);
  });

  it('need not listen to that', () => {
    const threw: unknown[] = [];
    const lease = Lease.root({ tokens: 10 }, { onHolderThrew: (thrown) => threw.push(thrown) });
    lease.hold({ interrupt: () => expect.unreachable() });

    lease.spend('tokens', 9);

    expect(lease.spent('tokens')).toBe(9);
    expect(threw).toEqual([]);
  });
});

describe('time of a lease', () => {
  it('passes for all under it and interrupts them at the limit', () => {
    const { environment, wait } = clockwork();
    const root = Lease.root({ timeMs: 100, tokens: 10 });
    const holder = listener(root.child({}));

    root.startTime(environment);
    wait(99);
    const before = [root.remaining('timeMs'), root.spent('timeMs'), holder.failures.length];
    wait(1);

    expect(before).toEqual([1, 99, 0]);
    expect(holder.lows).toEqual([{ _tag: 'BudgetLow', resource: 'timeMs', limit: 100, spent: 80 }]);
    expect(holder.failures).toEqual([new BudgetExceeded({ resource: 'timeMs', limit: 100, spent: 100 })]);
    expect(thrownBy(() => root.spend('tokens', 1))).toBe(holder.failures[0]);
  });

  it('is reserved by nobody, and never more than what is left above', () => {
    const { environment, wait } = clockwork();
    const root = Lease.root({ timeMs: 100 });

    root.startTime(environment);
    wait(60);
    const children = [root.child({ timeMs: 70 }), root.child({ timeMs: 70 })];
    for (const child of children) child.startTime(environment);

    expect(children.map((child) => child.limit('timeMs'))).toEqual([40, 40]);
    expect(root.reserved('timeMs')).toBe(0);
  });

  it('stops when the lease settles or is exceeded, and leaves no timer behind', () => {
    const { environment, wait, pending } = clockwork();
    const root = Lease.root({ timeMs: 100 });
    const [a, b] = [root.child({ timeMs: 50 }), root.child({ timeMs: 50, tokens: 1 })];

    for (const lease of [root, a, b]) lease.startTime(environment);
    wait(10);
    a.settle();
    thrownBy(() => b.spend('tokens', 2));
    const left = pending();
    root.settle();
    wait(1_000);

    expect([left, pending()]).toEqual([1, 0]);
    expect([a.spent('timeMs'), b.spent('timeMs'), root.spent('timeMs')]).toEqual([10, 10, 10]);
    expect([a.exceeded, root.exceeded]).toEqual([undefined, undefined]);
  });

  it('does not start on a lease that is closed or settled', () => {
    const { environment, pending } = clockwork();
    const root = Lease.root({ tokens: 1 });
    const [settled, closed] = [root.child({ timeMs: 5 }), root.child({ timeMs: 5 })];

    settled.settle();
    settled.startTime(environment);
    thrownBy(() => root.spend('tokens', 2));
    closed.startTime(environment);

    expect(pending()).toBe(0);
  });

  it('is not announced to run out where work was interrupted before', () => {
    const { environment, wait } = clockwork();
    const root = Lease.root({ tokens: 1 });
    const child = root.child({ timeMs: 100 });
    const holder = listener(child);

    child.startTime(environment);
    thrownBy(() => root.spend('tokens', 2));
    wait(90);

    expect(holder.lows).toEqual([]);
  });
});

describe('budgets', () => {
  it('law: what a lease has spent is what was spent on it and on all under it', () => {
    fc.assert(
      fc.property(deeds, (done) => {
        play(done, ({ nodes }) => {
          expect(nodes.map(spentOf)).toEqual(
            nodes.map((node) => each((resource) => total(nodes, node, resource))),
          );
        });
      }),
    );
  });

  it('law: spent and reserved stay within the limit, but for the chunks whose spend threw', () => {
    fc.assert(
      fc.property(deeds, (done) => {
        play(done, ({ nodes }) => {
          const beyond = nodes.flatMap((node) =>
            spendables.filter((resource) => {
              const used = tenths(node.lease.spent(resource)) + tenths(node.lease.reserved(resource));
              return used > (node.limits[resource] ?? Infinity) + (node.threw[resource] ?? 0);
            }),
          );

          expect(beyond).toEqual([]);
        });
      }),
    );
  });

  it('law: what is only taken, and never spent, passes no limit', () => {
    fc.assert(
      fc.property(deeds, (done) => {
        const taken = done.map((deed) => (deed.act === 'spend' ? { ...deed, act: 'take' as const } : deed));

        play(taken, ({ nodes }) => {
          expect(nodes.filter(({ lease }) => lease.exceeded !== undefined)).toEqual([]);
        });
      }),
    );
  });

  it('law: a take is refused exactly when it is more than what remains', () => {
    fc.assert(
      fc.property(deeds, deeds, (done, [probe]) => {
        const { nodes } = play(done);
        const { resource, amount } = probe ?? done[0] ?? { resource: 'tokens' as const, amount: 1 };

        for (const { lease } of nodes) {
          const remaining = tenths(lease.remaining(resource));
          const open = lease.exceeded === undefined;

          expect(lease.refusal(resource, amount / 10) === undefined).toBe(open && amount <= remaining);
          expect(lease.tryTake(resource, amount / 10)).toBe(open && amount <= remaining);
        }
      }),
    );
  });

  it('law: what is reserved is what open leases may still spend, and nothing else', () => {
    fc.assert(
      fc.property(deeds, (done) => {
        play(done, ({ nodes }) => {
          expect(nodes.map(reservedOf)).toEqual(
            nodes.map((node) => each((resource) => held(nodes, node, resource))),
          );
        });
      }),
    );
  });

  it('law: when all is settled, nothing is reserved anywhere', () => {
    fc.assert(
      fc.property(deeds, fc.infiniteStream(fc.nat()), (done, picks) => {
        const { nodes } = play(done);
        const order = nodes
          .map((node) => ({ node, pick: picks.next().value }))
          .toSorted((a, b) => a.pick - b.pick);

        for (const { node } of order) node.lease.settle();

        expect(nodes.map(reservedOf)).toEqual(nodes.map(() => each(() => 0)));
      }),
    );
  });

  it('law: a budget never grows along a chain', () => {
    fc.assert(
      fc.property(deeds, (done) => {
        const { nodes } = play(done);

        const grown = nodes.filter(({ lease, parent }) =>
          spendables.some((resource) => lease.limit(resource) > (parent?.lease.limit(resource) ?? Infinity)),
        );

        expect(grown).toEqual([]);
      }),
    );
  });

  it('law: time never grows along a chain, whenever it starts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ timeMs: aTime, parent: fc.nat(), waitMs: fc.nat({ max: 30 }) })),
        (plan) => {
          const { environment, wait } = clockwork();
          const leases = [Lease.root({ timeMs: 100 })];
          for (const { timeMs, parent, waitMs } of plan) {
            const above = leases[parent % leases.length]!;
            if (above.exceeded === undefined) {
              const lease = above.child({ timeMs });
              leases.push(lease);
              if (waitMs % 3 > 0) lease.startTime(environment);
              expect(lease.limit('timeMs')).toBeLessThanOrEqual(above.limit('timeMs'));
              expect(lease.remaining('timeMs')).toBeLessThanOrEqual(above.remaining('timeMs'));
            }
            wait(waitMs);
          }
        },
      ),
    );
  });

  it('law: what a lease has reserved it can take, whatever was done beside it', () => {
    fc.assert(
      fc.property(deeds, fc.constantFrom(...spendables), fc.nat(), (done, resource, pick) => {
        const { nodes } = play(done);
        const one = nodes[pick % nodes.length]!;
        const limit = one.limits[resource] ?? 0;
        const room = limit - total(nodes, one, resource) - held(nodes, one, resource);

        const taken = one.lease.tryTake(resource, Math.max(0, room) / 10);

        expect(taken || one.settled || chain(one).some(({ closed }) => closed)).toBe(true);
      }),
    );
  });

  it('law: a spend throws exactly when a limit is passed on its way up, by it or before', () => {
    fc.assert(
      fc.property(deeds, (done) => {
        const { spends } = play(done);

        expect(spends.filter(({ threw, closed }) => threw !== closed)).toEqual([]);
      }),
    );
  });

  it('law: a limit that is passed closes the lease and all under it, and nobody else', () => {
    fc.assert(
      fc.property(deeds, (done) => {
        play(done, ({ nodes }) => {
          const closed = nodes.filter(({ lease }) => lease.exceeded !== undefined);

          expect(closed).toEqual(nodes.filter((node) => chain(node).some((above) => above.closed)));
        });
      }),
    );
  });

  it('law: each holder hears of each limit that is passed exactly once, at once', () => {
    fc.assert(
      fc.property(deeds, (done) => {
        play(done, ({ hearings }) => {
          const heard = hearings.map(({ failures }) =>
            failures.map(({ limit, spent }) => `${spent} of ${limit}`),
          );

          expect(heard).toEqual(hearings.map(({ expected }) => expected));
        });
      }),
    );
  });

  it('law: it is over by at most one chunk for each concurrent holder, if holders stop when told', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.nat({ max: 40 }),
        fc.array(aChunk),
        (holders, limit, chunks) => {
          const root = Lease.root({ tokens: limit });
          const crew = Array.from({ length: holders }, () => worker(root.child({})));

          for (const { who, size } of chunks) crew[who % holders]!.reportChunk(size);

          expect(root.spent('tokens')).toBeLessThanOrEqual(limit + holders * chunkMax);
        },
      ),
    );
  });
});

const spendables = ['tokens', 'costUsd'] as const;
type Counted = (typeof spendables)[number];

const anAmount = fc.nat({ max: 60 });
const aTime = fc.constantFrom(10, 50, 200, Number.POSITIVE_INFINITY);
const chunkMax = 9;
const aChunk = fc.record({ who: fc.nat(), size: fc.integer({ min: 1, max: chunkMax }) });

/** What is done to a tree of leases, in tenths; `at` says on which lease. */
const aDeed = fc.record({
  act: fc.constantFrom('child', 'child', 'spend', 'spend', 'take', 'correct', 'settle', 'hold', 'release'),
  at: fc.nat({ max: 12 }),
  resource: fc.constantFrom(...spendables),
  amount: anAmount,
  limits: fc.record({ tokens: fc.nat({ max: 100 }), costUsd: fc.nat({ max: 100 }) }, { requiredKeys: [] }),
});
const deeds = fc.array(aDeed, { maxLength: 40, size: 'max' });

/** A lease as it should be: the sums are made anew whenever they are asked for. */
interface Node {
  readonly parent: Node | undefined;
  readonly limits: Partial<Record<Counted, number>>;
  readonly lease: Lease;
  readonly direct: Record<Counted, number>;
  readonly threw: Partial<Record<Counted, number>>;
  settled: boolean;
  closed: boolean;
  closedBeforeSettled: boolean;
}

interface Hearing {
  readonly node: Node;
  readonly failures: BudgetExceeded[];
  readonly expected: string[];
  readonly release: () => void;
  released: boolean;
}

interface World {
  readonly nodes: Node[];
  readonly hearings: Hearing[];
  readonly spends: { readonly threw: boolean; readonly closed: boolean }[];
}

function play(
  done: readonly (typeof aDeed extends fc.Arbitrary<infer D> ? D : never)[],
  check = (_: World) => {},
): World {
  const world: World = { nodes: [], hearings: [], spends: [] };
  const rootLimits = { tokens: 150, costUsd: 120 };
  world.nodes.push(node(undefined, rootLimits, Lease.root(inAmounts(rootLimits))));

  for (const { act, at, resource, amount, limits } of done) {
    const place = world.nodes[at % world.nodes.length]!;
    switch (act) {
      case 'child':
        quietly(() => world.nodes.push(node(place, limits, place.lease.child(inAmounts(limits)))));
        break;
      case 'spend': {
        place.direct[resource] += amount;
        expectPassing(world, place, resource);
        const threw = quietly(() => place.lease.spend(resource, amount / 10)) instanceof BudgetExceeded;
        world.spends.push({ threw, closed: chain(place).some(({ closed }) => closed) });
        for (const above of threw ? chain(place) : []) {
          above.threw[resource] = (above.threw[resource] ?? 0) + amount;
        }
        break;
      }
      case 'take':
        if (place.lease.tryTake(resource, amount / 10)) place.direct[resource] += amount;
        break;
      case 'correct':
        place.direct[resource] -= Math.min(amount, place.direct[resource]);
        place.lease.correct(resource, -amount / 10);
        break;
      case 'settle':
        place.closedBeforeSettled ||= place.closed && !place.settled;
        place.settled = true;
        place.lease.settle();
        break;
      case 'hold':
        world.hearings.push(hearing(place));
        break;
      case 'release': {
        const left = world.hearings[at % Math.max(1, world.hearings.length)];
        if (left !== undefined) {
          left.released = true;
          left.release();
        }
      }
    }
    check(world);
  }
  return world;
}

/** Writes down who has to hear of what, by the definition of a limit that is passed. */
function expectPassing({ nodes, hearings }: World, place: Node, resource: Counted): void {
  for (const over of chain(place)) {
    const limit = over.limits[resource] ?? Infinity;
    if (!over.closed && total(nodes, over, resource) + held(nodes, over, resource) > limit) {
      over.closed = true;
      for (const { node: at, released, expected } of hearings) {
        if (!released && chain(at).includes(over)) {
          expected.push(`${total(nodes, over, resource) / 10} of ${limit / 10}`);
        }
      }
    }
  }
}

function hearing(place: Node): Hearing {
  const failures: BudgetExceeded[] = [];
  const release = place.lease.hold({ interrupt: (failure) => failures.push(failure) });
  // Who comes late hears of the nearest at once.
  return {
    node: place,
    failures,
    expected: failures.map(({ limit, spent }) => `${spent} of ${limit}`),
    release,
    released: false,
  };
}

function node(parent: Node | undefined, limits: Node['limits'], lease: Lease): Node {
  return {
    parent,
    limits,
    lease,
    direct: { tokens: 0, costUsd: 0 },
    threw: {},
    settled: false,
    closed: false,
    closedBeforeSettled: false,
  };
}

const chain = (from: Node): Node[] => (from.parent === undefined ? [from] : [from, ...chain(from.parent)]);

const total = (nodes: readonly Node[], at: Node, resource: Counted): number =>
  nodes.filter((other) => chain(other).includes(at)).reduce((sum, { direct }) => sum + direct[resource], 0);

/** What open leases under this one may still spend and have reserved here. */
function held(nodes: readonly Node[], at: Node, resource: Counted): number {
  return nodes
    .filter((under) => !under.settled && under.limits[resource] !== undefined)
    .filter((under) => keepers(under, resource).includes(at))
    .reduce((sum, under) => sum + Math.max(0, under.limits[resource]! - total(nodes, under, resource)), 0);
}

/** The leases above that limit the same, up to the first that is open, or was closed before it settled. */
function keepers(under: Node, resource: Counted): Node[] {
  const limiting = chain(under).filter((above) => above !== under && above.limits[resource] !== undefined);
  const last = limiting.findIndex((above) => !above.settled || above.closedBeforeSettled);
  return last < 0 ? limiting : limiting.slice(0, last + 1);
}

const tenths = (amount: number): number => (amount === Infinity ? amount : Math.round(amount * 10));
const each = (f: (resource: Counted) => number): number[] => spendables.map(f);
const spentOf = ({ lease }: Node): number[] => each((resource) => tenths(lease.spent(resource)));
const reservedOf = ({ lease }: Node): number[] => each((resource) => tenths(lease.reserved(resource)));
const inAmounts = (limits: Node['limits']): Limits =>
  Object.fromEntries(Object.entries(limits).map(([resource, limit]) => [resource, limit / 10]));

function quietly(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

function thrownBy(act: () => unknown): BudgetExceeded {
  const thrown = quietly(act);
  expect(thrown).toBeInstanceOf(BudgetExceeded);
  return thrown as BudgetExceeded;
}

/** One who writes down what he hears. */
function listener(lease: Lease) {
  const failures: BudgetExceeded[] = [];
  const lows: BudgetLow[] = [];
  const holder: LeaseHolder = {
    interrupt: (failure) => failures.push(failure),
    budgetLow: (notice) => lows.push(notice),
  };
  return { failures, lows, release: lease.hold(holder) };
}

/** One who has a chunk under way until he is told to stop, and then reports that one. */
function worker(lease: Lease) {
  let told = false;
  let idle = false;
  lease.hold({
    interrupt: () => {
      told = true;
    },
  });
  return {
    reportChunk: (size: number): void => {
      if (idle) return;
      idle = told;
      idle = quietly(() => lease.spend('tokens', size)) !== undefined || idle;
    },
  };
}
