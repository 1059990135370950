/**
 * The agent's own actor, as its machine knows it: the agent's ref, for one run.
 *
 * It is a ref, so that a machine can hand itself to others; and it is of one run, so
 * that what is left of an old run does not take the new one for its own.
 */
import type { AgentSnapshot } from './agent-ref.ts';
import type { Cell } from './cell.ts';
import { LocalRef } from './local-ref.ts';
import type { InnerEvent, InnerSnapshot } from './xstate-inner.ts';

/** The run it is of. */
export interface HostedRun {
  readonly hasEnded: boolean;
  readonly root: { readonly snapshot: InnerSnapshot | undefined };
  _relay(source: object | undefined, target: object, event: InnerEvent): void;
}

export class HostedSelf extends LocalRef<never, unknown> {
  readonly #tree: HostedRun;

  constructor(cell: Cell, tree: HostedRun) {
    super(cell);
    this.#tree = tree;
  }

  override get system(): HostedRun {
    return this.#tree;
  }

  override send(event: InnerEvent): void {
    this.#tree._relay(undefined, this, event);
  }

  override getSnapshot(): AgentSnapshot {
    return this.#tree.hasEnded ? (this.#tree.root.snapshot as AgentSnapshot) : super.getSnapshot();
  }
}
