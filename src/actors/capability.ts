/**
 * A capability: something an agent can do for others, called by name.
 *
 * A call is a message to the agent that offers it: so it waits in a bounded
 * mailbox, is supervised, interrupted and simulated like any other, and the
 * agent's `concurrency` is how many run at once.
 */
import { Failure, type FailureClass, failureClass, reasonOf } from '../core/failure.ts';
import type { StandardSchema } from '../core/schema.ts';
import type { Topic } from '../core/topic.ts';

/** Something called with `I` that answers with `O`. */
export interface Capability<in out I, out O = never> {
  readonly name: string;
  readonly description: string | undefined;
  readonly input: StandardSchema<unknown>;
  readonly output: StandardSchema<unknown>;
  /** How long a call may take when the caller does not say, in milliseconds. */
  readonly timeoutMs: number | undefined;
  /** The topic its calls travel under. */
  readonly topic: Topic<I, O>;
  /** Only a type. */
  readonly '~message'?: (input: I) => I;
  /** Only a type. */
  readonly '~reply'?: O;
}

/** Any capability at all. */
// biome-ignore lint/suspicious/noExplicitAny: a capability is invariant in its input, so nothing else stands for all of them.
export type AnyCapability = Capability<any, unknown>;

/** Whether a target is a capability. */
export function isCapability(target: object): target is Capability<unknown, unknown> {
  return 'input' in target && 'topic' in target;
}

/** A call of a capability went wrong. Its class is that of what went wrong; its code `CAPABILITY_ERROR`. */
export class CapabilityError extends Failure {
  readonly _tag = 'CapabilityError';
  readonly code = 'CAPABILITY_ERROR';
  readonly class: FailureClass;
  readonly capability: string;

  constructor(facts: { capability: string; cause: unknown }) {
    super({ cause: facts.cause });
    this.capability = facts.capability;
    const class_ = failureClass(facts.cause);
    this.class = class_ === 'defect' ? 'permanent' : class_;
  }

  override get message(): string {
    return `capability '${this.capability}' failed: ${reasonOf(this.cause)}`;
  }
}
