import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MailboxFull } from '../../src/core/mailbox.ts';
import { plainValue } from '../../src/core/plain-value.ts';
import { hostileValues } from '../support/hostile-values.ts';

const plain = (value: unknown) => plainValue(value, { charsMax: 1_000 });

describe('plainValue', () => {
  it('copies what JSON can hold', () => {
    const value = { text: 'a', number: 1.5, yes: true, nothing: null, list: [1, [2]], record: { deep: {} } };

    expect(plain(value)).toEqual(value);
  });

  it('leaves out fields that are undefined and keeps their places in lists', () => {
    expect(plain({ a: undefined, b: [undefined, 1] })).toEqual({ b: [null, 1] });
  });

  it('spells out what JSON cannot hold', () => {
    const value = [
      1n,
      2n ** 300n,
      -(2n ** 300n),
      Symbol('s'),
      () => 1,
      Number.NaN,
      new Date(0),
      new Date(Number.NaN),
    ];

    expect(plain(value)).toEqual([
      '1n',
      '[BigInt]',
      '[BigInt]',
      'Symbol(s)',
      '[Function]',
      'NaN',
      '1970-01-01T00:00:00.000Z',
      'Invalid Date',
    ]);
  });

  it('shows maps as records, sets as lists, bytes by their number, and classes without fields by their name', () => {
    const value = {
      map: new Map<unknown, unknown>([
        ['a', 1],
        [2, 'b'],
        [{ id: 3 }, 'c'],
      ]),
      set: new Set(['x']),
      bytes: new Uint16Array(4),
      buffer: new ArrayBuffer(3),
      pattern: /x/,
    };

    expect(plain(value)).toEqual({
      map: { a: 1, 2: 'b', '{"id":3}': 'c' },
      set: ['x'],
      bytes: '[8 bytes]',
      buffer: '[3 bytes]',
      pattern: '[RegExp]',
    });
  });

  it('shows the fields of an object of a class', () => {
    class Order {
      left = 2;
    }

    expect(plain(new Order())).toEqual({ left: 2 });
  });

  it('shows an object without fields or prototype as one without fields', () => {
    expect(plain(Object.create(null))).toEqual({});
  });

  it('calls no getter and no toJSON', () => {
    const value = {
      toJSON: () => 'not asked',
      get now() {
        return 'not asked';
      },
    };

    expect(plain(value)).toEqual({ toJSON: '[Function]', now: '[getter]' });
  });

  it('shows an error as its name, message, cause and other errors', () => {
    const error = new AggregateError([new TypeError('inner')], 'outer', { cause: 'why' });

    expect(plain(error)).toEqual({
      name: 'AggregateError',
      message: 'outer',
      cause: 'why',
      errors: [{ name: 'TypeError', message: 'inner' }],
    });
  });

  it('shows a failure as its tag, code, class and message, without what it holds', () => {
    const failure = new MailboxFull({ receiver: '/a', payload: { secret: 's' }, capacity: 2 });

    expect(plain(failure)).toEqual({
      _tag: 'MailboxFull',
      code: 'MAILBOX_FULL',
      class: 'overload',
      message: failure.message,
    });
  });

  it('says of what an error will not tell that it is unreadable, and shows the rest', () => {
    const error = new RangeError('too far');
    Object.defineProperty(error, 'code', {
      get() {
        throw new Error('no');
      },
    });

    expect(plain(error)).toEqual({ name: 'RangeError', code: '[unreadable]', message: 'too far' });
  });

  it('keeps the stack of an error without a tag when asked to', () => {
    const copy = plainValue([new Error('x'), new MailboxFull({ receiver: '/a', payload: 1, capacity: 2 })], {
      charsMax: 10_000,
      stacks: true,
    }) as readonly Record<string, unknown>[];

    expect(copy[0]).toHaveProperty('stack', expect.stringContaining('plain-value.spec.ts'));
    expect(copy[1]).not.toHaveProperty('stack');
  });

  it('redacts what stands under the name of a secret, at any depth and in maps', () => {
    const value = {
      headers: { Authorization: 'Bearer x' },
      map: new Map([['apiKey', ['y']]]),
      password: null,
    };

    expect(plain(value)).toEqual({
      headers: { Authorization: '[redacted]' },
      map: { apiKey: '[redacted]' },
      password: null,
    });
  });

  it('judges a name by the whole of it, however little of it is shown', () => {
    expect(plain({ [`${'x'.repeat(200)}Token`]: 'y' })).toEqual({ [`${'x'.repeat(99)}…`]: '[redacted]' });
  });

  it('asks the given isSecret instead, and shows nothing when that throws', () => {
    const isSecret = (name: string) => {
      if (name === 'odd') throw new Error('no idea');
      return name === 'iban';
    };

    expect(plainValue([{ iban: 1, token: 2 }, { odd: 3 }], { charsMax: 100, isSecret })).toEqual([
      { iban: '[redacted]', token: 2 },
      '[unreadable]',
    ]);
  });

  it('says how many elements it left out', () => {
    const wide = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`k${index}`, index]));

    expect(plain(Array.from({ length: 40 }, () => 0))).toHaveProperty('32', '… 8 more');
    expect(plain(wide)).toHaveProperty('…', '8 more');
    expect(plainValue({ a: 'xxxxxxxx', b: 1 }, { charsMax: 4 })).toEqual({ a: '…', '…': '1 more' });
  });

  it.each<[string, (inner: unknown) => unknown]>([
    ['lists', (inner) => Array.from({ length: 20 }, () => inner)],
    ['records', (inner) => Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`${n}`, inner]))],
  ])('stays within its bound however many %s there are at each level', (_, wide) => {
    const copy = plainValue(wide(wide(wide([]))), { charsMax: 200 });

    expect(JSON.stringify(copy).length).toBeLessThan(500);
  });

  it('goes eight levels deep', () => {
    expect(JSON.stringify(plain([[[[[[[[['too deep']]]]]]]]]))).toBe('[[[[[[[["…"]]]]]]]]');
  });

  it('shows the same object twice when it is not inside itself', () => {
    const shared = { id: 1 };
    const cyclic: Record<string, unknown> = { shared, again: shared };
    cyclic.self = cyclic;

    expect(plain(cyclic)).toEqual({ shared: { id: 1 }, again: { id: 1 }, self: '[Circular]' });
  });

  it('does not change a prototype when a field is called __proto__', () => {
    const copy = plain(JSON.parse('{"__proto__":{"polluted":true}}'));

    expect(JSON.stringify(copy)).toBe('{"__proto__":{"polluted":true}}');
    expect({}).not.toHaveProperty('polluted');
  });

  it.each(hostileValues)('gets through %s', (_, value) => {
    const json = JSON.stringify(plainValue({ value, list: [value] }, { charsMax: 100, stacks: true }));

    expect(json.length).toBeLessThanOrEqual(6 * 100 + 200);
  });

  it('law: whatever the value, its copy is JSON of bounded length', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withNullPrototype: true,
          withSparseArray: true,
          withUnicodeString: true,
        }),
        fc.integer({ min: 1, max: 300 }),
        (value, charsMax) => {
          const copy = plainValue(value, { charsMax });
          const json = JSON.stringify(copy);

          expect(json.length).toBeLessThanOrEqual(6 * charsMax + 200);
          expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(copy)));
        },
      ),
    );
  });

  it('law: what JSON can hold is copied exactly when it is small', () => {
    const small = fc.jsonValue({ maxDepth: 4 }).filter((value) => JSON.stringify(value).length < 1_000);

    fc.assert(
      fc.property(small, (value) => {
        const copy = plainValue(value, { charsMax: 10_000, isSecret: () => false });

        expect(JSON.parse(JSON.stringify(copy))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
