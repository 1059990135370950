/**
 * The lanes of a story: those who took part, in the order in which they first did.
 *
 * An agent of the world's own system has its path for a name, one of a host the
 * host's name before it; a link is `south→north`.
 */
import { oneLine } from '../core/one-line.ts';
import { hostOfLink } from './link-path.ts';
import type { Lane } from './story-moment.ts';

/** Code that is no agent. */
export const outside = 'outside';

/** What links call the host of the world's own system. */
export const home = 'world';

/** What the lane of a link is called. */
export const linkName = (from: string, to: string): string => `${from}→${to === '' ? home : to}`;

export class Lanes {
  readonly list: Lane[] = [];
  /** How many messages each has in hand. */
  readonly busy: number[] = [];
  /** Those that are no more. */
  readonly gone: boolean[] = [];
  readonly #laneOf = new Map<string, number>();

  /** The index of a lane that is there already. */
  find(key: string): number | undefined {
    return this.#laneOf.get(key);
  }

  /** What the lane of an agent is called. */
  key(name: string, system: string): string {
    const there = hostOfLink(name);
    if (there !== undefined) {
      return linkName(system === '' ? home : system, there === home ? '' : there);
    }
    return name.startsWith('/') ? system + name : name;
  }

  /** The index of a lane, which is made if there is none. */
  at(name: string, system: string): number {
    const key = this.key(name, system);
    const known = this.#laneOf.get(key);
    if (known !== undefined) {
      return known;
    }
    const lane = this.list.length;
    this.list.push({
      // The keys of keyed agents are anything at all.
      name: oneLine(key),
      system: key.startsWith(`${system}/`) && system !== '' ? system : undefined,
    });
    this.#laneOf.set(key, lane);
    this.busy.push(0);
    this.gone.push(false);
    return lane;
  }
}
