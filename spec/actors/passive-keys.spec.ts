import { describe, expect, it } from 'vitest';
import type { KeyedInstance } from '../../src/actors/keyed-instance.ts';
import { handOn, isWatched, PassiveKeys } from '../../src/actors/passive-keys.ts';

/** What is kept of the agent of a key, as far as anybody looks at it. */
const leftOf = (n: number, watchers: readonly unknown[] = []) =>
  ({ key: String(n), watchers: new Set(watchers) }) as unknown as KeyedInstance;

const some = (count: number, watchers?: readonly unknown[]) =>
  Array.from({ length: count }, (_, n) => leftOf(n, watchers));

function kept(instances: readonly KeyedInstance[]): PassiveKeys {
  const passive = new PassiveKeys();
  instances.forEach((instance) => {
    passive.keep(instance);
  });
  return passive;
}

/** Nobody watches any of them any more. */
function leaveAll(passive: PassiveKeys): void {
  for (const { watchers } of passive) {
    watchers!.clear();
  }
}

describe('passive keys', () => {
  it('are kept up to 64 although nobody watches them', () => {
    expect(kept(some(64)).keys).toHaveLength(64);
  });

  it('let go of the oldest that nobody watches, two at a time, when there are more', () => {
    const passive = kept(some(64));
    passive.keep(leftOf(64));
    expect(passive.keys).toHaveLength(64);
    expect(passive.keys[0]).toBe('1');

    const watched = kept(some(66, ['somebody']));
    leaveAll(watched);
    watched.look();
    watched.look();

    expect(watched.keys).toHaveLength(64);
  });

  it('stay as long as somebody watches them, however many they are', () => {
    expect(kept(some(200, ['somebody'])).keys).toHaveLength(200);
  });

  it('look at two at a time only', () => {
    const passive = kept(some(100, ['somebody']));
    leaveAll(passive);

    passive.look();

    expect(passive.keys).toHaveLength(98);
  });

  it('keep the newest although nobody watches it', () => {
    const passive = kept(some(64, ['somebody']));
    const newest = leftOf(64);
    passive.keep(newest);
    for (let n = 0; n < 64; n += 1) {
      passive.look(newest);
    }

    expect(passive.get('64')).toBe(newest);
  });

  it('forget a key, and one that is active again', () => {
    const passive = kept(some(3));
    passive.forget('0');
    const active = leftOf(1);
    passive.wake(active);

    expect(passive.keys).toEqual(['2']);
    expect([...passive].map(({ key }) => key)).toEqual(['2']);
  });

  it('hand those who watch on to the agent that is active again', () => {
    const left = leftOf(1, ['somebody']);
    const active = leftOf(1, ['another']);

    handOn(left, active);

    expect([...active.watchers!]).toEqual(['another', 'somebody']);
    expect([isWatched(left), isWatched(active)]).toEqual([false, true]);
  });
});
