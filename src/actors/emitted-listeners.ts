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
  /** Who has taken them over. */
  #heir: EmittedListeners | undefined;

  /** How many types are listened to. */
  get size(): number {
    return this.#listeners.size;
  }

  /** Listens to events of one type, or to all under `*`. */
  add(type: string, listener: Listener): Subscription {
    const own: Listener = (event) => listener(event);
    const set = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, set.add(own));
    return {
      unsubscribe: () => {
        for (let at: EmittedListeners | undefined = this; at !== undefined; at = at.#heir) {
          at.#remove(type, own);
        }
      },
    };
  }

  emit(event: Emitted, onThrow: (thrown: unknown) => void): void {
    tellListeners(this.#listeners, event, onThrow);
  }

  /** Those who listened to another agent listen to this one from now on. */
  takeOver(others: EmittedListeners): void {
    for (const [type, listeners] of others.#listeners) {
      this.#listeners.set(type, new Set([...(this.#listeners.get(type) ?? []), ...listeners]));
    }
    others.#listeners.clear();
    others.#heir = this;
  }

  clear(): void {
    this.#listeners.clear();
  }

  #remove(type: string, listener: Listener): void {
    const set = this.#listeners.get(type);
    if (set?.delete(listener) === true && set.size === 0) {
      this.#listeners.delete(type);
    }
  }
}

/** Tells those who listen to this type, then those who listen to all. */
export function tellListeners(
  listeners: Map<string, Set<Listener>>,
  event: Emitted,
  onThrow: (thrown: unknown) => void,
): void {
  for (const type of [event.type, '*']) {
    const set = listeners.get(type);
    for (const listener of [...(set ?? [])]) {
      try {
        heed(listener(event), onThrow);
      } catch (thrown) {
        if (set!.delete(listener) && set!.size === 0) {
          listeners.delete(type);
        }
        onThrow(thrown);
      }
    }
  }
}
