import { isDeepStrictEqual } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { codec } from '../../src/core/codec.ts';
import { thrownBy } from '../support/thrown-by.ts';

const wire = codec();
const there = (value: unknown): unknown => wire.unpackValue(wire.packValue(value));
const texts = (size: number): string => 'x'.repeat(size);

const edges = [0, 1, 15, 16, 31, 32, 127, 128, 129, 255, 256, 1_024, 65_535, 65_536, 70_000];
const numbers = [0, 63, 64, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];

describe('what travels', () => {
  it.each([
    ...numbers,
    ...numbers.map((number) => -number),
    ...[-1, -32, -33, -129, -32_769, -(2 ** 31) - 1, 0.5, -0.5, 1e300, 5e-324, Number.MAX_VALUE],
    ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ])('the number %d', (number) => {
    expect(Object.is(there(number), number)).toBe(true);
  });

  it.each([
    0n,
    1n,
    -1n,
    2n ** 63n - 1n,
    2n ** 63n,
    -(2n ** 63n),
    -(2n ** 63n) - 1n,
    2n ** 64n - 1n,
    2n ** 64n,
  ])('the bigint %d', (number) => {
    expect(there(number)).toBe(number);
  });

  it('bigints of any size', () => {
    for (const bits of [65n, 71n, 72n, 73n, 1_000n, 4_000n, 500_000n]) {
      for (const number of [
        2n ** bits,
        2n ** bits - 1n,
        -(2n ** bits),
        -(2n ** bits) - 1n,
        -(2n ** bits) + 1n,
      ]) {
        expect(there(number) === number).toBe(true);
      }
    }
  });

  it('texts of every length, in every script', () => {
    for (const size of edges) {
      for (const letter of ['x', 'é', '字', '😀']) {
        const text = letter.repeat(size);
        expect(there(text) === text).toBe(true);
        expect(there([text, text, 'after'])).toEqual([text, text, 'after']);
      }
    }
  });

  it.each([
    '\ud800',
    'x\udc00y',
    '\udc00\ud800',
    `${texts(40)}\ud83d`,
    '\ufeff',
    '\ufffd',
    `${texts(200)}\ufffd`,
    '\0',
  ])('the text %j, whatever it is', (text) => {
    expect(there(text)).toBe(text);
  });

  it.each([
    0,
    1,
    999,
    1_000,
    -1,
    -1_000,
    1_795_300_000_123,
    2 ** 32 * 1_000,
    8.64e15,
    -8.64e15,
    -62_135_596_800_001,
  ])('the date %d ms from 1970', (atMs) => {
    expect(there(new Date(atMs))).toEqual(new Date(atMs));
  });

  it('a date that is none', () => {
    expect(there(new Date(Number.NaN))).toEqual(new Date(Number.NaN));
  });

  it('lists, maps, sets and objects of every size', () => {
    for (const size of [0, 1, 15, 16, 17, 65_535, 65_536]) {
      const list = Array.from({ length: size }, (_, index) => index);
      const entries = list.map((index) => [`name ${index}`, index] as const);
      for (const value of [list, new Map(entries), new Set(list), Object.fromEntries(entries)]) {
        expect(isDeepStrictEqual(there(value), value)).toBe(true);
      }
    }
  });

  it('binary data of every kind', () => {
    const { buffer } = Uint8Array.from({ length: 48 }, (_, index) => index * 5);
    const views = [
      ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
      ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView],
    ].map((kind) => new (kind as typeof Uint8Array)(buffer, 8, 2));
    const value = [buffer, ...views, Buffer.from(buffer, 3, 7), Buffer.alloc(300), Buffer.alloc(70_000, 7)];

    expect(isDeepStrictEqual(there(value), value)).toBe(true);
    expect(isDeepStrictEqual(there(new Uint8Array(70_000)), new Uint8Array(70_000))).toBe(true);
    const odd = new Float64Array(100).fill(Number.NaN).fill(-0, 50);
    expect(isDeepStrictEqual(there(odd), odd)).toBe(true);
    expect(there(new Uint8Array(0))).toEqual(new Uint8Array(0));
    expect(there(Buffer.alloc(0))).toEqual(Buffer.alloc(0));
  });

  it('objects without a prototype, beside those with one', () => {
    const bare = Object.assign(Object.create(null), { a: 1, b: { a: 1, b: 2 } });

    expect(isDeepStrictEqual(there([bare, { a: 1, b: 2 }, bare]), [bare, { a: 1, b: 2 }, bare])).toBe(true);
  });

  it('names that mean something elsewhere', () => {
    const value = {
      constructor: 1,
      toString: 2,
      hasOwnProperty: 3,
      length: 4,
      valueOf: 5,
      '': 6,
      'a b': 7,
      10: 8,
      9: 9,
    };

    expect(isDeepStrictEqual(there(value), value)).toBe(true);
    expect(Object.keys(there(value) as object)).toEqual(Object.keys(value));
  });

  it('more shapes than there are ids', () => {
    const value = Array.from({ length: 500 }, (_, index) => ({
      [`n${index % 130}`]: index,
      m: { [`n${index}`]: 1 },
    }));

    expect(there(value)).toEqual(value);
    expect(there(value.toReversed())).toEqual(value.toReversed());
  });

  it('a name that all objects have inherited does not travel with them', () => {
    const value = [{ a: 1 }, {}, { b: 2, a: 1 }, { b: 3, a: 1 }];
    Object.defineProperty(Object.prototype, 'inherited', {
      value: 1,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    try {
      const bytes = wire.packValue(value);
      expect(Object.keys((wire.unpackValue(bytes) as object[])[0]!)).toEqual(['a']);
      expect(bytes).toEqual(wire.packValue(value));
    } finally {
      delete (Object.prototype as { inherited?: unknown }).inherited;
    }

    expect(there(value)).toEqual(value);
  });

  it('what a getter or a proxy says, once', () => {
    let looks = 0;
    const value = {
      get counted() {
        looks += 1;
        return looks;
      },
    };

    expect(there([value, value])).toEqual([{ counted: 1 }, { counted: 2 }]);
    expect(there(new Proxy({ a: 1 }, { get: () => 7 }))).toEqual({ a: 7 });
    expect(there(new Proxy([1, 2], {}))).toEqual([1, 2]);
  });

  it('what stands in two places, twice', () => {
    const one = { a: 1 };
    const [left, right] = there([one, one]) as object[];

    expect(left).toEqual(right);
    expect(left).not.toBe(right);
  });

  it('objects of one shape cost one byte each and their values', () => {
    const list = Array.from({ length: 10 }, () => ({ quantity: 1, priceCents: 2 }));

    expect(wire.packValue(list).length - wire.packValue(list.slice(1)).length).toBe(3);
  });
});

describe('shapes', () => {
  it('objects of many names are one shape within a message, and forgotten after it', () => {
    const wide = (first: string): object =>
      Object.fromEntries(
        [first, ...Array.from({ length: 200 }, (_, index) => `field ${index}`)].map((at) => [at, 1]),
      );
    const list = Array.from({ length: 10 }, () => wide('a'));
    const alike = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].flatMap((end) => [
      wide(`a${end}`),
      wide(`a${end}`),
    ]);

    for (const value of [list, alike, alike, list]) {
      expect(there(value)).toEqual(value);
      expect(wire.packValue(value)).toEqual(codec().packValue(value));
    }
    expect(wire.packValue(list).length).toBeLessThan(2 * wire.packValue(list.slice(1, 2)).length);
  });

  it('objects with a dozen fields, dozens and hundreds, again and again', () => {
    for (const fields of [11, 12, 13, 40, 128, 129]) {
      const names = Array.from({ length: fields }, (_, index) =>
        index % 5 === 4 ? `${index}` : `field${index}`,
      );
      const list = Array.from({ length: 40 }, (_, at) =>
        Object.fromEntries(names.map((name, value) => [name, value + at])),
      );

      expect(isDeepStrictEqual(there(list), list)).toBe(true);
      expect((there(list) as object[]).map((one) => Object.keys(one))).toEqual(
        list.map((one) => Object.keys(one)),
      );
    }
  });

  it('more shapes that begin alike than are remembered', () => {
    const shape = (index: number): object => ({ id: 1, [`field${index}`]: 2 });
    const list = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 0, 0, 5, 5].map(shape);

    expect(there(list)).toEqual(list);
    expect(wire.packValue(list)).toEqual(codec().packValue(list));
  });
});

