import { describe, expect, it } from 'vitest';
import { codec } from '../../src/core/codec.ts';
import { NotUnpackable } from '../../src/core/not-unpackable.ts';
import { thrownBy } from '../support/thrown-by.ts';

const wire = codec();
const prefix = [0xc1, 0x10, 0x56];

/** Reads bytes that are written here by hand, in hexadecimal. */
const read = (...hex: readonly string[]): unknown => wire.unpackValue(message(...hex));

const message = (...hex: readonly string[]): Uint8Array =>
  Uint8Array.from([...prefix, ...Buffer.from(hex.join('').replaceAll(' ', ''), 'hex')]);

describe('bytes of others', () => {
  it.each<[string, string, unknown]>([
    ['a float of 4 bytes', 'ca 3f 80 00 00', 1],
    ['a number in more bytes than it needs', '94 cc 01 cd 00 01 ce 00 00 00 01 d0 ff', [1, 1, 1, -1]],
    ['numbers below zero', '93 d1 ff fe d2 ff ff ff fd e0', [-2, -3, -32]],
    ['a text with a long length', 'db 00 00 00 01 78', 'x'],
    ['a list with a long length', 'dd 00 00 00 01 01', [1]],
    ['a map with a long length', 'df 00 00 00 01 01 02', new Map([[1, 2]])],
    ['a bigint of one byte', 'c7 01 42 05', 5n],
    ['a bigint of two bytes', 'd5 42 ff fe', -2n],
    ['a bigint of sixteen', `d8 42 ${'00'.repeat(15)}07`, 7n],
    ['a date of 8 bytes', 'd7 ff 01 31 2d 00 00 00 00 01', new Date(1_005)],
    ['a date of 8 bytes, far away', 'd7 ff 00 00 00 03 00 00 00 00', new Date(3 * 2 ** 32 * 1_000)],
    [
      'a record whose id was used before',
      '92 d4 72 40 91 a1 61 01 d4 72 40 91 a1 62 02',
      [{ a: 1 }, { b: 2 }],
    ],
    ['a record with names of many lengths', 'd4 72 7f 92 d9 01 61 da 00 01 62 01 02', { a: 1, b: 2 }],
  ])('%s', (_, hex, value) => {
    expect(read(hex)).toEqual(value);
  });

  it.each<[string, string, string]>([
    ['nothing', '', 'truncated'],
    ['a byte that begins nothing', 'c1', 'invalid'],
    ['a list of 2^32 - 1', 'dd ff ff ff ff 01 02', 'truncated'],
    ['a map of 2^32 - 1', 'df ff ff ff ff 01 02', 'truncated'],
    ['a text of 2^32 - 1', 'db ff ff ff ff 61', 'truncated'],
    ['a buffer of 2^32 - 1', 'c6 ff ff ff ff 61', 'truncated'],
    ['an extension of 2^32 - 1', 'c9 ff ff ff ff 74 01', 'truncated'],
    ['a set of 2^32 - 1', 'd4 73 00 dd ff ff ff ff 01', 'truncated'],
    ['2^32 - 1 names', 'd4 72 40 dd ff ff ff ff a1 61', 'truncated'],
    ['a record without its values', 'd4 72 40 92 a1 61 a1 62 01', 'truncated'],
    ['a record that nothing has defined', '40', 'invalid'],
    ['a record that another message has defined', '41', 'invalid'],
    ['an id that is none', 'd4 72 3f 91 a1 61 01', 'invalid'],
    ['another id that is none', 'd4 72 80 91 a1 61 01', 'invalid'],
    ['an id of two bytes', 'd5 72 40 00 91 a1 61 01', 'invalid'],
    ['a name that is a number', 'd4 72 40 91 01 01', 'invalid'],
    ['a name twice', 'd4 72 40 92 a1 61 a1 61 01 02', 'invalid'],
    ['__proto__', `d4 72 40 91 a9 ${Buffer.from('__proto__').toString('hex')} 90`, 'invalid'],
    ['names that are no list', 'd4 72 40 a1 61 01', 'invalid'],
    ['a key twice', '82 01 02 01 03', 'invalid'],
    ['an element twice', 'd4 73 00 92 01 01', 'invalid'],
    ['a set of no list', 'd4 73 00 01', 'invalid'],
    ['a bare object that is none', 'd4 6e 00 01', 'invalid'],
    ['a bare object of nothing known', 'd4 6e 00 40', 'invalid'],
    ['a bare object of something else', 'd4 6e 00 d4 73 00 90', 'invalid'],
    ['a mark that nobody knows', 'd4 01 00', 'invalid'],
    ['a reference of msgpackr', 'd6 70 00 00 00 01', 'invalid'],
    ['an error of msgpackr', 'd4 65 00 93 a1 45 a1 6d c0', 'invalid'],
    ['a pattern of msgpackr', 'd4 78 00 92 a1 2e a0', 'invalid'],
    ['strings of msgpackr in bundles', 'd6 62 00 00 00 01', 'invalid'],
    ['an extension that nobody knows', 'c7 01 63 00', 'invalid'],
    ['text that is no UTF-8', 'a2 c3 28', 'invalid'],
    ['long text that is no UTF-8', `da 01 00 ${'ff'.repeat(256)}`, 'invalid'],
    ['half a pair in UTF-8', 'a3 ed a0 80', 'invalid'],
    ['text of UTF-16 with an odd length', 'c7 03 75 61 00 62', 'invalid'],
    ['a bigint without digits', 'c7 00 42', 'invalid'],
    ['binary data without a kind', 'c7 00 74', 'invalid'],
    ['binary data of no kind', 'c7 01 74 0b', 'invalid'],
    ['a part of a number', 'c7 04 74 08 00 00 00', 'invalid'],
    ['a date of 3 bytes', 'c7 03 ff 00 00 00', 'invalid'],
    ['a date too far away', `c7 0c ff 00 00 00 00 7f${'ff'.repeat(7)}`, 'invalid'],
    ['a date too long ago', `c7 0c ff 00 00 00 00 80${'00'.repeat(7)}`, 'invalid'],
    ['two values', '01 02', 'trailing'],
    ['lists in lists in lists', '91'.repeat(1_000), 'too-deep'],
    ['maps in maps in maps', `${'81 01'.repeat(1_000)} 01`, 'too-deep'],
    ['sets in sets in sets', `${'d4 73 00 91'.repeat(1_000)} 01`, 'too-deep'],
    ['records in records', `d4 72 40 91 a1 61 ${'40'.repeat(1_000)} 01`, 'too-deep'],
    ['definitions in definitions', `${'d4 72 40 91'.repeat(10_000)} a1 61`, 'invalid'],
    ['bare objects in bare objects', `${'d4 6e 00'.repeat(1_000)}`, 'invalid'],
    ['lists in names', `d4 72 40 91 ${'91'.repeat(1_000)}`, 'invalid'],
    ['many empty maps', `dd 00 01 86 a1 ${'80'.repeat(100_001)}`, 'too-many-objects'],
    ['many dates that are none', `dd 00 01 86 a1 ${'d4 ff ff'.repeat(100_001)}`, 'too-many-objects'],
    ['many empty buffers', `dd 00 01 86 a1 ${'c4 00'.repeat(100_001)}`, 'too-many-objects'],
  ])('%s: refused', (_, hex, reason) => {
    const failure = thrownBy(() => read(hex));

    expect(failure).toBeInstanceOf(NotUnpackable);
    expect(failure).toMatchObject({ reason });
  });

  it('a length that is too long is refused before there is room made for it', () => {
    const before = process.memoryUsage();
    for (let index = 0; index < 1_000; index += 1) {
      thrownBy(() => read('dd ff ff ff ff dd ff ff ff ff'));
      thrownBy(() => read('c6 ff ff ff ff'));
    }
    const after = process.memoryUsage();

    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(50_000_000);
  });

  it('every message that ends too soon is refused, wherever it ends', () => {
    const whole = wire.packValue({
      text: 'é'.repeat(200),
      list: [1, 300, 70_000, -1, -200, -40_000, 0.5, 7n, 2n ** 80n, null, undefined, true],
      map: new Map<unknown, unknown>([[new Date(5), new Set([Buffer.from([1, 2])])]]),
      data: new Float64Array(3),
      odd: '\ud800',
      again: [{ a: 1 }, { a: 2 }],
    });
    for (let end = 0; end < whole.length; end += 1) {
      expect(thrownBy(() => wire.unpackValue(whole.subarray(0, end)))).toBeInstanceOf(NotUnpackable);
    }
  });

  it('nothing that was read before changes what is read after', () => {
    expect(read('d4 72 40 91 a1 61 01')).toEqual({ a: 1 });
    expect(thrownBy(() => read('92 d4 72 40 91 a1 62 01'))).toBeInstanceOf(NotUnpackable);
    expect(thrownBy(() => read('40 01'))).toMatchObject({ reason: 'invalid' });
    expect(read('d4 72 40 91 a1 61 02')).toEqual({ a: 2 });
  });

  it('a buffer that each message is received into changes nothing that is remembered', () => {
    const own = codec();
    const received = Buffer.alloc(64);
    const receive = (value: unknown): unknown => {
      const bytes = wire.packValue(value);
      received.set(bytes);
      return own.unpackValue(received.subarray(0, bytes.length));
    };

    for (const value of [{ nameA: 1 }, { nameB: 2 }, { nameC: 3 }, { nameA: 4 }]) {
      expect(receive(value)).toEqual(value);
    }
  });

  it('names that a hostile message brings change no other object', () => {
    const names = ['constructor', 'prototype', 'toString', 'valueOf', '__defineGetter__'];
    const hex = names.map(
      (name) => `${(0xa0 + name.length).toString(16)}${Buffer.from(name).toString('hex')}`,
    );

    const value = read(`d4 72 40 95 ${hex.join('')} 01 02 03 04 05`) as Record<string, unknown>;

    expect(Object.keys(value)).toEqual(names);
    expect({}.constructor).toBe(Object);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it('a setter that all objects have inherited is not run, nor does one without a setter stand in the way', () => {
    Object.defineProperty(Object.prototype, 'evil', { set: () => fail(), configurable: true });
    Object.defineProperty(Object.prototype, 'fixed', { value: 1, configurable: true });
    try {
      const value = codec().unpackValue(message('d4 72 40 93 a4 6576696c a5 6669786564 a1 61 01 02 03'));

      expect(Object.entries(value as object)).toEqual([
        ['evil', 1],
        ['fixed', 2],
        ['a', 3],
      ]);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'evil');
      Reflect.deleteProperty(Object.prototype, 'fixed');
    }
  });

  it('a message is read when there is hardly any stack left', () => {
    const deep = codec({ depthMax: 1_000 });
    const bytes = deep.packValue(Array.from({ length: 1_000 }).reduce((inner) => [inner], 0 as unknown));
    const kinds = new Set<unknown>();

    let looks = 0;
    const sink = (): void => {
      try {
        sink();
      } finally {
        looks += 1;
        try {
          if (looks < 200) {
            deep.unpackValue(bytes);
          }
        } catch (thrown) {
          kinds.add((thrown as Error).constructor);
        }
      }
    };
    thrownBy(sink);

    expect([...kinds].filter((kind) => kind !== NotUnpackable && kind !== RangeError)).toEqual([]);
    expect(deep.unpackValue(bytes)).toBeInstanceOf(Array);
  });
});

function fail(): never {
  throw new Error('a setter was run');
}
