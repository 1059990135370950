import { describe, expect, it } from 'vitest';
import { CoolingDown, idOfKey, keyLengthMax, keyOf, NoKey } from '../../src/actors/key.ts';
import { ownEnvelope } from '../../src/core/envelope.ts';

const envelope = ownEnvelope(1, undefined, undefined, 'topic', 'payload');
const keyFrom = (key: unknown) => keyOf(() => key, envelope, '/group');

const trapped = {
  get: (): never => {
    throw new Error('do not look');
  },
};

describe('a key', () => {
  it('is a text, or a number as its text', () => {
    expect(['Ada', 7, 7n, -0.5, ' '].map(keyFrom)).toEqual(['Ada', '7', '7', '-0.5', ' ']);
    expect(keyFrom('x'.repeat(keyLengthMax))).toBe('x'.repeat(keyLengthMax));
    expect(keyFrom(BigInt('1'.repeat(keyLengthMax)))).toBe('1'.repeat(keyLengthMax));
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty text', ''],
    ['a long text', 'x'.repeat(keyLengthMax + 1)],
    ['a long number', 10n ** 300n],
    ['no number', Number.NaN],
    ['an endless number', Number.POSITIVE_INFINITY],
    ['a truth', true],
    ['an object', { id: 1 }],
    ['a symbol', Symbol('s')],
  ])('is not %s', (_, key) => {
    const failure = keyFrom(key) as NoKey;

    expect(failure).toBeInstanceOf(NoKey);
    expect(failure).toMatchObject({
      _tag: 'NoKey',
      group: '/group',
      class: 'invalid',
      code: 'INVALID_PARAMS',
      key,
    });
    expect(failure).not.toHaveProperty('cause');
    expect(failure.message).toMatch(
      /^no key for a message to '\/group': 'keyed' returned .+; a key is a text/,
    );
    expect(failure.message.length).toBeLessThan(300);
  });

  it('is no promise, and one that fails ends nobody', () => {
    expect(keyFrom(Promise.reject(new Error('late')))).toBeInstanceOf(NoKey);
  });

  it.each<[string, unknown]>([
    ['whose `then` throws', Object.defineProperty({}, 'then', trapped)],
    ['that throws whatever is asked of it', new Proxy({}, trapped)],
    [
      'that is a promise which throws when it is looked at',
      Object.defineProperty(Promise.resolve(), 'constructor', { get: trapped.get }),
    ],
    ['that cannot be described', { toJSON: trapped.get }],
  ])('is no object %s, and nothing is thrown', (_, key) => {
    expect(keyFrom(key)).toBeInstanceOf(NoKey);
  });

  it('is looked for with the message and its envelope; what is thrown is the cause', () => {
    expect(keyOf((message, { topic }) => `${message} of ${topic}`, envelope, '/group')).toBe(
      'payload of topic',
    );

    const cause = new TypeError('no such field');
    const failure = keyOf(
      () => {
        throw cause;
      },
      envelope,
      '/group',
    ) as NoKey;

    expect(failure.cause).toBe(cause);
    expect(failure.message).toContain("'keyed' threw TypeError: no such field");
  });

  it('is one token of a path, whatever it is', () => {
    expect(['a', 'a/b', '../..', 'ä?#%', '😀', 'a.b'].map(idOfKey)).toEqual([
      'a',
      'a%2Fb',
      '..%2F..',
      '%C3%A4%3F%23%25',
      '%F0%9F%98%80',
      'a.b',
    ]);
    expect(idOfKey('\ud800')).toBeUndefined();
  });

  it('that cools down says how long', () => {
    const failure = new CoolingDown({ agent: '/group/a', afterMs: 11.2 });

    expect(failure._tag).toBe('CoolingDown');

    expect(failure.message).toBe("'/group/a' failed too often and takes messages again in 12 ms");
    expect(failure).toMatchObject({ class: 'transient', code: 'NO_RESPONDER' });
  });
});