describe('what is kept', () => {
  const bytes = 20_000_000;

  const named = (value: number): object =>
    Object.fromEntries(
      Array.from({ length: bytes / 1_000 }, (_, index) => [`${index}`.padStart(1_000, 'x'), value]),
    );

  it.each<[string, () => unknown]>([
    ['the key of a map', () => new Map([['x'.repeat(bytes), 1]])],
    ['the names of two objects', () => [named(1), named(2)]],
  ])('of %s nothing, when the message is over', (_, make) => {
    const large = codec({ bytesMax: 10 * bytes });
    const before = bytesHeld();
    large.packValue(make());

    expect(bytesHeld() - before).toBeLessThan(bytes / 2);
    // It is still there.
    expect(large.packValue(1)).toHaveLength(4);
  });
});

describe('what does not travel', () => {
  class Point {
    x = 1;
  }
  const cyclic: Record<string, unknown> = { a: [] };
  (cyclic['a'] as unknown[]).push(new Map([['self', cyclic]]));
  const given = new ArrayBuffer(8);
  const away = new Uint8Array(given);
  structuredClone(given, { transfer: [given] });
  const withAHole = [1, 2, 3];
  delete withAHole[1];
  const extended = (value: object): object => Object.assign(value, { more: 1 });

  it.each<[string, unknown, string]>([
    ['a function', () => 1, ''],
    ['a symbol', { kind: Symbol('kind') }, 'kind'],
    ['a name that is a symbol', { a: { [Symbol('name')]: 1 } }, 'a'],
    ['an instance', [new Point()], '[0]'],
    ['an error', { cause: new RangeError('x') }, 'cause'],
    ['a regular expression', /x/g, ''],
    ['a promise', Promise.resolve(), ''],
    ['a boxed number', Object(7), ''],
    ['arguments', argumentsOf(1, 2), ''],
    ['a hole', withAHole, '[1]'],
    ['a field of a list', ['x'.match(/x/)], '[0]'],
    ['a symbol of a list', Object.assign([1], { [Symbol('s')]: 1 }), ''],
    ['a subclass of Array', new (class extends Array {})(), ''],
    ['a list that poses as an object', Object.setPrototypeOf([], Object.prototype), ''],
    ['what poses as a list', Object.create(Array.prototype), ''],
    ['a subclass of Map', new (class extends Map {})(), ''],
    ['a subclass of Uint8Array', new (class extends Uint8Array {})(1), ''],
    ['a date with a field', extended(new Date(0)), ''],
    ['a map with a field', extended(new Map()), ''],
    ['a set with a field', extended(new Set()), ''],
    ['a view with a field', extended(new Uint16Array(2)), ''],
    ['a large view with a field', extended(new Float64Array(1_000)), ''],
    ['a buffer with a field', extended(Buffer.from('x')), ''],
    ['a large buffer with a field', extended(Buffer.alloc(10_000)), ''],
    ['a view with a symbol', Object.assign(new Uint8Array(1_000), { [Symbol('s')]: 1 }), ''],
    ['shared memory', new Uint8Array(new SharedArrayBuffer(1)), ''],
    ['memory that was given away', { away }, 'away'],
    ['a field called __proto__', JSON.parse('{"a":{"__proto__":1}}'), 'a'],
    ['a name that is half a character', { 'x\ud800': 1 }, ''],
    ['a key of a map', new Map([[() => 1, 1]]), '["<a key>"]'],
    ['a value of a map', new Map<unknown, unknown>([['rate', () => 1]]), 'rate'],
    ['a value under an odd key', new Map<unknown, unknown>([[{}, () => 1]]), '["<a value>"]'],
    ['an element of a set', new Set([1, () => 1]), '[1]'],
    ['a weak map', new WeakMap(), ''],
  ])('%s', (_, value, path) => {
    expect(thrownBy(() => wire.packValue(value))).toMatchObject({ reason: 'unsupported', path });
  });

  it('what holds itself', () => {
    expect(thrownBy(() => wire.packValue(cyclic))).toMatchObject({ reason: 'cyclic', path: 'a[0].self' });
  });

  it.each<[string, () => unknown]>([
    ['a proxy that refuses', () => new Proxy({}, { ownKeys: () => fail() })],
    ['a proxy that was revoked', () => revoked()],
    ['what poses as a date', () => Object.create(Date.prototype)],
    ['what poses as a map', () => Object.create(Map.prototype)],
    ['what poses as a set', () => Object.create(Set.prototype)],
    ['what poses as memory', () => Object.create(ArrayBuffer.prototype)],
    ['a proxy of memory', () => new Proxy(new ArrayBuffer(8), {})],
    ['what poses as binary data', () => Object.create(Uint8Array.prototype)],
    [
      'what throws nothing of this world',
      () => new Proxy({}, { getPrototypeOf: () => fail(Object.create(null)) }),
    ],
  ])('%s', (_, make) => {
    expect(thrownBy(() => wire.packValue([make()]))).toMatchObject({ reason: 'threw', path: '[0]' });
  });

  it.each<[string, Record<string, unknown>]>([
    ['loses a field', changing((self) => delete self['c'])],
    ['gets one, and loses another', changing((self) => delete self['c'] && Object.assign(self, { d: 1 }))],
    ['has other names each time', otherNamesEachTime()],
  ])('an object that %s while it is looked at', (_, value) => {
    expect(thrownBy(() => wire.packValue(value))).toMatchObject({ reason: 'unsupported', value });
  });

  it('a list that becomes shorter while it is looked at', () => {
    const list: unknown[] = [
      {
        get first() {
          list.length = 1;
          return 1;
        },
      },
      2,
    ];

    expect(thrownBy(() => wire.packValue(list))).toMatchObject({ reason: 'unsupported', path: '[1]' });
  });

  it('a map is what it was when it was met', () => {
    const map: Map<unknown, unknown> = new Map<unknown, unknown>([
      [
        'first',
        {
          get value() {
            map.set('second', 2);
            return 1;
          },
        },
      ],
    ]);

    expect(there(map)).toEqual(new Map([['first', { value: 1 }]]));
  });

  it('advice is given for what people try', () => {
    expect(String(thrownBy(() => wire.packValue(new Error('x'))))).toContain('send its facts');
    expect(String(thrownBy(() => wire.packValue(/x/)))).toContain('send its source');
    expect(String(thrownBy(() => wire.packValue(new Point())))).toContain('send a plain object');
  });

  function changing(change: (self: Record<string, unknown>) => unknown): Record<string, unknown> {
    const self: Record<string, unknown> = {
      a: 1,
      get b() {
        change(self);
        return 2;
      },
      c: 3,
    };
    return self;
  }

  function otherNamesEachTime(): Record<string, unknown> {
    const target: Record<string, unknown> = { a: 1, b: 2, c: 3 };
    let looks = 0;
    return new Proxy(target, {
      ownKeys: () => {
        looks += 1;
        return looks % 2 === 0 ? ['a', 'b'] : ['a', 'c'];
      },
    });
  }

  function fail(thrown: unknown = new Error('refused')): never {
    throw thrown;
  }

  function revoked(): object {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  }
});

function argumentsOf(..._given: unknown[]): unknown {
  // biome-ignore lint/complexity/noArguments: it is what is looked at.
  return arguments;
}

function bytesHeld(): number {
  setFlagsFromString('--expose_gc');
  (runInNewContext('gc') as () => void)();
  // Array buffers are given back later, on another thread.
  return process.memoryUsage().heapUsed;
}
