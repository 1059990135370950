/**
 * The environment: the only door for time, chance, identity and turn-taking.
 *
 * Everything else in the runtime asks here, so a whole system can run against
 * the machine's clock (`liveEnvironment`) or inside a simulation that owns
 * order, time and chance. A system has one environment of its own.
 */
import type { Alarms } from './alarm.ts';

/** A pending call, made by `schedule`. */
export interface Timer {
  /** Forgets the call. Does nothing when it has been made or was cancelled before. */
  cancel(): void;
}

/** Whoever takes turns: the cell of an agent, the outlet of a stream. */
export interface Runnable {
  /** What a trace calls it. */
  readonly label: string;
  /** Which lane its turns are in: 0 realtime, 1 normal, 2 background. */
  readonly lane: number;
  /** Takes at most `batch` messages and says whether more could be taken at once. Never throws. */
  run(batch: number): boolean;
}

/** Decides whose turn it is. */
export interface Dispatcher {
  /** The time this turn began, read once; a negative number between turns. */
  readonly turnMs: number;
  /** Asks for a turn. The caller sees to it that it asks only once until that turn has come. */
  ready(runnable: Runnable): void;
}

export interface Environment {
  /** Milliseconds on a clock that never goes back; its zero means nothing. */
  nowMs(): number;
  /** Milliseconds since 1970 at this clock's zero: `nowMs() + epochMs` is a time of day. */
  readonly epochMs: number;
  /** Calls `f` once, not before `delayMs` milliseconds have passed. `f` must not throw. */
  schedule(delayMs: number, f: () => void): Timer;
  /** Where objects can wait that are timers themselves: cheaper than `schedule`. Where it is absent, `schedule` is used for them. */
  readonly alarms?: Alarms;
  /** A number from 0 up to, not including, 1. */
  random(): number;
  /** The next of 1, 2, 3, … */
  nextId(): number;
  /** Calls `f` after the code that runs now, before the event loop goes on. */
  defer(f: () => void): void;
  /** Calls `f` after the event loop had time for input and output. */
  deferPastIo(f: () => void): void;
  /**
   * Calls `listener` when the host asks the process to end, with what lets it
   * end; returns how to stop listening. With several listeners the process ends
   * when the last of them lets it. Asked a second time, it ends at once.
   */
  onTermination(listener: (end: () => void) => void): () => void;
  /** Makes the dispatcher, where turn-taking is not ours to decide; absent in a live environment. */
  readonly dispatcher?: Dispatcher;
  /** Whether the machine has crashed: nothing goes on here. Only simulated ones do. */
  readonly halted?: boolean;
  /** Forgets every timer and gives back what the host lent. */
  close(): void;
}
