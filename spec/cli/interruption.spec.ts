import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Interruption } from '../../src/cli/interruption.ts';

describe('an interruption', () => {
  it('is asked for by the first signal and ends at once with the second', async () => {
    const host = new EventEmitter();
    const ended: string[] = [];
    const interruption = new Interruption(host, (by) => ended.push(by));

    host.emit('SIGTERM', 'SIGTERM');
    const by = await interruption.asked;
    host.emit('SIGINT', 'SIGINT');

    expect([by, interruption.by, interruption.signal.aborted, ended]).toEqual([
      'SIGTERM',
      'SIGTERM',
      true,
      ['SIGINT'],
    ]);
  });

  it('leaves no listener behind', () => {
    const host = new EventEmitter();

    new Interruption(host, () => {}).forget();

    expect(host.eventNames()).toEqual([]);
  });
});
