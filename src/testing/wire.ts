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
  /**
   * Which passage leads to the other end now, a number; `undefined` when there is none.
   * What left by one arrives only while it is still the same: a link that was cut
   * and healed meanwhile, or a host that has begun anew, is another.
   */
  readonly passage: () => number | undefined;
}

interface WireClock {
  nowMs(): number;
  schedule(delayMs: number, f: () => void): void;
}

/** What is on one way, in order, and when the last of it arrives. */
interface Way {
  readonly acts: { readonly passage: number; readonly arrive: () => void; readonly gone: () => void }[];
  lastMs: number;
}

export class Wire {
  readonly capacity: number;
  readonly #clock: WireClock;
  readonly #fate: Fate | undefined;
  readonly #delayMs: number;
  readonly #passage: () => number | undefined;
  readonly #ways = new Map<string, Way>();
  #onTheWay = 0;

  constructor({ clock, fate, delayMs, capacity, passage }: WireOptions) {
    this.#clock = clock;
    this.#fate = fate;
    this.#delayMs = delayMs;
    this.capacity = capacity;
    this.#passage = passage;
  }

  /**
   * @param way What is sent along the same way keeps its order.
   * @param arrive Called when it has arrived, or never.
   * @param gone Called once, when it is not on its way any more, whether it has arrived or was lost.
   */
  send(message: OnTheWay, way: string, arrive: () => void, gone: () => void = nothing): void {
    const passage = this.#passage();
    if (passage === undefined) {
      gone();
      return;
    }
    const carry = (along: string, lateMs: number, over: () => void): void =>
      this.#carry(along, lateMs, { passage, arrive, gone: over });
    const { kind, topic, payload, sender, receiver } = message;
    switch (this.#fate?.of(kind, topic, payload, sender, receiver, true)) {
      case undefined:
        carry(way, 0, gone);
        break;
      case 'drop':
        gone();
        break;
      case 'duplicate':
        carry(way, 0, gone);
        carry(this.#fate!.lateMs === 0 ? way : `copy of ${way}`, this.#fate!.lateMs, nothing);
        break;
      case 'delay':
        carry(way, this.#fate!.lateMs, gone);
    }
  }

  #carry(name: string, lateMs: number, act: Way['acts'][number]): void {
    if (this.#onTheWay >= this.capacity) {
      act.gone();
      return;
    }
    this.#onTheWay += 1;
    const nowMs = this.#clock.nowMs();
    let way = this.#ways.get(name);
    if (way === undefined) {
      way = { acts: [], lastMs: 0 };
      this.#ways.set(name, way);
    }
    way.acts.push(act);
    way.lastMs = Math.max(way.lastMs, nowMs + this.#delayMs + lateMs);
    this.#clock.schedule(way.lastMs - nowMs, () => this.#arrive(name, way));
  }

  #arrive(name: string, way: Way): void {
    this.#onTheWay -= 1;
    const { passage, arrive, gone } = way.acts.shift()!;
    if (way.acts.length === 0) {
      this.#ways.delete(name);
    }
    if (this.#passage() === passage) {
      arrive();
    }
    gone();
  }
}

const nothing = (): void => {};
