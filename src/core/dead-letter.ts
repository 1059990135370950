/**
 * Dead letters: the bounded channel of envelopes that could not be handled.
 *
 * Nothing is lost silently: whoever drops an envelope puts it here with the
 * cause. The channel is bounded itself, so when it is full its oldest letter gives
 * way and is counted. What stands here can be looked at, taken, or replayed.
 *
 * Guarantees
 *   - Conservation: total = size + dropped + taken + replayed.
 *   - Bound: `size <= capacity`, and a letter that gave way is not held any more.
 *   - Order: letters are listed, taken and replayed oldest first.
 *
 * Source: Hohpe & Woolf, "Enterprise Integration Patterns" (2003), Dead Letter
 * Channel.
 */
import type { Envelope } from './envelope.ts';
import { Ring } from './ring.ts';

/**
 * Why an envelope could not be handled.
 *
 *   Stopped            its receiver stopped before its turn came
 *   Displaced          it gave way to another in a full mailbox, or to one of its key
 *   Dropped            it did not fit, and the receiver drops the newest
 *   Rejected           it did not fit, and the receiver rejects
 *   Expired            its deadline had passed
 *   HopLimit           too many envelopes came before it in its chain of causes
 *   HandlingOver       its sender's handling was over when it was sent
 *   LateReply          it answers a request that is settled
 *   Restarted          it was being handled when its receiver was restarted
 *   RedeliveriesSpent  it was handled as often as it may be, and failed each time
 *   Unhandled          its receiver has no handler for it
 *   Interrupted        its handling was interrupted
 *   BudgetExceeded     its budget was spent
 *   WaitCycle          waiting for room would have closed a cycle of waiting agents
 *   MailboxFailed      it did not fit, and that made its receiver fail
 *   NoKey              its receiver is keyed and could not say for which key it is
 *   CoolingDown        its key had failed too often and is left alone for a while
 */
export type DeadLetterCause =
  | 'Stopped'
  | 'Displaced'
  | 'Dropped'
  | 'Rejected'
  | 'Expired'
  | 'HopLimit'
  | 'HandlingOver'
  | 'LateReply'
  | 'Restarted'
  | 'RedeliveriesSpent'
  | 'Unhandled'
  | 'Interrupted'
  | 'BudgetExceeded'
  | 'WaitCycle'
  | 'MailboxFailed'
  | 'NoKey'
  | 'CoolingDown';

/** An envelope that could not be handled, and why. */
export interface DeadLetter {
  readonly envelope: Envelope;
  /** Path of the receiver it was meant for; `undefined` when there was none. */
  readonly to: string | undefined;
  readonly cause: DeadLetterCause;
  /** When it was given up, in milliseconds of the environment's clock. */
  readonly atMs: number;
  /** How many times it was delivered before, replays included. */
  readonly attempts: number;
  /** What was thrown, where something was. */
  readonly failure?: unknown;
}

/** What a replay did. */
export interface Replay {
  /** Letters that were delivered and are not here any more. */
  readonly replayed: number;
  /** Letters that were here when it began and still are. */
  readonly kept: number;
}

export class DeadLetters {
  /** Most letters that may be here at once. */
  readonly capacity: number;
  readonly #letters = new Ring<DeadLetter>();
  /** Letters a replay has passed over; they are older than all in the ring. */
  readonly #passedOver: DeadLetter[] = [];
  /** How many at the front of the ring the replay that runs has still to come to. */
  #toReplay = 0;
  #replaying = false;
  #attempts: WeakMap<Envelope, Map<string | undefined, number>> | undefined;
  readonly #counts: Partial<Record<DeadLetterCause, number>> = {};
  #total = 0;
  #dropped = 0;
  #taken = 0;
  #replayed = 0;

