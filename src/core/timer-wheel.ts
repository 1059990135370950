/**
 * A timer wheel: who is to be called when, for a million timers as for one.
 *
 * Time is cut into ticks of one millisecond. Buckets of 32 equal slots, one
 * inside a slot of the next, form a path from the present tick to all of time:
 *
 *     level      0       1       2       3      …       10
 *     a slot    1 ms   32 ms    1 s    33 s     …   35 700 years
 *
 * A timer waits in the narrowest bucket of the path that reaches its due time,
 * and moves to narrower ones as the present comes nearer. A bucket knows which
 * of its slots are occupied, so empty time is jumped over, not stepped through.
 *
 * Guarantees
 *   - Never early: a due time between two ticks is rounded up.
 *   - Order: by due tick, then by the order of `set`. Times that round up to
 *     the same tick are a tie.
 *   - Once: a timer fires at most once, and never after `cancel`.
 *   - Nothing is kept of a timer that has fired or was cancelled.
 *
 * Cost: `set` and `cancel` are O(1), about 50 ns together with a million timers
 * pending, and 64 bytes a timer. A timer moves at most once a level, 10 times in all.
 *
 * Source: Varghese & Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987,
 * scheme 7. Theirs learns when the next timer is due by stepping there; ours
 * can be asked, because a crowded slot is then sorted into a bucket of its own.
 */
import { Alarm, type Alarms } from './alarm.ts';
import type { Timer } from './environment.ts';
import { Bucket, PendingTimer, Slot, slotsPerBucket, type Tally, unset } from './timer-bucket.ts';

/** Whatever is pending in a wheel: a timer, or an alarm. */
export interface Due {
  /** The tick at which it is due, in milliseconds; `Infinity` when it never is. */
  readonly dueMs: number;
}

/** A pending call in a wheel. */
export interface WheelTimer extends Timer, Due {}

/** Times from here on never come: 285 000 years, after which numbers cannot count single milliseconds. */
const endMs = 2 ** 53;

/** Enough for the widest bucket to hold every time there is: 32 ** 11 is 2 ** 55. */
const levels = 11;

/** The timer that never fires. There is only one, since nothing can happen to it. */
const never: WheelTimer = Object.freeze({ dueMs: Infinity, cancel() {} });

/**
 * Keeps calls until they are due.
 *
 * The wheel knows no clock: `advance` and `dueAt` tell it the time, which never
 * goes back. Two sorts of owner are meant. A live environment calls `advance`
 * when the one timer of its host, set for `nextDueMs()`, has rung. A simulator
 * asks `dueAt(nextDueMs())` who is due next, chooses one of the tie, and fires it.
 *
 * @example
 * const wheel = new TimerWheel(0)
 * const fired = []
 * wheel.set(30_000, () => fired.push('timeout'))
 * const retry = wheel.set(99.5, () => fired.push('retry'))
 * wheel.nextDueMs() // => 100
 * retry.cancel()
 * wheel.advance(40_000)
 * fired // => ['timeout']
 */
export class TimerWheel implements Alarms {
  /** Every tick up to this one has come. */
  #nowMs: number;
  /** The buckets that hold the present, narrow to wide. The slot around a bucket of the path is empty. */
  readonly #path: Bucket[] = [];
  /** Timers whose time has come. */
  readonly #due = new Slot();
  /** Timers whose time had come when they were set. They join the due ones when the wheel is told the time. */
  readonly #late = new Slot();
  readonly #tally: Tally = { pending: 0 };

