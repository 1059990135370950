import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Envelope } from '../../src/core/envelope.ts';
import {
  Mailbox,
  MailboxFull,
  type MailboxOptions,
  type Overflow,
  type Parked,
} from '../../src/core/mailbox.ts';
import { terminatedNotice, timerNotice } from '../../src/core/notice.ts';
import { anEnvelope } from '../support/an-envelope.ts';

const aMailbox = (options: Partial<MailboxOptions> = {}) =>
  new Mailbox({ capacity: 1, overflow: 'suspend', spillMax: 1, ...options });

const saying = (payload: unknown) => anEnvelope({ topic: 'said', payload });
const [first, second, third, fourth] = ['first', 'second', 'third', 'fourth'].map(saying) as [
  Envelope,
  Envelope,
  Envelope,
  Envelope,
];
const ring = anEnvelope({ topic: timerNotice, sender: '/receiver' });
const terminated = anEnvelope({ topic: terminatedNotice, sender: '/a' });

describe('Mailbox', () => {
  it('hands out envelopes in the order they were offered', () => {
    const mailbox = aMailbox({ capacity: 2 });

    mailbox.offer(first);
    mailbox.offer(second);

    expect(taken(mailbox)).toEqual([first, second]);
  });

  it('counts what was offered, accepted and refused', () => {
    const mailbox = aMailbox({ overflow: 'reject' });

    mailbox.offer(first);
    mailbox.offer(second);

    expect(mailbox).toMatchObject({ offered: 2, accepted: 1, refused: 1, size: 1, waiting: 1 });
  });

  it.each([0, 1.5, Number.NaN])(
    'refuses %d as its capacity, which is a whole number of at least 1',
    (capacity) => {
      expect(() => aMailbox({ capacity })).toThrow(
        new RangeError(`mailbox capacity is a whole number, at least 1; got ${capacity}`),
      );
    },
  );

  it.each([-1, 0.5, Number.NaN])(
    'refuses %d as its spill limit, which is a whole number of at least 0',
    (spillMax) => {
      expect(() => aMailbox({ spillMax })).toThrow(
        new RangeError(`mailbox spillMax is a whole number, at least 0; got ${spillMax}`),
      );
    },
  );

  it('refuses an overflow that it does not know', () => {
    expect(() => aMailbox({ overflow: 'explode' as Overflow })).toThrow(
      new RangeError(
        "mailbox overflow is one of suspend, drop-oldest, drop-newest, conflate, fail, reject; got 'explode'",
      ),
    );
  });
});

describe('a full mailbox', () => {
  it.each(['drop-newest', 'fail', 'reject'] as const)('refuses the newcomer under %s', (overflow) => {
    const mailbox = aMailbox({ overflow });

    mailbox.offer(first);

    expect(mailbox.offer(second)).toBe('refused');
    expect(taken(mailbox)).toEqual([first]);
  });

  it('lets the oldest give way under drop-oldest, and hands it back', () => {
    const mailbox = aMailbox({ overflow: 'drop-oldest', capacity: 2 });
    mailbox.offer(first);
    mailbox.offer(second);

    const offer = mailbox.offer(third);

    expect(offer).toBe('displaced');
    expect(mailbox).toMatchObject({ handedBack: first, displaced: 1 });
    expect(taken(mailbox)).toEqual([second, third]);
  });

  it('counts as accepted what takes the place of another', () => {
    const mailbox = aMailbox({ overflow: 'conflate' });

    mailbox.offer(first);
    mailbox.offer(second);

    expect(mailbox).toMatchObject({ offered: 2, accepted: 2, refused: 0, conflated: 1 });
  });

  it('takes a notice back that stands in line outside', () => {
    const mailbox = aMailbox({ overflow: 'suspend', spillMax: 1 });
    const ended = anEnvelope({ topic: '$terminated', sender: '/x', payload: 'ended' });
    mailbox.offer(first);
    mailbox.offer(anEnvelope({ sender: '/x', payload: 'spilled' }));
    mailbox.offerNotice(ended);

    mailbox.withdrawNotice('nobody');
    mailbox.withdrawNotice('ended');

    expect(taken(mailbox).map(({ payload }) => payload)).toEqual([first.payload, 'spilled']);
  });

  it('does not displace a notice', () => {
    const mailbox = aMailbox({ overflow: 'drop-oldest' });
    mailbox.offerNotice(ring);
    mailbox.offer(first);

    mailbox.offer(second);

    expect(mailbox.handedBack).toBe(first);
    expect(taken(mailbox)).toEqual([ring, second]);
  });

  it('refuses under drop-oldest when its whole room is stashed, because nobody can give way', () => {
    const mailbox = aMailbox({ overflow: 'drop-oldest' });
    mailbox.offer(first);
    mailbox.take();
    mailbox.stash();

    expect(mailbox.offer(second)).toBe('refused');
  });

  it('is said to be full in a failure that names receiver, capacity and what to do', () => {
    const full = new MailboxFull({ receiver: '/writer', payload: 'page', capacity: 8 });

    expect(full).toMatchObject({ code: 'MAILBOX_FULL', class: 'overload', payload: 'page' });
    expect(String(full)).toBe(
      "MailboxFull: no room at '/writer': 8 waiting already; await what publish or tell returns, or choose another overflow",
    );
  });
});

