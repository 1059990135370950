/**
 * L23: what the codec packs it unpacks; unknown and hostile bytes give a typed failure.
 *
 * Equal in depth means: prototypes, -0, NaN, the order of keys and the kind of each view included. What cannot
 * be packed as it is is refused at its place, wherever that is. Hostile bytes are packed messages that were cut, flipped,
 * joined and stretched, and such as never were messages.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codec, type EnvelopeFacts } from '../../src/core/codec.ts';
import { NotPackable } from '../../src/core/not-packable.ts';
import { NotUnpackable } from '../../src/core/not-unpackable.ts';
import { aHidingPlace, aPayload, aStowaway } from '../support/arbitrary-payload.ts';
import { fuzzCodec } from '../support/codec-fuzz.ts';
import { lawParameters, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { thrownBy } from '../support/thrown-by.ts';

const id = fc.nat(Number.MAX_SAFE_INTEGER);
const optional = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(some, { nil: undefined });
const path = optional(fc.string());

const anEnvelope: fc.Arbitrary<EnvelopeFacts> = fc.record({
  id,
  to: path,
  sender: path,
  topic: path,
  payload: aPayload,
  expectsReply: fc.boolean(),
  correlationId: optional(id),
  causationId: optional(id),
  threadId: path,
  deadlineMs: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.double({ noNaN: true }), fc.nat()),
  hops: fc.nat(),
  headers: fc
    .dictionary(fc.constantFrom('traceparent', 'tenant', 'tag'), fc.string())
    .map((all) => ({ ...all })),
  budget: optional(fc.record({ tokens: fc.nat(), costUsd: fc.double({ min: 0, noNaN: true }) })),
});

/** Equal, and written in the same order. */
const isSame = (left: unknown, right: unknown): boolean =>
  isDeepStrictEqual(left, right) && inOrder(left) === inOrder(right);

function inOrder(value: unknown): string {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) {
    return typeof value === 'string' ? JSON.stringify(value) : '';
  }
  const parts = value instanceof Map ? [...value].flat(1) : value instanceof Set ? [...value] : undefined;
  return `{${(parts ?? (Array.isArray(value) ? value : Object.entries(value).flat(1))).map(inOrder).join()}}`;
}

describe('codec', () => {
  // One for all runs: what it remembers of the others must not matter.
  const wire = codec();

  it(
    'law: what is packed is unpacked, equal in depth',
    () => {
      fc.assert(
        fc.property(aPayload, aPayload, (payload, next) => {
          const bytes = wire.packValue(payload);
          const nextBytes = wire.packValue(next);

          expect(isSame(wire.unpackValue(bytes), payload)).toBe(true);
          expect(isSame(wire.unpackValue(nextBytes), next)).toBe(true);
          expect(isSame(codec().unpackValue(bytes), payload)).toBe(true);
        }),
        lawParameters,
      );
    },
    lawTimeoutMs,
  );

  it(
    'law: messages that are received into one buffer, one after the other, are each what was packed',
    () => {
      // Short names, so that many definitions lie where one of the same length has been before.
      const aRecord = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), aPayload, { noNullPrototype: true });
      fc.assert(
        fc.property(fc.array(aRecord, { minLength: 2, maxLength: 6 }), (records) => {
          const reader = codec();
          const messages = records.map((record) => wire.packValue(record));
          const received = Buffer.alloc(Math.max(...messages.map(({ length }) => length)));
          for (const [index, bytes] of messages.entries()) {
            received.set(bytes);
            expect(isSame(reader.unpackValue(received.subarray(0, bytes.length)), records[index])).toBe(true);
          }
        }),
        lawParameters,
      );
    },
    lawTimeoutMs,
  );

  it(
    'law: an envelope that is packed is unpacked, each field of it',
    () => {
      fc.assert(
        fc.property(anEnvelope, (envelope) => {
          expect(isSame(wire.unpack(wire.pack(envelope)), inTheOrderOfFields(envelope))).toBe(true);
        }),
        lawParameters,
      );
    },
    lawTimeoutMs,
  );

  it(
    'law: the same value gives the same bytes, in a new codec and in a used one',
    () => {
      fc.assert(
        fc.property(aPayload, (payload) => {
          expect(Buffer.compare(wire.packValue(payload), codec().packValue(payload))).toBe(0);
        }),
        lawParameters,
      );
    },
    lawTimeoutMs,
  );

  it(
    'law: a message that is cut anywhere is refused',
    () => {
      fc.assert(
        fc.property(aPayload, fc.nat(), (payload, cut) => {
          const bytes = wire.packValue(payload);

          expect(thrownBy(() => wire.unpackValue(bytes.subarray(0, cut % bytes.length)))).toBeInstanceOf(
            NotUnpackable,
          );
        }),
        lawParameters,
      );
    },
    lawTimeoutMs,
  );

  it(
    'law: what does not travel is refused at its place, wherever that is',
    () => {
      fc.assert(
        fc.property(aStowaway, aHidingPlace, (stowaway, hide) => {
          const hidden = hide(stowaway);
          const failure = thrownBy(() => wire.packValue(hidden.value));

          expect(failure).toBeInstanceOf(NotPackable);
          expect((failure as NotPackable).path).toBe(hidden.path);
        }),
        lawParameters,
      );
    },
    lawTimeoutMs,
  );

  it(
    'law: hostile bytes give a message or a typed failure, whatever was read before, and what gives a message can be packed again',
    () => {
      const found = fuzzCodec({
        runs: lawRuns * 20,
        seed: lawParameters.seed ?? Math.floor(Math.random() * 2 ** 31),
      });

      expect(found.untyped).toEqual([]);
      expect(found.changed).toEqual([]);
      expect(found.remembered).toEqual([]);
      expect(found.runs).toBe(lawRuns * 20);
    },
    lawTimeoutMs,
  );
});

function inTheOrderOfFields(envelope: EnvelopeFacts): EnvelopeFacts {
  const { expectsReply, budget, ...others } = envelope;
  const { correlationId, causationId, threadId, deadlineMs, hops, headers, ...first } = others;
  return { ...first, expectsReply, correlationId, causationId, threadId, deadlineMs, hops, headers, budget };
}
