/**
 * A wire: one direction of a link. What is sent along it arrives a while later,
 * twice, or never.
 *
 * Order: what is sent along one way of it arrives in order; a copy may come later.
 */
import type { Fate } from './fate.ts';
import type { OnTheWay } from './fault.ts';

export interface WireOptions {
  /** The time of the world, and its timers. */
  readonly clock: WireClock;
  /** Who decides what is lost, if anything may be. */
  readonly fate: Fate | undefined;
  readonly delayMs: number;
  readonly capacity: number;
  /** Whether the other end can be reached now. */
  readonly isOpen: () => boolean;
}

interface WireClock {
  nowMs(): number;
  schedule(delayMs: number, f: () => void): void;
}

/** What is on one way, in order, and when the last of it arrives. */
interface Way {
  readonly acts: { readonly arrive: () => void; readonly gone: () => void }[];
  lastMs: number;
}

export class Wire {
  readonly capacity: number;
  readonly #clock: WireClock;
  readonly #fate: Fate | undefined;
  readonly #delayMs: number;
  readonly #isOpen: () => boolean;
  readonly #ways = new Map<string, Way>();
  #onTheWay = 0;

  constructor({ clock, fate, delayMs, capacity, isOpen }: WireOptions) {
    this.#clock = clock;
    this.#fate = fate;
    this.#delayMs = delayMs;
    this.capacity = capacity;
    this.#isOpen = isOpen;
  }

  /**
   * @param way What is sent along the same way keeps its order.
   * @param arrive Called when it has arrived, or never.
   * @param gone Called once, when it is not on its way any more, whether it has arrived or was lost.
   */
  send(message: OnTheWay, way: string, arrive: () => void, gone: () => void = nothing): void {
    if (!this.#isOpen()) {
      gone();
      return;
    }
    const { kind, topic, payload, sender, receiver } = message;
    switch (this.#fate?.of(kind, topic, payload, sender, receiver, true)) {
      case undefined:
        this.#carry(way, 0, arrive, gone);
        break;
      case 'drop':
        gone();
        break;
      case 'duplicate':
        this.#carry(way, 0, arrive, gone);
        this.#carry(this.#fate!.lateMs === 0 ? way : `copy of ${way}`, this.#fate!.lateMs, arrive, nothing);
        break;
      case 'delay':
        this.#carry(way, this.#fate!.lateMs, arrive, gone);
    }
  }

  #carry(name: string, lateMs: number, arrive: () => void, gone: () => void): void {
    if (this.#onTheWay >= this.capacity) {
      gone();
      return;
    }
    this.#onTheWay += 1;
    const nowMs = this.#clock.nowMs();
    let way = this.#ways.get(name);
    if (way === undefined) {
      way = { acts: [], lastMs: 0 };
      this.#ways.set(name, way);
    }
    way.acts.push({ arrive, gone });
    way.lastMs = Math.max(way.lastMs, nowMs + this.#delayMs + lateMs);
    this.#clock.schedule(way.lastMs - nowMs, () => this.#arrive(name, way));
  }

  #arrive(name: string, way: Way): void {
    this.#onTheWay -= 1;
    const { arrive, gone } = way.acts.shift()!;
    if (way.acts.length === 0) {
      this.#ways.delete(name);
    }
    if (this.#isOpen()) {
      arrive();
    }
    gone();
  }
}

const nothing = (): void => {};
