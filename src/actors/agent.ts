/**
 * An agent, as a definition: a value that holds nothing. Each `spawn` makes an
 * agent of it. It is made by `defineAgent`.
 */

/** A definition of an agent that accepts `M` and answers with `R`. */
export interface Agent<in M, out R = never> {
  readonly name: string;
  /** Only a type. */
  readonly '~message'?: (message: M) => void;
  /** Only a type. */
  readonly '~reply'?: R;
}

/** A definition of an agent that is a machine, and shows snapshots `S`. */
export interface MachineAgent<in M, out R, out S> extends Agent<M, R> {
  /** Only a type. */
  readonly '~snapshot'?: S;
}

/** Any agent at all. */
export type AnyAgent = Agent<never, unknown>;
