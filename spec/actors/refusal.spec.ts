import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/actors/refusal.ts';
import { anEnvelope } from '../support/an-envelope.ts';

describe('a refusal', () => {
  it('is itself what takes the message, and says what became of it', () => {
    const refused: unknown[] = [];
    const refusal = new Refusal('/group', (envelope) => {
      refused.push(envelope);
      return 'rejected';
    });
    const envelope = anEnvelope();

    expect(refusal.receive(envelope)).toBe('rejected');
    expect(refused).toEqual([envelope]);
    expect(refusal.receiverFor()).toBe(refusal);
  });

  it('has room for nobody, and lets nobody wait', async () => {
    const refusal = new Refusal('/group', () => 'taken');

    expect(refusal).toMatchObject({
      path: '/group',
      mailboxCapacity: 0,
      responds: true,
      saturated: false,
      mustWait: false,
    });
    await expect(refusal.room()).resolves.toBeUndefined();
  });
});
