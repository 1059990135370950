import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequenceDiagram } from '../../src/testing/sequence-diagram.ts';
import type { Lane, Moment } from '../../src/testing/story-moment.ts';
import { columnsOf } from '../../src/testing/text-columns.ts';

const moment = (facts: Partial<Moment>): Moment => ({
  kind: 'note',
  atMs: 0,
  text: '',
  from: undefined,
  to: [],
  flight: undefined,
  reply: false,
  mark: '',
  busy: [],
  gone: [],
  ...facts,
});

const lanes = (count: number, name = (n: number) => `/a${n}`): Lane[] =>
  Array.from({ length: count }, (_, n) => ({ name: name(n), system: undefined }));

const drawn = (story: { lanes: readonly Lane[]; moments: readonly Moment[] }) =>
  sequenceDiagram(story).split('\n');

describe('a sequence diagram', () => {
  it('gives names a line of their own when they do not fit beside each other', () => {
    const lines = drawn({
      lanes: lanes(3, (n) => `/a/rather/long/path/of/an/agent/${n}`),
      moments: [
        moment({ kind: 'message', from: 2, to: [0], flight: 'whole', text: 'hello' }),
        moment({ kind: 'message', from: 1, to: [1], flight: 'whole', text: 'itself' }),
        moment({ kind: 'message', from: 1, to: [1], flight: 'lost', text: 'itself, in vain' }),
        moment({ kind: 'message', from: 0, to: [1, 2], flight: 'leaves', reply: true, text: 'to both' }),
      ],
    });

    expect(lines).toMatchInlineSnapshot(`
      [
        " /a/rather/long/path/of/an/agent/0",
        " │       /a/rather/long/path/of/an/agent/1",
        " │       │       /a/rather/long/path/of/an/agent/2",
        " │◀──────┼───────●   hello",
        " │       ●↺      │   itself",
        " │       ●✗      │   itself, in vain",
        " ●╌╌╌╌╌╌▷│╌╌╌╌╌╌▷│   to both",
      ]
    `);
  });

  it('lets the quietest of too many lanes share one', () => {
    const lines = drawn({
      lanes: lanes(20),
      moments: [
        moment({
          kind: 'message',
          from: 19,
          to: [18],
          flight: 'whole',
          text: 'seen',
          busy: Array(20).fill(1),
        }),
        moment({ kind: 'message', from: 19, to: [17], flight: 'whole', text: 'seen, too' }),
      ],
    });

    expect(lines.at(13)).toMatch(/ 7 others$/);
    expect(lines).toHaveLength(16);
    expect(lines.every((line) => columnsOf(line) <= 100)).toBe(true);
  });

  it('leaves out the middle of a very long story, and says the names again', () => {
    const lines = drawn({
      lanes: lanes(2),
      moments: Array.from({ length: 500 }, (_, n) => moment({ text: `moment ${n}`, to: [0], mark: '!' })),
    });

    expect(lines.filter((line) => line === '  /a0  /a1' || line === ' /a0  /a1')).toHaveLength(4);
    expect(lines.filter((line) => line.includes('340 moments are left out here'))).toHaveLength(1);
    expect(lines.at(-1)).toContain('moment 499');
    expect(lines).toHaveLength(165);
  });

  it('law: no line is wider than 100 columns, whatever is told, and each is one line', () => {
    const aText = fc
      .string({ unit: 'grapheme', maxLength: 300 })
      .map((text) => text.replace(/\p{Cc}/gu, ' '));
    const aStory = fc.integer({ min: 1, max: 30 }).chain((count) => {
      const aLane = fc.nat({ max: count - 1 });
      return fc.record({
        lanes: fc.array(
          aText.map((name): Lane => ({ name, system: undefined })),
          { minLength: count, maxLength: count },
        ),
        moments: fc.array(
          fc.oneof(
            fc
              .record({
                text: aText,
                from: aLane,
                to: fc.array(aLane, { maxLength: 3 }),
                flight: fc.constantFrom(
                  'whole' as const,
                  'leaves' as const,
                  'arrives' as const,
                  'lost' as const,
                ),
                reply: fc.boolean(),
                gone: fc.array(fc.boolean(), { maxLength: count }),
                busy: fc.array(fc.nat({ max: 2 }), { maxLength: count }),
              })
              .map((facts) => moment({ ...facts, kind: 'message' })),
            fc
              .record({
                kind: fc.constantFrom(
                  'note' as const,
                  'time' as const,
                  'choice' as const,
                  'broken' as const,
                  'omitted' as const,
                ),
                text: aText,
                to: fc.array(aLane, { maxLength: 3 }),
                mark: fc.constantFrom('', '!'),
              })
              .map((facts) => moment(facts)),
          ),
          { maxLength: 12 },
        ),
      });
    });

    fc.assert(
      fc.property(aStory, (story) => {
        for (const line of drawn(story)) {
          expect(columnsOf(line)).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 200 },
    );
  });
});
