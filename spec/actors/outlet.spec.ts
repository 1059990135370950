import { describe, expect, it } from 'vitest';
import type { Kernel } from '../../src/actors/kernel.ts';
import { Outlet, type OutletOptions } from '../../src/actors/outlet.ts';
import { type CreditToken, retainToken } from '../../src/core/credit.ts';
import type { Runnable } from '../../src/core/environment.ts';
import type { Parked } from '../../src/core/mailbox.ts';
import { anEnvelope } from '../support/an-envelope.ts';

const over = { done: true, value: undefined };
const given = (value: unknown) => ({ done: false, value });

/** An outlet whose turns are taken when the spec says so, and what became of it. */
function anOutlet(options: Partial<OutletOptions> = {}) {
  const ready: Runnable[] = [];
  const lost: unknown[] = [];
  let closed = 0;
  const kernel = {
    dispatcher: { ready: (one: Runnable) => ready.push(one) },
    lose: ({ payload }: { payload: unknown }, to: string, cause: string) => lost.push([payload, to, cause]),
  } as unknown as Kernel;
  const outlet = new Outlet<unknown>({
    kernel,
    path: 'a reader',
    capacity: 1,
    overflow: 'suspend',
    window: 10,
    onClose: () => {
      closed += 1;
    },
    ...options,
  });
  return {
    outlet,
    ready,
    lost,
    closed: () => closed,
    take: (...payloads: unknown[]) => payloads.map((payload) => outlet.receive(anEnvelope({ payload }))),
    /** Takes the turns that were asked for; says which want another. */
    turns: (batch = 10) => ready.splice(0).map((one) => one.run(batch)),
  };
}

/** An effect of an agent that stands in line. */
const aParked = (payload: unknown): Parked => ({ admitted: () => {}, envelope: anEnvelope({ payload }) });

/** Somebody who is pushed values. */
function aSink() {
  const seen: unknown[] = [];
  return {
    seen,
    next: (value: unknown) => void seen.push(value),
    error: (failure: unknown) => void seen.push(['failed', failure]),
    complete: () => void seen.push('complete'),
  };
}

describe('an outlet', () => {
  it('is called by what it is, and answers nobody', () => {
    const { outlet } = anOutlet();

    expect(outlet).toMatchObject({
      label: 'a reader',
      path: 'a reader',
      responds: false,
      mailboxCapacity: 1,
    });
    expect(outlet.receiverFor()).toBe(outlet);
  });

  it('lets others wait while it is full, unless it has ended or its reader has left', () => {
    const [full, ended, left] = [anOutlet(), anOutlet(), anOutlet()];
    for (const { take } of [full, ended, left]) {
      take('a');
    }
    ended.outlet.complete();
    left.outlet.close();

    expect([full, ended, left].map(({ outlet }) => outlet.mustWait)).toEqual([true, false, false]);
    expect(anOutlet().outlet.mustWait).toBe(false);
  });

  it('lets nobody wait where it drops, however full it is', () => {
    const { outlet, take } = anOutlet({ overflow: 'drop-newest' });
    take('a');

    expect(outlet.mustWait).toBe(false);
  });

  it('is saturated when as many stand in line as may, until its reader leaves', () => {
    const { outlet, take } = anOutlet();
    expect(take('a', 'b')).toEqual(['taken', 'waiting']);
    expect(outlet.saturated).toBe(true);
    outlet.close();

    expect(outlet.saturated).toBe(false);
  });

  it.each(['complete', 'close'] as const)('takes and keeps nothing more after %s', (end) => {
    const { outlet, take, lost } = anOutlet();
    outlet[end]();

    expect(take('a')).toEqual(['taken']);
    expect([outlet.mailbox.size, lost]).toEqual([0, []]);
  });

  it.each([
    ['conflate', ['taken', 'taken'], []],
    ['drop-oldest', ['taken', 'taken'], [['a', 'a reader', 'Displaced']]],
    ['drop-newest', ['taken', 'taken'], [['b', 'a reader', 'Dropped']]],
    ['fail', ['taken', 'taken'], [['b', 'a reader', 'MailboxFailed']]],
    ['reject', ['taken', 'rejected'], []],
  ] as const)('does under %s with what does not fit as that says', (overflow, receptions, letters) => {
    const { take, lost } = anOutlet({ overflow, keyOf: () => 'one for all' });

    expect(take('a', 'b')).toEqual(receptions);
    expect(lost).toEqual(letters);
  });

  it('asks for one turn, however much comes, and for none when its reader has left', () => {
    const { outlet, take, ready, turns } = anOutlet({ capacity: 5 });
    outlet.pushTo(aSink());
    take('a', 'b');
    expect(ready).toHaveLength(1);
    expect(turns()).toEqual([false]);
    take('c');
    expect(ready).toHaveLength(1);
    turns();
    outlet.close();
    outlet.settled();
    outlet.complete();

    expect(ready).toEqual([]);
  });

  it('is not given what stood in line by whoever has ended meanwhile', () => {
    const { outlet, take, turns } = anOutlet();
    const sink = aSink();
    take('a');
    const parked = aParked('b');
    outlet.park(parked);
    outlet.unpark(parked);
    outlet.pushTo(sink);
    turns();

    expect(sink.seen).toEqual(['a']);
  });
});

