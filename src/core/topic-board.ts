/**
 * The topic board: who hears what, in one system.
 *
 * A publish looks its topic up by name and finds the receivers ready in an
 * array. Exact subscriptions and patterns are matched through an index, once,
 * and again only after a subscription has changed.
 *
 * Bound: the board remembers at most `topicsMax` topics; beyond that the one that
 * was published to first is forgotten, which costs it its figures and one match.
 */
import type { Asker } from './asker.ts';
import type { DeadLetterCause } from './dead-letter.ts';
import type { Envelope } from './envelope.ts';
import type { Parked } from './mailbox.ts';
import { TopicIndex } from './topic-index.ts';

/**
 * What became of an envelope given to a receiver. `taken`: it waits, or was dealt
 * with as the receiver's policy says. `waiting`: it stands in line outside.
 * `rejected`: it is still the sender's.
 */
export type Reception = 'taken' | 'waiting' | 'rejected';

/** Somebody with a mailbox. */
export interface Receiver {
  readonly path: string;
  /** Who takes this message: this one, or, where messages are told apart by keys, the one of its key. */
  receiverFor(envelope: Envelope): Receiver;
  /** Whether it answers requests; an observer does not. */
  readonly responds: boolean;
  /** Whether one more would be refused although nothing may be lost here. */
  readonly saturated: boolean;
  /** Whether a sender that can wait should wait in line. */
  readonly mustWait: boolean;
  receive(envelope: Envelope): Reception;
  /** Puts a sender that can wait in line. Only where `mustWait`. */
  park(parked: Parked): void;
  unpark(parked: Parked): void;
  /** Whose replies come here, where it is the reader of a request. */
  readonly asker?: Asker | undefined;
  /** Most that may wait there. */
  readonly mailboxCapacity: number;
  /** Resolves when a sender that was told `waiting` may go on. */
  room(): Promise<void>;
}

/** What the board knows of one topic. */
export class TopicEntry {
  readonly name: string;
  published = 0;
  delivered = 0;
  /** What became a dead letter, by cause. */
  dropped: Partial<Record<DeadLetterCause, number>> | undefined;
  /** Those who hear it. The array is never changed, only replaced. */
  receivers: readonly Receiver[] = [];
  version = -1;

  constructor(name: string) {
    this.name = name;
  }
}

export class TopicBoard {
  readonly topicsMax: number;
  readonly #index = new TopicIndex<Receiver>();
  readonly #entries = new Map<string, TopicEntry>();

  constructor(topicsMax: number) {
    this.topicsMax = topicsMax;
  }

  subscribe(pattern: string, receiver: Receiver): void {
    this.#index.add(pattern, receiver);
  }

  unsubscribe(pattern: string, receiver: Receiver): void {
    this.#index.remove(pattern, receiver);
  }

  /** The entry of a topic, with its receivers up to date. */
  entry(name: string): TopicEntry {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = new TopicEntry(name);
      if (this.#entries.size >= this.topicsMax) {
        for (const oldest of this.#entries.keys()) {
          this.#entries.delete(oldest);
          break;
        }
      }
      this.#entries.set(name, entry);
    }
    if (entry.version !== this.#index.version) {
      entry.version = this.#index.version;
      // Who subscribed through several patterns hears it once.
      entry.receivers = [...new Set(this.#index.match(name))];
    }
    return entry;
  }

  /** An entry that was looked up earlier, with its receivers as of now. */
  upToDate(entry: TopicEntry): TopicEntry {
    return entry.version === this.#index.version ? entry : this.entry(entry.name);
  }

  /** Whether anybody hears this topic. It is not remembered for having been asked about. */
  hears(name: string): boolean {
    return this.#index.match(name).length > 0;
  }

  /** Counts a message of a topic that became a dead letter. */
  dropped(name: string, cause: DeadLetterCause): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined) {
      entry.dropped ??= {};
      entry.dropped[cause] = (entry.dropped[cause] ?? 0) + 1;
    }
  }

  entries(): Iterable<TopicEntry> {
    return this.#entries.values();
  }

  /** Subscriptions alive. */
  get size(): number {
    return this.#index.size;
  }

  clear(): void {
    this.#entries.clear();
  }
}
