/**
 * Passive keys: those that have no agent now, and of which something is kept, because
 * somebody watches or observes them.
 *
 * What is kept is the cell of the agent that was put away last; whoever looks at it
 * goes on with the next agent of its key. One at which nobody looks any more is dropped
 * when there are twice as many as were looked at before.
 */
import { Cell } from './cell.ts';
import { EmittedListeners } from './emitted-listeners.ts';
import type { KeyedInstance } from './keyed-instance.ts';
import { SnapshotObservers } from './snapshot-observers.ts';

/** Passive agents that are kept before it is looked who of them is still watched. */
const passiveMin = 64;

export class PassiveKeys {
  readonly #kept = new Map<string, KeyedInstance>();
  #keptMax = passiveMin;

  get keys(): readonly string[] {
    return [...this.#kept.keys()];
  }

  get(key: string): KeyedInstance | undefined {
    return this.#kept.get(key);
  }

  /** A passive agent stands for its key until the key has a new one. */
  keep(instance: KeyedInstance): void {
    this.#kept.set(instance.key, instance);
    if (this.#kept.size > this.#keptMax) {
      for (const [key, one] of this.#kept) {
        if (one !== instance && !isWatched(one)) {
          this.#kept.delete(key);
        }
      }
      this.#keptMax = Math.max(passiveMin, 2 * this.#kept.size);
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
