import { describe, expect, it } from 'vitest';
import { EmittedListeners } from '../../src/actors/emitted-listeners.ts';
import { boom } from '../support/boom.ts';

/** Listeners, and what they heard. */
function aHall(heard: string[] = []) {
  const listeners = new EmittedListeners();
  const thrown: unknown[] = [];
  return {
    listeners,
    heard,
    thrown,
    listen: (name: string, type: string) =>
      listeners.add(type, (event) => void heard.push(`${name} ${event.type}`)),
    emit: (type: string) => {
      listeners.emit({ type }, (failure) => thrown.push(failure));
      return heard.splice(0);
    },
  };
}

describe('those who listen', () => {
  it('hear their type, and those who listen to all hear it after them', () => {
    const { listen, emit } = aHall();
    listen('all', '*');
    listen('a', 'A');

    expect([emit('A'), emit('B')]).toEqual([['a A', 'all A'], ['all B']]);
  });

  it('may leave one by one, and twice; nothing is kept when the last has left', () => {
    const { listeners, listen, emit } = aHall();
    const [first, second] = [listen('first', 'A'), listen('second', 'A')];
    first.unsubscribe();
    first.unsubscribe();
    expect([emit('A'), listeners.size]).toEqual([['second A'], 1]);
    second.unsubscribe();

    expect([emit('A'), listeners.size]).toEqual([[], 0]);
  });

  it('that throw, at once or later, are reported', async () => {
    const { listeners, thrown, emit } = aHall();
    listeners.add('A', boom);
    listeners.add('A', async () => boom());
    emit('A');
    await new Promise((resolve) => setImmediate(resolve));

    expect(thrown).toEqual([new Error('boom'), new Error('boom')]);
  });

  it('are dropped when they throw, and leave nothing behind', () => {
    const { listeners, thrown, listen, emit } = aHall();
    listeners.add('A', boom);
    listeners.add('*', boom);
    listeners.add('B', boom);
    listen('b', 'B');
    const heard = ['A', 'B', 'A', 'B'].map(emit);

    expect(heard).toEqual([[], ['b B'], [], ['b B']]);
    expect([thrown.length, listeners.size]).toEqual([3, 1]);
  });

  it('are all forgotten when their agent is over', () => {
    const { listeners, listen, emit } = aHall();
    listen('a', 'A');
    listeners.clear();

    expect([emit('A'), listeners.size]).toEqual([[], 0]);
  });
});

describe('those who have been taken over', () => {
  it('listen beside those who were there, and to nothing of the old agent', () => {
    const heard: string[] = [];
    const [old, next] = [aHall(heard), aHall(heard)];
    old.listen('old', 'A');
    old.listen('old', 'B');
    next.listen('new', 'A');
    next.listeners.takeOver(old.listeners);

    expect([next.emit('A'), next.emit('B'), old.emit('A')]).toEqual([['new A', 'old A'], ['old B'], []]);
    expect([old.listeners.size, next.listeners.size]).toEqual([0, 2]);
  });

  it('may leave, however often they have been taken over', () => {
    const heard: string[] = [];
    const [first, second, third] = [aHall(heard), aHall(heard), aHall(heard)];
    const listening = first.listen('first', 'A');
    second.listeners.takeOver(first.listeners);
    third.listeners.takeOver(second.listeners);
    expect(third.emit('A')).toEqual(['first A']);
    listening.unsubscribe();

    expect([third.emit('A'), third.listeners.size]).toEqual([[], 0]);
  });
});
