import { describe, expect, it } from 'vitest';
import { CreditLost } from '../../src/actors/credit-lost.ts';
import { failureClass } from '../../src/core/failure.ts';

describe('a lost credit', () => {
  it('is a defect of the agent, and says what to use instead', () => {
    const lost = new CreditLost({ agent: '/a' });

    expect(lost).toMatchObject({ _tag: 'CreditLost', code: 'DEFECT', class: 'defect', agent: '/a' });
    expect(lost.message).toMatch(/^a value left the stream of '\/a' without its credit: .*; use mapAsync/u);
    expect(failureClass(lost)).toBe('defect');
  });
});