  /** @param capacity Most letters held at once; a whole number, at least 1. */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`dead letter capacity is a whole number, at least 1; got ${capacity}`);
    }
    this.capacity = capacity;
  }

  get size(): number {
    return this.#passedOver.length + this.#letters.size;
  }

  /** Letters that were ever added. */
  get total(): number {
    return this.#total;
  }

  /** Letters that gave way to newer ones because the channel was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Letters that were taken or cleared away. */
  get taken(): number {
    return this.#taken;
  }

  /** Letters that were delivered by a replay. */
  get replayed(): number {
    return this.#replayed;
  }

  /** How many letters were ever added, by cause; those no longer here are counted too. */
  countByCause(): Readonly<Partial<Record<DeadLetterCause, number>>> {
    return { ...this.#counts };
  }

  /** Adds a letter; when the channel is full, the oldest gives way. */
  add(letter: DeadLetter): void {
    this.#total += 1;
    this.#counts[letter.cause] = (this.#counts[letter.cause] ?? 0) + 1;
    if (letter.attempts > this.attemptsOf(letter.envelope, letter.to)) {
      this.#setAttempts(letter, letter.attempts);
    }
    this.#letters.push(letter);
    this.#fit();
  }

  /** All letters, oldest first. */
  list(): readonly DeadLetter[] {
    const first = this.#letters.first;
    const rest = Array.from({ length: this.#letters.size }, (_, index) => this.#letters.at(first + index));
    return [...this.#passedOver, ...rest];
  }

  /** Removes and returns the oldest letter, or `undefined` when there is none. */
  take(): DeadLetter | undefined {
    const letter = this.#shift();
    if (letter !== undefined) {
      this.#taken += 1;
    }
    return letter;
  }

  /** Removes all letters; they count as taken. */
  clear(): void {
    this.#taken += this.size;
    this.#passedOver.length = 0;
    this.#letters.clear();
    this.#toReplay = 0;
  }

  /**
   * How many times an envelope was delivered to a receiver, as far as letters and replays tell.
   *
   * A published envelope is shared by its receivers, so each has a count of its own.
   */
  attemptsOf(envelope: Envelope, to: string | undefined): number {
    return this.#attempts?.get(envelope)?.get(to) ?? 0;
  }

  /**
   * Delivers letters again, one by one, oldest first: those that are here when it begins, each once.
   *
   * A letter is taken out before `deliver` sees it, so that it can come back as a
   * new one: that one has one attempt more, and is not replayed by this call.
   *
   * Delivery: at most once for each call. When `deliver` returns `false` the letter
   * stays in its place and its attempts are what they were. When `deliver` or
   * `where` throws, it stays too, the rest is not tried, and the throw goes on.
   * A replay inside a delivery does nothing.
   *
   * @param where Which letters to deliver; all, when it is left out.
   */
  replay(
    deliver: (letter: DeadLetter) => boolean,
    where: (letter: DeadLetter) => boolean = () => true,
  ): Replay {
    if (this.#replaying) {
      return { replayed: 0, kept: this.size };
    }
    const replayedBefore = this.#replayed;
    this.#replaying = true;
    this.#toReplay = this.#letters.size;
    let kept = 0;
    try {
      while (this.#toReplay > 0) {
        this.#replayOne(deliver, where);
      }
    } finally {
      kept = this.#passedOver.length;
      while (this.#passedOver.length > 0) {
        this.#letters.unshift(this.#passedOver.pop()!);
      }
      this.#toReplay = 0;
      this.#replaying = false;
    }
    return { replayed: this.#replayed - replayedBefore, kept };
  }

  #replayOne(deliver: (letter: DeadLetter) => boolean, where: (letter: DeadLetter) => boolean): void {
    const letter = this.#letters.shift()!;
    this.#toReplay -= 1;
    // It counts as replayed while it is out, so that the sum holds for whoever looks from within a delivery.
    this.#replayed += 1;
    let delivered = false;
    try {
      delivered = where(letter) && this.#deliver(letter, deliver);
    } finally {
      if (!delivered) {
        this.#replayed -= 1;
        this.#passedOver.push(letter);
        this.#fit();
      }
    }
  }

  #deliver(letter: DeadLetter, deliver: (letter: DeadLetter) => boolean): boolean {
    const attempts = this.attemptsOf(letter.envelope, letter.to);
    let delivered = false;
    // Before the delivery, because within it the letter may come back and ask for its attempts.
    this.#setAttempts(letter, attempts + 1);
    try {
      delivered = deliver(letter);
    } finally {
      if (!delivered) {
        this.#setAttempts(letter, attempts);
      }
    }
    return delivered;
  }

  #setAttempts({ envelope, to }: DeadLetter, attempts: number): void {
    this.#attempts ??= new WeakMap();
    const byReceiver = this.#attempts.get(envelope) ?? new Map<string | undefined, number>();
    this.#attempts.set(envelope, byReceiver.set(to, attempts));
  }

  #fit(): void {
    if (this.size > this.capacity) {
      this.#shift();
      this.#dropped += 1;
    }
  }

  #shift(): DeadLetter | undefined {
    if (this.#passedOver.length > 0) {
      return this.#passedOver.shift();
    }
    this.#toReplay = Math.max(0, this.#toReplay - 1);
    return this.#letters.shift();
  }
}
