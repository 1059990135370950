import { type AwardEntry, AwardsFull, memoryAwards } from 'troupe';
import { describe, expect, it } from 'vitest';

const awarded: AwardEntry = { _tag: 'Awarded', callId: 'c', to: { contractor: '/a', bid: 1 }, reserve: [] };
const withdrawn: AwardEntry = { _tag: 'Withdrawn', reason: 'broken' };

describe('memoryAwards', () => {
  it('knows the last entry of a contract, and how many there were', () => {
    const awards = memoryAwards();

    expect(awards.read('x')).toEqual({ version: 0, last: undefined });
    expect(awards.append('x', 0, awarded)).toBe(true);
    expect(awards.append('x', 1, withdrawn)).toBe(true);
    expect(awards.read('x')).toEqual({ version: 2, last: withdrawn });
  });

  it('takes only one of two who write at once', () => {
    const awards = memoryAwards();

    expect([awards.append('x', 0, awarded), awards.append('x', 0, withdrawn)]).toEqual([true, false]);
    expect(awards.append('x', 2, withdrawn)).toBe(false);
  });

  it('forgets what rests longest, and never an award that stands', () => {
    const awards = memoryAwards({ contractsMax: 2 });
    awards.append('a', 0, withdrawn);
    awards.append('b', 0, awarded);
    awards.append('c', 0, awarded);

    expect(['a', 'b', 'c'].map((id) => awards.read(id).version)).toEqual([0, 1, 1]);
    expect(() => awards.append('d', 0, awarded)).toThrow(AwardsFull);
    expect(() => awards.append('d', 0, awarded)).toThrow(
      "no room to award contract 'd': an award stands in each of 2 contracts; forget those that nobody will call again, or give memoryAwards a larger contractsMax",
    );
    expect(['b', 'a', 'b'].map((id) => awards.forget(id))).toEqual([true, false, false]);
    expect(awards.append('d', 0, withdrawn)).toBe(true);
    expect([awards.forget('d'), awards.read('d').version]).toEqual([true, 0]);
  });

  it('forgets an award that stands when its call is over, rather than be full', () => {
    const awards = memoryAwards({ contractsMax: 3 });
    for (const id of ['a', 'b', 'c']) {
      awards.append(id, 0, awarded);
      awards.attended(id, false);
    }
    awards.attended('a', true);
    awards.attended('unknown', false);

    expect(awards.append('d', 0, awarded)).toBe(true);
    expect(['a', 'b', 'c', 'd'].map((id) => awards.read(id).version)).toEqual([1, 0, 1, 1]);
    expect(awards.append('c', 1, awarded)).toBe(true);
    expect(() => awards.append('e', 0, awarded)).toThrow(AwardsFull);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses to remember %s contracts', (contractsMax) => {
    expect(() => memoryAwards({ contractsMax })).toThrow(
      `contractsMax is a whole number, at least 1; got ${contractsMax}`,
    );
  });
});