  /** @param nowMs The time at which the wheel begins, in milliseconds of any clock. */
  constructor(nowMs: number) {
    this.#nowMs = Math.floor(nowMs);
    if (!Number.isSafeInteger(this.#nowMs)) {
      throw new RangeError(`a wheel begins within 2 ** 53 milliseconds of zero; got ${nowMs}`);
    }
    for (let level = 0; level < levels; level += 1) {
      this.#path.push(new Bucket(this.#nowMs, slotsPerBucket ** level));
    }
  }

  /** How many timers are pending. */
  get size(): number {
    return this.#tally.pending;
  }

  /**
   * Sees to it that `f` is called when `dueMs` has come.
   *
   * A time that has come already is due at the next `advance`, never in the one
   * that is under way. `Infinity`, and any time from 2 ** 53 on, never comes:
   * such a timer costs nothing and is not pending.
   *
   * `f` must not throw. If it does, `advance` throws the same, and whoever was
   * due with it fires at the next `advance`, in the same order as before.
   */
  set(dueMs: number, f: () => void): WheelTimer {
    if (dueMs >= endMs) {
      return never;
    }
    const timer = new PendingTimer(f, this.#tally);
    this.setAlarm(dueMs, timer);
    return timer;
  }

  setAlarm(dueMs: number, alarm: Alarm): void {
    const tick = Math.ceil(dueMs);
    if (tick > this.#nowMs) {
      if (tick < endMs) {
        this.#tally.pending += 1;
        alarm.dueMs = tick;
        this.#place(alarm);
      }
      return;
    }
    if (Number.isNaN(dueMs)) {
      throw new RangeError('a due time is a number of milliseconds; got NaN');
    }
    this.#tally.pending += 1;
    alarm.dueMs = this.#nowMs;
    this.#late.append(alarm);
  }

  cancelAlarm(alarm: Alarm): void {
    unset(alarm, this.#tally);
  }

  /**
   * Tells the tick at which the earliest timer is due, or `undefined` when none is pending.
   *
   * For a timer whose time had come when it was set, that is the time of the wheel then.
   *
   * Cost: a few levels and at most 16 timers are looked at. A slot with more is
   * sorted first, which moves its timers one level inwards, as time would have.
   */
  nextDueMs(): number | undefined {
    return this.#earliest()?.dueMs;
  }

  /**
   * Fires every timer that is due by `nowMs`, in order.
   *
   * A timer cancelled meanwhile, by another one's call, does not fire. A timer
   * set meanwhile fires in a later `advance`, even if it is due at once. Calls
   * of timers may use everything of the wheel but `advance` and `dueAt`.
   */
  advance(nowMs: number): void {
    this.#turn(nowMs);
    for (let timer = this.#due.first; timer !== undefined; timer = this.#due.first) {
      this.#fire(timer);
    }
  }

  /**
   * Lists the timers that are due at `nowMs` or before, in order. They stay pending until fired or cancelled.
   *
   * The wheel takes `nowMs` for the time: what is set later is not due before it.
   */
  dueAt(nowMs: number): Due[] {
    this.#turn(nowMs);
    const timers: Due[] = [];
    let timer = this.#due.first;
    while (timer !== undefined && timer.dueMs <= nowMs) {
      timers.push(timer);
      timer = this.#due.after(timer);
    }
    return timers;
  }

  /** Fires one that is pending, due or not. Does nothing when it has fired or was cancelled. */
  fire(due: Due): void {
    if (due instanceof Alarm && due.isSet) {
      this.#fire(due);
    }
  }

  /** Cancels every timer. */
  clear(): void {
    for (let timer = this.#earliest(); timer !== undefined; timer = this.#earliest()) {
      if (timer instanceof PendingTimer) {
        timer.cancel();
      } else {
        unset(timer, this.#tally);
      }
    }
  }

  #fire(alarm: Alarm): void {
    unset(alarm, this.#tally);
    alarm.ring();
  }

  #earliest(): Alarm | undefined {
    return this.#due.first ?? this.#late.first ?? this.#narrowest()?.earliest();
  }

  /** The narrowest bucket of the path where a timer waits: those in wider ones are all due later. */
  #narrowest(): Bucket | undefined {
    return this.size === 0 ? undefined : this.#path.find((bucket) => bucket.occupied !== 0);
  }

  #place(timer: Alarm): void {
    let level = 0;
    while (!this.#path[level]!.reaches(timer.dueMs)) {
      level += 1;
    }
    this.#path[level]!.add(timer);
  }

  /** Turns the wheel to `nowMs`, gathering the timers that become due on the way. */
  #turn(nowMs: number): void {
    this.#due.appendAll(this.#late);
    const targetMs = Math.min(Math.floor(nowMs), endMs);
    if (!(targetMs > this.#nowMs)) {
      return; // Also when it is NaN.
    }
    for (let bucket = this.#narrowest(); bucket !== undefined; bucket = this.#narrowest()) {
      const slot = bucket.first;
      if (bucket.slotStartMs(slot.index) > targetMs) {
        break;
      }
      this.#open(slot, bucket);
    }
    this.#moveTo(targetMs);
  }

  /** Makes the beginning of this slot the present, and spreads its timers over the levels below. */
  #open(slot: Slot, bucket: Bucket): void {
    const { inner } = slot;
    if (inner !== undefined) {
      inner.outer = undefined;
      this.#path[this.#path.indexOf(bucket) - 1] = inner;
    }
    slot.vacate();
    this.#moveTo(bucket.slotStartMs(slot.index));
    if (bucket.slotMs === 1) {
      this.#due.appendAll(slot);
    } else {
      slot.giveEach((timer) => this.#place(timer));
    }
  }

  /** Moves the present. Every bucket of the path that does not reach so far is empty, so it can be used again. */
  #moveTo(nowMs: number): void {
    this.#nowMs = nowMs;
    let level = this.#path.findIndex((bucket) => bucket.reaches(nowMs));
    for (; level > 0; level -= 1) {
      const wider = this.#path[level]!;
      this.#path[level - 1]!.startMs = wider.slotStartMs(wider.indexAt(nowMs));
    }
  }
}
