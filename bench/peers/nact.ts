/**
 * nact 7 (Apache-2.0): actors in the manner of Akka, one `setImmediate` a message.
 *
 * Its actors are functions of a message, or of a state and a message, that may be asynchronous.
 * Plain functions are faster, and `spawnStateless` is a little faster than `spawn`. It has
 * no backpressure; with a backlog it is slower, so it is never given a long one.
 */
import { installed } from './installed.ts';

/** A reference to an actor, or to a system. */
export interface NactRef {
  readonly path: unknown;
}

export interface NactContext {
  readonly self: NactRef;
  readonly parent: NactRef;
  /** Of a query, or whoever the sender says. */
  readonly sender: NactRef;
}

interface Nact {
  start(): NactRef;
  spawnStateless<M>(
    parent: NactRef,
    receive: (message: M, context: NactContext) => void,
    name?: string,
  ): NactRef;
  spawn<S, M>(
    parent: NactRef,
    receive: (state: S, message: M, context: NactContext) => S,
    name?: string,
    properties?: { readonly initialState?: S },
  ): NactRef;
  dispatch(ref: NactRef, message: unknown, sender?: NactRef): void;
  query(ref: NactRef, message: unknown, timeoutMs: number): Promise<unknown>;
  stop(ref: NactRef): void;
}

export const nact = await installed<Nact>('nact');
