/**
 * A simulated environment: order, time and chance belong to whoever steps it.
 *
 * Time stands still while there is something to do and jumps to the next timer
 * when there is not. Whenever more than one thing could happen next, `choose` is
 * asked which; 0 always means the quietest answer: first come, first served, and
 * no time passes.
 *
 * Guarantees: given the same calls of the program and the same choices, the same
 * steps happen in the same order, in any process.
 */
import type { Alarms } from './alarm.ts';
import type { Delivering, Delivery } from './delivery.ts';
import type { Dispatcher, Environment, Runnable, Timer } from './environment.ts';
import { TimerWheel } from './timer-wheel.ts';

/** What is asked when several could take a turn. One answer more than there are runnables means that time passes instead. */
export const turnQuestion = 'whose turn';
/** What is asked when several timers are due at once. */
export const timerQuestion = 'which timer';

/**
 * Answers a question with a whole number from 0 up to, not including, `count`, which
 * is at least 2. 0 is the quiet answer.
 *
 * `what` names the question; where it begins with `fault`, all answers but 0 let
 * something go wrong. `ready` is given with `turnQuestion`: those who could go, in the order
 * in which they asked; it must not be kept.
 */
export type Choose = (count: number, what: string, ready?: readonly Runnable[]) => number;

/** Whether a question is about something going wrong. */
export function isFault(what: string): boolean {
  return what.startsWith('fault');
}

export interface SimulatedOptions {
  readonly choose: Choose;
  /** Where `random()` begins; the same seed gives the same numbers. */
  readonly seed: number;
  /** Whether time may pass although somebody is ready, as on a slow machine. */
  readonly slow: boolean;
  /** Who carries messages; nobody when not given. */
  readonly delivery?: Delivery | undefined;
}

export class SimulatedEnvironment implements Delivering, Dispatcher {
  readonly epochMs = 0;
  readonly turnMs = -1;
  readonly dispatcher: Dispatcher = this;
  readonly delivery: Delivery | undefined;
  /** Steps taken so far. */
  steps = 0;
  /** Who took the last step; `undefined` when it was a timer, or there was none. */
  last: Runnable | undefined;
  /**
   * The environment that the last step belongs to, and what promises do behind it;
   * `undefined` when that is this one. Whoever takes a step for another says so.
   */
  owner: Environment | undefined;
  readonly #choose: Choose;
  readonly #slow: boolean;
  readonly #ready: Runnable[] = [];
  readonly #wheel = new TimerWheel(0);
  readonly alarms: Alarms = this.#wheel;
  #nowMs = 0;
  #lastId = 0;
  #timersAtClose = 0;
  /** Timers of others on this clock, in the order in which they were set. */
  #beside: Set<TimerBeside> | undefined;
  #chance: number;

  constructor({ choose, seed, slow, delivery }: SimulatedOptions) {
    this.#choose = choose;
    this.#slow = slow;
    this.delivery = delivery;
    this.#chance = seed >>> 0 || 1;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, f: () => void): Timer {
    return this.#wheel.set(this.#nowMs + delayMs, f);
  }

