/**
 * Those who look at an agent from outside. They survive its restarts.
 *
 * An observer that throws is reported as the agent's failure is, on
 * `system.failures`, and is dropped: it never disturbs the agent it looks at.
 *
 * Agents of a key hand their observers on, as often as they are put away. So a
 * subscription knows who has its observer now, and nothing of those who had it.
 */
import type { Observer, Subscription } from 'xstate';
import type { AgentSnapshot } from './agent-ref.ts';

/** What is looked at. */
export interface Observed {
  readonly path: string;
  readonly over: boolean;
  /** What it failed of, if it did. */
  readonly failedOf: { readonly failure: unknown } | undefined;
  /** What it runs that is more than handlers: that tells of its last snapshot itself, as XState does. */
  readonly behaviour: object | undefined;
  snapshot(): AgentSnapshot;
  /** Reports what an observer threw. */
  reportStray(thrown: unknown): void;
}

type Watching = {
  readonly [Call in keyof Observer<AgentSnapshot>]?: Observer<AgentSnapshot>[Call] | undefined;
};

/** An observer's place: it moves when it is handed on. */
interface Place {
  readonly observer: Watching;
  holder: SnapshotObservers;
}

export class SnapshotObservers {
  readonly #places = new Set<Place>();

  get size(): number {
    return this.#places.size;
  }

  add(observer: Watching, cell: Observed): Subscription {
    const place: Place = { observer, holder: this };
    if (cell.over) {
      this.#tell(place, cell, endOf(cell));
      return { unsubscribe: () => {} };
    }
    this.#places.add(place);
    return { unsubscribe: () => place.holder.#leave(place) };
  }

  /** Those who looked at another look at this one from now on. */
  takeOver(others: SnapshotObservers): void {
    for (const place of others.#places) {
      place.holder = this;
      this.#places.add(place);
    }
    others.#places.clear();
  }

  #leave(place: Place): void {
    this.#places.delete(place);
  }

  /** Something changed: the state, or whether the agent lives. */
  changed(cell: Observed): void {
    if (!cell.over || cell.behaviour === undefined) {
      this.#tellAll(cell, 'next');
    }
    if (cell.over) {
      this.#tellAll(cell, endOf(cell));
      this.#places.clear();
    }
  }

  #tellAll(cell: Observed, what: 'next' | 'error' | 'complete'): void {
    for (const place of [...this.#places]) {
      // One that was told before may have unsubscribed it.
      if (this.#places.has(place)) {
        this.#tell(place, cell, what);
      }
    }
  }

  #tell(place: Place, cell: Observed, what: 'next' | 'error' | 'complete'): void {
    const { observer } = place;
    try {
      if (what === 'next') {
        observer.next?.(cell.snapshot());
      } else if (what === 'error') {
        observer.error?.(cell.failedOf?.failure);
      } else {
        observer.complete?.();
      }
    } catch (thrown) {
      this.#leave(place);
      cell.reportStray(thrown);
    }
  }
}

const endOf = (cell: Observed): 'complete' | 'error' => (cell.failedOf === undefined ? 'complete' : 'error');
