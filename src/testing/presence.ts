/**
 * Presence: which world has the process now.
 *
 * A world has it while it takes steps and while promises go on behind them, up to
 * the end of its run; the code of the test, before, between and after, is outside.
 * Two worlds that run at the same time take turns, a step each.
 *
 * While a world has the process, whatever takes time, chance or a timer from the
 * host is met here. Libraries that read clocks for everybody are given the
 * world's; code of the user is, too, or fails the run, as the test says.
 */
import type { Environment } from '../core/environment.ts';
import { afterMicrotasks } from './host-loop.ts';
import { framesOfUser, whoseCall } from './origin.ts';
import { RxjsTime, rxjsIsBusy } from './rxjs-time.ts';
import { SimulatedHost } from './simulated-host.ts';
import { UncontrolledAsync } from './uncontrolled-async.ts';

/**
 * What becomes of code that reads the clock, sets a timer or rolls dice of the
 * host: the run fails with `UncontrolledAsync`, or the world gives its own.
 */
export type Ambient = 'fail' | 'simulate';

let has: Presence | undefined;
const waiting: (() => void)[] = [];

/** The world that has the process, as far as it is inside of a call of its own. */
export function present(): Presence | undefined {
  return has;
}

/** Whether nobody has the process, and who has waited for it longest gets it soon. */
let handsOver = false;

function handOver(): void {
  handsOver = false;
  waiting.shift()?.();
}

export class Presence {
  readonly host: SimulatedHost;
  readonly ambient: Ambient;
  /** What was called that no world controls, once it has been. */
  uncontrolled: UncontrolledAsync | undefined;
  #holds = false;
  readonly #rxjs = new RxjsTime();

  constructor(environment: Environment, ambient: Ambient) {
    this.ambient = ambient;
    this.host = new SimulatedHost(environment);
  }

  /** Whether it has the process, or lends it to code of the test. */
  get holds(): boolean {
    return this.#holds;
  }

  /** Takes the process, when no other world has it. Needs a `leave`. */
  enter(): Promise<void> | undefined {
    if (has !== undefined || handsOver) {
      return this.#wait();
    }
    if (rxjsIsBusy()) {
      return afterMicrotasks().then(() => this.enter());
    }
    this.#take();
    return undefined;
  }

  /** Gives the process away, to who has waited for it longest. Does nothing when it has not got it. */
  leave(): void {
    if (this.#holds) {
      this.#giveUp();
      if (waiting.length > 0) {
        // Code of the test that waited for the end of this goes on first: it is outside of every world.
        handsOver = true;
        void afterMicrotasks().then(handOver);
      }
    }
  }

  /** Lets another world that waits have a turn, and waits for the next of its own. */
  giveWay(): Promise<void> | undefined {
    if (waiting.length === 0) {
      return undefined;
    }
    const back = this.#wait();
    this.#giveUp();
    handOver();
    return back;
  }

  /** Calls code of the test, which is outside of every world. */
  outside<T>(call: () => T): T {
    const before = has;
    has = undefined;
    try {
      return call();
    } finally {
      // It may have been given away meanwhile: the world was closed.
      if (before?.holds === true) {
        has = before;
      }
    }
  }

  /** Somebody called `called` of the host, whose real and simulated answers these are. */
  meet<T>(called: string, guard: (...args: never[]) => unknown, simulated: () => T, real: () => T): T {
    const whose = whoseCall(guard);
    if (whose === 'runner' || whose === 'host') {
      return real();
    }
    if (whose === 'library' || this.ambient === 'simulate') {
      return simulated();
    }
    this.uncontrolled ??= new UncontrolledAsync({ called, at: framesOfUser(guard) });
    throw this.uncontrolled;
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      waiting.push(() => {
        this.#take();
        resolve();
      });
    });
  }

  #take(): void {
    has = this;
    this.#holds = true;
    this.#rxjs.enter(this.host);
  }

  #giveUp(): void {
    has = undefined;
    this.#holds = false;
    this.#rxjs.leave();
  }
}