describe('conflate', () => {
  const keyOf = ({ payload }: Envelope) => (payload as { readonly key: string }).key;
  const keyed = (key: string, n: number) => saying({ key, n });

  it('keeps the latest of each key, in the place of the first', () => {
    const mailbox = aMailbox({ overflow: 'conflate', capacity: 2, keyOf });
    const [oldA, b, newA] = [keyed('a', 1), keyed('b', 1), keyed('a', 2)];
    mailbox.offer(oldA);
    mailbox.offer(b);

    const offer = mailbox.offer(newA);

    expect(offer).toBe('conflated');
    expect(mailbox).toMatchObject({ handedBack: oldA, conflated: 1 });
    expect(taken(mailbox)).toEqual([newA, b]);
  });

  it('lets the oldest give way to a new key when it is full', () => {
    const mailbox = aMailbox({ overflow: 'conflate', capacity: 1, keyOf });
    const [a, b] = [keyed('a', 1), keyed('b', 1)];
    mailbox.offer(a);

    const offer = mailbox.offer(b);

    expect(offer).toBe('displaced');
    expect(mailbox.handedBack).toBe(a);
    expect(mailbox.offer(keyed('a', 2))).toBe('displaced');
  });

  it('takes all for one when there is no key', () => {
    const mailbox = aMailbox({ overflow: 'conflate', capacity: 2 });
    mailbox.offer(first);

    mailbox.offer(second);

    expect(taken(mailbox)).toEqual([second]);
  });

  it('takes a message for one of a kind when its key cannot be told', () => {
    const mailbox = aMailbox({ overflow: 'conflate', capacity: 2, keyOf });
    const keyless = saying(null);
    mailbox.offer(keyless);

    const offer = mailbox.offer(saying(null));

    expect(offer).toBe('accepted');
  });

  it('begins a new place when the one of that key has been taken', () => {
    const mailbox = aMailbox({ overflow: 'conflate', capacity: 2, keyOf });
    mailbox.offer(keyed('a', 1));
    mailbox.take();

    expect(mailbox.offer(keyed('a', 2))).toBe('accepted');
  });

  it('lets one that was put back stand beside a newer one of its key', () => {
    const mailbox = aMailbox({ overflow: 'conflate', capacity: 2, keyOf });
    const [older, newer, newest] = [keyed('a', 1), keyed('a', 2), keyed('a', 3)];
    mailbox.offer(older);
    mailbox.take();
    mailbox.offer(newer);
    mailbox.putBack(older);

    mailbox.offer(newest);

    expect(taken(mailbox)).toEqual([older, newest]);
  });

  it('begins a new place when one that was put back has been taken', () => {
    const mailbox = aMailbox({ overflow: 'conflate', keyOf: ({ topic }) => topic });
    mailbox.offer(first);
    mailbox.take();
    mailbox.putBack(first);
    mailbox.take();

    expect(mailbox.offer(second)).toBe('accepted');
    expect(taken(mailbox)).toEqual([second]);
  });

  it('keeps the place of the newer one when one that was put back is taken', () => {
    const mailbox = aMailbox({ capacity: 2, overflow: 'conflate' });
    mailbox.offer(first);
    mailbox.take();
    mailbox.offer(second);
    mailbox.putBack(first);
    mailbox.take();

    expect(mailbox.offer(third)).toBe('conflated');
    expect(taken(mailbox)).toEqual([third]);
  });

  it('lets a newer one take the place of one that was put back', () => {
    const mailbox = aMailbox({ overflow: 'conflate', capacity: 2, keyOf });
    const [older, newer] = [keyed('a', 1), keyed('a', 2)];
    mailbox.offer(older);
    mailbox.take();
    mailbox.putBack(older);

    mailbox.offer(newer);

    expect(taken(mailbox)).toEqual([newer]);
  });
});

