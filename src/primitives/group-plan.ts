/**
 * A group plan: whom to ask and how, checked once.
 */
import type { AnyAgent } from '../actors/agent.ts';
import { DefinedAgent } from '../actors/define-agent.ts';
import { describeThrown } from '../core/failure.ts';
import { limitsInUnits } from '../core/resource.ts';
import type { GroupMember, GroupOptions } from './group.ts';
import { isResponder } from './responder.ts';

export interface GroupPlan {
  readonly members: readonly object[];
  readonly concurrency: number;
  readonly timeoutMs: number | undefined;
  readonly budget: GroupOptions['budget'];
}

/** Errors: `RangeError` for an empty group, for who cannot be asked, and for options that cannot be. */
export function groupPlan<Q, A>(
  operator: string,
  members: readonly GroupMember<Q, A>[],
  options: GroupOptions,
): GroupPlan {
  if (!Array.isArray(members) || members.length === 0) {
    throw new RangeError(
      `${operator} takes a list of those who are asked, at least one; got ${Array.isArray(members) ? 'an empty list' : describeThrown(members)}`,
    );
  }
  for (const [index, member] of members.entries()) {
    if (!isDefinition(member) && !isResponder(member)) {
      throw new RangeError(
        `${operator} asks refs, topics, capabilities, procedures, and agents that defineAgent made; at place ${index} it got ${describeThrown(member)}`,
      );
    }
  }
  const { concurrency = members.length, timeoutMs, budget } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(
      `concurrency of ${operator} is a whole number, at least 1; got ${String(concurrency)}`,
    );
  }
  if (timeoutMs !== undefined && (typeof timeoutMs !== 'number' || !(timeoutMs >= 0))) {
    throw new RangeError(
      `timeoutMs of ${operator} is a number of milliseconds, at least 0; got ${String(timeoutMs)}`,
    );
  }
  if (budget !== undefined) {
    limitsInUnits(budget);
  }
  return { members: [...members], concurrency, timeoutMs, budget };
}

/** Whether it is a definition, of which an agent is to be spawned. */
export function isDefinition(member: unknown): member is AnyAgent {
  return member instanceof DefinedAgent;
}
