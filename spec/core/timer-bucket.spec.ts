import { describe, expect, it } from 'vitest';
import { Bucket, PendingTimer, Slot } from '../../src/core/timer-bucket.ts';

const tally = { pending: 0 };
function timerAt(dueMs: number): PendingTimer {
  const timer = new PendingTimer(() => {}, tally);
  timer.dueMs = dueMs;
  tally.pending += 1;
  return timer;
}

/** A slot in which timers wait that are due then, in this order. */
function aSlot(...dueMs: number[]) {
  const slot = new Slot();
  const timers = dueMs.map(timerAt);
  timers.forEach((timer) => {
    slot.append(timer);
  });
  return { slot, timers };
}

function inOrder(slot: Slot): number[] {
  const order: number[] = [];
  for (let timer = slot.first; timer !== undefined; timer = slot.after(timer)) {
    order.push(timer.dueMs);
  }
  return order;
}

describe('the ring of timers of a slot', () => {
  it('takes those of another behind its own, and leaves that empty', () => {
    const { slot } = aSlot(1, 2);
    const { slot: other } = aSlot(3, 4);

    slot.appendAll(other);

    expect([inOrder(slot), inOrder(other)]).toEqual([[1, 2, 3, 4], []]);
    slot.append(timerAt(5));
    expect(inOrder(slot)).toEqual([1, 2, 3, 4, 5]);
  });

  it('stays as it is when another is empty', () => {
    const { slot } = aSlot(1, 2);
    const empty = new Slot();

    slot.appendAll(empty);
    slot.append(timerAt(3));

    expect([inOrder(slot), inOrder(empty)]).toEqual([[1, 2, 3], []]);
  });

  it('knows the first of its earliest, wherever that stands', () => {
    const { slot, timers } = aSlot(5, 3, 4, 3);

    expect(slot.earliest()).toBe(timers[1]);
    expect(new Slot().earliest()).toBeUndefined();
  });

  it('is not looked through when there are more than sixteen', () => {
    const times = Array.from({ length: 16 }, (_, n) => 16 - n);

    expect(aSlot(...times).slot.earliest()?.dueMs).toBe(1);
    expect(aSlot(...times, 0).slot.earliest()).toBeUndefined();
  });
});

describe('a bucket', () => {
  it('knows its earliest timer, also in a slot that is crowded', () => {
    const bucket = new Bucket(0, 32);
    const timers = Array.from({ length: 40 }, (_, n) => timerAt(63 - (n % 20)));
    timers.forEach((timer) => {
      bucket.add(timer);
    });

    expect(bucket.earliest().dueMs).toBe(44);
    const earlier = timerAt(40);
    bucket.add(earlier);
    expect(bucket.earliest()).toBe(earlier);
    earlier.cancel();
    expect(bucket.earliest().dueMs).toBe(44);
  });

  it('is vacant when the last timer of it has gone', () => {
    const bucket = new Bucket(0, 1);
    const timers = [timerAt(3), timerAt(3), timerAt(9)];
    timers.forEach((timer) => {
      bucket.add(timer);
    });
    timers[0]!.cancel();
    expect(bucket.earliest()).toBe(timers[1]);
    timers[1]!.cancel();
    expect(bucket.earliest()).toBe(timers[2]);
    timers[2]!.cancel();
    timers[2]!.cancel();

    expect([bucket.occupied, tally.pending >= 0]).toEqual([0, true]);
  });
});
