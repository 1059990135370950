/**
 * A group plan: whom to ask and how, checked once.
 */
import type { AnyAgent } from '../actors/agent.ts';
import { isCapability } from '../actors/capability.ts';
import { DefinedAgent } from '../actors/define-agent.ts';
import { LocalRef } from '../actors/local-ref.ts';
import { describeThrown } from '../core/failure.ts';
import { limitsInUnits } from '../core/resource.ts';
import type { GroupMember, GroupOptions } from './group.ts';

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
    if (!canBeAsked(member)) {
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
export function isDefinition(member: object): member is AnyAgent {
  return member instanceof DefinedAgent;
}

/** What an outcome of it is attributed to. */
export function nameOfMember(member: object): string {
  const ref = LocalRef.cellOf(member);
  if (ref !== undefined) {
    return ref.path;
  }
  const { name } = member as { readonly name?: string };
  return name === undefined || name === '' ? 'a procedure' : name;
}

function canBeAsked(member: unknown): member is object {
  return (
    typeof member === 'function' ||
    (typeof member === 'object' &&
      member !== null &&
      (LocalRef.cellOf(member) !== undefined ||
        isDefinition(member) ||
        isCapability(member) ||
        typeof (member as { name?: unknown }).name === 'string'))
  );
}
