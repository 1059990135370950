/**
 * The environment of one life of a host: the clock, the turns and the chance of its
 * world, and timers of its own.
 *
 * When the host crashes it is halted: its timers never ring, its agents have no turn
 * again, and whatever its code still does has no effect. When its system ends, only
 * its own timers end.
 */
import type { Delivering, Delivery } from '../core/delivery.ts';
import type { Dispatcher, Runnable, Timer } from '../core/environment.ts';
import type { SimulatedEnvironment } from '../core/simulated-environment.ts';

export class HostEnvironment implements Delivering, Dispatcher {
  readonly epochMs = 0;
  readonly turnMs = -1;
  readonly dispatcher: Dispatcher = this;
  readonly delivery: Delivery | undefined;
  /** The host has crashed: nothing of this goes on. */
  halted = false;
  /** Its system has stopped. */
  closed = false;
  /** Timers that were set when it was closed. */
  timersAtClose = 0;
  readonly #host: string;
  readonly #world: SimulatedEnvironment;
  readonly #timers = new Set<Timer>();
  /** What takes turns here, as the world knows it. */
  readonly #turns = new WeakMap<Runnable, Turn>();
  #lastId = 0;

  constructor(
    host: string,
    world: SimulatedEnvironment,
    delivery: (own: HostEnvironment) => Delivery | undefined,
  ) {
    this.#host = host;
    this.#world = world;
    this.delivery = delivery(this);
  }

  nowMs(): number {
    return this.#world.nowMs();
  }

  schedule(delayMs: number, f: () => void): Timer {
    if (this.halted) {
      return never;
    }
    const timer = this.#world.scheduleBeside(delayMs, () => {
      this.#timers.delete(timer);
      this.own();
      f();
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
        timer.cancel();
      },
    };
  }

  random(): number {
    return this.#world.random();
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Has a step that is under way belong here. */
  own(): void {
    this.#world.owner = this;
  }

  /** Calls code that belongs here, in a step of somebody else. */
  ownCall<T>(call: () => T): T {
    const before = this.#world.owner;
    this.#world.owner = this;
    try {
      return call();
    } finally {
      this.#world.owner = before;
    }
  }

  /** The last id that was given out. */
  get lastId(): number {
    return this.#lastId;
  }

  ready(runnable: Runnable): void {
    if (!this.halted) {
      let turn = this.#turns.get(runnable);
      if (turn === undefined) {
        turn = new Turn(this, `${this.#host}:${runnable.label}`, runnable);
        this.#turns.set(runnable, turn);
      }
      this.#world.ready(turn);
    }
  }

  defer(f: () => void): void {
    this.ready({
      label: 'deferred',
      lane: 1,
      run: () => {
        f();
        return false;
      },
    });
  }

  deferPastIo(f: () => void): void {
    this.defer(f);
  }

  onTermination(): () => void {
    return () => {};
  }

  /** Timers that are set. */
  get timerCount(): number {
    return this.#timers.size;
  }

  close(): void {
    this.closed = true;
    this.delivery?.close();
    this.timersAtClose = this.#timers.size;
    this.#forgetTimers();
  }

  /** The host has crashed. */
  halt(): void {
    this.halted = true;
    this.#forgetTimers();
    this.#world.withdraw((runnable) => runnable instanceof Turn && runnable.of === this);
  }

  #forgetTimers(): void {
    for (const timer of this.#timers) {
      timer.cancel();
    }
    this.#timers.clear();
  }
}

/** Who takes a turn, on whatever host. */
export function takerOf(runnable: Runnable | undefined): Runnable | undefined {
  return runnable instanceof Turn ? runnable.runnable : runnable;
}

/** A turn of somebody on a host. */
class Turn implements Runnable {
  readonly of: HostEnvironment;
  readonly label: string;
  readonly runnable: Runnable;

  constructor(of: HostEnvironment, label: string, runnable: Runnable) {
    this.of = of;
    this.label = label;
    this.runnable = runnable;
  }

  get lane(): number {
    return this.runnable.lane;
  }

  run(batch: number): boolean {
    this.of.own();
    // The host may crash in its own turn.
    return this.runnable.run(batch) && !this.of.halted;
  }
}

const never: Timer = { cancel: () => {} };
