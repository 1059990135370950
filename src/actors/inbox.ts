/**
 * The inbox of a stream agent: its messages, as an Observable or, by `for await`,
 * one at a time.
 *
 * Pushed, a message is dealt with when the push has returned and no operator
 * holds it. Pulled, it is dealt with when the next is asked for.
 */
import { type CreditToken, retainToken } from '../core/credit.ts';
import type { Envelope } from '../core/envelope.ts';
import type { Topic } from '../core/topic.ts';
import { matches } from '../core/topic-name.ts';
import { Bounded, type OpenSource } from './bounded.ts';
import type { Sink } from './outlet.ts';
import type { StreamHost } from './stream-host.ts';

/** The messages of a stream agent. */
export class Inbox<M> extends Bounded<M> {
  readonly #readers: Readers;

  constructor(readers: Readers, topic?: string) {
    super({
      onThrow: readers.onThrow,
      host: readers.host,
      open: (window) => readers.open(window, topic),
    });
    this.#readers = readers;
  }

  /** Those of one topic, for an agent that has several. */
  of<Own extends M>(topic: Topic<Own, unknown>): Bounded<Own> {
    return new Inbox<Own>(this.#readers, topic.name);
  }
}

/** All who read the inbox of one agent now. */
export class Readers {
  readonly host: StreamHost;
  readonly onThrow: (thrown: unknown) => void;
  /** Told how many values at once a reader needs. Errors: `RangeError` when that is too many. */
  readonly #askFor: (window: number) => void;
  /** Whether no more messages come in before one is dealt with. */
  readonly #isFull: () => boolean;
  /** Replaced, never changed: somebody may subscribe or leave while a message is handed out. */
  #open: readonly Reader[] = [];
  /** Messages somebody had at hand when it left: what comes of them may still come. */
  readonly #left: Pulled[] = [];

  constructor(
    host: StreamHost,
    told: {
      readonly onThrow: (thrown: unknown) => void;
      readonly askFor: (window: number) => void;
      readonly isFull: () => boolean;
    },
  ) {
    this.host = host;
    this.onThrow = told.onThrow;
    this.#askFor = told.askFor;
    this.#isFull = told.isFull;
  }

  open<M>(window: number, topic: string | undefined): OpenSource<M> {
    this.#askFor(window);
    const reader = new Reader(
      topic,
      (atHand) => {
        this.#open = this.#open.filter((one) => one !== reader);
        this.#left.push(...atHand);
      },
      () => this.#waits(),
    );
    this.#open = [...this.#open, reader];
    return reader as OpenSource<unknown> as OpenSource<M>;
  }

  /** Hands a message to all who read its topic; says whether somebody does. Its token is in scope. */
  take(envelope: Envelope): boolean {
    let taken = false;
    for (const reader of this.#open) {
      taken = reader.take(envelope) || taken;
    }
    return taken;
  }

  /** The message that whoever pulls is at now, or was at when it left. */
  get atHand(): CreditToken | undefined {
    let last = this.#left.at(-1)?.token;
    for (const reader of this.#open) {
      last = reader.atHand ?? last;
    }
    return last;
  }

  /** What came of the messages at which somebody left is out. */
  letGoOfLeft(): void {
    for (const one of this.#left.splice(0)) {
      one.letGo();
    }
  }

  /** Somebody waits for a message that cannot come while those are in hand at which it left. */
  #waits(): void {
    if (this.#isFull()) {
      this.letGoOfLeft();
    }
  }

  /** Nothing more comes, and what waits is forgotten. */
  close(): void {
    for (const reader of this.#open) {
      reader.close();
    }
    this.letGoOfLeft();
  }
}

/** One who reads: pushed to, or pulling. */
class Reader implements OpenSource<unknown> {
  readonly #topic: string | undefined;
  readonly #onClose: (atHand: readonly Pulled[]) => void;
  readonly #onWaiting: () => void;
  #sink: Sink<unknown> | undefined;
  /** Messages that nobody has pulled yet; no more than the window. */
  readonly #waiting = new Set<Pulled>();
  readonly #asking: PromiseWithResolvers<IteratorResult<unknown>>[] = [];
  #pulled: Pulled[] = [];
  #closed = false;

  constructor(
    topic: string | undefined,
    onClose: (atHand: readonly Pulled[]) => void,
    onWaiting: () => void,
  ) {
    this.#topic = topic;
    this.#onClose = onClose;
    this.#onWaiting = onWaiting;
  }

  get atHand(): CreditToken | undefined {
    return this.#pulled.at(-1)?.token;
  }

  take(envelope: Envelope): boolean {
    if (this.#closed || (this.#topic !== undefined && !matches(this.#topic, envelope.topic!))) {
      return false;
    }
    if (this.#sink !== undefined) {
      this.#sink.next(envelope.payload);
      return true;
    }
    const waiting = new Pulled(envelope.payload, retainToken()!, () => this.#waiting.delete(waiting));
    const asking = this.#asking.shift();
    if (asking === undefined) {
      this.#waiting.add(waiting);
    } else {
      asking.resolve({ done: false, value: this.#pull(waiting) });
    }
    return true;
  }

  pushTo(sink: Sink<unknown>): void {
    this.#sink = sink;
  }

  next(): Promise<IteratorResult<unknown>> {
    this.#letGo();
    const [waiting] = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting.delete(waiting);
      return Promise.resolve({ done: false, value: this.#pull(waiting) });
    }
    if (this.#closed) {
      return Promise.resolve({ done: true, value: undefined });
    }
    const asking = Promise.withResolvers<IteratorResult<unknown>>();
    this.#asking.push(asking);
    this.#onWaiting();
    return asking.promise;
  }

  close(): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#onClose(this.#pulled);
    this.#pulled = [];
    this.#sink = undefined;
    for (const waiting of this.#waiting) {
      waiting.letGo();
    }
    this.#waiting.clear();
    for (const asking of this.#asking.splice(0)) {
      asking.resolve({ done: true, value: undefined });
    }
  }

  #pull(pulled: Pulled): unknown {
    this.#pulled.push(pulled);
    return pulled.value;
  }

  /** Whoever asks for the next has dealt with those before. */
  #letGo(): void {
    const pulled = this.#pulled;
    this.#pulled = [];
    for (const one of pulled) {
      one.letGo();
    }
  }
}

/** A message on its way to whoever pulls. */
class Pulled {
  readonly value: unknown;
  readonly token: CreditToken;
  readonly #forget: () => void;

  constructor(value: unknown, token: CreditToken, onRevoked: () => void) {
    this.value = value;
    this.token = token;
    this.#forget = token.whenRevoked(onRevoked);
  }

  letGo(): void {
    this.#forget();
    this.token.release();
  }
}
