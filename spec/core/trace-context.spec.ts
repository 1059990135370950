import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  childOf,
  formatTraceparent,
  newTraceContext,
  parseTraceparent,
  type TraceContext,
} from '../../src/core/trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('trace context', () => {
  it('is read from a traceparent', () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toEqual({
      traceId,
      spanId,
      sampled: true,
      randomTraceId: false,
    });
  });

  it.each([
    ['00', false, false],
    ['01', true, false],
    ['02', false, true],
    ['03', true, true],
    ['fc', false, false],
    ['ff', true, true],
  ])('knows two flags of %s, and leaves the others aside', (flags, sampled, randomTraceId) => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-${flags}`)).toMatchObject({ sampled, randomTraceId });
  });

  it.each([
    `01-${traceId}-${spanId}-01`,
    `cc-${traceId}-${spanId}-01-what-the-future-will-be-like`,
    `fe-${traceId}-${spanId}-01-`,
  ])('is read from a later version: %s', (text) => {
    expect(parseTraceparent(text)).toEqual({ traceId, spanId, sampled: true, randomTraceId: false });
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['a text that is too short', `00-${traceId}-${spanId}-0`],
    ['no flags', `00-${traceId}-${spanId}`],
    ['version ff', `ff-${traceId}-${spanId}-01`],
    ['a version of one digit', `0-${traceId}-${spanId}-01`],
    ['a version that is not hexadecimal', `0g-${traceId}-${spanId}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['a trace id in upper case', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['a span id in upper case', `00-${traceId}-${spanId.toUpperCase()}-01`],
    ['flags in upper case', `00-${traceId}-${spanId}-0A`],
    ['a trace id that is too short', `00-${traceId.slice(1)}-${spanId}-01`],
    ['a span id that is too long', `00-${traceId}-${spanId}0-01`],
    ['other separators', `00_${traceId}_${spanId}_01`],
    ['version 00 that goes on', `00-${traceId}-${spanId}-01-more`],
    ['a later version that goes on without a dash', `01-${traceId}-${spanId}-01more`],
    ['space before', ` 00-${traceId}-${spanId}-01`],
    ['a line break after', `00-${traceId}-${spanId}-01\n`],
  ])('is not read from %s', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  it('is new with ids drawn from the given chance alone', () => {
    const draws = [0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210, 0x0000000a, 0xffffffff];

    const context = newTraceContext(() => draws.shift()! / 2 ** 32);

    expect(context).toEqual({
      traceId: '0123456789abcdeffedcba9876543210',
      spanId: '0000000affffffff',
      sampled: true,
      randomTraceId: true,
    });
    expect(draws).toEqual([]);
  });

  it('has no id of zeros, even when chance gives nothing else', () => {
    expect(newTraceContext(() => 0)).toMatchObject({
      traceId: `${'0'.repeat(31)}1`,
      spanId: `${'0'.repeat(15)}1`,
    });
  });

  it('law: what was written is read as it was', () => {
    fc.assert(
      fc.property(aContext, (context) => {
        expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
      }),
    );
  });

  it('law: what was read is written as it was, but for version and flags that we do not know', () => {
    fc.assert(
      fc.property(aVersion, aContext, aByte, fc.string(), (version, { traceId, spanId }, flags, tail) => {
        const context = parseTraceparent(`${version}-${traceId}-${spanId}-${hex(flags)}-${tail}`)!;

        expect(formatTraceparent(context)).toBe(`00-${traceId}-${spanId}-${hex(flags & 0b11)}`);
      }),
    );
  });

  it('law: a child keeps all but the span id, and can be written and read', () => {
    fc.assert(
      fc.property(aContext, chance, (context, random) => {
        const child = childOf(context, () => random.next().value as number);

        expect({ ...child, spanId: context.spanId }).toEqual(context);
        expect(parseTraceparent(formatTraceparent(child))).toEqual(child);
      }),
    );
  });

  it('law: the same chance gives the same new context, and it can be written and read', () => {
    fc.assert(
      fc.property(fc.array(aChance, { minLength: 6, maxLength: 6 }), (draws) => {
        const [once, again] = [draws.values(), draws.values()].map((random) =>
          newTraceContext(() => random.next().value!),
        );

        expect(once).toEqual(again);
        expect(parseTraceparent(formatTraceparent(once!))).toEqual(once);
      }),
    );
  });

  it('law: any text is read or not, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), almostATraceparent), (text) => {
        const context = parseTraceparent(text);

        expect([undefined, text.slice(3, 35)]).toContain(context?.traceId);
      }),
      { numRuns: 1_000 },
    );
  });
});

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const anId = (digits: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits })
    .map((id) => (/^0+$/.test(id) ? id.replace('0', 'f') : id));
const aContext: fc.Arbitrary<TraceContext> = fc.record({
  traceId: anId(32),
  spanId: anId(16),
  sampled: fc.boolean(),
  randomTraceId: fc.boolean(),
});
const aByte = fc.nat(0xff);
/** Versions that may go on after the flags. */
const aVersion = fc.integer({ min: 0x01, max: 0xfe }).map(hex);
const aChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const chance = fc.infiniteStream(aChance);
/** One character was put in, left out or replaced. */
const almostATraceparent = fc
  .tuple(aContext, fc.nat(54), fc.string({ maxLength: 1 }), fc.boolean())
  .map(([context, at, character, replaces]) => {
    const text = formatTraceparent(context);
    return text.slice(0, at) + character + text.slice(replaces ? at + 1 : at);
  });
