/**
 * Detached verbs: an agent begins a new chain, without thread, deadline or
 * budget of what it handles now. They outlive the handling they were asked for in,
 * but not a restart or the end of the agent. Used in a step, they are part of it.
 */
import type { Lease } from '../core/budget.ts';
import { type Envelope, type Headers, noHeaders } from '../core/envelope.ts';
import type { Failure } from '../core/failure.ts';
import type { TopicEntry } from '../core/topic-board.ts';
import type { HandlingTrace } from '../core/tracing.ts';
import type { Agent, AnyAgent, MachineAgent } from './agent.ts';
import type { AgentRef, MachineRef } from './agent-ref.ts';
import { Branch } from './branch.ts';
import type { CapabilityDirectory } from './capability-directory.ts';
import { Cell } from './cell.ts';
import type { SpawnOptions } from './context.ts';
import type { Kernel } from './kernel.ts';
import { refOf } from './local-ref.ts';
import { sendBehind } from './outbox.ts';
import type { PendingReply, Requester } from './pending-reply.ts';
import { HandlingOver } from './request-failures.ts';
import { type BranchPlan, type OpenBranch, Sender } from './sender.ts';
import { publishNow, requestNow, tellNow } from './sending.ts';
import { startChild } from './spawn.ts';
import type { Works } from './works.ts';

export class Detached extends Sender {
  readonly cell: Cell;
  readonly works: Works;
  readonly cause: Envelope | undefined = undefined;
  /** The handling it was asked for in, if that is followed. */
  readonly trace: HandlingTrace | undefined;
  /** In which life of the agent; `undefined` when the handling was over already. */
  readonly #life: number | undefined;

  constructor(cell: Cell, works: Works, handlingOver: boolean, trace: HandlingTrace | undefined) {
    super();
    this.cell = cell;
    this.works = works;
    this.trace = trace;
    this.#life = handlingOver ? undefined : cell.restarts;
  }

  get kernel(): Kernel {
    return this.cell.kernel;
  }

  get capabilities(): CapabilityDirectory {
    return this.works.capabilities;
  }

  get lease(): Lease | undefined {
    return this.cell.lease;
  }

  spawn<M, R, S>(agent: MachineAgent<M, R, S>, options?: SpawnOptions): MachineRef<M, R, S>;
  spawn<M, R>(agent: Agent<M, R>, options?: SpawnOptions): AgentRef<M, R>;
  spawn<M, R>(agent: Agent<M, R>, options: SpawnOptions = {}): AgentRef<M, R> {
    if (this.revoked !== undefined) {
      throw this.revoked;
    }
    const { cell, works } = this;
    const child = startChild(works, cell, agent as AnyAgent, options, this.lease);
    if (this.#staging) {
      works.stage.addAct(
        cell,
        () => works.begin(child),
        () => works.discard(child),
      );
    } else {
      works.begin(child);
    }
    return refOf(child) as AgentRef<M, R>;
  }

  /** Its agent has ended, or begun anew. */
  get isOver(): boolean {
    const { cell } = this;
    return cell.ending || cell.restarts !== this.#life;
  }

  get revoked(): Failure | undefined {
    return this.isOver ? new HandlingOver({ agent: this.cell.path }) : undefined;
  }

  get requester(): Requester {
    return this.cell;
  }

  get handling(): undefined {
    return undefined;
  }

  get deadlineMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  get headers(): Headers {
    return noHeaders;
  }

  branch(plan: BranchPlan, within: Sender = this): OpenBranch {
    return new Branch(within, plan);
  }

  send(target: Cell | TopicEntry, envelope: Envelope): Promise<void> | undefined {
    const { cell, kernel } = this;
    const { revoked } = this;
    if (revoked !== undefined) {
      const lose = (): void => kernel.deadLetter(envelope, envelope.to ?? envelope.topic, 'HandlingOver');
      if (this.#staging) {
        this.works.stage.addAct(cell, lose, () => kernel.tracing?.lost(envelope, revoked), lose);
      } else {
        lose();
      }
      return undefined;
    }
    if (this.#staging) {
      this.works.stage.add(cell, target, envelope);
      return undefined;
    }
    if (cell.blocked) {
      return sendBehind(cell, target, envelope);
    }
    return target instanceof Cell ? tellNow(target, envelope) : publishNow(kernel, target, envelope);
  }

  sendRequest(target: Cell | TopicEntry, envelope: Envelope, request: PendingReply): void {
    const { cell } = this;
    if (this.#staging) {
      this.works.stage.add(cell, target, envelope);
    } else if (cell.blocked) {
      void sendBehind(cell, target, envelope);
    } else {
      requestNow(target, envelope, request);
    }
  }

  /** Whether a step of this agent is being taken. */
  get #staging(): boolean {
    return this.works.stage.cell === this.cell;
  }
}
