/**
 * A bucket of a timer wheel: a stretch of time in 32 slots, and the timers that wait in each.
 *
 * The timers of a slot are linked in a ring, in the order of `set`, with the
 * slot as its head, so a timer leaves in constant time and needs no closure to
 * find its way out. A slot that has become crowded can be sorted: then it holds
 * a bucket of slots 32 times as narrow, instead of a ring.
 *
 * Always true
 *   - A bit in `occupied` is set just when a timer waits in that slot, however deep.
 *   - All timers that are due at one tick wait in one ring.
 */
import { Alarm, RingLink } from './alarm.ts';

/** Slots in a bucket: as many as there are bits in a bitmap. */
export const slotsPerBucket = 32;

/** Most timers looked at to find the earliest in a slot; a slot with more is sorted. 16: not derived. */
const scannedMax = 16;

/** How many timers of one wheel are pending: known to the wheel and to each of its timers. */
export interface Tally {
  pending: number;
}

/** Takes an alarm out of the ring it waits in. Does nothing when it waits in none. */
export function unset(alarm: Alarm, tally: Tally): void {
  const { earlier, later } = alarm;
  if (later === alarm) {
    return;
  }
  tally.pending -= 1;
  earlier.later = later;
  later.earlier = earlier;
  // Linked to itself, so that whoever keeps a timer that is over keeps no neighbour alive.
  alarm.earlier = alarm;
  alarm.later = alarm;
  if (earlier === later) {
    (earlier as Slot).vacate(); // The only link left in a ring is its head.
  }
}

/** A call that waits in a ring. */
export class PendingTimer extends Alarm {
  readonly #tally: Tally;
  #f: (() => void) | undefined;

  constructor(f: () => void, tally: Tally) {
    super();
    this.#f = f;
    this.#tally = tally;
  }

  cancel(): void {
    this.#f = undefined;
    unset(this, this.#tally);
  }

  ring(): void {
    const f = this.#f;
    this.#f = undefined;
    f?.();
  }
}

/** The head of a ring of timers. Outside any bucket it is just that: a list. */
export class Slot extends RingLink {
  /** The bucket this is a slot of, if it is one, and its place there. */
  readonly bucket: Bucket | undefined;
  readonly index: number;
  /** The bucket this slot was sorted into; its own ring is empty then. */
  inner: Bucket | undefined;

  constructor(bucket?: Bucket, index = 0) {
    super();
    this.bucket = bucket;
    this.index = index;
    this.inner = undefined;
  }

  get first(): Alarm | undefined {
    return this.after(this);
  }

  after(link: RingLink): Alarm | undefined {
    return link.later === this ? undefined : (link.later as Alarm); // All but the head are timers.
  }

  append(timer: Alarm): void {
    const last = this.earlier;
    timer.earlier = last;
    timer.later = this;
    last.later = timer;
    this.earlier = timer;
  }

  /** Appends all timers of another ring, which is empty then. */
  appendAll(other: Slot): void {
    if (other.later === other) {
      return;
    }
    this.earlier.later = other.later;
    other.later.earlier = this.earlier;
    this.earlier = other.earlier;
    other.earlier.later = this;
    other.earlier = other;
    other.later = other;
  }

  /** Empties the ring and gives its timers away, one after the other, in order. */
  giveEach(take: (timer: Alarm) => void): void {
    const given = new Slot();
    given.appendAll(this);
    let timer = given.first;
    while (timer !== undefined) {
      const after = given.after(timer);
      take(timer);
      timer = after;
    }
  }

  /** An earliest timer of the ring, or `undefined` when there are too many to look at each. */
  earliest(): Alarm | undefined {
    let earliest = this.first;
    let scanned = 0;
    for (let timer = earliest; timer !== undefined; timer = this.after(timer)) {
      if (scanned === scannedMax) {
        return undefined;
      }
      scanned += 1;
      if (timer.dueMs < earliest!.dueMs) {
        earliest = timer;
      }
    }
    return earliest;
  }

  /** Notes that nothing waits here any more, here and, if so, in the slots around. */
  vacate(): void {
    this.inner = undefined;
    if (this.bucket === undefined) {
      return;
    }
    this.bucket.occupied &= ~(1 << this.index);
    if (this.bucket.occupied === 0) {
      this.bucket.outer?.vacate();
    }
  }
}

export class Bucket {
  startMs: number;
  /** The length of one slot, in milliseconds: a power of 32. */
  readonly slotMs: number;
  /** The length of all slots. */
  readonly lengthMs: number;
  /** The slot that was sorted into this bucket, if it came about so. */
  outer: Slot | undefined;
  /** One bit a slot: whether a timer waits there. */
  occupied = 0;
  /** Made when they are first used, as each of them is: a simulated system may set one timer, and have eleven buckets. */
  #slots: (Slot | undefined)[] | undefined;

  constructor(startMs: number, slotMs: number, outer?: Slot) {
    this.startMs = startMs;
    this.slotMs = slotMs;
    this.lengthMs = slotMs * slotsPerBucket;
    this.outer = outer;
  }

  /** Whether this bucket has not ended at `atMs`. */
  reaches(atMs: number): boolean {
    return atMs - this.startMs < this.lengthMs;
  }

  /** When the slot begins that has this index. */
  slotStartMs(index: number): number {
    return this.startMs + index * this.slotMs;
  }

  /** Which slot holds this point in time. */
  indexAt(atMs: number): number {
    return Math.floor((atMs - this.startMs) / this.slotMs);
  }

  add(timer: Alarm): void {
    const index = this.indexAt(timer.dueMs);
    this.#slots ??= new Array<Slot | undefined>(slotsPerBucket).fill(undefined);
    let slot = this.#slots[index];
    if (slot === undefined) {
      slot = new Slot(this, index);
      this.#slots[index] = slot;
    }
    this.occupied |= 1 << index;
    if (slot.inner === undefined) {
      slot.append(timer);
    } else {
      slot.inner.add(timer);
    }
  }

  /** The first occupied slot. There must be one. */
  get first(): Slot {
    return this.#slots![31 - Math.clz32(this.occupied & -this.occupied)]!; // The lowest bit that is set.
  }

  /** An earliest timer. There must be one. */
  earliest(): Alarm {
    const slot = this.first;
    if (slot.inner === undefined) {
      // In a slot of one tick none is earlier than another.
      const timer = this.slotMs === 1 ? slot.first : slot.earliest();
      if (timer !== undefined) {
        return timer;
      }
      const inner = new Bucket(this.slotStartMs(slot.index), this.slotMs / slotsPerBucket, slot);
      slot.giveEach((each) => inner.add(each));
      slot.inner = inner;
    }
    return slot.inner.earliest();
  }
}
