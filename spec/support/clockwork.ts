/** A clock that stands still until `wait` moves it; calls that fall due meanwhile are made at their time, in order. */
import type { Environment } from '../../src/core/environment.ts';

export interface Clockwork {
  readonly environment: Pick<Environment, 'nowMs' | 'schedule'>;
  wait(ms: number): void;
  /** How many calls are still to come. */
  pending(): number;
}

export function clockwork(): Clockwork {
  // Not 0, so that a time is not taken for a length of time unnoticed.
  let nowMs = 5_000;
  const calls = new Set<{ readonly atMs: number; readonly f: () => void }>();

  return {
    environment: {
      nowMs: () => nowMs,
      schedule: (delayMs, f) => {
        const call = { atMs: nowMs + delayMs, f };
        calls.add(call);
        return { cancel: () => void calls.delete(call) };
      },
    },
    wait: (ms) => {
      const untilMs = nowMs + ms;
      const nextDue = () =>
        [...calls].filter(({ atMs }) => atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0];
      for (let next = nextDue(); next !== undefined; next = nextDue()) {
        nowMs = next.atMs;
        calls.delete(next);
        next.f();
      }
      nowMs = untilMs;
    },
    pending: () => calls.size,
  };
}
