/**
 * Pace: who decides when the next part of an answer comes.
 *
 * A model's delays are taken from here and never from the machine behind one's
 * back. Any `Environment` is a pace, so in a simulated world it is
 * `world.environment`: each part is then a choice point, which may come before or
 * after anything else that could happen next. Without a pace what has no delay
 * comes at once, and delays are those of the machine's clock.
 */
import type { Timer } from '../core/environment.ts';
import { liveEnvironment } from '../core/live-environment.ts';

export interface Pace {
  /** Calls `f` once, not before `delayMs` milliseconds have passed. */
  schedule(delayMs: number, f: () => void): Timer;
  /** Calls `f` once, soon, but not now. */
  defer(f: () => void): void;
}

/**
 * The waits of one call. They end when the call is aborted, and nothing of them
 * is left when it is over: no timer, no listener.
 */
export class CallPace {
  readonly #pace: Pace | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: (reason: unknown) => void;
  /** Made when a delay is first needed and nobody gave a pace. */
  #machine: ReturnType<typeof liveEnvironment> | undefined;
  #timer: Timer | undefined;
  #resume: (() => void) | undefined;
  #over = false;

  /** @param onAbort Called once, when the signal aborts before the call is over. */
  constructor(
    pace: Pace | undefined,
    signal: AbortSignal | undefined,
    onAbort: (reason: unknown) => void = () => {},
  ) {
    this.#pace = pace;
    this.#signal = signal;
    this.#onAbort = onAbort;
    signal?.addEventListener('abort', this.#abort);
  }

  /** Whether the call is over. */
  get over(): boolean {
    return this.#over;
  }

  /** Whether a wait of this length is one; otherwise there is no need to wait at all. */
  waits(delayMs: number): boolean {
    return this.#pace !== undefined || delayMs > 0;
  }

  /** Resolves after the delay, or when the call is over, whichever comes first: look at `over` then. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#over || !this.waits(delayMs)) {
        resolve();
        return;
      }
      this.#resume = resolve;
      const goOn = (): void => {
        this.#timer = undefined;
        resolve();
      };
      if (delayMs > 0) {
        this.#timer = (this.#pace ?? this.#clock()).schedule(delayMs, goOn);
      } else {
        this.#pace?.defer(goOn);
      }
    });
  }

  /** Waits for work of somebody else. Errors: what it fails of; the signal's reason, at once, when it aborts. */
  async until<T>(work: PromiseLike<T> | T): Promise<T> {
    this.check();
    const aborted = new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
    const done = Promise.resolve(work);
    done.catch(() => {}); // Nobody listens to it any more when the call was aborted first.
    await Promise.race([done, aborted]);
    this.check();
    return done;
  }

  /** Errors: the signal's reason, when it has aborted. */
  check(): void {
    this.#signal?.throwIfAborted();
  }

  /** The call is over: whoever waits goes on, and nothing is left. */
  end(): void {
    this.#over = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#timer?.cancel();
    this.#machine?.close();
    this.#resume?.();
  }

  #clock(): Pace {
    this.#machine ??= liveEnvironment();
    return this.#machine;
  }

  readonly #abort = (): void => {
    this.end();
    this.#onAbort(this.#signal?.reason);
  };
}
