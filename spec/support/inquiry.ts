/** A request as seen by whoever made it: when it is due, how often it ended, and what listens for it. */
import type { Cell } from '../../src/actors/cell.ts';
import type { PendingReply } from '../../src/actors/pending-reply.ts';

export class Inquiry {
  /** Who asked; `undefined` for code outside of agents. */
  readonly asker: Cell | undefined;
  /** When it is settled at the latest, in milliseconds of the world. */
  readonly dueMs: number;
  readonly abort: AbortController | undefined;
  /** Whether it asks for a stream, which its reader sees end when it has read all before. */
  readonly reads: boolean;
  /** How often it ended: a reply or a failure, or the end of a stream. */
  ends = 0;
  endedAtMs = Number.NaN;
  failure: unknown;
  /** Whether its reader left a stream before the end. */
  left = false;
  /** What came after the end of a stream. */
  valuesTooLate = 0;
  /** Listeners on its signal. */
  listeners = 0;
  /** The request itself, where it is an agent's. */
  pending: PendingReply | undefined;

  constructor(facts: { asker: Cell | undefined; dueMs: number; abortable: boolean; reads: boolean }) {
    this.asker = facts.asker;
    this.dueMs = facts.dueMs;
    this.reads = facts.reads;
    this.abort = facts.abortable ? new AbortController() : undefined;
    if (this.abort !== undefined) {
      this.#count(this.abort.signal);
    }
  }

  /** Notes the end of it. */
  end(nowMs: number, failure?: unknown): void {
    this.ends += 1;
    this.endedAtMs = nowMs;
    this.failure = failure;
  }

  /** Notes a value of a stream. */
  value(): void {
    this.valuesTooLate += this.ends;
  }

  /** Does something that may make a request of the asker's, and remembers the first. */
  made<T>(ask: () => T): T {
    const before = new Set(this.asker?.requests);
    const asked = ask();
    for (const request of this.asker?.requests ?? []) {
      if (!before.has(request)) {
        this.pending = request;
        break;
      }
    }
    return asked;
  }

  #count(signal: AbortSignal): void {
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...given: unknown[]) => {
      this.listeners += 1;
      addEventListener.apply(signal, given as never);
    };
    signal.removeEventListener = (...given: unknown[]) => {
      this.listeners -= 1;
      removeEventListener.apply(signal, given as never);
    };
  }
}
