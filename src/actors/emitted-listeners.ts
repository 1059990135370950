/**
 * Those who listen to what a machine agent emits. They survive its restarts.
 *
 * A listener that throws is reported and dropped: it never disturbs the agent.
 *
 * Agents of a key hand their listeners on, as often as they are put away. So a
 * subscription knows who has its listener now, and nothing of those who had it.
 */
import type { Subscription } from 'xstate';
import { heed } from './thenable.ts';

interface Emitted {
  readonly type: string;
}

type Listener = (event: Emitted) => unknown;

/** A listener that knows who has it: it moves when it is handed on. */
type Placed = Listener & { holder: EmittedListeners };

export class EmittedListeners {
  readonly #listeners = new Map<string, Set<Placed>>();

  /** How many types are listened to. */
  get size(): number {
    return this.#listeners.size;
  }

  /** Listens to events of one type, or to all under `*`. */
  add(type: string, listener: Listener): Subscription {
    const own: Placed = Object.assign((event: Emitted) => listener(event), { holder: this });
    this.#put(type, own);
    return { unsubscribe: () => own.holder.#remove(type, own) };
  }

  emit(event: Emitted, onThrow: (thrown: unknown) => void): void {
    tellListeners(this.#listeners, event, onThrow);
  }

  /** Those who listened to another agent listen to this one from now on. */
  takeOver(others: EmittedListeners): void {
    for (const [type, listeners] of others.#listeners) {
      for (const listener of listeners) {
        listener.holder = this;
        this.#put(type, listener);
      }
    }
    others.#listeners.clear();
  }

  clear(): void {
    this.#listeners.clear();
  }

  #put(type: string, listener: Placed): void {
    const set = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, set.add(listener));
  }

  #remove(type: string, listener: Placed): void {
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
