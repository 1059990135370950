/**
 * `race`: who answers first wins, and the others are interrupted.
 *
 *              ┌─► a ────●   the answer
 *     question ├─► b ──✗     failed: that does not end it
 *              └─► c ────────╳
 */
import type { Procedure } from '../actors/context.ts';
import { any } from './counting-policies.ts';
import { gathered, named, openGroup } from './gather.ts';
import type { GroupMember, GroupOptions } from './group.ts';
import { groupPlan } from './group-plan.ts';

/**
 * Makes a procedure that asks all of `members` and answers with the first answer there is.
 *
 * It is `gather(members, any())` without the outcomes: use that to see what losing cost. All
 * are asked, so it buys time with money; `hedge` asks the second only where the first is slow.
 *
 * Errors: `NotGathered` when all have failed; `RangeError` as for `gather`.
 */
export function race<Q, A>(
  members: readonly GroupMember<Q, A>[],
  options: GroupOptions = {},
): Procedure<Q, A> {
  const plan = groupPlan('race', members, options);
  const policy = any<A>();
  const racing: Procedure<Q, A> = async (question, scope) => {
    const { value } = await gathered(openGroup<Q, A>(question, plan, scope), policy);
    return value;
  };
  return named('race', racing);
}
