/**
 * The pump: carries a stream of replies into a response body, at the client's pace.
 *
 * It asks for the next reply when the body has room for it and not before, so
 * between the agent and a slow client there is what the stream may hold
 * (`capacity`) and what the socket may hold (its `highWaterMark`), and nothing more.
 *
 * The head is held back until the first reply, the first failure, or `headWithinMs`,
 * whichever comes first: what fails at once gets a status of its own, and what
 * thinks long is not taken for dead.
 *
 * Guarantees
 *   - A client that leaves has its work interrupted at once, or, when detached, the
 *     work goes on to its end or its deadline; its replies are dropped and counted.
 *   - A client that takes nothing for `stalledMs` is taken for gone.
 *   - It never rejects and never throws: how it went is in its outcome.
 *   - A stream that never waits keeps the event loop for 256 replies at a time.
 *   - Afterwards no timer and no listener is left.
 */
import { heed } from '../../actors/thenable.ts';
import type { Timer } from '../../core/environment.ts';
import { describeThrown } from '../../core/failure.ts';
import { shorten } from '../../core/shorten.ts';
import { hostTimers, type Timers } from './host-timers.ts';
import { type Problem, type ProblemOptions, problemOf } from './http-problem.ts';
import type { StreamFormat } from './stream-format.ts';
import { warnOf } from './warning.ts';

/**
 * Replies that are asked for before everybody else has a turn. What neither the agent
 * nor the client makes wait (empty pieces, replies that are dropped) would keep timers
 * and other connections waiting; not derived.
 */
const asksInATurn = 256;

const aTurnOfOthers = (): Promise<void> => new Promise((resolve) => hostTimers.deferPastIo(resolve));

/** What becomes of the work when its client has left. */
export type OnDisconnect = 'interrupt' | 'detach';

export interface PumpOptions extends ProblemOptions {
  /** `interrupt` when not given. */
  readonly onDisconnect?: OnDisconnect;
  /** How long the head waits for a first reply, in milliseconds; 10 when not given. */
  readonly headWithinMs?: number;
  /** The longest silence before something is sent to keep the connection alive; 15 000 ms when not given. */
  readonly keepAliveMs?: number;
  /**
   * How long a client may take nothing, in milliseconds; 120 000 when not given, and
   * `Infinity` must be written. It is measured where we can see it: while the kernel
   * takes nothing more for this connection, whose buffers may hold megabytes.
   */
  readonly stalledMs?: number;
  /** Whose timers are used; the host's when not given. */
  readonly environment?: Timers;
}

/** How a response went. */
export interface StreamOutcome {
  /**
   *   Complete  everything was handed to the kernel
   *   Failed    the stream or its encoding failed; the client was told
   *   Left      the client left before the end, or somebody else answered it
   *   Stalled   the client took nothing for too long, and was cut off
   */
  readonly _tag: 'Complete' | 'Failed' | 'Left' | 'Stalled';
  /** Replies that were written. */
  readonly sent: number;
  /** Replies that came after the client had left: of a work that was detached, or the one that was on its way. */
  readonly dropped: number;
  /** What the stream failed of, if it did. */
  readonly failure?: unknown;
}

/** A body that is being written, seen from the pump. */
export interface Body {
  /** The client has left, or was cut off. */
  readonly gone: boolean;
  /** Called once, when that happens; at once if it has already. */
  onGone(listener: () => void): void;
  /** The head of a response that goes well. `piece` goes with it. */
  begin(piece: string | Uint8Array | undefined): Promise<void> | undefined;
  /** The whole of a response that does not. */
  refuse(problem: Problem): Promise<void> | undefined;
  /** A piece of the body; a promise of room when there is none. It resolves also when the client leaves. */
  write(piece: string | Uint8Array): Promise<void> | undefined;
  /** Ends it in order. Resolves when all is handed over, or the client has left. */
  end(piece: string | undefined): Promise<void>;
  /** Hands over what was written and breaks off, so that the client can tell. Resolves when that is done. */
  breakOff(): Promise<void>;
  /** Breaks off at once. */
  cut(): void;
}

