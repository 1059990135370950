import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Body, type OnDisconnect, pump } from '../../../src/adapters/node/reply-pump.ts';
import { clockwork } from '../../support/clockwork.ts';

/** What happens next: the agent replies or ends, the client takes what was written or leaves, or time passes. */
type Happening = 'reply' | 'complete' | 'fail' | 'room' | 'leave' | 'wait';

const happenings = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<Happening>('reply') },
    { weight: 3, arbitrary: fc.constant<Happening>('room') },
    { weight: 2, arbitrary: fc.constant<Happening>('wait') },
    { weight: 1, arbitrary: fc.constantFrom<Happening>('complete', 'fail', 'leave') },
  ),
  { maxLength: 40 },
);
const aChoice = fc.constantFrom<OnDisconnect>('interrupt', 'detach');

describe('a pump', () => {
  it('law: every reply is written once and in order, or dropped and counted; the work is ended once; no timer is left', async () => {
    await fc.assert(
      fc.asyncProperty(
        happenings,
        aChoice,
        fc.integer({ min: 1, max: 3 }),
        async (story, onDisconnect, room) => {
          const { outcome, made, written, begun, ends, pending, readAfterEnd } = await play(
            story,
            onDisconnect,
            room,
          );

          expect(written).toEqual(made.slice(0, written.length));
          expect(outcome.sent).toBe(written.length);
          expect(outcome.sent + outcome.dropped).toBe(made.length);
          expect(onDisconnect === 'detach' || outcome.dropped <= 1).toBe(true);
          expect(begun).toBeLessThanOrEqual(1);
          expect(ends).toBe(1);
          expect(readAfterEnd).toBe(0);
          expect(pending).toBe(0);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('law: it asks for no reply while what it wrote has no room', async () => {
    await fc.assert(
      fc.asyncProperty(happenings, fc.integer({ min: 1, max: 3 }), async (story, room) => {
        const { mostUntaken } = await play(story, 'interrupt', room);

        expect(mostUntaken).toBeLessThanOrEqual(room);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Lets a story happen to one response, and then the rest of it: the agent completes, the client takes all. */
async function play(story: readonly Happening[], onDisconnect: OnDisconnect, room: number) {
  const clock = clockwork();
  const made: number[] = [];
  const written: number[] = [];
  const seen = { begun: 0, ends: 0, mostUntaken: 0, readAfterEnd: 0 };
  let untaken = 0;
  let gone = false;
  let onGone = () => {};
  let opened: (() => void) | undefined;
  let asking: PromiseWithResolvers<IteratorResult<number, undefined>> | undefined;
  let over = false;
  let ended = false;

  const endWork = () => {
    seen.ends += ended ? 0 : 1;
    ended = true;
  };
  const replies: AsyncIterator<number> = {
    next: () => {
      if (over) seen.readAfterEnd += 1;
      asking = Promise.withResolvers();
      if (ended) asking.resolve({ done: true, value: undefined });
      return asking.promise;
    },
    return: () => {
      endWork();
      asking?.resolve({ done: true, value: undefined });
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  const openRoom = () => {
    untaken = 0;
    opened?.();
    opened = undefined;
  };
  const take = (piece: string | Uint8Array | undefined): Promise<void> | undefined => {
    if (gone) return undefined;
    if (/^\d+$/.test(String(piece))) {
      written.push(Number(piece));
      untaken += 1;
      seen.mostUntaken = Math.max(seen.mostUntaken, untaken);
    }
    if (untaken < room) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    opened = resolve;
    return promise;
  };
  const leave = () => {
    if (!gone) {
      gone = true;
      onGone();
      openRoom();
    }
  };
  const body: Body = {
    get gone() {
      return gone;
    },
    onGone: (listener) => {
      onGone = listener;
    },
    begin: (piece) => {
      seen.begun += 1;
      return take(piece);
    },
    refuse: () => undefined,
    write: take,
    end: () => Promise.resolve(),
    breakOff: () => Promise.resolve(),
    cut: leave,
  };
  const happen = async (what: Happening) => {
    if (what === 'room') openRoom();
    else if (what === 'leave') leave();
    else if (what === 'wait') clock.wait(10);
    else if (asking !== undefined && !ended) {
      const asked = asking;
      asking = undefined;
      if (what === 'reply') {
        made.push(made.length);
        asked.resolve({ done: false, value: made.length - 1 });
      } else {
        endWork();
        if (what === 'complete') asked.resolve({ done: true, value: undefined });
        else asked.reject(new Error('it failed'));
      }
    }
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };

  const pumped = pump(
    body,
    () => ({ [Symbol.asyncIterator]: () => replies }),
    { contentType: 'x/y', encode: String, keepAlive: 'still here' },
    { onDisconnect, environment: clock.environment, headWithinMs: 15, keepAliveMs: 30, stalledMs: 100 },
  );
  void pumped.then(() => {
    over = true;
  });
  for (const what of story) await happen(what);
  while (!over) {
    await happen('room');
    await happen('complete');
  }
  const outcome = await pumped;
  return { outcome, made, written, ...seen, pending: clock.pending() };
}
