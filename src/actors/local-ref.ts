/**
 * The ref of an agent in this process: the public face of its cell.
 */
import type { Observer, Subscription } from 'xstate';
import type { AgentRef, AgentSnapshot, Selected } from './agent-ref.ts';
import type { Cell } from './cell.ts';
import { SnapshotObservers } from './snapshot-observers.ts';

/** The ref of an agent in this process. */
export class LocalRef<in Msg, out Reply> implements AgentRef<Msg, Reply> {
  readonly #cell: Cell;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  /** The cell behind a ref, or `undefined` when it is not one of ours. */
  static cellOf(ref: unknown): Cell | undefined {
    return typeof ref === 'object' && ref !== null && #cell in ref ? ref.#cell.standsIn : undefined;
  }

  get id(): string {
    return this.path.slice(this.path.lastIndexOf('/') + 1);
  }

  get path(): string {
    return this.#cell.path;
  }

  get sessionId(): string {
    return this.path;
  }

  send(message: Msg): void {
    const cell = this.#cell.standsIn;
    cell.conduct.sendFromOutside(cell, message);
  }

  getSnapshot(): AgentSnapshot {
    return this.#cell.standsIn.snapshot();
  }

  subscribe(
    observer: Observer<AgentSnapshot> | ((snapshot: AgentSnapshot) => void),
    error?: (error: unknown) => void,
    complete?: () => void,
  ): Subscription {
    const wanted = typeof observer === 'function' ? { next: observer, error, complete } : observer;
    const cell = this.#cell.standsIn;
    cell.observers ??= new SnapshotObservers();
    return cell.observers.add(wanted, cell);
  }

  on(): Subscription {
    return { unsubscribe: () => {} };
  }

  select<T>(select: (snapshot: AgentSnapshot) => T, equal: (a: T, b: T) => boolean = Object.is): Selected<T> {
    return {
      get: () => select(this.getSnapshot()),
      subscribe: (next) => {
        let last = select(this.getSnapshot());
        return this.subscribe((snapshot) => {
          const value = select(snapshot);
          if (!equal(last, value)) {
            last = value;
            next(value);
          }
        });
      },
    };
  }

  toJSON(): { path: string } {
    return { path: this.path };
  }
}

/** The one ref of a cell. */
export function refOf(cell: Cell): AgentRef<never, unknown> {
  cell.ref ??= new LocalRef<never, unknown>(cell);
  return cell.ref;
}
