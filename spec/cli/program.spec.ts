import { describe, expect, it } from 'vitest';
import { BadOption } from '../../src/cli/program.ts';

describe('BadOption', () => {
  it.each([
    ['', '--ask expects a question; got nothing'],
    ['what', "--ask expects a question; got 'what'"],
    ['x'.repeat(100), `--ask expects a question; got '${'x'.repeat(79)}…'`],
  ])('of %j says what was expected', (value, message) => {
    expect(new BadOption({ option: 'ask', value, expected: 'a question' }).message).toBe(message);
  });
});
