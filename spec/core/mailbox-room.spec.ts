import { describe, expect, it } from 'vitest';
import { Mailbox } from '../../src/core/mailbox.ts';
import { timerNotice } from '../../src/core/notice.ts';
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

  it('is not kept before half of what is not stashed is free', () => {
    const mailbox = aFullMailbox({ capacity: 4 });
    stashOne(mailbox);
    const promise = mailbox.room();

    mailbox.take();

    expect(mailbox).toMatchObject({ waiting: 2, stashed: 1 });
    expect(mailbox.openRoom).toBe(promise);
  });

  it('is not kept while all there is is stashed', () => {
    const mailbox = aFullMailbox({ capacity: 1 });
    stashOne(mailbox);
    const promise = mailbox.room();

    mailbox.offerNotice(anEnvelope({ topic: timerNotice }));
    mailbox.take();

    expect(mailbox.openRoom).toBe(promise);
  });

  it('is kept however many notices wait', () => {
    const mailbox = aFullMailbox({ capacity: 2 });
    mailbox.offerNotice(anEnvelope({ topic: timerNotice }));
    mailbox.offerNotice(anEnvelope({ topic: timerNotice }));
    void mailbox.room();

    mailbox.take();

    expect(mailbox.size).toBe(3);
    expect(mailbox.openRoom).toBeUndefined();
  });
});

function aFullMailbox({ capacity }: { readonly capacity: number }): Mailbox {
  const mailbox = new Mailbox({ capacity, overflow: 'suspend', spillMax: 0 });
  for (let id = 1; id <= capacity; id += 1) {
    mailbox.offer(anEnvelope({ id }));
  }
  return mailbox;
}

function stashOne(mailbox: Mailbox): void {
  mailbox.take();
  mailbox.stash();
}
