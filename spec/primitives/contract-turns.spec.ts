import { QueueFull } from 'troupe';
import { describe, expect, it } from 'vitest';
import { ContractTurns } from '../../src/primitives/contract-turns.ts';

describe('contract turns', () => {
  const aLine = () => {
    const turns = new ContractTurns();
    const log: string[] = [];
    return { log, take: (contract: string, who: string) => turns.take(contract, 2, () => log.push(who)) };
  };

  it('lets one at a time manage a contract, first come, first served', async () => {
    const { log, take } = aLine();
    const leave = ['a', 'b', 'c'].map((who) => take('x', who));
    take('y', 'other');
    await null;
    expect(log).toEqual(['a', 'other']);

    leave[0]!();
    leave[0]!();
    expect(log).toHaveLength(2);
    await null;
    expect(log).toEqual(['a', 'other', 'b']);
  });

  it('refuses who would wait beyond what may', async () => {
    const { log, take } = aLine();
    const leave = ['a', 'b', 'c'].map((who) => take('x', who));
    expect(() => take('x', 'd')).toThrow(QueueFull);
    take('y', 'other');
    leave[1]!();
    take('y', 'another');
    await null;

    expect(() => take('x', 'd')).toThrow(
      'contractNet has no room: waitingMax is 2, and as many are there; nothing was begun, so try later or allow more',
    );
    expect(log).toEqual(['a', 'other']);
  });

  it('passes over those who left while they waited', async () => {
    const { log, take } = aLine();
    const leave = ['a', 'b', 'c'].map((who) => take('x', who));
    await null;
    leave[1]!();
    leave[0]!();
    await null;
    expect(log).toEqual(['a', 'c']);

    leave[2]!();
    take('x', 'd')();
    take('x', 'e');
    await null;
    expect(log).toEqual(['a', 'c', 'e']);
  });
});
