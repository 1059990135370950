import { describe, expect, it, vi } from 'vitest';
import { EmittedListeners } from '../../src/actors/emitted-listeners.ts';
import { type Observed, SnapshotObservers } from '../../src/actors/snapshot-observers.ts';

const cell: Observed = {
  path: '/each/a',
  over: false,
  failedOf: undefined,
  behaviour: undefined,
  snapshot: () => ({ status: 'active' }) as never,
  reportStray: (thrown) => {
    throw thrown;
  },
};

/** How many holders are asked while it does this: each looks into its own set, or map. */
function holdersFor(act: () => void): number {
  let asked = 0;
  const removes = vi.spyOn(Set.prototype, 'delete');
  const get = Map.prototype.get;
  Map.prototype.get = function (this: Map<unknown, unknown>, key) {
    asked += 1;
    return get.call(this, key);
  };
  try {
    act();
  } finally {
    Map.prototype.get = get;
    asked = Math.max(asked, removes.mock.calls.length);
    removes.mockRestore();
  }
  return asked;
}

describe('observers of an agent of a key', () => {
  it('leave one holder, however often they were handed on', () => {
    let holder = new SnapshotObservers();
    const seen: unknown[] = [];
    const subscription = holder.add({ next: () => void seen.push('next') }, cell);
    for (let n = 0; n < 500; n += 1) {
      const next = new SnapshotObservers();
      next.takeOver(holder);
      expect(holder.size).toBe(0);
      holder = next;
    }
    holder.changed(cell);
    expect(seen).toEqual(['next']);
    expect(holdersFor(() => subscription.unsubscribe())).toBe(1);
    expect(holder.size).toBe(0);
    subscription.unsubscribe();
    holder.changed(cell);
    expect(seen).toEqual(['next']);
  });

  it('that subscribed twice are told twice, and leave one at a time', () => {
    const holder = new SnapshotObservers();
    const seen: unknown[] = [];
    const observer = { next: () => void seen.push('next') };
    const first = holder.add(observer, cell);
    holder.add(observer, cell);
    holder.changed(cell);
    first.unsubscribe();
    holder.changed(cell);
    expect(seen).toEqual(['next', 'next', 'next']);
  });
});

describe('listeners of an agent of a key', () => {
  it('leave one holder, however often they were handed on', () => {
    let holder = new EmittedListeners();
    const heard: unknown[] = [];
    const subscription = holder.add('e', (event) => heard.push(event.type));
    for (let n = 0; n < 500; n += 1) {
      const next = new EmittedListeners();
      next.add('e', () => {}).unsubscribe();
      next.takeOver(holder);
      expect(holder.size).toBe(0);
      holder = next;
    }
    const emit = () => holder.emit({ type: 'e' }, () => {});
    emit();
    expect(heard).toEqual(['e']);
    expect(holdersFor(() => subscription.unsubscribe())).toBe(1);
    expect(holder.size).toBe(0);
    subscription.unsubscribe();
    emit();
    expect(heard).toEqual(['e']);
  });

  it('that throw or leave are dropped, and others beside them stay', () => {
    const holder = new EmittedListeners();
    const heard: unknown[] = [];
    const thrown: unknown[] = [];
    holder.add('e', () => {
      throw 'boom';
    });
    holder.add('e', (event) => heard.push(event.type));
    holder.emit({ type: 'e' }, (one) => thrown.push(one));
    holder.emit({ type: 'e' }, (one) => thrown.push(one));
    expect(heard).toEqual(['e', 'e']);
    expect(thrown).toEqual(['boom']);
    expect(holder.size).toBe(1);
  });
});

describe('observers of an agent', () => {
  /** An agent that has ended, or not, and what its observers threw. */
  const anAgent = (facts: Partial<Observed>) => {
    const thrown: unknown[] = [];
    return { thrown, agent: { ...cell, reportStray: (one: unknown) => void thrown.push(one), ...facts } };
  };
  const logging = (log: unknown[]) => ({
    next: () => void log.push('next'),
    error: (failure: unknown) => void log.push(failure),
    complete: () => void log.push('complete'),
  });

  it.each([
    ['has finished', undefined, ['complete']],
    ['has failed', { failure: 'why' }, ['why']],
  ])('are told at once of the end where it %s, and are kept nowhere', (_, failedOf, told) => {
    const { agent } = anAgent({ over: true, failedOf });
    const observers = new SnapshotObservers();
    const log: unknown[] = [];

    observers.add(logging(log), agent).unsubscribe();

    expect([log, observers.size]).toEqual([told, 0]);
  });

  it('are told of its last snapshot, and then of its end', () => {
    const observers = new SnapshotObservers();
    const log: unknown[] = [];
    observers.add(logging(log), cell);

    observers.changed(anAgent({ over: true }).agent);

    expect([log, observers.size]).toEqual([['next', 'complete'], 0]);
  });

  it('are told only of its end where a machine has told them of its last snapshot', () => {
    const observers = new SnapshotObservers();
    const log: unknown[] = [];
    observers.add(logging(log), cell);

    observers.changed(anAgent({ behaviour: {} }).agent);
    observers.changed(anAgent({ over: true, behaviour: {}, failedOf: { failure: 'why' } }).agent);

    expect(log).toEqual(['next', 'why']);
  });

  it('may say nothing to any of it', () => {
    const observers = new SnapshotObservers();
    const { agent, thrown } = anAgent({ over: true });
    observers.add({}, cell);
    observers.changed(cell);
    observers.changed(agent);
    observers.add({}, anAgent({ over: true, failedOf: { failure: 'why' } }).agent);

    expect(thrown).toEqual([]);
  });

  it('are dropped when they throw, which is reported, and the others are told', () => {
    const observers = new SnapshotObservers();
    const { agent, thrown } = anAgent({});
    const log: unknown[] = [];
    observers.add(
      {
        next: () => {
          throw 'thrown';
        },
      },
      agent,
    );
    observers.add(logging(log), agent);
    observers.changed(agent);
    observers.changed(agent);

    expect([log, thrown, observers.size]).toEqual([['next', 'next'], ['thrown'], 1]);
  });

  it('are not told any more when one that was told before has unsubscribed them', () => {
    const observers = new SnapshotObservers();
    const log: unknown[] = [];
    observers.add({ next: () => second.unsubscribe() }, cell);
    const second = observers.add(logging(log), cell);

    observers.changed(cell);

    expect(log).toEqual([]);
  });
});