describe('the line outside', () => {
  it('holds what does not fit under suspend, and lets it in as there is room', () => {
    const mailbox = aMailbox({ spillMax: 2 });
    mailbox.offer(first);

    const offers = [mailbox.offer(second), mailbox.offer(third)];

    expect(offers).toEqual(['waiting', 'waiting']);
    expect(mailbox).toMatchObject({ size: 1, waiting: 3, spilled: 2, saturated: true });
    expect(taken(mailbox)).toEqual([first, second, third]);
    expect(mailbox).toMatchObject({ spilled: 0, saturated: false });
  });

  it('refuses more than the spill limit', () => {
    const mailbox = aMailbox({ spillMax: 0 });
    mailbox.offer(first);

    expect(mailbox.saturated).toBe(true);
    expect(mailbox.offer(second)).toBe('refused');
  });

  it('counts as accepted what stands in it', () => {
    const mailbox = aMailbox();

    mailbox.offer(first);
    mailbox.offer(second);

    expect(mailbox).toMatchObject({ offered: 2, accepted: 2, refused: 0 });
  });

  it('saturates a full mailbox only when no more may stand in it', () => {
    const mailbox = aMailbox({ spillMax: 1 });
    mailbox.offer(first);

    expect(mailbox).toMatchObject({ hasRoom: false, saturated: false });
  });

  it('saturates no mailbox that has none', () => {
    const mailbox = aMailbox({ overflow: 'reject', spillMax: 0 });
    mailbox.offer(first);

    expect(mailbox).toMatchObject({ hasRoom: false, saturated: false });
  });

  it('lets nobody in when what was taken is a notice', () => {
    const mailbox = aMailbox();
    const sender = aSender(second);
    mailbox.offerNotice(ring);
    mailbox.offer(first);
    mailbox.park(sender);

    mailbox.take();

    expect(sender.admissions).toBe(0);
    expect(mailbox).toMatchObject({ size: 1, hasRoom: false });
  });

  it('can be left by the senders that wait in it, while what is spilled stays', () => {
    const mailbox = aMailbox();
    const sender = aSender(third);
    mailbox.offer(first);
    mailbox.offer(second);
    mailbox.park(sender);

    const away = mailbox.turnAway();

    expect(away).toEqual([third]);
    expect(sender.admissions).toBe(1);
    expect(taken(mailbox)).toEqual([first, second]);
  });

  it('need not exist for its senders to leave', () => {
    expect(aMailbox().turnAway()).toEqual([]);
  });

  it('is joined by newcomers also when room has come, so that nobody overtakes', () => {
    const mailbox = aMailbox({ capacity: 2, spillMax: 4 });
    const sender = aSender(third);
    mailbox.offer(first);
    mailbox.offer(second);
    mailbox.park(sender);

    expect(mailbox.hasRoom).toBe(false);
    expect(mailbox.offer(fourth)).toBe('waiting');
    expect(taken(mailbox)).toEqual([first, second, third, fourth]);
  });

  it('tells a sender that waits in it when its envelope is in', () => {
    const mailbox = aMailbox();
    const sender = aSender(second);
    mailbox.offer(first);
    mailbox.park(sender);
    const before = { admitted: sender.admissions, offered: mailbox.offered };

    mailbox.take();

    expect(before).toEqual({ admitted: 0, offered: 1 });
    expect(sender.admissions).toBe(1);
    expect(mailbox.offered).toBe(2);
    expect(taken(mailbox)).toEqual([second]);
  });

  it('forgets a sender that waits no more', () => {
    const mailbox = aMailbox();
    const sender = aSender(second);
    mailbox.offer(first);
    mailbox.park(sender);

    mailbox.unpark(sender);

    expect(taken(mailbox)).toEqual([first]);
    expect(sender.admissions).toBe(0);
  });

  it('need not exist for a sender to be forgotten', () => {
    const mailbox = aMailbox();

    mailbox.unpark(aSender(first));

    expect(mailbox.size).toBe(0);
  });

  it('lets one in when a message is not stashed after all', () => {
    const mailbox = aMailbox();
    const sender = aSender(second);
    mailbox.offer(first);
    mailbox.take();
    mailbox.stash();
    mailbox.park(sender);

    mailbox.forgetStashed();

    expect(sender.admissions).toBe(1);
    expect(taken(mailbox)).toEqual([second]);
  });
});

