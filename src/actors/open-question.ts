/**
 * An open question: a request that a machine may still answer, after the step
 * that took it.
 *
 * A machine rarely answers in the step that hears the question: it invokes a
 * promise, and answers when that is done. So a request stays open as long as work
 * goes on that its step began, or that such work began: children, timers, requests.
 * When the last of it has ended and nobody has answered, the requester hears at once.
 */
import type { Envelope, ReplyPort, Work } from '../core/envelope.ts';
import type { Cell } from './cell.ts';

export class OpenQuestion implements Work {
  readonly envelope: Envelope;
  readonly port: ReplyPort;
  readonly #cell: Cell;
  readonly #onOver: (question: OpenQuestion) => void;
  /** Pieces of work that go on for it. */
  #work = 0;
  /** Whether its handling is over, and it is not. */
  #open = false;
  /** Whether it was open, and is not any more. */
  #over = false;

  constructor(cell: Cell, envelope: Envelope, port: ReplyPort, onOver: (question: OpenQuestion) => void) {
    this.#cell = cell;
    this.envelope = envelope;
    this.port = port;
    this.#onOver = onOver;
  }

  begin(): this {
    this.#work += 1;
    return this;
  }

  /** A piece of work has ended; what follows from that may still answer it. */
  done(): void {
    this.#work -= 1;
  }

  end(): void {
    this.done();
    this.settle();
  }

  /** Its handling is about to be over: says whether it stays open. May be asked again. */
  stayOpen(): boolean {
    if (this.#open) {
      return true;
    }
    if (this.#over || this.#work === 0 || this.port.settled) {
      return false;
    }
    this.#open = true;
    this.#cell.kernel.inFlight += 1;
    this.port.working(this);
    return true;
  }

  /** Looks whether it is over. */
  settle(): void {
    if (this.#open && (this.#work === 0 || this.port.settled)) {
      this.#close();
      this.port.finished(this.#cell.path);
    }
  }

  /** The agent ends, or begins anew. */
  fail(failure: unknown): void {
    if (this.#open) {
      this.#close();
      this.port.fail(failure, this.#cell.path);
    }
  }

  /** Nobody waits any more. The machine is not told: what it does is its own business. */
  interrupt(): void {
    if (this.#open) {
      this.#close();
    }
  }

  #close(): void {
    this.#open = false;
    this.#over = true;
    this.#cell.kernel.settled();
    this.#onOver(this);
  }
}
