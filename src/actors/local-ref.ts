/**
 * The ref of an agent in this process: the public face of its cell.
 */
import type { Observer, Subscription } from 'xstate';
import type { AgentRef, AgentSnapshot, Selected } from './agent-ref.ts';
import type { Cell } from './cell.ts';
import { EmittedListeners } from './emitted-listeners.ts';
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

  on(type: string, listener: (event: { readonly type: string }) => void): Subscription {
    const cell = this.#cell.standsIn;
    if (cell.over) {
      return { unsubscribe: () => {} };
    }
    cell.emitted ??= new EmittedListeners();
    return cell.emitted.add(type, listener);
  }

  select<T>(select: (snapshot: AgentSnapshot) => T, equal: (a: T, b: T) => boolean = Object.is): Selected<T> {
    return {
      get: () => select(this.getSnapshot()),
      subscribe: (observer: Observer<T> | ((value: T) => void)) => {
        const next = typeof observer === 'function' ? observer : (value: T) => observer.next?.(value);
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

  // The rest of the face of an XState actor, for code of XState's that is given a ref.

  /** What an XState actor of another system sends comes here. */
  _send(message: Msg): void {
    this.send(message);
  }

  get _parent(): AgentRef<never, unknown> | undefined {
    const { parent } = this.#cell;
    return parent?.parent === undefined ? undefined : refOf(parent);
  }

  /** The XState system of its machine; `undefined` for agents without one. */
  get system(): object | undefined {
    return this.#cell.standsIn.behaviour;
  }

  get src(): string {
    return this.#cell.definition.name;
  }

  get _processingStatus(): 0 | 1 | 2 {
    return this.#cell.standsIn.over ? 2 : 1;
  }

  /** It has been started by whoever spawned it. */
  start(): this {
    return this;
  }

  stop(): this {
    this.#cell.signal({
      _tag: 'stop',
      mode: 'now',
      withinMs: Number.POSITIVE_INFINITY,
      reason: 'stopped',
      failure: undefined,
    });
    return this;
  }

  getPersistedSnapshot(): AgentSnapshot {
    return this.getSnapshot();
  }

  /** RxJS and XState find an observable by this. */
  ['@@observable'](): this {
    return this;
  }
}

/** The one ref of a cell. */
export function refOf(cell: Cell): AgentRef<never, unknown> {
  cell.ref ??= new LocalRef<never, unknown>(cell);
  return cell.ref;
}
