import { describe, expect, it } from 'vitest';
import { Mailbox } from '../../src/core/mailbox.ts';
import { anEnvelope } from '../support/an-envelope.ts';

describe('the promise of room of a mailbox', () => {
  it('is kept when half of what is not stashed is free', async () => {
    const mailbox = new Mailbox({ capacity: 4, overflow: 'suspend', spillMax: 1 });
    const kept: string[] = [];
    for (let id = 1; id <= 5; id += 1) {
      mailbox.offer(anEnvelope({ id }));
    }
    void mailbox.room().then(() => kept.push('kept'));

    stashOne(mailbox);
    stashOne(mailbox);
    stashOne(mailbox);
    mailbox.take();
    mailbox.take();
    await Promise.resolve();

    expect(mailbox).toMatchObject({ hasRoom: true, stashed: 3 });
    expect(kept).toEqual(['kept']);
  });
});

function stashOne(mailbox: Mailbox): void {
  mailbox.take();
  mailbox.stash();
}