describe('a notice', () => {
  it('finds room in a full mailbox and is not counted as a message', () => {
    const mailbox = aMailbox();
    mailbox.offer(first);

    mailbox.offerNotice(ring);

    expect(mailbox).toMatchObject({ size: 2, waiting: 1, offered: 1 });
    expect(taken(mailbox)).toEqual([first, ring]);
  });

  it('takes no room away from messages', () => {
    const mailbox = aMailbox();

    mailbox.offerNotice(ring);

    expect(mailbox.hasRoom).toBe(true);
  });

  it('does not stand in line, so that a mailbox full of stashed messages hears of it', () => {
    const mailbox = aMailbox();
    mailbox.offer(first);
    mailbox.take();
    mailbox.stash();
    mailbox.offer(second);

    mailbox.offerNotice(ring);

    expect(taken(mailbox)).toEqual([ring]);
  });

  it('of another kind does not stand in line, not even behind what its own sender has there', () => {
    const mailbox = aMailbox();
    const toItself = anEnvelope({ topic: 'said', sender: '/receiver' });
    mailbox.offer(first);
    mailbox.offer(toItself);

    mailbox.offerNotice(ring);

    expect(taken(mailbox)).toEqual([first, ring, toItself]);
  });

  it('is taken back by what it holds, and nothing else is', () => {
    const mailbox = aMailbox({ capacity: 2 });
    const message = saying('one');
    const other = anEnvelope({ topic: timerNotice, payload: 'another' });
    mailbox.offer(message);
    mailbox.offerNotice(other);
    mailbox.offerNotice(anEnvelope({ topic: timerNotice, payload: 'one' }));

    mailbox.withdrawNotice('one');

    expect(mailbox).toMatchObject({ size: 2, waiting: 1 });
    expect(taken(mailbox)).toEqual([message, other]);
  });

  it('need not wait to be taken back', () => {
    const mailbox = aMailbox();

    mailbox.withdrawNotice('nobody');

    expect(mailbox.size).toBe(0);
  });

  it('that is taken back leaves each key its place', () => {
    const mailbox = aMailbox({ capacity: 2, overflow: 'conflate', keyOf: ({ sender }) => sender });
    const [before, after] = [anEnvelope({ sender: '/a' }), anEnvelope({ sender: '/b' })];
    const newBefore = anEnvelope({ sender: '/a', payload: 'new' });
    const newAfter = anEnvelope({ sender: '/b', payload: 'new' });
    mailbox.offer(before);
    mailbox.offerNotice(anEnvelope({ topic: timerNotice, payload: 'one' }));
    mailbox.offer(after);

    mailbox.withdrawNotice('one');
    mailbox.offer(newBefore);
    mailbox.offer(newAfter);

    expect(taken(mailbox)).toEqual([newBefore, newAfter]);
  });

  it('of an end stands in line behind what the agent that ended has there', () => {
    const mailbox = aMailbox({ spillMax: 2 });
    const lastWords = anEnvelope({ topic: 'said', sender: '/a' });
    mailbox.offer(first);
    mailbox.offer(lastWords);

    mailbox.offerNotice(terminated);

    expect(taken(mailbox)).toEqual([first, lastWords, terminated]);
  });

  it('of an end is a notice also when it has come in from the line', () => {
    const mailbox = aMailbox();
    const lastWords = anEnvelope({ topic: 'said', sender: '/a' });
    mailbox.offer(first);
    mailbox.offer(lastWords);
    mailbox.offerNotice(terminated);

    mailbox.take();

    expect(mailbox).toMatchObject({ size: 2, waiting: 1, spilled: 0 });
  });

  it('of an end stands in line behind a sender that waits there with its last words', () => {
    const mailbox = aMailbox();
    const lastWords = anEnvelope({ topic: 'said', sender: '/a' });
    mailbox.offer(first);
    mailbox.park(aSender(second));
    mailbox.park(aSender(lastWords));

    mailbox.offerNotice(terminated);

    expect(taken(mailbox)).toEqual([first, second, lastWords, terminated]);
  });

  it('of an end passes by the words of others in line', () => {
    const mailbox = aMailbox();
    mailbox.offer(first);
    mailbox.offer(second);

    mailbox.offerNotice(terminated);

    expect(taken(mailbox)).toEqual([first, terminated, second]);
  });
});