/** Carries replies until one side ends. `open` is called at most once; what it throws fails the response. */
export async function pump<R>(
  body: Body,
  open: () => AsyncIterable<R>,
  format: StreamFormat<R>,
  options: PumpOptions,
): Promise<StreamOutcome> {
  return new Pump(body, format, options).run(open);
}

class Pump<R> {
  readonly #body: Body;
  readonly #format: StreamFormat<R>;
  readonly #options: PumpOptions;
  readonly #timers: Timers;
  #replies: AsyncIterator<R> | undefined;
  #begun = false;
  #stalled = false;
  /** We have broken off, so that nobody is there any more is not the client's doing. */
  #brokeOff = false;
  /** What was thrown at us between the replies. */
  #thrown: Failed | undefined;
  #sent = 0;
  #dropped = 0;
  #headTimer: Timer | undefined;
  #keepAliveTimer: Timer | undefined;
  /** Something was written since the last look. */
  #spoke = false;
  /** How often room, or the end being handed over, is waited for. */
  #waiting = 0;

  constructor(body: Body, format: StreamFormat<R>, options: PumpOptions) {
    this.#body = body;
    this.#format = format;
    this.#options = options;
    this.#timers = options.environment ?? hostTimers;
  }

  async run(open: () => AsyncIterable<R>): Promise<StreamOutcome> {
    if (this.#body.gone && this.#interrupts) {
      return this.#outcome();
    }
    try {
      const replies = open();
      // No promise was asked for, and one that fails shall not end the process.
      heed(replies, () => {});
      this.#replies = replies[Symbol.asyncIterator]();
      this.#body.onGone(() => this.#clientLeft());
      this.#headTimer = this.#after(this.#options.headWithinMs ?? 10, () => this.#beginEmpty());
      await this.#carry();
      return await this.#finish();
    } catch (failure) {
      return await this.#fail(failure);
    } finally {
      this.#stopTimers();
    }
  }

