/**
 * An outlet: where values leave the runtime, to a subscriber or a `for await`.
 *
 * It has a bounded mailbox like an agent, and turns of its own. A subscriber is
 * pushed at most `window` values that are not settled yet; an iterator gets one
 * when it asks for one.
 *
 * Guarantees: values come in order, never more than `capacity` wait, the end
 * comes after the last value, and after the reader has left nothing comes.
 */
import type { Asker } from '../core/asker.ts';
import { type Creditor, CreditToken, pushWithToken } from '../core/credit.ts';
import type { Envelope } from '../core/envelope.ts';
import type { Runnable } from '../core/environment.ts';
import { Mailbox, MailboxFull, type Overflow, type Parked } from '../core/mailbox.ts';
import type { Receiver, Reception } from '../core/topic-board.ts';
import type { Kernel } from './kernel.ts';

export interface OutletOptions {
  readonly kernel: Kernel;
  /** What it is called where an agent would have its path. */
  readonly path: string;
  readonly capacity: number;
  readonly overflow: Overflow;
  /** Most values pushed and not settled. */
  readonly window: number;
  readonly keyOf?: ((envelope: Envelope) => unknown) | undefined;
  readonly onKeyThrew?: ((thrown: unknown) => void) | undefined;
  /** The request whose replies these are. */
  readonly asker?: Asker;
  /** The reader has left, or everything was read. */
  readonly onClose: () => void;
}

/** Whom values are pushed to. */
export interface Sink<T> {
  next(value: T): void;
  error(failure: unknown): void;
  complete(): void;
}

type End = { readonly failure: unknown } | 'complete';

export class Outlet<T> implements Receiver, Runnable, Creditor {
  readonly path: string;
  readonly responds = false;
  readonly lane = 1;
  readonly mailbox: Mailbox;
  readonly asker: Asker | undefined;
  readonly #kernel: Kernel;
  readonly #window: number;
  readonly #onClose: () => void;
  #sink: Sink<T> | undefined;
  readonly #push = (value: T): void => this.#sink!.next(value);
  #asking: PromiseWithResolvers<IteratorResult<T>>[] | undefined;
  #out = 0;
  #end: End | undefined;
  #closed = false;
  #queued = false;

  constructor(options: OutletOptions) {
    this.path = options.path;
    this.#kernel = options.kernel;
    this.#window = options.window;
    this.#onClose = options.onClose;
    this.asker = options.asker;
    this.mailbox = new Mailbox({
      capacity: options.capacity,
      overflow: options.overflow,
      spillMax: options.capacity,
      keyOf: options.keyOf,
      onKeyThrew: options.onKeyThrew,
    });
  }

  get label(): string {
    return this.path;
  }

  get mailboxCapacity(): number {
    return this.mailbox.capacity;
  }

  get saturated(): boolean {
    return !this.#closed && this.mailbox.saturated;
  }

  get mustWait(): boolean {
    const { mailbox } = this;
    return !this.#closed && this.#end === undefined && mailbox.overflow === 'suspend' && !mailbox.hasRoom;
  }

  receiverFor(): Receiver {
    return this;
  }

  receive(envelope: Envelope): Reception {
    if (this.#closed || this.#end !== undefined) {
      return 'taken';
    }
    const { mailbox } = this;
    const offer = mailbox.offer(envelope);
    switch (offer) {
      case 'accepted':
      case 'conflated':
        break;
      case 'displaced':
        this.#kernel.lose(mailbox.handedBack!, this.path, 'Displaced');
        break;
      case 'waiting':
        return 'waiting';
      default:
        return this.#refuse(envelope);
    }
    this.#ready();
    return 'taken';
  }

  park(parked: Parked): void {
    this.mailbox.park(parked);
  }

  unpark(parked: Parked): void {
    this.mailbox.unpark(parked);
  }

  room(): Promise<void> {
    return this.mailbox.room();
  }

  /** From now on values are pushed to `sink`. */
  pushTo(sink: Sink<T>): void {
    this.#sink = sink;
    this.#ready();
  }

