/** The format is that of msgpackr with records: it reads what we write behind the first three bytes, and we what it writes. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { Packr } from 'msgpackr/pack';
import { describe, expect, it } from 'vitest';
import { codec } from '../../src/core/codec.ts';
import { NotUnpackable } from '../../src/core/not-unpackable.ts';
import { lawParameters } from '../support/law-runs.ts';
import { thrownBy } from '../support/thrown-by.ts';

const wire = codec();
const theirs = new Packr({ moreTypes: true, mapsAsObjects: false, copyBuffers: true, variableMapSize: true });

const prefix = [0xc1, 0x10, 0x56];

/** What both can say. msgpackr changes -0, half surrogate pairs and a few others without a word. */
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.integer(),
      fc.double().map((number) => number + 0),
      fc.boolean(),
      fc.constantFrom(null, undefined),
      fc.bigInt(),
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4_000_000_000_000) }),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => bytes.slice()),
    ),
    fc.array(tie('any'), { maxLength: 5 }),
    fc.record(
      { id: tie('any'), type: tie('any'), at: tie('any') },
      { requiredKeys: ['id'], noNullPrototype: true },
    ),
    fc.array(fc.tuple(fc.string(), tie('any')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(fc.integer(), { maxLength: 4 }).map((elements) => new Set(elements)),
  ),
})).any;

describe('the format', () => {
  it('msgpackr reads what we write', () => {
    fc.assert(
      fc.property(value, (some) => {
        expect(isDeepStrictEqual(theirs.unpack(wire.packValue(some).subarray(3)), some)).toBe(true);
      }),
      lawParameters,
    );
  });

  it('we read what msgpackr writes', () => {
    fc.assert(
      fc.property(value, (some) => {
        expect(
          isDeepStrictEqual(wire.unpackValue(Buffer.concat([Buffer.from(prefix), theirs.pack(some)])), some),
        ).toBe(true);
      }),
      lawParameters,
    );
  });

  it('what it has of its own, we refuse', () => {
    const cloning = new Packr({ structuredClone: true });
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;

    for (const bytes of [cloning.pack(cyclic), theirs.pack(new Error('x')), theirs.pack(/x/)]) {
      expect(thrownBy(() => wire.unpackValue(Buffer.concat([Buffer.from(prefix), bytes])))).toBeInstanceOf(
        NotUnpackable,
      );
    }
  });
});
