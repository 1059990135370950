/**
 * Alarms in an environment that knows only timers: a timer for each.
 */
import type { Alarm, Alarms } from './alarm.ts';
import type { Environment, Timer } from './environment.ts';

/** Where the alarms of a system are set: in its environment, where that can. */
export function alarmsOf(environment: Environment): Alarms {
  return environment.alarms ?? new AlarmTimers(environment);
}

class AlarmTimers implements Alarms {
  readonly #environment: Environment;
  readonly #timers = new Map<Alarm, Timer>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  setAlarm(dueMs: number, alarm: Alarm): void {
    if (dueMs < Number.POSITIVE_INFINITY) {
      const delayMs = Math.max(0, dueMs - this.#environment.nowMs());
      const timer = this.#environment.schedule(delayMs, () => {
        this.#timers.delete(alarm);
        alarm.ring();
      });
      this.#timers.set(alarm, timer);
    }
  }

  cancelAlarm(alarm: Alarm): void {
    const timer = this.#timers.get(alarm);
    if (timer !== undefined) {
      this.#timers.delete(alarm);
      timer.cancel();
    }
  }
}