describe('stashed messages', () => {
  it('keep their room', () => {
    const mailbox = aMailbox();
    mailbox.offer(first);
    mailbox.take();

    mailbox.stash();

    expect(mailbox).toMatchObject({ stashed: 1, hasRoom: false, canStash: false });
  });

  it('come back to the front', () => {
    const mailbox = aMailbox({ capacity: 2 });
    mailbox.offer(first);
    mailbox.offer(second);
    mailbox.take();
    mailbox.stash();

    mailbox.unstash(first);

    expect(mailbox.stashed).toBe(0);
    expect(taken(mailbox)).toEqual([first, second]);
  });

  it('find no room when others have taken it', () => {
    const mailbox = aMailbox();
    mailbox.offer(first);
    mailbox.take();
    mailbox.offer(second);

    expect(mailbox.canStash).toBe(false);
  });
});

describe('one that is put back', () => {
  it('stands before all others', () => {
    const mailbox = aMailbox({ capacity: 2 });
    mailbox.offer(first);
    mailbox.offer(second);
    mailbox.take();

    mailbox.putBack(first);

    expect(taken(mailbox)).toEqual([first, second]);
  });

  it('is no message when it is a notice', () => {
    const mailbox = aMailbox();
    mailbox.offerNotice(ring);
    mailbox.take();

    mailbox.putBack(ring);

    expect(mailbox).toMatchObject({ size: 1, waiting: 0 });
  });
});

describe('the promise of room', () => {
  it('is one for all who ask while it is open', () => {
    const mailbox = aMailbox();

    const promise = mailbox.room();

    expect(mailbox.room()).toBe(promise);
    expect(mailbox.openRoom).toBe(promise);
  });

  it('is kept when nobody stands in line and the mailbox is half empty', async () => {
    const mailbox = aMailbox({ capacity: 4 });
    [first, second, third, fourth, first].forEach((envelope) => {
      mailbox.offer(envelope);
    });
    const promise = mailbox.room();

    mailbox.take();
    mailbox.take();
    const early = mailbox.openRoom;
    mailbox.take();

    expect(early).toBe(promise);
    expect(mailbox.openRoom).toBeUndefined();
    await expect(promise).resolves.toBeUndefined();
  });

  it('is kept when the mailbox closes', async () => {
    const mailbox = aMailbox();
    mailbox.offer(first);
    const promise = mailbox.room();

    mailbox.close();

    await expect(promise).resolves.toBeUndefined();
  });
});

