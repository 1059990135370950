import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Lease } from '../../src/core/budget.ts';
import { codec, type EnvelopeFacts } from '../../src/core/codec.ts';
import { makeEnvelope, noHeaders, type ReplyPort } from '../../src/core/envelope.ts';
import { NotPackable } from '../../src/core/not-packable.ts';
import { NotUnpackable } from '../../src/core/not-unpackable.ts';
import { thrownBy } from '../support/thrown-by.ts';

const port = {} as ReplyPort;

const facts: EnvelopeFacts = {
  id: 7,
  to: '/desk',
  sender: '/clerk',
  topic: 'orders.placed',
  payload: { orderId: 'o-1', lines: [{ sku: 'a' }, { sku: 'b' }] },
  expectsReply: true,
  correlationId: 5,
  causationId: 6,
  threadId: 't-1',
  deadlineMs: 1_795_300_000_123,
  hops: 3,
  headers: { tenant: 'acme' },
  budget: { tokens: 100, costUsd: 0.25 },
};

const sparse: EnvelopeFacts = {
  id: 0,
  to: undefined,
  sender: undefined,
  topic: undefined,
  payload: undefined,
  expectsReply: false,
  correlationId: undefined,
  causationId: undefined,
  threadId: undefined,
  deadlineMs: Number.POSITIVE_INFINITY,
  hops: 0,
  headers: noHeaders,
  budget: undefined,
};

const changed = (bytes: Uint8Array, at: number, byte: number): Uint8Array =>
  Uint8Array.from(bytes, (old, index) => (index === at ? byte : old));

