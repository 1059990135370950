/**
 * An alarm: whatever is to be called at a time, and is its own place in a timer wheel.
 *
 * Who has an object anyway for what it waits for (a request, a time limit) makes that
 * an alarm, and needs no timer beside it: setting and cancelling it allocates nothing.
 */

/** A link of a ring. Alone, it is a ring by itself. */
export class RingLink {
  earlier: RingLink = this;
  later: RingLink = this;
}

export abstract class Alarm extends RingLink {
  /** The tick at which it is due, in milliseconds, while it is set in a wheel. */
  dueMs = 0;

  /** Whether it waits for its time in a wheel; where there are only timers, the timer knows. */
  get isSet(): boolean {
    return this.later !== this;
  }

  /** Its time has come. It is not set any more, and may be set again. Must not throw. */
  abstract ring(): void;
}

/**
 * Where alarms are set: in an environment that can do so without a timer for each.
 */
export interface Alarms {
  /**
   * Has an alarm ring once, not before `dueMs` has come; a time that has come already is
   * due as soon as the event loop goes on. `Infinity` never comes. It must not be set already.
   */
  setAlarm(dueMs: number, alarm: Alarm): void;
  /** Forgets it. Does nothing when it is not set. */
  cancelAlarm(alarm: Alarm): void;
}
