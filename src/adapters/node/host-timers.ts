/**
 * Timers of the host that keep no process alive: what a response waits for, its
 * socket keeps alive already. `environment` in the options of a helper replaces them.
 */
import type { Environment } from '../../core/environment.ts';

/** What a response needs of an environment. */
export type Timers = Pick<Environment, 'schedule'>;

/** What a body that never waits needs, so that others have their turn. */
export type Turns = Pick<Environment, 'deferPastIo'>;

/** Longer ones ring at once in Node; nothing here is meant to wait for 24 days. */
const delayMsMax = 2 ** 31 - 1;

export const hostTimers: Timers & Turns = {
  deferPastIo(f) {
    setImmediate(f);
  },
  schedule(delayMs, f) {
    const timer = setTimeout(f, Math.min(delayMs, delayMsMax)).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