describe('an outlet that pushes', () => {
  it('pushes as many as a turn is for, and then asks for another', () => {
    const { outlet, take, turns, ready } = anOutlet({ capacity: 5 });
    const sink = aSink();
    outlet.pushTo(sink);
    take('a', 'b', 'c');

    expect(turns(2)).toEqual([true]);
    expect(sink.seen).toEqual(['a', 'b']);
    expect(outlet.run(2)).toBe(false);
    expect(sink.seen).toEqual(['a', 'b', 'c']);
    expect(ready).toEqual([]);
  });

  it('has no more out than its window, and goes on when one is settled', () => {
    const { outlet, take, turns } = anOutlet({ capacity: 5, window: 1 });
    const tokens: (CreditToken | undefined)[] = [];
    const sink = { ...aSink(), next: () => void tokens.push(retainToken()) };
    outlet.pushTo(sink);
    take('a', 'b');
    turns();
    expect(tokens).toHaveLength(1);
    tokens[0]!.release();
    turns();

    expect(tokens).toHaveLength(2);
  });

  it.each([
    ['complete', 'complete'],
    ['fail', ['failed', 'why']],
  ] as const)('tells of its end by %s once, behind the last value, and is closed then', (end, told) => {
    const { outlet, take, turns, closed } = anOutlet();
    const sink = aSink();
    outlet.pushTo(sink);
    take('a');
    outlet[end]('why');
    outlet.fail('too late');
    turns();
    turns();

    expect(sink.seen).toEqual(['a', told]);
    expect(closed()).toBe(1);
    outlet.close();
    expect(closed()).toBe(1);
  });

  it('pushes nothing when its reader has left before its turn', () => {
    const { outlet, take, turns } = anOutlet();
    const sink = aSink();
    outlet.pushTo(sink);
    take('a');
    outlet.close();
    turns();

    expect([sink.seen, outlet.mailbox.size]).toEqual([[], 0]);
  });

  it('that fails loses what stands in line, and what completes does not', () => {
    const [fails, completes] = [anOutlet(), anOutlet()];
    const sinks = [aSink(), aSink()];
    for (const [n, one] of [fails, completes].entries()) {
      one.take('a');
      one.outlet.park(aParked('b'));
      one.outlet.pushTo(sinks[n]!);
    }
    fails.outlet.fail('why');
    completes.outlet.complete();
    fails.turns();
    completes.turns();

    expect(sinks.map(({ seen }) => seen)).toEqual([
      ['a', ['failed', 'why']],
      ['a', 'b', 'complete'],
    ]);
    expect([fails.lost, completes.lost]).toEqual([[['b', 'a reader', 'LateReply']], []]);
  });
});

describe('an outlet that is asked', () => {
  it('gives what waits at once, and lets wait when there is nothing', async () => {
    const { outlet, take, turns } = anOutlet({ capacity: 5 });
    take('a');
    expect(await outlet.next()).toEqual(given('a'));
    const [first, second] = [outlet.next(), outlet.next()];
    take('b', 'c');
    turns();

    expect(await Promise.all([first, second])).toEqual([given('b'), given('c')]);
  });

  it('lets nobody be overtaken who has asked before', async () => {
    const { outlet, take, turns } = anOutlet({ capacity: 5 });
    const first = outlet.next();
    take('a', 'b');
    const second = outlet.next();
    turns();

    expect(await Promise.all([first, second])).toEqual([given('a'), given('b')]);
  });

  it('keeps who has asked when a turn had nothing for them', async () => {
    const { outlet, take, turns } = anOutlet();
    const asked = outlet.next();
    outlet.settled();
    expect(turns()).toEqual([false]);
    take('a');
    turns();

    expect(await asked).toEqual(given('a'));
  });

  it('says that it is over to all who have asked, and to whoever asks after that', async () => {
    const { outlet, closed } = anOutlet();
    const asked = [outlet.next(), outlet.next()];
    outlet.close();

    expect(await Promise.all([...asked, outlet.next()])).toEqual([over, over, over]);
    expect(closed()).toBe(1);
  });

  it('fails the first who asks, and is over for the next', async () => {
    const { outlet, turns, closed } = anOutlet();
    outlet.fail(new Error('why'));
    await expect(outlet.next()).rejects.toThrow('why');
    expect(await outlet.next()).toEqual(over);
    expect(closed()).toBe(1);

    const other = anOutlet();
    const asked = other.outlet.next();
    other.outlet.complete();
    other.turns();
    expect(await asked).toEqual(over);
    expect(turns()).toBeDefined();
  });
});