describe('closing', () => {
  it('hands everything back in order, notices and those in line too', () => {
    const mailbox = aMailbox({ spillMax: 2 });
    const lastWords = anEnvelope({ topic: 'said', sender: '/a' });
    mailbox.offer(first);
    mailbox.offerNotice(ring);
    mailbox.offer(lastWords);
    mailbox.park(aSender(third));
    mailbox.offerNotice(terminated);

    const left = mailbox.close();

    expect(left).toEqual([first, ring, lastWords, third, terminated]);
    expect(mailbox).toMatchObject({ size: 0, waiting: 0, spilled: 0 });
  });

  it('tells senders in line, when everything is settled, that they need not wait', () => {
    const mailbox = aMailbox();
    const sender = aSender(second, () => mailbox.size);
    mailbox.offer(first);
    mailbox.park(sender);

    mailbox.close();

    expect(sender.admissions).toBe(1);
    expect(sender.sawSize).toBe(0);
    expect(mailbox).toMatchObject({ offered: 2, accepted: 2 });
  });

  it('leaves no place behind that another could take', () => {
    const mailbox = aMailbox({ overflow: 'conflate' });
    mailbox.offer(first);

    mailbox.close();

    expect(mailbox.offer(second)).toBe('accepted');
    expect(taken(mailbox)).toEqual([second]);
  });

  it('hands back nothing when nothing waits', () => {
    expect(aMailbox().close()).toEqual([]);
  });
});

describe('any mailbox', () => {
  it('law: every envelope offered is waiting, stashed, was taken, handed back, or refused, once', () => {
    fc.assert(
      fc.property(anyOptions, fc.array(anAct), (options, acts) => {
        const { offered, fates } = played(options, acts);

        expect(fates.toSorted(byId)).toEqual(offered);
      }),
    );
  });

  it('law: agrees with a naive model under any acts', () => {
    fc.assert(
      fc.property(anyOptions, fc.array(anAct), (options, acts) => {
        const { seen, expected } = played(options, acts);

        expect(seen).toEqual(expected);
      }),
    );
  });

  it('law: no more than its capacity waits inside, and no more than its spill limit outside', () => {
    fc.assert(
      fc.property(anyOptions, fc.array(anAct), (options, acts) => {
        const { mostInside, mostSpilled } = played(options, acts);

        expect(mostInside).toBeLessThanOrEqual(options.capacity);
        expect(mostSpilled).toBeLessThanOrEqual(options.spillMax);
      }),
    );
  });
});

interface Sender extends Parked {
  readonly admissions: number;
  readonly sawSize: number | undefined;
}

/** A sender that waits in line with one envelope. */
function aSender(envelope: Envelope, look?: () => number): Sender {
  const sender = {
    envelope,
    admissions: 0,
    sawSize: undefined as number | undefined,
    admitted() {
      sender.admissions += 1;
      sender.sawSize = look?.();
    },
  };
  return sender;
}

/** Takes all there is. */
function taken(mailbox: Mailbox): Envelope[] {
  const all: Envelope[] = [];
  for (let envelope = mailbox.take(); envelope !== undefined; envelope = mailbox.take()) {
    all.push(envelope);
  }
  return all;
}

const byId = (a: Envelope, b: Envelope) => a.id - b.id;

const anyOptions: fc.Arbitrary<MailboxOptions> = fc.record({
  capacity: fc.integer({ min: 1, max: 4 }),
  overflow: fc.constantFrom<Overflow>('suspend', 'drop-oldest', 'drop-newest', 'conflate', 'fail', 'reject'),
  spillMax: fc.nat({ max: 3 }),
  keyOf: fc.constant(({ payload }: Envelope) => payload),
});

