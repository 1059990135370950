import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/models/language-model.ts';
import { fromCassetteJson, toCassetteJson } from '../../src/testing/cassette-json.ts';
import { ProviderError } from '../../src/testing/provider-error.ts';
import { lawParameters } from '../support/law-runs.ts';

const plain = { sorted: false, digests: false };
const written = (value: unknown): unknown => JSON.parse(JSON.stringify(toCassetteJson(value, plain)));
const roundTrip = (value: unknown): unknown => fromCassetteJson(written(value) as JsonValue);

describe('cassette JSON', () => {
  it.each([
    [new Uint8Array([1, 2]), { $bytes: 'AQI=' }],
    [new Date(0), { $date: '1970-01-01T00:00:00.000Z' }],
    [new Date(Number.NaN), { $date: null }],
    [new URL('https://a.b/c'), { $url: 'https://a.b/c' }],
    [/a\/b/gi, { $regexp: '/a\\/b/gi' }],
    [new Map([['a', new Set([1])]]), { $map: [['a', { $set: [1] }]] }],
    [7n, { $bigint: '7' }],
    [Number.NEGATIVE_INFINITY, { $number: '-Infinity' }],
    [
      [undefined, null],
      [{ $undefined: true }, null],
    ],
    [undefined, { $undefined: true }],
    [{ $date: 'mine' }, { $$date: 'mine' }],
    [new RangeError('too far'), { $error: { name: 'RangeError', message: 'too far' } }],
    [{ a: 1, b: undefined }, { a: 1 }],
    [{ constructor: 'Ferrari' }, { constructor: 'Ferrari' }],
    [{ toString: 'x' }, { toString: 'x' }],
    [{ valueOf: 1 }, { valueOf: 1 }],
    [{ hasOwnProperty: 1 }, { hasOwnProperty: 1 }],
    [JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}')],
  ])('what JSON does not have stands as JSON, and is read back (%#)', (value, json) => {
    expect(written(value)).toEqual(json);
    expect(roundTrip(value)).toEqual(value);
  });

  it('reads back errors whose name every object knows', () => {
    const failure = Object.assign(new Error('no'), { name: 'constructor' });

    expect(roundTrip(failure)).toBeInstanceOf(Error);
    expect(roundTrip(failure)).toMatchObject({ name: 'constructor', message: 'no' });
  });

  it('reads back errors as what they were', () => {
    const failure = Object.assign(new Error('no'), {
      name: 'OutOfStock',
      _tag: 'OutOfStock',
      class: 'permanent',
    });

    expect(roundTrip(failure)).toMatchObject({ name: 'OutOfStock', _tag: 'OutOfStock', class: 'permanent' });
    expect(roundTrip(new TypeError('no', { cause: 1 }))).toBeInstanceOf(TypeError);
    expect(roundTrip(new DOMException('no', 'TimeoutError'))).toMatchObject({
      name: 'TimeoutError',
      message: 'no',
    });
    expect(roundTrip(new ProviderError({ statusCode: 500 }))).toBeInstanceOf(ProviderError);
    expect(roundTrip(new ProviderError({ url: 'no address' }))).not.toMatchObject({ url: 'no address' });
  });

  it('keeps of bytes only their digest, where that is enough, and reads that back as it stands', () => {
    const json = toCassetteJson(new Uint8Array([1]), { sorted: true, digests: true });

    expect(json).toEqual({
      $bytes: { length: 1, sha256: '4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a' },
    });
    expect(fromCassetteJson(json)).toEqual(json);
  });

  it('law: what is written is read back, whatever it is', () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true });
    fc.assert(
      fc.property(anything, (value) => {
        expect(roundTrip(value)).toEqual(withoutMinusZero(value));
      }),
      lawParameters,
    );
  });
});

/** JSON has no -0, and neither has a cassette. */
function withoutMinusZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  if (value instanceof Map)
    return new Map([...value].map(([key, element]) => [withoutMinusZero(key), withoutMinusZero(element)]));
  if (value instanceof Set) return new Set([...value].map(withoutMinusZero));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, element]) => [name, withoutMinusZero(element)]),
  );
}
