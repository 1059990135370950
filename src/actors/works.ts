/**
 * The works: what the parts of one system that make agents run share, beside the
 * kernel.
 */
import type { Lease, Limits } from '../core/budget.ts';
import type { Envelope } from '../core/envelope.ts';
import type { AgentDirectory } from './agent-directory.ts';
import type { CapabilityDirectory } from './capability-directory.ts';
import type { Cell, Conduct } from './cell.ts';
import type { Context } from './context.ts';
import type { Kernel } from './kernel.ts';
import type { Stage } from './stage.ts';

export interface Works extends Conduct {
  readonly kernel: Kernel;
  readonly stage: Stage;
  readonly agents: AgentDirectory;
  readonly capabilities: CapabilityDirectory;
  /** Takes a step beside the open handlings of an agent. */
  aside(cell: Cell, cause: Envelope, handle: (context: Context) => unknown): void;
  /** A lease that is reserved from nobody. */
  rootLease(limits: Limits): Lease;
  /** A spawned agent begins: it hears its topics, and takes its first step. */
  begin(cell: Cell): void;
  /** The step that spawned an agent failed: there never was one. */
  discard(cell: Cell): void;
}