/** What is done to a mailbox; the number chooses a key, or one of those it concerns. */
type Act = readonly [
  'offer' | 'park' | 'unpark' | 'ring' | 'terminated' | 'take' | 'putBack' | 'stash' | 'unstash' | 'forget',
  number,
];

const anAct: fc.Arbitrary<Act> = fc.tuple(
  fc.oneof(
    { weight: 8, arbitrary: fc.constant('offer' as const) },
    { weight: 3, arbitrary: fc.constant('park' as const) },
    { weight: 6, arbitrary: fc.constant('take' as const) },
    {
      weight: 8,
      arbitrary: fc.constantFrom(
        'unpark' as const,
        'ring' as const,
        'terminated' as const,
        'putBack' as const,
        'stash' as const,
        'unstash' as const,
        'forget' as const,
      ),
    },
  ),
  fc.nat({ max: 3 }),
);

/** A mailbox written without a thought for its cost. */
class NaiveMailbox {
  inside: Envelope[] = [];
  line: { readonly envelope: Envelope; readonly kind: 'spilled' | 'parked' | 'notice' }[] = [];
  stashed = 0;
  readonly options: MailboxOptions;
  readonly handedBack: Envelope[] = [];
  readonly refused: Envelope[] = [];

  constructor(options: MailboxOptions) {
    this.options = options;
  }

  get occupied(): number {
    return this.inside.filter(isMessage).length + this.stashed;
  }

  get hasRoom(): boolean {
    return this.line.length === 0 && this.occupied < this.options.capacity;
  }

  offer(envelope: Envelope): string {
    const { overflow } = this.options;
    const same = this.inside.findLastIndex((one) => isMessage(one) && one.payload === envelope.payload);
    if (overflow === 'conflate' && same >= 0) {
      this.handedBack.push(...this.inside.splice(same, 1, envelope));
      return 'conflated';
    }
    if (this.hasRoom) {
      this.inside.push(envelope);
      return 'accepted';
    }
    if (overflow === 'suspend' && this.spilled < this.options.spillMax) {
      this.line.push({ envelope, kind: 'spilled' });
      return 'waiting';
    }
    const oldest = this.inside.findIndex(isMessage);
    if ((overflow === 'drop-oldest' || overflow === 'conflate') && oldest >= 0) {
      this.handedBack.push(...this.inside.splice(oldest, 1));
      this.inside.push(envelope);
      return 'displaced';
    }
    this.refused.push(envelope);
    return 'refused';
  }

  get spilled(): number {
    return this.line.filter(({ kind }) => kind === 'spilled').length;
  }

  notice(envelope: Envelope): void {
    const mayPass =
      envelope.topic === timerNotice || this.line.every((one) => one.envelope.sender !== envelope.sender);
    if (mayPass) {
      this.inside.push(envelope);
    } else {
      this.line.push({ envelope, kind: 'notice' });
    }
  }

  take(): Envelope | undefined {
    const envelope = this.inside.shift();
    if (envelope !== undefined) {
      this.letIn();
    }
    return envelope;
  }

  letIn(): void {
    while (
      this.line.length > 0 &&
      (this.line[0]!.kind === 'notice' || this.occupied < this.options.capacity)
    ) {
      this.inside.push(this.line.shift()!.envelope);
    }
  }
}

const isMessage = ({ topic }: Envelope) => topic === 'said';

