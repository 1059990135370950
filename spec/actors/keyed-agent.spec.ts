import { defineAgent, defineTopic, keyedAgent, type } from 'troupe';
import { describe, expect, it } from 'vitest';

const Post = defineTopic('post', { schema: type<string>() });
const each = defineAgent({ name: 'each', subscribe: [Post], receive: () => {} });
const keyed = (message: string): string => message;

describe('a keyed agent', () => {
  it('has the name of its agent, or one of its own', () => {
    expect(keyedAgent({ agent: each, keyed, passivate: 'forget' }).name).toBe('each');
    expect(keyedAgent({ name: 'all', agent: each, keyed, passivate: 'forget' }).name).toBe('all');
  });

  it('says what becomes of its state when it is put away', () => {
    expect(() => keyedAgent({ agent: each, keyed })).toThrow(
      "keyed agent 'each' says passivate: 'forget', since agents that keep their state while they are put away are not there yet; got undefined",
    );
  });

  it.each([
    [{ activeMax: 0 }, 'activeMax'],
    [{ activeMax: 1.5 }, 'activeMax'],
    [{ activeMax: Number.POSITIVE_INFINITY }, 'activeMax'],
    [{ idleMs: -1 }, 'idleMs'],
    [{ idleMs: Number.NaN }, 'idleMs'],
    [{ coolDownMs: -1 }, 'coolDownMs'],
    [{ name: 'a.b' }, 'name'],
    [{ supervision: { strategy: 'one-for-all' } }, 'one-for-one'],
    [{ supervision: { restartsMax: -1 } }, 'restartsMax'],
    [{ keyed: 'id' }, 'keyed'],
  ])('refuses %j', (options, named) => {
    const make = () => keyedAgent({ agent: each, keyed, passivate: 'forget', ...(options as object) });

    expect(make).toThrow(RangeError);
    expect(make).toThrow(named);
  });

  it('may be put away as soon as it is idle, and may say that its keys have nothing to do with each other', () => {
    expect(() =>
      keyedAgent({
        agent: each,
        keyed,
        passivate: 'forget',
        idleMs: 0,
        coolDownMs: 0,
        supervision: { strategy: 'one-for-one' } as object,
      }),
    ).not.toThrow();
  });

  it('has one key', () => {
    const once = keyedAgent({ agent: each, keyed, passivate: 'forget' });

    expect(() => keyedAgent({ agent: once, keyed, passivate: 'forget' })).toThrow('keyed already');
  });

  it('is made of an agent', () => {
    expect(() => keyedAgent({ agent: { name: 'x' }, keyed: () => '', passivate: 'forget' })).toThrow(
      'an agent is what defineAgent returns',
    );
  });
});
