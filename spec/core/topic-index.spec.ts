import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopicIndex } from '../../src/core/topic-index.ts';
import { InvalidTopicName, matches } from '../../src/core/topic-name.ts';

describe('TopicIndex', () => {
  it('finds who subscribed to the very name', () => {
    const index = new TopicIndex<string>();
    index.add('orders.placed', 'billing');
    index.add('orders.paid', 'shipping');

    expect(index.match('orders.placed')).toEqual(['billing']);
  });

  it('finds nobody when nobody subscribed', () => {
    const index = new TopicIndex<string>();
    index.add('orders.placed.twice', 'billing');

    expect(index.match('orders.placed')).toEqual([]);
    expect(index.match('payments')).toEqual([]);
  });

  it('finds subscribers in the order in which they came, whatever their patterns', () => {
    const index = new TopicIndex<string>();
    index.add('>', 'audit');
    index.add('orders.placed', 'billing');
    index.add('*.placed', 'statistics');
    index.add('orders.>', 'archive');
    index.add('orders.placed', 'shipping');

    expect(index.match('orders.placed')).toEqual(['audit', 'billing', 'statistics', 'archive', 'shipping']);
  });

  it('puts who leaves and comes back at the end', () => {
    const index = new TopicIndex<string>();
    index.add('a', 'first');
    index.add('a', 'second');

    index.remove('a', 'first');
    index.add('a', 'first');

    expect(index.match('a')).toEqual(['second', 'first']);
  });

  it('lists who subscribed by two patterns twice', () => {
    const index = new TopicIndex<string>();
    index.add('*', 'me');
    index.add('>', 'me');

    expect(index.match('a')).toEqual(['me', 'me']);
  });

  it('takes the same subscription once', () => {
    const index = new TopicIndex<string>();
    index.add('a', 'me');
    const { version } = index;

    index.add('a', 'me');

    expect(index.match('a')).toEqual(['me']);
    expect(index.size).toBe(1);
    expect(index.version).toBe(version);
  });

  it('does nothing when asked to remove what is not there', () => {
    const index = new TopicIndex<string>();
    index.add('a.b', 'me');
    const { version } = index;

    index.remove('a.b', 'you');
    index.remove('a', 'me');
    index.remove('a.b.c', 'me');
    index.remove('x', 'me');

    expect(index.match('a.b')).toEqual(['me']);
    expect([index.size, index.version]).toEqual([1, version]);
  });

  it('counts its version up with each change', () => {
    const index = new TopicIndex<string>();
    const versions = [index.version];

    index.add('a', 'me');
    versions.push(index.version);
    index.remove('a', 'me');
    versions.push(index.version);

    expect(versions).toEqual([0, 1, 2]);
  });

  it('keeps the nodes that others need', () => {
    const index = new TopicIndex<string>();
    index.add('a', 'short');
    index.add('a.b.c', 'long');

    index.remove('a.b.c', 'long');

    expect(index.nodes).toBe(1);
    expect(index.match('a')).toEqual(['short']);
  });

  it('refuses what is not a pattern', () => {
    expect(() => new TopicIndex<string>().add('a.>.b', 'me')).toThrow(InvalidTopicName);
  });

  it('knows tokens that objects know already', () => {
    const index = new TopicIndex<string>();
    index.add('__proto__.constructor', 'me');

    expect(index.match('__proto__.constructor')).toEqual(['me']);
    expect(index.match('constructor')).toEqual([]);
  });

  it('is not slowed down by patterns made to branch everywhere', () => {
    const index = new TopicIndex<number>();
    const patterns = Array.from({ length: 31 }, (_, n) => `${'*.'.repeat(n)}>`);
    patterns.forEach((pattern, n) => {
      index.add(pattern, n);
      index.add(pattern.replaceAll('*', 'a'), n + 100);
    });

    // Two ways at each of 31 tokens, but only two of the 2 ** 31 paths are there.
    const found = index.match(Array.from({ length: 32 }, () => 'a').join('.'));

    expect(found).toHaveLength(62);
    expect(index.nodes).toBe(2 * 61 - 1);
  });

  it('law: finds just those whose pattern covers the name, in the order of subscription', () => {
    fc.assert(
      fc.property(fc.array(aChange), aName, (changes, name) => {
        const { index, subscriptions } = play(changes);

        const covering = subscriptions.filter(({ pattern }) => matches(pattern, name));
        expect(index.match(name)).toEqual(covering.map(({ subscriber }) => subscriber));
        expect(index.size).toBe(subscriptions.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it('law: after everything was removed, in whatever order, nothing is left', () => {
    fc.assert(
      fc.property(fc.array(aChange), fc.infiniteStream(fc.nat()), (changes, lots) => {
        const { index, subscriptions } = play(changes);
        const shuffled = subscriptions
          .map((subscription) => ({ ...subscription, lot: lots.next().value as number }))
          .toSorted((a, b) => a.lot - b.lot);

        shuffled.forEach(({ pattern, subscriber }) => {
          index.remove(pattern, subscriber);
        });

        expect([index.size, index.nodes]).toEqual([0, 0]);
      }),
    );
  });

  it('law: while the version stays, so does every match', () => {
    fc.assert(
      fc.property(fc.array(aChange), aChange, aName, (changes, change, name) => {
        const { index } = play(changes);
        const before = { version: index.version, match: index.match(name) };

        index[change.verb](change.pattern, change.subscriber);

        expect([index.version !== before.version, index.match(name)]).toEqual(
          index.version === before.version ? [false, before.match] : [true, expect.anything()],
        );
      }),
    );
  });
});

interface Subscription {
  readonly pattern: string;
  readonly subscriber: number;
}

interface Change extends Subscription {
  readonly verb: 'add' | 'remove';
}

const aToken = fc.constantFrom('a', 'b');
const aName = fc.array(aToken, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'));
const aPattern = fc
  .tuple(fc.array(fc.oneof(aToken, fc.constant('*')), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([tokens, open]) => [...tokens, ...(open ? ['>'] : [])].join('.'));
const aChange: fc.Arbitrary<Change> = fc.record({
  verb: fc.constantFrom('add' as const, 'add' as const, 'remove' as const),
  pattern: aPattern,
  subscriber: fc.nat(3),
});

/** Makes the changes to an index and to a plain list. */
function play(changes: readonly Change[]): {
  index: TopicIndex<number>;
  subscriptions: readonly Subscription[];
} {
  const index = new TopicIndex<number>();
  let subscriptions: readonly Subscription[] = [];
  for (const { verb, pattern, subscriber } of changes) {
    index[verb](pattern, subscriber);
    const isSame = (other: Subscription) => other.pattern === pattern && other.subscriber === subscriber;
    if (verb === 'remove') {
      subscriptions = subscriptions.filter((other) => !isSame(other));
    } else if (!subscriptions.some(isSame)) {
      subscriptions = [...subscriptions, { pattern, subscriber }];
    }
  }
  return { index, subscriptions };
}