describe('codec of envelopes', () => {
  const wire = codec();

  it.each([
    ['with everything', facts],
    ['with nothing', sparse],
  ])('an envelope %s comes back as it went', (_, envelope) => {
    const back = wire.unpack(wire.pack(envelope));

    expect(isDeepStrictEqual(back, { ...envelope })).toBe(true);
    expect(Object.keys(back)).toEqual(Object.keys(facts));
  });

  it('of a live envelope the facts travel, not the reply port and the lease', () => {
    const lease = Lease.root({ tokens: 100 }).child({ tokens: 40, steps: 3 });
    lease.spend('tokens', 10);
    const live = makeEnvelope(7, '/b', '/a', 'orders', 1n, port, 5, 6, 't', 9.5, 2, { tag: 'x' }, lease);

    expect(wire.unpack(wire.pack(live))).toEqual({
      id: 7,
      to: '/b',
      sender: '/a',
      topic: 'orders',
      payload: 1n,
      expectsReply: true,
      correlationId: 5,
      causationId: 6,
      threadId: 't',
      deadlineMs: 9.5,
      hops: 2,
      headers: { tag: 'x' },
      budget: { tokens: 30, steps: 3 },
    });
  });

  it('a lease that limits nothing is no budget, and of an exceeded one nothing is left', () => {
    const unlimited = aChild(Lease.root());
    const spent = Lease.root({ steps: 1 });
    thrownBy(() => spent.spend('steps', 2));
    const exceeded = aChild(spent);

    expect(wire.unpack(wire.pack(unlimited)).budget).toBeUndefined();
    expect(wire.unpack(wire.pack(exceeded)).budget).toMatchObject({ steps: 0 });
  });

  it.each([
    ['id', -1],
    ['id', 1.5],
    ['id', '7'],
    ['to', 7],
    ['sender', null],
    ['topic', {}],
    ['expectsReply', 1],
    ['correlationId', Number.NaN],
    ['causationId', '1'],
    ['threadId', 1n],
    ['deadlineMs', Number.NaN],
    ['deadlineMs', '1'],
    ['hops', undefined],
    ['headers', { tenant: 7 }],
    ['headers', 'tenant'],
    ['headers', new Map()],
    ['budget', { dollars: 1 }],
    ['budget', { tokens: -1 }],
    ['budget', { tokens: '1' }],
    ['budget', 7],
  ])('is not packed when its %s is %o', (field, value) => {
    const failure = thrownBy(() => wire.pack({ ...facts, [field]: value } as EnvelopeFacts));

    expect(failure).toBeInstanceOf(NotPackable);
    expect(failure).toMatchObject({ path: field, value });
  });

  it('a payload that does not travel is named by its path', () => {
    const payload = { orderId: 'o-1', items: [{ at: 1 }, { 'unit price': () => 1 }] };

    expect(thrownBy(() => wire.pack({ ...facts, payload }))).toMatchObject({
      code: 'NOT_PACKABLE',
      class: 'invalid',
      reason: 'unsupported',
      path: 'payload.items[1]["unit price"]',
      message:
        'payload.items[1]["unit price"] cannot be packed: a function does not travel; it is [Function]',
    });
  });

  it('each field is checked again when it comes from outside', () => {
    const wrong: readonly (readonly [number, any])[] = [
      [0, -1],
      [0, null],
      [0, 'seven'],
      [1, 7],
      [5, null],
      [5, 'yes'],
      [6, 1.5],
      [9, Number.NaN],
      [10, null],
      [11, { tenant: 7 }],
      [11, new Map()],
      [12, { dollars: 1 }],
      [12, [1]],
    ];
    const right: unknown[] = [7, null, null, null, 'payload', true, null, null, null, null, 0, null, null];

    expect(wire.unpack(asEnvelope(right))).toMatchObject({ id: 7, payload: 'payload' });
    for (const [field, value] of wrong) {
      const failure = thrownBy(() => wire.unpack(asEnvelope(right.with(field, value))));
      expect(failure).toMatchObject({ _tag: 'NotUnpackable', reason: 'malformed' });
    }
    expect(thrownBy(() => wire.unpack(asEnvelope(right.slice(1))))).toMatchObject({ reason: 'malformed' });
  });

  it('headers and a budget are read once: what was looked at is what travels', () => {
    let reads = 0;
    const turning = (name: string, first: unknown): never =>
      Object.defineProperty({}, name, { enumerable: true, get: () => (reads++ === 0 ? first : {}) }) as never;

    expect(wire.unpack(wire.pack({ ...facts, headers: turning('tenant', 'acme') })).headers).toEqual({
      tenant: 'acme',
    });
    reads = 0;
    expect(wire.unpack(wire.pack({ ...facts, budget: turning('tokens', 5) })).budget).toEqual({ tokens: 5 });
    const bare = Object.assign(Object.create(null), { tenant: 'acme' });
    expect(Object.getPrototypeOf(wire.unpack(wire.pack({ ...facts, headers: bare })).headers)).toBeNull();
  });

  it('fields that a later minor version has are left out', () => {
    const later = changed(
      asEnvelope([
        7,
        null,
        null,
        null,
        'payload',
        true,
        null,
        null,
        null,
        null,
        0,
        null,
        null,
        { more: 1 },
        2,
      ]),
      1,
      0x1f,
    );

    expect(wire.unpack(later)).toMatchObject({ id: 7, payload: 'payload' });
    expect(Object.keys(wire.unpack(later))).toEqual(Object.keys(facts));
  });

  /** A value in the clothes of an envelope. */
  function asEnvelope(value: unknown): Uint8Array {
    return changed(wire.packValue(value), 2, 0x45);
  }
});

