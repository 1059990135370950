/**
 * A ref: how one agent speaks of another. It stays the same across restarts.
 *
 * A ref is typed by what its agent accepts and replies. It also has the surface
 * of an XState actor (`send`, `subscribe`, `getSnapshot`, `on`, `select`), so it
 * can be given to `waitFor`, `toPromise` and `useSelector`. That surface comes
 * into being when somebody looks, and looking changes nothing.
 */
import type { ActorRef, EventObject, Observer, Snapshot, Subscription } from 'xstate';

/** What can be seen of an agent from outside. */
export type AgentSnapshot = Snapshot<unknown> & {
  /** The agent's state. */
  readonly context: unknown;
};

/** Speaks of the agent at `path`, which accepts `Msg` and answers with `Reply`. */
export interface AgentRef<in Msg, out Reply = never> {
  /** The last part of the path. */
  readonly id: string;
  /** Where it stands in the tree: `/team/writer`. */
  readonly path: string;
  /** The same as `path`: identity never depends on a counter of the process. */
  readonly sessionId: string;
  /** Only a type. */
  readonly '~message'?: (message: Msg) => void;
  /** Only a type. */
  readonly '~reply'?: Reply;
  /** Tells the agent a message, as XState does: what does not fit is a dead letter. */
  send(message: Msg): void;
  getSnapshot(): AgentSnapshot;
  subscribe(observer: Observer<AgentSnapshot>): Subscription;
  subscribe(
    next: (snapshot: AgentSnapshot) => void,
    error?: (error: unknown) => void,
    complete?: () => void,
  ): Subscription;
  /** Listens to events the agent emits, of one type or, under `*`, of all; handler agents emit none. */
  on(type: string, listener: (event: { readonly type: string }) => void): Subscription;
  select<T>(select: (snapshot: AgentSnapshot) => T, equal?: (a: T, b: T) => boolean): Selected<T>;
}

/**
 * Speaks of an agent that is a machine: its snapshots are the machine's own, with
 * `value`, `context`, `matches`, `can`, `output`.
 */
export interface MachineRef<Msg, Reply, S>
  extends ActorRef<S & AgentSnapshot, Extract<Msg, EventObject>>,
    Pick<AgentRef<Msg, Reply>, 'path' | '~message' | '~reply'> {}

/** A part of a snapshot: read now, or followed. */
export interface Selected<T> {
  get(): T;
  subscribe(observer: Observer<T>): Subscription;
  subscribe(next: (value: T) => void): Subscription;
}
