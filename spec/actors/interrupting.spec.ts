import { describe, expect, it } from 'vitest';
import type { Cell } from '../../src/actors/cell.ts';
import { interruptRequestsOf, withPartial } from '../../src/actors/interrupting.ts';
import { Interrupted } from '../../src/actors/request-failures.ts';

/** What was interrupted of the requests of an agent, each made by a handling. */
function interruptedOf(handling: object | undefined, makers: readonly object[] | undefined): unknown[] {
  const interrupted: unknown[] = [];
  const requests = makers?.map((madeBy) => ({
    madeBy,
    interrupt: (failure: unknown) => interrupted.push([madeBy, failure]),
  }));
  interruptRequestsOf(
    { requests: requests === undefined ? undefined : new Set(requests) } as unknown as Cell,
    handling,
    'why',
  );
  return interrupted;
}

describe('the requests of a handling that is interrupted', () => {
  const [one, other] = [{ name: 'one' }, { name: 'other' }];

  it('are interrupted with it, and those of another are not', () => {
    expect(interruptedOf(one, [one, other])).toEqual([[one, 'why']]);
  });

  it('are all that the agent made, when all of it is interrupted', () => {
    expect(interruptedOf(undefined, [one, other])).toEqual([
      [one, 'why'],
      [other, 'why'],
    ]);
  });

  it('are none where nothing was asked', () => {
    expect(interruptedOf(one, undefined)).toEqual([]);
  });
});

describe('what a handling has kept', () => {
  it('goes with a failure that has room for it', () => {
    const failure = new Interrupted({ agent: '/a', reason: 'why' });

    expect(withPartial(failure, 'half a page')).toMatchObject({ reason: 'why', partial: 'half a page' });
    expect(withPartial(failure, undefined)).toBe(failure);
  });

  it('is left behind where there is none', () => {
    const failure = new Error('why');

    expect(withPartial(failure, 'half a page')).toBe(failure);
    expect(withPartial('why', 'half a page')).toBe('why');
  });
});