describe('codec of messages', () => {
  const wire = codec();
  const packed = wire.packValue(['hello']);

  it.each([
    ['text', 'hello' as never, 'not-ours'],
    ['nothing', undefined as never, 'not-ours'],
    ['no bytes', new Uint8Array(0), 'not-ours'],
    ['two bytes', packed.slice(0, 2), 'not-ours'],
    ['JSON', new TextEncoder().encode('{"id":1}'), 'not-ours'],
    ['another major version', changed(packed, 1, 0x20), 'unknown-version'],
    ['an envelope', wire.pack(facts), 'other-kind'],
    ['half of it', packed.slice(0, -1), 'truncated'],
    ['more than it', Uint8Array.from([...packed, 0]), 'trailing'],
  ])('%s is refused', (_, bytes, reason) => {
    const failure = thrownBy(() => wire.unpackValue(bytes));

    expect(failure).toBeInstanceOf(NotUnpackable);
    expect(failure).toMatchObject({ code: 'NOT_UNPACKABLE', class: 'invalid', reason });
  });

  it('says what is wrong and where', () => {
    expect(thrownBy(() => wire.unpackValue(changed(packed, 1, 0x2b)))).toMatchObject({
      atByte: 1,
      message:
        'the bytes cannot be unpacked: they are of version 2.11, and this release reads 1.x, at byte 1',
    });
    expect(thrownBy(() => wire.unpack(packed))).toMatchObject({
      message: 'the bytes cannot be unpacked: they are not a packed envelope, at byte 2',
    });
  });

  it('a later minor version of a value is read', () => {
    expect(wire.unpackValue(changed(packed, 1, 0x1f))).toEqual(['hello']);
  });

  it('does not care where the bytes lie', () => {
    const around = new Uint8Array(packed.length + 20).fill(0xff);
    around.set(packed, 11);

    expect(wire.unpackValue(around.subarray(11, 11 + packed.length))).toEqual(['hello']);
    expect(wire.unpackValue(new Uint8Array(packed))).toEqual(['hello']);
  });

  it('what was packed stays as it was, however much is packed after it', () => {
    const first = wire.packValue({ text: 'a'.repeat(100) });
    const before = [...first];
    for (let index = 0; index < 500; index += 1) {
      wire.packValue({ text: 'b'.repeat(100), index });
      thrownBy(() => wire.packValue(['c'.repeat(1_000), () => 1]));
    }

    expect([...first]).toEqual(before);
  });

  it('the memory of small messages cannot be taken away from those that lie in it', () => {
    const own = codec();
    const first = own.packValue({ a: 1 });
    const shared = first.buffer as ArrayBuffer;

    expect(() => structuredClone(first, { transfer: [shared] })).toThrow();
    expect(() => shared.transfer()).toThrow();
    expect(own.unpackValue(first)).toEqual({ a: 1 });
    expect(own.unpackValue(own.packValue({ a: 2 }))).toEqual({ a: 2 });
  });

  it('what was unpacked shares no memory with the bytes', () => {
    const value = { data: new Uint8Array([1, 2, 3]), buffer: Buffer.from([4]), text: 'x'.repeat(300) };
    const bytes = new Uint8Array(wire.packValue(value));

    const back = wire.unpackValue(bytes);
    bytes.fill(0);

    expect(back).toEqual(value);
  });

  it('the same value gives the same bytes, whatever was packed before', () => {
    const value = Array.from({ length: 300 }, (_, index) => ({ [`name-${index % 70}`]: index, z: 1 }));
    const fresh = codec().packValue(value);
    const used = codec();
    for (let index = 0; index < 200; index += 1) {
      used.packValue({ [`name-${index}`]: 1, z: 1 });
    }

    expect(used.packValue(value)).toEqual(fresh);
    expect(used.unpackValue(fresh)).toEqual(value);
  });

  it('something may be packed by a getter of what is packed', () => {
    const value = {
      before: 1,
      get within() {
        return wire.packValue({ deeper: [1, 2, 3] }).length;
      },
      after: 2,
    };

    expect(wire.unpackValue(wire.packValue(value))).toEqual({ before: 1, within: 18, after: 2 });
  });

  it('what a getter throws is the cause, and the next message is not touched by it', () => {
    const cause = new TypeError('broken');
    const value = {
      list: [
        {
          get bad() {
            throw cause;
          },
        },
      ],
    };

    expect(thrownBy(() => wire.packValue(value))).toMatchObject({
      reason: 'threw',
      path: 'list[0].bad',
      cause,
      detail: 'to look at it threw TypeError: broken',
    });
    expect(wire.unpackValue(wire.packValue(['fine']))).toEqual(['fine']);
  });

  it('a platform that fails to build what was read is told of in the same words', () => {
    const set = Map.prototype.set;
    const bytes = wire.packValue(new Map([[1, 2]]));
    Map.prototype.set = () => {
      throw new RangeError('no memory');
    };
    try {
      expect(thrownBy(() => wire.unpackValue(bytes))).toMatchObject({
        reason: 'invalid',
        cause: { message: 'no memory' },
      });
    } finally {
      Map.prototype.set = set;
    }
  });
});

