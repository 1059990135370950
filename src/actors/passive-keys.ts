/**
 * Passive keys: those that have no agent now, and of which something is kept, because
 * somebody watches or observes them.
 *
 * What is kept is the cell of the agent that was put away last; whoever looks at it
 * goes on with the next agent of its key. One at which nobody looks any more is given
 * back as other keys become passive; 64 stay.
 */
import { Cell } from './cell.ts';
import { EmittedListeners } from './emitted-listeners.ts';
import type { KeyedInstance } from './keyed-instance.ts';
import { SnapshotObservers } from './snapshot-observers.ts';

/** Passive agents that are kept before it is looked who of them is still watched. */
const passiveMin = 64;

/** How many of them are looked at whenever an agent is put away: more than one, so that they become fewer. */
const passiveLooks = 2;

export class PassiveKeys {
  readonly #kept = new Map<string, KeyedInstance>();

  get keys(): readonly string[] {
    return [...this.#kept.keys()];
  }

  get(key: string): KeyedInstance | undefined {
    return this.#kept.get(key);
  }

  /** A passive agent stands for its key until the key has a new one. */
  keep(instance: KeyedInstance): void {
    this.#kept.set(instance.key, instance);
    this.look(instance);
  }

  /** Looks at a few of them, in turn, and lets go of whom nobody watches any more. */
  look(newest?: KeyedInstance): void {
    let looks = 0;
    for (const [key, one] of this.#kept) {
      if (this.#kept.size <= passiveMin || looks === passiveLooks) {
        return;
      }
      looks += 1;
      this.#kept.delete(key);
      if (one === newest || isWatched(one)) {
        this.#kept.set(key, one);
      }
    }
  }

  forget(key: string): void {
    this.#kept.delete(key);
  }

  /** The key of this agent is active again: whoever looked at what was kept looks at the agent. */
  wake(instance: KeyedInstance): void {
    const passive = this.#kept.get(instance.key);
    if (passive !== undefined) {
      this.#kept.delete(instance.key);
      handOn(passive, instance);
    }
  }

  [Symbol.iterator](): IterableIterator<KeyedInstance> {
    return this.#kept.values();
  }
}

export const isWatched = ({ watchers, observers, emitted }: KeyedInstance): boolean =>
  [watchers, observers, emitted].some((some) => some !== undefined && some.size > 0);

/** Those who watch or observe an agent of a key do so with the next one. */
export function handOn(from: KeyedInstance, to: KeyedInstance): void {
  for (const watcher of from.watchers ?? []) {
    to.watchers ??= new Set();
    to.watchers.add(watcher);
    if (watcher instanceof Cell && watcher.watching?.delete(from) === true) {
      watcher.watching.add(to);
    }
  }
  from.watchers = undefined;
  if (from.observers !== undefined) {
    to.observers ??= new SnapshotObservers();
    to.observers.takeOver(from.observers);
    from.observers = undefined;
  }
  if (from.emitted !== undefined) {
    to.emitted ??= new EmittedListeners();
    to.emitted.takeOver(from.emitted);
    from.emitted = undefined;
  }
}
