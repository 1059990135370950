/**
 * Fuzzes the codec: messages that were packed are flipped, cut, joined, repeated and stretched; others are made of
 * nothing but chance.
 *
 * Whatever the bytes are, unpacking them gives a value or `NotUnpackable`, and the value, packed again, is unpacked
 * as the same. The same seed gives the same bytes.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Codec, codec, type EnvelopeFacts } from '../../src/core/codec.ts';
import { NotUnpackable } from '../../src/core/not-unpackable.ts';

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  /** Told now and then how many runs are over. */
  readonly onProgress?: (runs: number) => void;
}

export interface Fuzzed {
  readonly runs: number;
  /** How often each came of it: `unpacked`, or the reason of a failure. */
  readonly counts: Readonly<Record<string, number>>;
  /** What was thrown that has no type, with the bytes, in hexadecimal. */
  readonly untyped: readonly string[];
  /** Bytes whose value was another one when it had been packed and unpacked again. */
  readonly changed: readonly string[];
  /** Bytes of which a new codec made something else. */
  readonly remembered: readonly string[];
  /** The longest that one run took, in milliseconds of CPU. */
  readonly slowestMs: number;
}

const reportedMax = 10;
/** No message of the fuzzer is longer. */
const bytesMax = 4_096;

export function fuzzCodec({ runs, seed, onProgress }: FuzzOptions): Fuzzed {
  const chance = new Chance(seed);
  const wire = codec();
  const seeds = seedMessages(wire);
  const counts: Record<string, number> = {};
  const untyped: string[] = [];
  const changed: string[] = [];
  const remembered: string[] = [];
  let slowestUs = 0;
  for (let run = 0; run < runs; run += 1) {
    const bytes = hostile(chance, seeds);
    const isEnvelope = (bytes[2] === 0x45) === chance.below(20) > 0;
    const before = process.cpuUsage();
    const outcome = tried(wire, bytes, isEnvelope);
    const { user, system } = process.cpuUsage(before);
    slowestUs = Math.max(slowestUs, user + system);
    counts[outcome.count] = (counts[outcome.count] ?? 0) + 1;
    if (outcome.thrown !== undefined) {
      note(untyped, bytes, String(outcome.thrown));
    }
    if (outcome.count === 'changed') {
      note(changed, bytes, outcome.count);
    }
    const anew = tried(codec(), bytes, isEnvelope);
    if (anew.count !== outcome.count || !isDeepStrictEqual(anew.value, outcome.value)) {
      note(remembered, bytes, `${outcome.count}, and ${anew.count}`);
    }
    if (run % 10_000 === 9_999) {
      onProgress?.(run + 1);
    }
  }
  return { runs, counts, untyped, changed, remembered, slowestMs: slowestUs / 1_000 };
}

function note(list: string[], bytes: Uint8Array, what: string): void {
  if (list.length < reportedMax) {
    list.push(`${what}: ${Buffer.from(bytes).toString('hex')}`);
  }
}

interface Outcome {
  readonly count: string;
  readonly value?: unknown;
  /** What has no type. */
  readonly thrown?: unknown;
}

function tried(wire: Codec, bytes: Uint8Array, isEnvelope: boolean): Outcome {
  try {
    const value = isEnvelope ? wire.unpack(bytes) : wire.unpackValue(bytes);
    const back = isEnvelope
      ? wire.unpack(wire.pack(value as EnvelopeFacts))
      : wire.unpackValue(wire.packValue(value));
    return { count: isDeepStrictEqual(back, value) ? 'unpacked' : 'changed', value };
  } catch (thrown) {
    return thrown instanceof NotUnpackable ? { count: thrown.reason } : { count: 'untyped', thrown };
  }
}

/** Numbers by chance, from a seed: mulberry32. */
class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  of<T>(some: readonly T[]): T {
    return some[this.below(some.length)]!;
  }
}

/** Bytes that mean much: each begins something, or is a length at its edge. */
const telling = [
  0x00,
  0x3f,
  0x40,
  0x41,
  0x7f,
  0x80,
  0x8f,
  0x90,
  0x9f,
  0xa0,
  0xbf,
  0x42,
  0x6e,
  0x72,
  0x73,
  0x74,
  0x75,
  0x65,
  0x69,
  0x70,
  ...Array.from({ length: 0x40 }, (_, index) => 0xc0 + index),
];

