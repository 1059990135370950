/**
 * `gather`: asks several the same question and makes one answer of theirs.
 *
 *              ┌─► a ──●─┐
 *     question ├─► b ──●─┤ policy ──► value, outcomes
 *              └─► c ────╳  interrupted
 *
 * Source: scatter-gather of Hohpe & Woolf, "Enterprise Integration Patterns" (2003).
 */
import type { Procedure, Scope } from '../actors/context.ts';
import { senderOf } from '../actors/sender-of.ts';
import type { Gathered } from './gathered.ts';
import { Gathering } from './gathering.ts';
import type { GroupMember, GroupOptions } from './group.ts';
import { type GroupPlan, groupPlan } from './group-plan.ts';
import { OpenGroup } from './open-group.ts';
import type { Policy } from './policy.ts';

/**
 * Makes a procedure that asks all of `members` and answers what `policy` decides.
 *
 * Guarantees: it settles once, as soon as the policy is decided or can be decided no more,
 * and not before (L13). Losers are interrupted then; what they spent is in their outcomes
 * and was charged to whoever asked. No branch outlives the caller's deadline.
 *
 * Cancellation: when whoever called it is interrupted, so are all who were asked.
 *
 * Errors: `NotGathered`, with all outcomes, when the policy can be decided no more; what the
 * policy throws. At once, `RangeError` for an empty list, for who cannot be asked, and for a
 * policy that could never be decided by so many.
 *
 * Cost: one request for each who is asked, and no timer but theirs.
 *
 * @example
 * const Guess = defineTopic('guess', { schema: type<string>(), reply: type<number>() })
 * const guesser = (name: string, answer: number) => defineAgent({ name, subscribe: [Guess], receive: () => answer })
 * const system = createSystem()
 * const three = [guesser('a', 7), guesser('b', 8), guesser('c', 7)].map((agent) => system.spawn(agent))
 * const guess = await system.request(gather(three, majority((answer) => answer)), 'how many?')
 * guess.value // => 7
 * await system.stop()
 */
export function gather<Q, A, V>(
  members: readonly GroupMember<Q, A>[],
  policy: Policy<A, V>,
  options: GroupOptions = {},
): Procedure<Q, Gathered<Q, A, V>> {
  const plan = groupPlan('gather', members, options);
  policy.checkSize?.(plan.members.length);
  const gathering: Procedure<Q, Gathered<Q, A, V>> = (question, scope) =>
    gathered(openGroup<Q, A>(question, plan, scope), policy);
  return named(`gather ${policy.name}`, gathering);
}

/** A group that is asked by whoever is at work in that scope. */
export function openGroup<Q, A>(question: Q, plan: GroupPlan, scope: Scope): OpenGroup<Q, A> {
  const sender = senderOf(scope);
  return new OpenGroup(question, plan, () => sender);
}

/** What the policy makes of a group. */
export function gathered<Q, A, V>(group: OpenGroup<Q, A>, policy: Policy<A, V>): Promise<Gathered<Q, A, V>> {
  return new Promise((resolve, reject) => {
    new Gathering(group, policy, { gathered: resolve, failed: reject }).begin();
  });
}

/** The same procedure under a name: that is what failures and outcomes call it. */
export function named<P extends (...args: never[]) => unknown>(name: string, procedure: P): P {
  return Object.defineProperty(procedure, 'name', { value: name });
}
