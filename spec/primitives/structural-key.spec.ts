import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOf as keyOfInput, structuralKey } from '../../src/primitives/structural-key.ts';
import { lawParameters } from '../support/law-runs.ts';

const keyOf = (value: unknown) => structuralKey(value, 'key of a spec');

/** The same value, with the fields of its objects in the other order. */
const turned = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(turned)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .toReversed()
            .map(([name, one]) => [name, turned(one)]),
        )
      : value;

describe('a structural key', () => {
  it('law: is the same for values that are alike, and for no others', () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(json, json, (one, other) => {
        const again: unknown = JSON.parse(JSON.stringify(one));
        expect(keyOf(turned(again))).toBe(keyOf(again));
        const alike =
          JSON.stringify(sorted(again)) === JSON.stringify(sorted(JSON.parse(JSON.stringify(other))));
        expect(keyOf(again) === keyOf(other)).toBe(alike);
      }),
      lawParameters,
    );
  });

  it('takes no input that has no key for one that has another', () => {
    const idOf = (input: unknown) => (input as { id?: string }).id;

    expect(keyOfInput(idOf, { id: 'a' }, 'key of a spec')).toBe(keyOf('a'));
    expect(keyOfInput(undefined, undefined, 'key of a spec')).toBe(keyOf(undefined));
    expect(() => keyOfInput(idOf, {}, 'key of a spec')).toThrow('its key is undefined');
  });

  it('sees what a list leaves out', () => {
    const holes = [1];
    holes.length = 2;

    expect(keyOf(holes)).toBe(keyOf([1, undefined]));
    expect(keyOf(holes)).not.toBe(keyOf([1]));
  });

  it('tells simple values apart by what they are', () => {
    const values = [
      1,
      '1',
      1n,
      [1],
      ['1'],
      true,
      'true',
      null,
      'null',
      undefined,
      'undefined',
      {},
      [],
      '',
      NaN,
    ];

    expect(new Set(values.map(keyOf)).size).toBe(values.length);
    expect(keyOf(-0)).toBe(keyOf(0));
    expect(keyOf({ a: 1, b: undefined })).toBe(keyOf({ a: 1 }));
    expect(keyOf(Object.create(null))).toBe(keyOf({}));
  });

  it('refuses what may look alike and not be, with the path to it', () => {
    const ring: unknown[] = [];
    ring.push(ring);
    for (const [value, path, why] of [
      [{ at: [{ time: new Date(0) }] }, 'at[0].time', 'only plain objects'],
      [new Map(), '', 'only plain objects'],
      [{ run: () => 1 }, 'run', 'a function is like no other'],
      [Symbol('s'), '', 'a symbol is like no other'],
      [ring, '[0]'.repeat(64), 'contains itself'],
    ] as const) {
      expect(() => keyOf(value)).toThrow(
        expect.objectContaining({
          code: 'INVALID_PARAMS',
          issues: [expect.objectContaining({ path, message: expect.stringContaining(why) })],
        }),
      );
    }
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return ['list', ...value.map(sorted)];
  }
  return typeof value === 'object' && value !== null
    ? Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, one]) => [name, sorted(one), 'field'])
    : [value, typeof value];
}
