/** Values of every kind that travels, and of some that do not, for laws of the codec. */
import fc from 'fast-check';

const views = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
];

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 20 }),
  fc.nat(600).map((size) => 'x'.repeat(size)),
  fc.nat(200).map((size) => 'é'.repeat(size)),
);

const name = fc.oneof(
  fc.constantFrom('id', 'type', 'at', 'items', 'constructor', 'toString', 'length', '', '7', 'a b', 'ключ'),
  fc.string().filter((chosen) => chosen !== '__proto__'),
);

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(
    0,
    -0,
    63,
    64,
    255,
    256,
    65_535,
    65_536,
    2 ** 32 - 1,
    2 ** 32,
    -32,
    -33,
    -128,
    -129,
    -32_769,
  ),
);

const bigint = fc.oneof(
  fc.bigInt(),
  fc.nat(2_000).chain((bits) => fc.bigInt({ min: -(2n ** BigInt(bits)), max: 2n ** BigInt(bits) })),
);

const binary = fc
  .tuple(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(...views))
  .map(([bytes, View]) => new View(bytes.slice(0, bytes.length & ~7).buffer));

const leaf = fc.oneof(
  fc.constantFrom(null, undefined, true, false),
  number,
  text,
  bigint,
  fc.date({ noInvalidDate: false }),
  binary,
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => bytes.slice().buffer),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => new DataView(bytes.slice().buffer)),
);

/** Objects of few shapes, often the same ones, as messages have them. */
const record = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.dictionary(name, value, { maxKeys: 8 }),
    fc.record({ id: value, type: value, at: value }, { requiredKeys: ['id'] }),
    fc.array(fc.record({ sku: value, quantity: value }), { maxLength: 6 }),
    fc.dictionary(name, value, { maxKeys: 4 }).map((fields) => Object.assign(Object.create(null), fields)),
  );

/** Anything that travels. */
export const aPayload: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    { arbitrary: leaf, weight: 3 },
    { arbitrary: record(tie('value')), weight: 3 },
    { arbitrary: fc.array(tie('value'), { maxLength: 20 }), weight: 2 },
    {
      arbitrary: fc
        .array(fc.tuple(tie('value'), tie('value')), { maxLength: 5 })
        .map((entries) => new Map(entries)),
      weight: 1,
    },
    { arbitrary: fc.array(tie('value'), { maxLength: 5 }).map((elements) => new Set(elements)), weight: 1 },
  ),
})).value;

class Account {
  balance = 1;
}

/** Something that does not travel. */
export const aStowaway: fc.Arbitrary<unknown> = fc
  .constantFrom<(() => unknown)[]>(
    () => () => 1,
    () => Symbol('s'),
    () => new Account(),
    () => new Error('broken'),
    () => /x/,
    () => new WeakSet(),
    () => Promise.resolve(1),
    () => new URL('http://localhost'),
    () => Object('boxed'),
    () => Object.assign([1], { field: 1 }),
    () => ({ [Symbol('s')]: 1 }),
    () => JSON.parse('{"__proto__":1}'),
    () => Object.assign(new Date(0), { field: 1 }),
    () => new (class extends Map {})(),
    () => new Uint8Array(new SharedArrayBuffer(2)),
  )
  .map((make) => make());

/** Where in other values something may be: its place is written as the codec writes it. */
export const aHidingPlace: fc.Arbitrary<(stowaway: unknown) => { value: unknown; path: string }> = fc
  .array(
    fc.oneof(
      fc.constantFrom('id', 'type', 'at').map((field) => ({ kind: 'field' as const, field })),
      fc.nat(3).map((index) => ({ kind: 'list' as const, index })),
      fc.nat(3).map((index) => ({ kind: 'set' as const, index })),
      fc.constantFrom('id', 'key').map((field) => ({ kind: 'map' as const, field })),
    ),
    { maxLength: 6 },
  )
  .map((places) => (stowaway) => ({
    value: places.reduceRight<unknown>((inner, place) => {
      switch (place.kind) {
        case 'field':
          return { before: 1, [place.field]: inner };
        case 'list':
          return [...Array.from({ length: place.index }, () => ({ before: 1 })), inner, 'after'];
        case 'set':
          return new Set([...Array.from({ length: place.index }, (_, index) => index), inner]);
        default:
          return new Map([[place.field, inner]]);
      }
    }, stowaway),
    path: places.reduce(
      (path, place) =>
        'index' in place ? `${path}[${place.index}]` : path === '' ? place.field : `${path}.${place.field}`,
      '',
    ),
  }));
