/**
 * Failures in the error channel: what can become of a verb, as a type that
 * `Effect.catchTag` can take apart.
 *
 * The runtime's own failures are themselves. A failure of the receiver's own is
 * itself too, when its class was declared with the request, and otherwise comes
 * inside a `ReceiverFailure`; so the type tells the truth about what can be there.
 */
import { CapabilityError } from '../../actors/capability.ts';
import { HopLimit } from '../../actors/kernel.ts';
import {
  AgentDefect,
  HandlingOver,
  Interrupted,
  NoResponder,
  RequestTimeout,
} from '../../actors/request-failures.ts';
import { WaitCycle } from '../../actors/wait-cycle.ts';
import { BudgetExceeded } from '../../core/budget.ts';
import { Failure, type FailureClass, failureClass, isOf, reasonOf } from '../../core/failure.ts';
import { MailboxFull } from '../../core/mailbox.ts';
import { InvalidParams } from '../../core/schema.ts';

/** The receiver failed in a way of its own that the request had not declared. Its code is `DEFECT`; its class is that of the failure. */
export class ReceiverFailure extends Failure {
  readonly _tag = 'ReceiverFailure';
  readonly code = 'DEFECT';
  readonly class: FailureClass;
  /** What the receiver failed of, itself. */
  readonly failure: unknown;

  constructor(facts: { failure: unknown }) {
    super({ cause: facts.failure });
    this.failure = facts.failure;
    this.class = failureClass(facts.failure);
  }

  override get message(): string {
    return `the receiver failed: ${reasonOf(this.failure)}; declare its class with { failures } to catch it by its tag`;
  }
}

const own = [
  RequestTimeout,
  NoResponder,
  Interrupted,
  HandlingOver,
  AgentDefect,
  MailboxFull,
  WaitCycle,
  BudgetExceeded,
  InvalidParams,
  CapabilityError,
  HopLimit,
  ReceiverFailure,
] as const;

/** What a request, a stream or a call of a capability can fail of, beside what its receiver declares. */
export type RequestFailure = InstanceType<(typeof own)[number]>;

/** What a publish or a tell can fail of. Then nobody got it. */
export type SendFailure = InvalidParams | MailboxFull;

/** The class of a receiver's failure. */
export type FailureConstructor<E> = abstract new (...args: never[]) => E;

/**
 * What was thrown, as what the type says it is; `undefined` for what is no failure.
 * What an agent threw that is none came as an `AgentDefect`, so this one was thrown
 * by the verb: an option that cannot be.
 */
export function asRequestFailure<E>(
  thrown: unknown,
  declared: readonly FailureConstructor<E>[],
): RequestFailure | E | undefined {
  for (const kind of declared) {
    if (isOf(thrown, kind)) {
      return thrown;
    }
  }
  if (own.some((kind) => isOf(thrown, kind as FailureConstructor<unknown>))) {
    return thrown as RequestFailure;
  }
  return failureClass(thrown) === 'defect' ? undefined : new ReceiverFailure({ failure: thrown });
}
