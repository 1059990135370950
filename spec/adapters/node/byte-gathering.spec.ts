import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteGathering } from '../../../src/adapters/node/byte-gathering.ts';

describe('gathered bytes', () => {
  it('law: are those of the pieces in order, as long as they are not too many; a piece that would be is not taken', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 20 }));
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 100 }), (given, bytesMax) => {
        const gathering = new ByteGathering(bytesMax);
        const expected: number[] = [];
        for (const piece of given) {
          const fits = expected.length + piece.length <= bytesMax;

          expect(gathering.add(piece)).toBe(fits);
          if (fits) expected.push(...piece);
        }

        expect([...gathering.whole()]).toEqual(expected);
        expect(gathering.length).toBe(expected.length);
      }),
    );
  });
});
