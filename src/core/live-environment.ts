/**
 * The live environment: the machine's own clock, chance and event loop.
 *
 * This is the one room outside the adapters that may read them. However many
 * deadlines are pending, they are one host timer.
 */
import type { Alarm, Alarms } from './alarm.ts';
import type { Environment, Timer } from './environment.ts';
import { TimerWheel } from './timer-wheel.ts';

/** Node refuses longer host timers than this; the wheel keeps what is further away. */
const hostDelayMsMax = 2 ** 31 - 1;

const settled = Promise.resolve();

/** Who was asked to end and is not ready yet, in the whole process: a signal is for all of it. */
const stillEnding = new Set<() => void>();

/** Makes an environment for one system. It holds nothing of the host until it is used. */
export function liveEnvironment(): Environment {
  return new LiveEnvironment();
}

class LiveEnvironment implements Environment, Alarms {
  readonly alarms: Alarms = this;
  readonly epochMs = performance.timeOrigin;
  readonly #wheel = new TimerWheel(performance.now());
  readonly #terminations = new Set<() => void>();
  #hostTimer: NodeJS.Timeout | undefined;
  /** When the host timer rings; `Infinity` when none is set. */
  #ringsAtMs = Number.POSITIVE_INFINITY;
  #immediate: NodeJS.Immediate | undefined;
  #pastIo: (() => void)[] = [];
  #lastId = 0;

  nowMs(): number {
    return performance.now();
  }

  schedule(delayMs: number, f: () => void): Timer {
    const timer = this.#wheel.set(performance.now() + delayMs, f);
    if (timer.dueMs < this.#ringsAtMs) {
      this.#ringAt(timer.dueMs);
    }
    return timer;
  }

  setAlarm(dueMs: number, alarm: Alarm): void {
    this.#wheel.setAlarm(dueMs, alarm);
    if (alarm.isSet && alarm.dueMs < this.#ringsAtMs) {
      this.#ringAt(alarm.dueMs);
    }
  }

  cancelAlarm(alarm: Alarm): void {
    this.#wheel.cancelAlarm(alarm);
  }

  random(): number {
    return Math.random();
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  defer(f: () => void): void {
    // As `queueMicrotask`, which makes an asynchronous resource for each call: half as dear again.
    void settled.then(f);
  }

  deferPastIo(f: () => void): void {
    this.#pastIo.push(f);
    this.#immediate ??= setImmediate(this.#afterIo);
  }

  onTermination(listener: (end: () => void) => void): () => void {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (asked) {
        forget();
        process.kill(process.pid, signal);
        return;
      }
      asked = true;
      stillEnding.add(forget);
      listener(() => {
        forget();
        // Whoever is ready last lets the signal end the process; a second one from us would cut the others short.
        if (stillEnding.size === 0) {
          process.kill(process.pid, signal);
        }
      });
    };
    const forget = (): void => {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
      this.#terminations.delete(forget);
      stillEnding.delete(forget);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    this.#terminations.add(forget);
    return forget;
  }

  close(): void {
    this.#wheel.clear();
    clearTimeout(this.#hostTimer);
    this.#hostTimer = undefined;
    this.#ringsAtMs = Number.POSITIVE_INFINITY;
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
    this.#pastIo = [];
    for (const forget of [...this.#terminations]) {
      forget();
    }
  }

  readonly #afterIo = (): void => {
    const due = this.#pastIo;
    this.#pastIo = [];
    this.#immediate = undefined;
    for (const f of due) {
      f();
    }
    this.#letProcessEnd();
  };

  readonly #ring = (): void => {
    this.#hostTimer = undefined;
    this.#ringsAtMs = Number.POSITIVE_INFINITY;
    try {
      this.#wheel.advance(performance.now());
    } finally {
      const dueMs = this.#wheel.nextDueMs();
      if (dueMs !== undefined && dueMs < this.#ringsAtMs) {
        this.#ringAt(dueMs);
      }
    }
  };

  #ringAt(dueMs: number): void {
    clearTimeout(this.#hostTimer);
    this.#ringsAtMs = dueMs;
    const delayMs = Math.max(0, dueMs - performance.now());
    this.#hostTimer = setTimeout(this.#ring, Math.min(Math.ceil(delayMs), hostDelayMsMax));
  }

  /** A host timer that no deadline needs any more must not keep the process alive. */
  #letProcessEnd(): void {
    if (this.#hostTimer !== undefined && this.#wheel.size === 0) {
      clearTimeout(this.#hostTimer);
      this.#hostTimer = undefined;
      this.#ringsAtMs = Number.POSITIVE_INFINITY;
    }
  }
}