describe('limits of a codec', () => {
  it.each([
    { bytesMax: 15 },
    { bytesMax: 2 ** 32 },
    { depthMax: 0 },
    { depthMax: 1_001 },
    { depthMax: 1.5 },
    { objectsMax: 0 },
    { objectsMax: Number.NaN },
  ])('%o is none', (limits) => {
    expect(() => codec(limits)).toThrow(RangeError);
  });

  it('a message of exactly bytesMax is packed and unpacked, and one byte more is not', () => {
    for (const bytesMax of [16, 64, 300, 5_000, 100_000]) {
      const wire = codec({ bytesMax });
      const header = bytesMax - 3 < 33 ? 1 : bytesMax - 3 < 258 ? 2 : bytesMax - 3 < 65_539 ? 3 : 5;
      const text = 'x'.repeat(bytesMax - 3 - header);

      expect(wire.packValue(text).length).toBe(bytesMax);
      expect(wire.unpackValue(wire.packValue(text))).toBe(text);
      expect(thrownBy(() => wire.packValue(`${text}x`))).toMatchObject({ reason: 'too-large' });
      expect(thrownBy(() => wire.packValue([text, 'x'.repeat(1_000_000)]))).toMatchObject({
        reason: 'too-large',
      });
      const larger = codec().packValue(`${text}x`);
      expect(thrownBy(() => wire.unpackValue(larger))).toMatchObject({ reason: 'too-large' });
    }
  });

  it('depth is the same in both directions', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    const wire = codec({ depthMax: 3 });

    expect(wire.unpackValue(wire.packValue(nested(3)))).toEqual(nested(3));
    expect(thrownBy(() => wire.packValue(nested(4)))).toMatchObject({
      reason: 'too-deep',
      path: '[0][0][0]',
    });
    expect(thrownBy(() => wire.unpackValue(codec().packValue(nested(4))))).toMatchObject({
      reason: 'too-deep',
    });
  });

  it('an object counts once for every 32 fields', () => {
    const wide = (fields: number): object =>
      Object.fromEntries(Array.from({ length: fields }, (_, index) => [`field ${index}`, index]));
    const wire = codec({ objectsMax: 3 });

    for (const fields of [1, 31, 32, 63, 64, 127]) {
      expect(wire.unpackValue(wire.packValue(wide(fields)))).toEqual(wide(fields));
    }
    expect(thrownBy(() => wire.packValue(wide(128)))).toMatchObject({ reason: 'too-many-objects' });
    expect(thrownBy(() => wire.unpackValue(codec().packValue(wide(128))))).toMatchObject({
      reason: 'too-many-objects',
    });
  });

  it('objects are counted in both directions', () => {
    const wire = codec({ objectsMax: 3 });
    const four = [{}, [], new Date(0)];

    expect(wire.unpackValue(wire.packValue([1, 2, 'x', 3n, {}, []]))).toEqual([1, 2, 'x', 3n, {}, []]);
    expect(thrownBy(() => wire.packValue(four))).toMatchObject({ reason: 'too-many-objects', path: '[2]' });
    expect(thrownBy(() => wire.unpackValue(codec().packValue(four)))).toMatchObject({
      reason: 'too-many-objects',
    });
  });
});

const aChild = (lease: Lease) =>
  makeEnvelope(
    1,
    undefined,
    undefined,
    undefined,
    0,
    undefined,
    undefined,
    undefined,
    undefined,
    0,
    0,
    noHeaders,
    lease,
  );