  /** Sets a timer for somebody beside the system of this environment: it stays when that ends. */
  scheduleBeside(delayMs: number, f: () => void): Timer {
    this.#beside ??= new Set();
    return new TimerBeside(this.#wheel, this.#beside, this.#nowMs + delayMs, f);
  }

  /** Marsaglia's xorshift32: small, and the same everywhere. */
  random(): number {
    let bits = this.#chance;
    bits ^= bits << 13;
    bits >>>= 0;
    bits ^= bits >>> 17;
    bits ^= bits << 5;
    this.#chance = bits >>> 0;
    return this.#chance / 0x1_0000_0000;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  ready(runnable: Runnable): void {
    this.#ready.push(runnable);
  }

  defer(f: () => void): void {
    this.#ready.push(deferred(f));
  }

  deferPastIo(f: () => void): void {
    this.defer(f);
  }

  onTermination(): () => void {
    return () => {};
  }

  /** Who is ready still has their turns, as on a real machine: they have something to tell to somebody outside. */
  close(): void {
    this.delivery?.close();
    this.#timersAtClose = this.#wheel.size - (this.#beside?.size ?? 0);
    this.#wheel.clear();
    for (const timer of this.#beside ?? []) {
      timer.set();
    }
  }

  /** The last id that was given out. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Timers that were set when it was closed, without those of others. */
  get timersAtClose(): number {
    return this.#timersAtClose;
  }

  /** What the last step did, for a trace. */
  get lastStep(): string {
    return this.last?.label ?? 'timer';
  }

  /** How many could take a turn now. */
  get readyCount(): number {
    return this.#ready.length;
  }

  /** Where the dice stand: it changes with each number that was thrown. */
  get chance(): number {
    return this.#chance;
  }

  /** How many timers are set. */
  get timerCount(): number {
    return this.#wheel.size;
  }

  /** Does one thing, and says whether there was one to do. */
  step(): boolean {
    const ready = this.#ready.length;
    const dueMs = ready === 0 || this.#slow ? this.#wheel.nextDueMs() : undefined;
    if (ready === 0) {
      return dueMs === undefined ? false : this.#fireOneAt(dueMs);
    }
    const mayPass = dueMs === undefined ? 0 : 1;
    const count = ready + mayPass;
    const chosen = count === 1 ? 0 : checkedAnswer(this.#choose(count, turnQuestion, this.#ready), count);
    if (chosen === ready) {
      return this.#fireOneAt(dueMs!);
    }
    const runnable = takeAt(this.#ready, chosen);
    this.steps += 1;
    this.last = runnable;
    this.owner = undefined;
    if (runnable.run(1)) {
      this.#ready.push(runnable);
    }
    return true;
  }

  /** Takes those back who have asked for a turn and shall have none. */
  withdraw(shallHaveNone: (runnable: Runnable) => boolean): void {
    const kept = this.#ready.filter((runnable) => !shallHaveNone(runnable));
    this.#ready.splice(0, this.#ready.length, ...kept);
  }

  /** Lets time pass, up to `nowMs`, without doing anything: what is due then fires in later steps. */
  advanceTo(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }

  /** When the next timer is due, if there is one. */
  get nextDueMs(): number | undefined {
    return this.#wheel.nextDueMs();
  }

  #fireOneAt(dueMs: number): boolean {
    const due = this.#wheel.dueAt(dueMs);
    const chosen = due.length === 1 ? 0 : checkedAnswer(this.#choose(due.length, timerQuestion), due.length);
    this.#nowMs = Math.max(this.#nowMs, dueMs);
    this.steps += 1;
    this.last = undefined;
    this.owner = undefined;
    this.#wheel.fire(due[chosen]!);
    return true;
  }
}

/** A timer that is set anew when the wheel forgets all others. */
class TimerBeside implements Timer {
  readonly #wheel: TimerWheel;
  readonly #all: Set<TimerBeside>;
  readonly #dueMs: number;
  readonly #call: () => void;
  #timer!: Timer;

  constructor(wheel: TimerWheel, all: Set<TimerBeside>, dueMs: number, f: () => void) {
    this.#wheel = wheel;
    this.#all = all;
    this.#dueMs = dueMs;
    this.#call = () => {
      all.delete(this);
      f();
    };
    this.set();
    // What never comes is nowhere.
    if (dueMs < Number.POSITIVE_INFINITY) {
      all.add(this);
    }
  }

  set(): void {
    this.#timer = this.#wheel.set(this.#dueMs, this.#call);
  }

  cancel(): void {
    this.#all.delete(this);
    this.#timer.cancel();
  }
}

function checkedAnswer(answer: number, count: number): number {
  if (answer >= 0 && answer < count && Number.isInteger(answer)) {
    return answer;
  }
  throw new RangeError(
    `a choice is a whole number from 0 up to, not including, ${count}; got ${String(answer)}`,
  );
}

/** Takes one out, and leaves the others in their order. */
function takeAt<T>(list: T[], index: number): T {
  if (index === 0) {
    return list.shift()!;
  }
  const taken = list[index]!;
  for (let next = index + 1; next < list.length; next += 1) {
    list[next - 1] = list[next]!;
  }
  list.pop();
  return taken;
}

const deferred = (f: () => void): Runnable => ({
  label: 'deferred',
  lane: 1,
  run: () => {
    f();
    return false;
  },
});