/** Does the same to a mailbox and to a naive one, where the act makes sense, and looks at both after each. */
function played(options: MailboxOptions, acts: readonly Act[]) {
  const mailbox = new Mailbox(options);
  const naive = new NaiveMailbox(options);
  const offered: Envelope[] = [];
  const gone: Envelope[] = [];
  const inHand: Envelope[] = [];
  const stash: Envelope[] = [];
  const parked: Sender[] = [];
  const answers: unknown[] = [];
  const expectedAnswers: unknown[] = [];
  let ids = 0;
  let mostInside = 0;
  let mostSpilled = 0;

  const envelope = (key: number): Envelope => {
    const made = anEnvelope({ id: ++ids, topic: 'said', sender: `/${key}`, payload: key });
    offered.push(made);
    return made;
  };
  const notice = (topic: string, key: number): Envelope =>
    anEnvelope({ id: ++ids, topic, sender: `/${key}` });
  const chosen = <T>(among: T[], n: number): T | undefined =>
    among.splice(n % Math.max(1, among.length), 1)[0];

  const steps: Record<Act[0], (n: number) => void> = {
    offer: (n) => {
      const one = envelope(n);
      const offer = mailbox.offer(one);
      answers.push(offer, offer === 'displaced' || offer === 'conflated' ? mailbox.handedBack!.id : 0);
      const [before, expected] = [naive.handedBack.length, naive.offer(one)];
      expectedAnswers.push(expected, naive.handedBack.length > before ? naive.handedBack.at(-1)!.id : 0);
    },
    park: (n) => {
      if (options.overflow === 'suspend' && !mailbox.hasRoom) {
        const sender = aSender(envelope(n));
        parked.push(sender);
        mailbox.park(sender);
        naive.line.push({ envelope: sender.envelope, kind: 'parked' });
      }
    },
    unpark: (n) => {
      const waiting = parked.filter((sender) => sender.admissions === 0);
      const sender = waiting[n % Math.max(1, waiting.length)];
      if (sender !== undefined) {
        parked.splice(parked.indexOf(sender), 1);
        gone.push(sender.envelope);
        mailbox.unpark(sender);
        naive.line = naive.line.filter((one) => one.envelope !== sender.envelope);
      }
    },
    ring: (n) => {
      const one = notice(timerNotice, n);
      mailbox.offerNotice(one);
      naive.notice(one);
    },
    terminated: (n) => {
      const one = notice(terminatedNotice, n);
      mailbox.offerNotice(one);
      naive.notice(one);
    },
    take: () => {
      const one = mailbox.take();
      answers.push(one?.id);
      expectedAnswers.push(naive.take()?.id);
      if (one !== undefined && isMessage(one)) {
        inHand.push(one);
      }
    },
    putBack: (n) => {
      const one = naive.occupied < options.capacity ? chosen(inHand, n) : undefined;
      if (one !== undefined) {
        mailbox.putBack(one);
        naive.inside.unshift(one);
      }
    },
    stash: (n) => {
      answers.push(mailbox.canStash);
      expectedAnswers.push(naive.occupied < options.capacity);
      const one = mailbox.canStash ? chosen(inHand, n) : undefined;
      if (one !== undefined) {
        mailbox.stash();
        naive.stashed += 1;
        stash.push(one);
      }
    },
    unstash: (n) => {
      const one = chosen(stash, n);
      if (one !== undefined) {
        mailbox.unstash(one);
        naive.stashed -= 1;
        naive.inside.unshift(one);
      }
    },
    forget: (n) => {
      const one = chosen(stash, n);
      if (one !== undefined) {
        mailbox.forgetStashed();
        naive.stashed -= 1;
        naive.letIn();
        gone.push(one);
      }
    },
  };

  for (const [act, n] of acts) {
    steps[act](n);
    answers.push(mailbox.size, mailbox.spilled, mailbox.hasRoom);
    expectedAnswers.push(naive.inside.length, naive.spilled, naive.hasRoom);
    mostInside = Math.max(mostInside, mailbox.waiting - mailbox.spilled + mailbox.stashed);
    mostSpilled = Math.max(mostSpilled, mailbox.spilled);
  }
  const left = mailbox.close();
  return {
    offered,
    fates: [...gone, ...inHand, ...stash, ...naive.handedBack, ...naive.refused, ...left.filter(isMessage)],
    seen: { answers, left: left.map(({ id }) => id) },
    expected: {
      answers: expectedAnswers,
      left: [...naive.inside, ...naive.line.map((one) => one.envelope)].map(({ id }) => id),
    },
    mostInside,
    mostSpilled,
  };
}