  /** One value, as soon as there is one. */
  next(): Promise<IteratorResult<T>> {
    if (this.#asking === undefined || this.#asking.length === 0) {
      const result = this.#read();
      if (result !== undefined) {
        return result;
      }
    }
    const asking = Promise.withResolvers<IteratorResult<T>>();
    this.#asking ??= [];
    this.#asking.push(asking);
    return asking.promise;
  }

  /** Nothing more comes after what waits. */
  complete(): void {
    this.#endWith('complete');
  }

  /** It ends in a failure, after what waits. */
  fail(failure: unknown): void {
    this.#endWith({ failure });
  }

  /** The reader leaves: what waits is forgotten. */
  close(): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#sink = undefined;
    this.mailbox.close();
    for (const asking of this.#asking?.splice(0) ?? []) {
      asking.resolve({ done: true, value: undefined });
    }
    this.#onClose();
  }

  settled(): void {
    this.#out -= 1;
    this.#ready();
  }

  run(batch: number): boolean {
    let left = batch;
    while (left > 0 && this.#moveOne()) {
      left -= 1;
    }
    this.#queued = left === 0;
    return this.#queued;
  }

  #ready(): void {
    if (!this.#queued && !this.#closed) {
      this.#queued = true;
      this.#kernel.dispatcher.ready(this);
    }
  }

  #endWith(end: End): void {
    if (this.#end === undefined && !this.#closed) {
      this.#end = end;
      if (end !== 'complete') {
        for (const envelope of this.mailbox.turnAway()) {
          this.#kernel.lose(envelope, this.path, 'LateReply');
        }
      }
      this.#ready();
    }
  }

  #refuse(envelope: Envelope): Reception {
    switch (this.mailbox.overflow) {
      case 'drop-newest':
        this.#kernel.lose(envelope, this.path, 'Dropped');
        return 'taken';
      case 'fail':
        this.#kernel.lose(envelope, this.path, 'MailboxFailed');
        this.fail(
          new MailboxFull({
            receiver: this.path,
            payload: envelope.payload,
            capacity: this.mailbox.capacity,
          }),
        );
        return 'taken';
      default:
        return 'rejected';
    }
  }

  /** Hands one value, or the end, to whoever reads; says whether there was something to hand over. */
  #moveOne(): boolean {
    if (this.#closed) {
      return false;
    }
    if (this.#sink !== undefined) {
      return this.#pushOne();
    }
    const asking = this.#asking?.shift();
    if (asking === undefined) {
      return false;
    }
    const result = this.#read();
    if (result === undefined) {
      this.#asking!.unshift(asking);
      return false;
    }
    // A reader that asked and went away must not end the process by it.
    asking.promise.catch(ignore);
    asking.resolve(result);
    return true;
  }

  #pushOne(): boolean {
    if (this.#out >= this.#window) {
      return false;
    }
    const envelope = this.mailbox.take();
    if (envelope !== undefined) {
      this.#out += 1;
      const token = new CreditToken(this);
      pushWithToken(token, this.#push, envelope.payload as T);
      token.release();
      return true;
    }
    const end = this.#end;
    const sink = this.#sink!;
    if (end === undefined) {
      return false;
    }
    this.close();
    if (end === 'complete') {
      sink.complete();
    } else {
      sink.error(end.failure);
    }
    return true;
  }

  #read(): Promise<IteratorResult<T>> | undefined {
    const envelope = this.mailbox.take();
    if (envelope !== undefined) {
      return Promise.resolve({ done: false, value: envelope.payload as T });
    }
    if (this.#closed) {
      return Promise.resolve({ done: true, value: undefined });
    }
    const end = this.#end;
    if (end === undefined) {
      return undefined;
    }
    this.close();
    return end === 'complete' ? Promise.resolve({ done: true, value: undefined }) : failed(end.failure);
  }
}

function failed<T>(failure: unknown): Promise<T> {
  const promise = Promise.reject<T>(failure);
  promise.catch(ignore);
  return promise;
}

const ignore = (): void => {};
