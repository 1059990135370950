/**
 * What can become of a request, beside a reply.
 */
import { Failure, failureClass, reasonOf } from '../core/failure.ts';

/**
 * No reply came in time. That does not say that nothing happened: the receiver
 * may have done the work, or may be about to. Its code is `TIMEOUT`.
 */
export class RequestTimeout extends Failure {
  readonly _tag = 'RequestTimeout';
  readonly code = 'TIMEOUT';
  readonly class = 'transient';
  /** Path of the agent, or name of the topic, that was asked. */
  readonly target: string;
  readonly timeoutMs: number;

  constructor(facts: { target: string; timeoutMs: number }) {
    super();
    this.target = facts.target;
    this.timeoutMs = facts.timeoutMs;
  }

  override get message(): string {
    return `no reply from '${this.target}' within ${Math.round(this.timeoutMs)} ms; whether it did the work is not known`;
  }
}

/** Nobody can answer, or everybody finished without answering. Its code is `NO_RESPONDER`. */
export class NoResponder extends Failure {
  readonly _tag = 'NoResponder';
  readonly code = 'NO_RESPONDER';
  readonly class = 'transient';
  readonly target: string;
  /** How many were asked. */
  readonly asked: number;

  constructor(facts: { target: string; asked: number }) {
    super();
    this.target = facts.target;
    this.asked = facts.asked;
  }

  override get message(): string {
    return this.asked === 0
      ? `nobody is there to answer at '${this.target}'`
      : `'${this.target}' was done with the request without answering it (${this.asked} asked); a handler answers by what it returns or by context.reply`;
  }
}

/** Somebody ended it: a caller, a supervisor, a stop. Its code is `INTERRUPTED`. */
export class Interrupted extends Failure {
  readonly _tag = 'Interrupted';
  readonly code = 'INTERRUPTED';
  readonly class = 'interrupted';
  /** Path of the agent whose work ended, or whom was waited for. */
  readonly agent: string;
  readonly reason: string;
  /** What the work had kept, if anything. */
  readonly partial: unknown;

  constructor(facts: { agent: string; reason: string; partial?: unknown; cause?: unknown }) {
    super(facts.cause === undefined ? undefined : { cause: facts.cause });
    this.agent = facts.agent;
    this.reason = facts.reason;
    this.partial = facts.partial;
  }

  /** The same, with what the work had kept. */
  withPartial(partial: unknown): Interrupted {
    return new Interrupted({ agent: this.agent, reason: this.reason, partial, cause: this.cause });
  }

  override get message(): string {
    return `work of '${this.agent}' was interrupted: ${this.reason}`;
  }
}

/** A verb was used after its handling was over. Its code is `HANDLING_OVER`. */
export class HandlingOver extends Failure {
  readonly _tag = 'HandlingOver';
  readonly code = 'HANDLING_OVER';
  readonly class = 'interrupted';
  readonly agent: string;

  constructor(facts: { agent: string }) {
    super();
    this.agent = facts.agent;
  }

  override get message(): string {
    return `the handling of '${this.agent}' this context belonged to is over; work that goes on after it uses context.detach()`;
  }
}

/**
 * What an agent's own code threw, when it is no failure: it reaches the requester
 * as this. Its code is `DEFECT`; its class is `permanent`, because the defect is
 * the other agent's, and no reason to restart the one that asked.
 */
export class AgentDefect extends Failure {
  readonly _tag = 'AgentDefect';
  readonly code = 'DEFECT';
  readonly class = 'permanent';
  readonly agent: string;

  constructor(facts: { agent: string; cause: unknown }) {
    super({ cause: facts.cause });
    this.agent = facts.agent;
  }

  override get message(): string {
    return `agent '${this.agent}' threw: ${reasonOf(this.cause)}`;
  }
}

/** What a requester gets of a failure: the failure itself, or what the code of that agent threw, as a failure. */
export function asReply(agent: string, failure: unknown): unknown {
  return failureClass(failure) === 'defect' ? new AgentDefect({ agent, cause: failure }) : failure;
}
