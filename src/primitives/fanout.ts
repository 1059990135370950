/**
 * `fanout`: of each question of a stream a group of those who are asked.
 *
 *     --q1-------------q2------->      fanout([a, b]), fanin(all())
 *        ├ a ──●        ├ a ─●
 *        └ b ────●      └ b ───●
 *     -----------g1----------g2-->
 *
 * Source: scatter-gather of Hohpe & Woolf, "Enterprise Integration Patterns" (2003).
 */
import type { OperatorFunction } from 'rxjs';
import { LocalRef } from '../actors/local-ref.ts';
import { operator } from '../actors/operator.ts';
import type { Group, GroupMember, GroupOptions } from './group.ts';
import { groupPlan } from './group-plan.ts';
import { OpenGroup } from './open-group.ts';
import { speakerOf } from './speaker.ts';

/**
 * Makes a group of each question. Nobody is asked before somebody reads its outcomes, which
 * is what `fanin` does: a group that nobody takes costs nothing, and ends by itself.
 *
 * Who asks: in a stream agent the message whose value is being pushed, so that its deadline
 * and budget hold for all who are asked; elsewhere the system of the source or of the first ref
 * among `members`.
 *
 * The question keeps its credit as long as its group is open.
 *
 * Errors: `RangeError`, at once, for an empty list, for who cannot be asked, and for options
 * that cannot be; from the outcomes, where nobody knows of which system it is.
 *
 * @example
 * import { firstValueFrom, from } from 'rxjs'
 * const Guess = defineTopic('guess', { schema: type<string>(), reply: type<number>() })
 * const guesser = (name: string, answer: number) => defineAgent({ name, subscribe: [Guess], receive: () => answer })
 * const system = createSystem()
 * const two = [guesser('a', 7), guesser('b', 8)].map((agent) => system.spawn(agent))
 * const gathered = await firstValueFrom(from(['how many?']).pipe(fanout(two), fanin(all())))
 * gathered.value // => [7, 8]
 * await system.stop()
 */
export function fanout<Q, A>(
  members: readonly GroupMember<Q, A>[],
  options: GroupOptions = {},
): OperatorFunction<Q, Group<Q, A>> {
  const plan = groupPlan('fanout', members, options);
  const one = plan.members.find((member) => LocalRef.cellOf(member) !== undefined);
  return operator<Q, Group<Q, A>>(
    (behind) => behind,
    (subscriber, host) => ({
      next: (question) =>
        subscriber.next(new OpenGroup<Q, A>(question, plan, () => speakerOf(host, one, 'fanout'))),
      complete: () => subscriber.complete(),
      end: () => {},
    }),
  );
}
