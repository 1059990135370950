/**
 * Those who look at an agent from outside. They survive its restarts.
 *
 * An observer that throws is reported as the agent's failure is, on
 * `system.failures`, and is dropped: it never disturbs the agent it looks at.
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

export class SnapshotObservers {
  readonly #observers = new Set<Watching>();
  /** Who has taken them over. */
  #heir: SnapshotObservers | undefined;

  get size(): number {
    return this.#observers.size;
  }

  add(observer: Watching, cell: Observed): Subscription {
    if (cell.over) {
      this.#tell(observer, cell, endOf(cell));
      return { unsubscribe: () => {} };
    }
    this.#observers.add(observer);
    return {
      unsubscribe: () => {
        for (let at: SnapshotObservers | undefined = this; at !== undefined; at = at.#heir) {
          at.#observers.delete(observer);
        }
      },
    };
  }

  /** Those who looked at another look at this one from now on. */
  takeOver(others: SnapshotObservers): void {
    for (const observer of others.#observers) {
      this.#observers.add(observer);
    }
    others.#observers.clear();
    others.#heir = this;
  }

  /** Something changed: the state, or whether the agent lives. */
  changed(cell: Observed): void {
    if (!cell.over || cell.behaviour === undefined) {
      this.#tellAll(cell, 'next');
    }
    if (cell.over) {
      this.#tellAll(cell, endOf(cell));
      this.#observers.clear();
    }
  }

  #tellAll(cell: Observed, what: 'next' | 'error' | 'complete'): void {
    for (const observer of [...this.#observers]) {
      // One that was told before may have unsubscribed it.
      if (this.#observers.has(observer)) {
        this.#tell(observer, cell, what);
      }
    }
  }

  #tell(observer: Watching, cell: Observed, what: 'next' | 'error' | 'complete'): void {
    try {
      if (what === 'next') {
        observer.next?.(cell.snapshot());
      } else if (what === 'error') {
        observer.error?.(cell.failedOf?.failure);
      } else {
        observer.complete?.();
      }
    } catch (thrown) {
      this.#observers.delete(observer);
      cell.reportStray(thrown);
    }
  }
}

const endOf = (cell: Observed): 'complete' | 'error' => (cell.failedOf === undefined ? 'complete' : 'error');
