/** A live environment that says how many timers are pending in it. */
import { type Environment, liveEnvironment } from 'troupe';

export interface CountedEnvironment extends Environment {
  readonly timersPending: number;
}

export function countedEnvironment(): CountedEnvironment {
  const live = liveEnvironment();
  let pending = 0;
  return {
    epochMs: live.epochMs,
    get timersPending() {
      return pending;
    },
    nowMs: () => live.nowMs(),
    schedule(delayMs, f) {
      let over = false;
      const end = (): void => {
        pending -= over ? 0 : 1;
        over = true;
      };
      pending += 1;
      const timer = live.schedule(delayMs, () => {
        end();
        f();
      });
      return {
        cancel() {
          end();
          timer.cancel();
        },
      };
    },
    random: () => live.random(),
    nextId: () => live.nextId(),
    defer: (f) => live.defer(f),
    deferPastIo: (f) => live.deferPastIo(f),
    onTermination: (listener) => live.onTermination(listener),
    close: () => live.close(),
  };
}
