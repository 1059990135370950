/**
 * A request for a stream of replies: they come through an outlet, and a reader
 * that falls behind slows down whoever replies.
 */
import type { Lease } from '../core/budget.ts';
import { type Envelope, ownEnvelope } from '../core/envelope.ts';
import { MailboxFull } from '../core/mailbox.ts';
import type { Receiver } from '../core/topic-board.ts';
import type { OpenSource } from './bounded.ts';
import type { Kernel } from './kernel.ts';
import { Outlet, type Sink } from './outlet.ts';
import { PendingReply, type Requester } from './pending-reply.ts';
import { Interrupted } from './request-failures.ts';

export class PendingStream<T> extends PendingReply implements OpenSource<T> {
  readonly #capacity: number;
  readonly #window: number;
  #outlet!: Outlet<T>;

  /**
   * @param capacity Most replies that may wait to be read.
   * @param window How many may be out, unsettled.
   */
  constructor(kernel: Kernel, requester: Requester, capacity: number, window: number) {
    super(kernel, requester);
    this.#capacity = capacity;
    this.#window = window;
  }

  override begin(
    target: string,
    topic: string,
    id: number,
    deadlineMs: number,
    timeoutMs: number,
    lease: Lease | undefined,
    signal: AbortSignal | undefined,
  ): void {
    this.#outlet = new Outlet<T>({
      kernel: this.kernel,
      path: `replies of ${target}`,
      capacity: this.#capacity,
      overflow: 'suspend',
      window: this.#window,
      asker: this,
      onClose: () => {
        this.requester.forgetRequest(this);
        this.interrupt(new Interrupted({ agent: this.target, reason: 'its reader has left' }));
      },
    });
    super.begin(target, topic, id, deadlineMs, timeoutMs, lease, signal);
  }

  reply(payload: unknown, from: string): Promise<void> | undefined {
    if (this.settled) {
      this.late(payload, from);
      return undefined;
    }
    const reception = this.kernel.offer(this.#outlet, this.replyFrom(payload, from));
    if (reception === 'rejected') {
      throw new MailboxFull({ receiver: this.#outlet.path, payload, capacity: this.#outlet.mailboxCapacity });
    }
    return reception === 'waiting' ? this.#outlet.room() : undefined;
  }

  override get reader(): Receiver {
    return this.#outlet;
  }

  /** One reply, as it waits there. */
  replyFrom(payload: unknown, from: string): Envelope {
    this.kernel.witness?.replied(this, from);
    this.trace?.replied(payload, from);
    const id = this.kernel.environment.nextId();
    return ownEnvelope(id, undefined, from, undefined, payload, undefined, this.id);
  }

  /* v8 ignore next -- @preserve Replies of a stream are envelopes to its outlet, and are carried as such. */
  protected replied(): void {}

  /** What it has to say, it says through its outlet. */
  /* v8 ignore next -- @preserve A stream settles through its outlet, never by a notice. */
  deliver(): void {}

  pushTo(sink: Sink<T>): void {
    this.#outlet.pushTo(sink);
  }

  next(): Promise<IteratorResult<T>> {
    return this.#outlet.next();
  }

  close(): void {
    this.#outlet.close();
  }

  protected allFinished(firstFailure: { readonly failure: unknown } | undefined): void {
    // A stream of no replies is an empty one, unless nobody was there to reply.
    const failure = firstFailure ?? (this.askedNobody ? { failure: this.noResponder() } : undefined);
    this.settle(failure);
    this.requester.forgetRequest(this);
    this.kernel.witness?.delivered(this);
    if (failure === undefined) {
      this.#outlet.complete();
    } else {
      this.#outlet.fail(failure.failure);
    }
  }

  protected settledBy(failure: unknown): void {
    this.requester.forgetRequest(this);
    this.kernel.witness?.delivered(this);
    this.#outlet.fail(failure);
  }
}
