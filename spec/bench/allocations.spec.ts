import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deviationsOf, type KeptAllocations, told, toleranceOf } from '../../bench/harness/allocations.ts';

const of = (bytes: number) => ({ tell: { troupe: bytes } });

describe('allocations', () => {
  it.each([
    [400, 400],
    [400, 416],
    [400, 384],
    [20_000, 20_200],
  ])('of %i bytes are still the same at %i', (kept, is) => {
    expect(deviationsOf(of(kept), of(is))).toEqual([]);
  });

  it.each([
    [100, 124],
    [400, 424],
    [2_300, 2_324],
    [400, 376],
  ])(
    'of %i bytes are not the same at %i: one object a message, more or less, is noticed',
    (keptBytes, isBytes) => {
      expect(deviationsOf(of(keptBytes), of(isBytes))).toEqual([
        { benchmark: 'tell', variant: 'troupe', keptBytes, isBytes },
      ]);
    },
  );

  it('are told of when nothing is kept for them, or nothing measured', () => {
    const deviations = deviationsOf({ tell: { gone: 8 } }, { tell: { come: 16 }, ring: { troupe: 24 } });

    expect(deviations.map(told)).toEqual([
      'ring, troupe: 24 B instead of nothing',
      'tell, come: 16 B instead of nothing',
      'tell, gone: nothing instead of 8 B',
    ]);
  });

  it('are told with what is more or less', () => {
    const between = { benchmark: 'tell', variant: 'troupe', keptBytes: 400 };

    expect(told({ ...between, isBytes: 424.5 })).toBe('tell, troupe: 424.5 B instead of 400 B, 24.5 B more');
    expect(told({ ...between, isBytes: 300.2 })).toBe('tell, troupe: 300.2 B instead of 400 B, 99.8 B less');
  });

  it('are kept of benchmarks that there are, for the messages that matter so sharply that one object shows', () => {
    const { bytes } = JSON.parse(readFileSync('bench/allocations.json', 'utf8')) as KeptAllocations;
    const names = globSync('bench/*.bench.ts').map((file) => basename(file, '.bench.ts'));

    expect(Object.keys(bytes).filter((name) => !names.includes(name))).toEqual([]);
    expect(Object.keys(bytes)).toEqual(
      expect.arrayContaining(['ask', 'fan-out', 'ping-pong', 'ring', 'tell']),
    );
    expect(Object.values(bytes.tell!).map(toleranceOf)).toEqual([16, 16]);
  });
});
