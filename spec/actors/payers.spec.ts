import { describe, expect, it } from 'vitest';
import { payers } from '../../src/actors/payers.ts';
import { Lease } from '../../src/core/budget.ts';

describe('the payers of some work', () => {
  const team = Lease.root({ steps: 10 });
  const member = team.child({ steps: 5 });
  const stranger = Lease.root({ steps: 3 });

  it('are nobody where nothing is limited', () => {
    expect(payers(undefined, undefined)).toEqual([]);
  });

  it('are the one that is limited', () => {
    expect(payers(team, undefined)).toEqual([team]);
    expect(payers(undefined, team)).toEqual([team]);
  });

  it('are both where they have nothing to do with each other', () => {
    expect(payers(stranger, team)).toEqual([stranger, team]);
  });

  it('are the one further down where one is part of the other, because it charges the other too', () => {
    expect(payers(team, member)).toEqual([member]);
    expect(payers(member, team)).toEqual([member]);
    expect(payers(team, team)).toEqual([team]);
  });
});