  async #carry(): Promise<void> {
    const replies = this.#replies!;
    const { encode } = this.#format;
    for (let asked = 1; ; asked += 1) {
      if (asked % asksInATurn === 0) {
        await aTurnOfOthers();
      }
      const next = await replies.next();
      if (next.done === true) {
        return;
      }
      if (this.#body.gone) {
        this.#dropped += 1;
        if (this.#interrupts) {
          // Its 'close' may still be to come: a work that never waits would go on until then.
          this.#clientLeft();
          return;
        }
      } else {
        const room = this.#write(checked(encode(next.value, this.#sent)));
        this.#sent += 1;
        if (room !== undefined) {
          await this.#unlessStalled(room);
        }
      }
    }
  }

  #write(piece: string | Uint8Array): Promise<void> | undefined {
    this.#spoke = true;
    if (this.#begun) {
      return this.#body.write(piece);
    }
    this.#begin();
    return this.#body.begin(piece);
  }

  /** Nothing has come yet, and the client shall know that we are at it. */
  #beginEmpty(): void {
    if (!this.#begun && !this.#body.gone) {
      this.#say(() => {
        this.#begin();
        return this.#body.begin(this.#format.opening);
      });
    } else if (this.#body.gone) {
      this.#clientLeft();
    }
  }

  #begin(): void {
    this.#begun = true;
    this.#headTimer?.cancel();
    this.#keepAlive();
  }

  /** Looks twice as often as it may be silent, so that two looks without a word are the longest silence. */
  #keepAlive(): void {
    const { keepAlive } = this.#format;
    if (keepAlive !== undefined) {
      const halfMs = (this.#options.keepAliveMs ?? 15_000) / 2;
      let quietLooks = 0;
      const look = (): void => {
        quietLooks = this.#spoke ? 0 : quietLooks + 1;
        this.#spoke = false;
        if (quietLooks === 2) {
          quietLooks = 0;
          if (this.#waiting === 0) {
            this.#say(() => this.#body.write(keepAlive));
          }
        }
        this.#keepAliveTimer = this.#after(halfMs, look);
      };
      this.#keepAliveTimer = this.#after(halfMs, look);
    }
  }

  async #finish(): Promise<StreamOutcome> {
    if (!this.#body.gone) {
      const { ending } = this.#format;
      if (this.#begun) {
        await this.#unlessStalled(this.#body.end(ending));
      } else {
        this.#begin();
        void this.#body.begin(undefined);
        await this.#unlessStalled(this.#body.end(ending));
      }
    }
    return this.#outcome();
  }

  /** Tells the client as well as is still possible. */
  async #fail(failure: unknown): Promise<StreamOutcome> {
    void this.#leave();
    this.#headTimer?.cancel();
    if (!this.#body.gone) {
      try {
        await this.#tell(problemOf(failure, this.#options));
      } catch (thrown) {
        // The client shall not wait for ever for what cannot be told.
        warnOf(thrown);
        await this.#breakOff();
      }
    }
    return this.#outcome({ failure });
  }

  async #tell(problem: Problem): Promise<void> {
    const { encodeProblem } = this.#format;
    if (!this.#begun) {
      await this.#unlessStalled(this.#body.refuse(problem) ?? Promise.resolve());
    } else if (encodeProblem === undefined) {
      await this.#breakOff();
    } else {
      await this.#unlessStalled(this.#body.end(encodeProblem(problem)));
    }
  }

  async #breakOff(): Promise<void> {
    if (this.#begun) {
      this.#brokeOff = true;
      await this.#unlessStalled(this.#body.breakOff());
    } else {
      this.#cut();
    }
  }

  #cut(): void {
    this.#brokeOff = true;
    this.#body.cut();
  }

  #outcome(failed: Failed | undefined = this.#thrown): StreamOutcome {
    const left = this.#body.gone && !this.#brokeOff;
    const _tag = this.#stalled ? 'Stalled' : left ? 'Left' : failed ? 'Failed' : 'Complete';
    return { _tag, sent: this.#sent, dropped: this.#dropped, ...(this.#thrown ?? failed) };
  }

  get #interrupts(): boolean {
    return this.#options.onDisconnect !== 'detach';
  }

  #clientLeft(): void {
    this.#stopTimers();
    if (this.#interrupts) {
      void this.#leave();
    }
  }

  /** What we say between the replies holds nobody up, and finds out, too, whether the client still takes anything. */
  #say(write: () => Promise<void> | undefined): void {
    try {
      const room = write();
      if (room !== undefined) {
        void this.#unlessStalled(room);
      }
    } catch (failure) {
      // We are in a timer: the run hears of it when the work has ended.
      this.#thrown = { failure };
      this.#cut();
      this.#stopTimers();
      void this.#leave();
    }
  }

  async #unlessStalled(taken: Promise<void>): Promise<void> {
    this.#waiting += 1;
    const timer = this.#after(this.#options.stalledMs ?? 120_000, () => {
      this.#stalled = true;
      this.#body.cut();
      this.#clientLeft();
    });
    try {
      await taken;
    } finally {
      timer?.cancel();
      this.#waiting -= 1;
    }
  }

  /** Ends the work, if it has not ended by itself. */
  async #leave(): Promise<void> {
    try {
      await this.#replies?.return?.();
    } catch {
      // It may be in the midst of something that throws when it is left; nobody is there to hear it.
    }
  }

  #after(delayMs: number, f: () => void): Timer | undefined {
    return delayMs === Number.POSITIVE_INFINITY ? undefined : this.#timers.schedule(delayMs, f);
  }

  #stopTimers(): void {
    this.#headTimer?.cancel();
    this.#keepAliveTimer?.cancel();
  }
}

/** A failure, whatever was thrown: `undefined`, too. */
interface Failed {
  readonly failure: unknown;
}

/** Errors: `TypeError` for a piece that is neither text nor bytes. */
function checked(piece: string | Uint8Array): string | Uint8Array {
  if (typeof piece === 'string' || piece instanceof Uint8Array) {
    return piece;
  }
  // No promise was asked for, and one that fails shall not end the process.
  heed(piece, () => {});
  throw new TypeError(
    `'encode' of a format returns a text or bytes; got ${shorten(describeThrown(piece), 80)}`,
  );
}
