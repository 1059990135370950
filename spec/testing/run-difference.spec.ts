import { describe, expect, it } from 'vitest';
import { runDifference } from '../../src/testing/run-difference.ts';

const found = {
  trace: ['0 ms  a started', '5 ms  a handled x', '5 ms  a handled x'],
  choices: ['instead of /a, /b goes first (at 0 ms)'],
  quiet: false,
  broken: true,
};
const quiet = {
  trace: ['0 ms  a started', '0 ms  a handled x', '0 ms  a handled y'],
  choices: [],
  quiet: true,
  broken: false,
};

describe('what differs from the quiet run', () => {
  it('is how it was decided, and what happened then, whenever that was', () => {
    expect(runDifference(found, quiet)).toEqual([
      'the quiet run keeps the property; this one differs from it:',
      '  * instead of /a, /b goes first (at 0 ms)',
      'only here:',
      '  a handled x',
      'only in the quiet run:',
      '  a handled y',
    ]);
  });

  it('is said also when the quiet run breaks the property', () => {
    expect(runDifference(found, { ...found, quiet: true, choices: [] })).toEqual([
      'the quiet run breaks the property, too; this one differs from it:',
      '  * instead of /a, /b goes first (at 0 ms)',
    ]);
  });

  it('is how it was decided, when the quiet run is not known', () => {
    expect(runDifference(found, undefined)).toEqual([
      'this run differs from the quiet one:',
      '  * instead of /a, /b goes first (at 0 ms)',
    ]);
  });

  it('is nothing when it is the quiet run', () => {
    expect(runDifference({ ...found, quiet: true, choices: [] }, undefined)).toEqual([
      'this is the quiet run: first come, first served, and nothing goes wrong',
    ]);
  });

  it('is never nothing for another run, told or not', () => {
    expect(runDifference({ ...found, choices: [] }, undefined)).toEqual([
      'this run differs from the quiet one:',
      '  * something was decided otherwise that nobody tells of: the tape says what',
    ]);
  });

  it('is not what the test itself does in the quiet run, too', () => {
    const crash = (ms: number) => `host a is made to crash (at ${ms} ms)`;

    const lines = runDifference(
      { ...found, choices: [crash(1), crash(7)] },
      { ...quiet, choices: [crash(5)] },
    );

    expect(lines.slice(0, 3)).toEqual([
      'the quiet run keeps the property; this one differs from it:',
      '  * host a is made to crash (at 7 ms)',
      'only here:',
    ]);
  });

  it('is not told at any length', () => {
    const many = { ...found, choices: Array.from({ length: 30 }, (_, n) => `choice ${n}`) };
    const long = { ...quiet, trace: Array.from({ length: 20 }, (_, n) => `0 ms  line ${n}`) };

    const lines = runDifference(many, long);

    expect(lines).toContain('  * … and 10 more');
    expect(lines.at(-1)).toBe('  … and 12 more');
    expect(lines.length).toBeLessThan(50);
  });
});
