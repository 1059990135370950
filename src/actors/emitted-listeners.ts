/**
 * Those who listen to what a machine agent emits. They survive its restarts.
 *
 * A listener that throws is reported and dropped: it never disturbs the agent.
 */
import type { Subscription } from 'xstate';
import { heed } from './thenable.ts';

interface Emitted {
  readonly type: string;
}

type Listener = (event: Emitted) => unknown;

export class EmittedListeners {
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Listens to events of one type, or to all under `*`. */
  add(type: string, listener: Listener): Subscription {
    const own: Listener = (event) => listener(event);
    const set = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, set.add(own));
    return {
      unsubscribe: () => {
        if (set.delete(own) && set.size === 0) {
          this.#listeners.delete(type);
        }
      },
    };
  }

  emit(event: Emitted, onThrow: (thrown: unknown) => void): void {
    tellListeners(this.#listeners, event, onThrow);
  }

  clear(): void {
    this.#listeners.clear();
  }
}

/** Tells those who listen to this type, then those who listen to all. */
export function tellListeners(
  listeners: ReadonlyMap<string, Set<Listener>>,
  event: Emitted,
  onThrow: (thrown: unknown) => void,
): void {
  for (const type of [event.type, '*']) {
    const set = listeners.get(type);
    for (const listener of [...(set ?? [])]) {
      try {
        heed(listener(event), onThrow);
      } catch (thrown) {
        set!.delete(listener);
        onThrow(thrown);
      }
    }
  }
}