function hostile(chance: Chance, seeds: readonly Uint8Array[]): Uint8Array {
  if (chance.below(10) === 0) {
    const size = chance.below(64);
    const noise = Array.from({ length: size }, () =>
      chance.below(2) === 0 ? chance.below(256) : chance.of(telling),
    );
    return Uint8Array.from(chance.below(4) === 0 ? noise : [0xc1, 0x10, chance.of([0x45, 0x56]), ...noise]);
  }
  let bytes = chance.of(seeds);
  for (let times = chance.below(3); times >= 0; times -= 1) {
    bytes = mutated(bytes, chance, seeds);
  }
  return bytes.slice(0, bytesMax);
}

function mutated(bytes: Uint8Array, chance: Chance, seeds: readonly Uint8Array[]): Uint8Array {
  // Most of the time the first bytes stay: all messages without them are refused alike.
  const at =
    Math.min(bytes.length, chance.below(20) === 0 ? 0 : 3) + chance.below(Math.max(1, bytes.length - 3));
  const to = Math.min(bytes.length, at + 1 + chance.below(12));
  const changed = Buffer.from(bytes);
  switch (chance.below(8)) {
    case 0:
      changed[at % Math.max(1, bytes.length)]! ^= 1 << chance.below(8);
      return changed;
    case 1:
      changed[at % Math.max(1, bytes.length)] = chance.of(telling);
      return changed;
    case 2:
      return changed.subarray(0, at);
    case 3:
      return Buffer.concat([changed.subarray(0, at), changed.subarray(to)]);
    case 4:
      return Buffer.concat([changed.subarray(0, to), changed.subarray(at)]);
    case 5: {
      const other = chance.of(seeds);
      return Buffer.concat([changed.subarray(0, at), other.subarray(3 + chance.below(other.length))]);
    }
    case 6:
      return Buffer.concat([
        changed.subarray(0, at),
        Buffer.from([chance.of(telling)]),
        changed.subarray(at),
      ]);
    default: {
      const length = chance.of([0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff]);
      const size = Buffer.alloc(4);
      size.writeUInt32BE(length);
      const head = chance.of([0xc6, 0xc9, 0xdb, 0xdd, 0xdf]);
      return Buffer.concat([changed.subarray(0, at), Buffer.from([head]), size, changed.subarray(at)]);
    }
  }
}

function seedMessages(wire: Codec): Uint8Array[] {
  const values: readonly unknown[] = [
    null,
    [1, 200, 70_000, 2 ** 40, -1, -200, -70_000, 0.5, -0, Number.NaN, true, false, undefined],
    ['', 'short', 'x'.repeat(40), 'é'.repeat(150), '\ud800', '字'.repeat(3), 'y'.repeat(300)],
    {
      id: 1,
      type: 'order',
      lines: [
        { sku: 'a', quantity: 1 },
        { sku: 'b', quantity: 2 },
        { sku: 'c', quantity: 3 },
      ],
    },
    new Map<unknown, unknown>([
      ['a', 1],
      [2, [3]],
      [new Map([[1, 2]]), new Set([1, 'two', null])],
    ]),
    new Set([[], {}, new Date(1_500), new Date(Number.NaN), new Date(-1), new Date(1_795_300_000_000)]),
    [1n, -1n, 2n ** 63n, 2n ** 64n, -(2n ** 100n), 2n ** 1_000n],
    [
      new Uint8Array(5),
      new Float64Array(2),
      new BigInt64Array(1),
      new ArrayBuffer(3),
      new DataView(new ArrayBuffer(2)),
    ],
    [
      Buffer.from('buffer'),
      Buffer.alloc(0),
      Object.assign(Object.create(null), { a: 1 }),
      Object.create(null),
    ],
    Array.from({ length: 70 }, (_, index) => ({ [`name${index}`]: index })),
    Array.from({ length: 20 }).reduce((inner: unknown) => [{ inner }], 'deep'),
    Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`field ${index}`, index])),
  ];
  const envelopes = values.map((payload, index) =>
    wire.pack({
      id: index,
      to: '/agents/desk',
      sender: index % 2 === 0 ? undefined : '/agents/clerk',
      topic: 'orders.placed',
      payload,
      expectsReply: index % 3 === 0,
      correlationId: index % 2 === 0 ? index : undefined,
      causationId: 70_000,
      threadId: 't-1',
      deadlineMs: index % 2 === 0 ? Number.POSITIVE_INFINITY : 1_795_300_000_123,
      hops: 2,
      headers: index % 2 === 0 ? {} : { tenant: 'acme' },
      budget: index % 3 === 0 ? { tokens: 1_000, costUsd: 0.5 } : undefined,
    }),
  );
  return [...values.map((value) => wire.packValue(value)), ...envelopes];
}
