/**
 * The conductor: puts the parts together that make the agents of one system run.
 */
import { Lease, type Limits } from '../core/budget.ts';
import type { DeadLetterCause } from '../core/dead-letter.ts';
import type { Envelope } from '../core/envelope.ts';
import { isNotice } from '../core/notice.ts';
import { AgentDirectory } from './agent-directory.ts';
import type { CapabilityDirectory } from './capability-directory.ts';
import type { Cell } from './cell.ts';
import type { Context } from './context.ts';
import type { EffectRuntime } from './effect-runtime.ts';
import type { Handling } from './handling.ts';
import type { Kernel } from './kernel.ts';
import { Lifecycle } from './lifecycle.ts';
import { onThrowOf } from './observe.ts';
import { mayRetry, restartCause } from './restarting.ts';
import { Stage } from './stage.ts';
import { type StepEnds, Stepping } from './stepping.ts';
import { supervise } from './supervising.ts';
import type { Works } from './works.ts';

/** What the system wants to know. */
export interface ConductorTold {
  readonly onRootEnded: () => void;
  readonly onDegraded: (cell: Cell) => void;
  readonly sendFromOutside: (cell: Cell, message: unknown) => void;
}

export class Conductor implements Works, StepEnds {
  readonly kernel: Kernel;
  readonly stage = new Stage();
  readonly agents: AgentDirectory;
  readonly capabilities: CapabilityDirectory;
  readonly effects: EffectRuntime;
  readonly #stepping: Stepping;
  readonly #lifecycle: Lifecycle;
  readonly #told: ConductorTold;

  constructor(kernel: Kernel, capabilities: CapabilityDirectory, told: ConductorTold) {
    this.kernel = kernel;
    this.agents = new AgentDirectory(onThrowOf(kernel));
    this.capabilities = capabilities;
    this.effects = kernel.effects;
    this.#stepping = new Stepping(this, this.effects, this);
    this.#lifecycle = new Lifecycle(this, this.#stepping, told);
    this.#told = told;
  }

  take(cell: Cell, most: number): number {
    return this.#stepping.take(cell, most);
  }

  fail(cell: Cell, failure: unknown, envelope: Envelope | undefined): void {
    supervise(this.#lifecycle, cell, failure, envelope);
  }

  sendFromOutside(cell: Cell, message: unknown): void {
    this.#told.sendFromOutside(cell, message);
  }

  aside(cell: Cell, cause: Envelope, handle: (context: Context) => unknown): void {
    /* v8 ignore else -- @preserve The work of an ending agent was interrupted before, and spends nothing more. */
    if (!cell.ending) {
      this.#stepping.aside(cell, cause, handle);
    }
  }

  rootLease(limits: Limits): Lease {
    return Lease.root(limits, { onHolderThrew: onThrowOf(this.kernel) });
  }

  begin(cell: Cell): void {
    if (cell.ending) {
      // It was stopped while what spawned it waited for room.
      return;
    }
    this.agents.add(cell);
    if (cell.subscribes) {
      for (const { topic } of cell.definition.handlers) {
        this.kernel.subscribe(topic.name, cell);
      }
    }
    this.capabilities.offer(cell);
    cell.signal({ _tag: 'start' });
  }

  discard(cell: Cell): void {
    this.#lifecycle.discard(cell);
  }

  actOnSignals(cell: Cell): void {
    this.#lifecycle.actOnSignals(cell);
  }

  mayHaveDrained(cell: Cell): void {
    this.#lifecycle.mayHaveDrained(cell);
  }

  failed(handling: Handling, failure: unknown): 'again' | DeadLetterCause | undefined {
    const { cell, envelope } = handling;
    const isMessage = !isNotice(envelope);
    const directive = supervise(this.#lifecycle, cell, failure, isMessage ? envelope : undefined);
    if (!isMessage || directive === 'resume') {
      return undefined;
    }
    if (directive !== 'restart') {
      return 'Stopped';
    }
    if (mayRetry(cell, envelope)) {
      cell.toRedeliver ??= [];
      cell.toRedeliver.push(envelope);
      return 'again';
    }
    return restartCause(cell);
  }
}
